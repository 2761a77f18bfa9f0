"""What Slack, Teams, Google Chat and other receivers of JSON get, and what is told where they do not take it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from backlog_assets.alerts.channels import Channel, GoogleChat, Parcel, Slack, Teams, Undelivered, Webhook
from backlog_assets.alerts.message import letter
from backlog_assets.alerts.state import Finding, Member
from backlog_assets.alerts.trial import sample
from backlog_assets.errors import Misconfigured
from backlog_assets_tests.scripted import Reply, ScriptedServer

NASTY = "<!channel> <@U123> @everyone *bold* [x](http://evil.example) <b>hi</b> & `code` {/code} ```"
NOW = 1_795_000_000.0
SECRET_PATH = "/services/T000/B000/very-secret-path"

MAKERS: dict[str, Callable[[str], Channel]] = {
    "slack": lambda url: Slack("slack", "BACKLOG_ALERT_SLACK_URL", url, now=lambda: NOW),
    "teams": lambda url: Teams("teams", "BACKLOG_ALERT_TEAMS_URL", url, now=lambda: NOW),
    "google_chat": lambda url: GoogleChat("google_chat", "BACKLOG_ALERT_GOOGLE_CHAT_URL", url, now=lambda: NOW),
    "webhook": lambda url: Webhook("webhook", "BACKLOG_ALERT_WEBHOOK_URL", url, "shared-secret", now=lambda: NOW),
}


def parcel(description: str = "", *, tables: int = 1, over: bool = False) -> Parcel:
    notice = sample(NOW, over=over)
    finding = Finding("warn", "run-1", description=description, rows=1, examples=(f"summary = {description}",))
    members = tuple(Member(f"table_{at}", None, NOW, finding, NOW if over else None) for at in range(tables))
    notice = replace(notice, members=members)
    return Parcel("delivery-1", notice, letter(notice))


def sent(name: str, given: Parcel) -> Any:
    """The JSON that the receiver gets."""
    with ScriptedServer([{"ok": True}]) as server:
        channel = MAKERS[name](server.address + SECRET_PATH)
        assert channel.send(given).detail == "200 from 127.0.0.1"
        channel.close()
        [asked] = server.asked
    assert (asked.method, asked.path) == ("POST", SECRET_PATH)
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    return json.loads(asked.body)


def test_slack_gets_plain_text_and_a_link_nothing_of_which_can_call_people() -> None:
    got = sent("slack", parcel(NASTY))
    assert got["text"] == "WARNING: sample fails in table_0"
    header, body, link = got["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "WARNING: sample fails in table_0", "emoji": False}
    assert body["text"]["type"] == "plain_text"
    assert NASTY in body["text"]["text"]
    assert link["text"]["text"] == "<http://127.0.0.1:3000/runs/run-1|Open the run in Dagster>"


def test_the_one_line_slack_interprets_is_escaped() -> None:
    notice = replace(sample(NOW), members=(Member("<!channel> & co", None, NOW, Finding("warn", "run-1")),))
    assert sent("slack", Parcel("d", notice, letter(notice)))["text"] == (
        "WARNING: sample fails in &lt;!channel&gt; &amp; co"
    )


def test_teams_gets_a_card_of_text_runs_which_are_not_read_as_markdown() -> None:
    got = sent("teams", parcel(NASTY))
    [attachment] = got["attachments"]
    card = attachment["content"]
    assert (got["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert any(NASTY in run["text"] for block in card["body"] for run in block["inlines"])
    assert card["actions"] == [
        {
            "type": "Action.OpenUrl",
            "title": "Open the run in Dagster",
            "url": "http://127.0.0.1:3000/runs/run-1",
        }
    ]


def test_google_chat_gets_a_card_whose_html_is_escaped() -> None:
    [card] = sent("google_chat", parcel(NASTY))["cardsV2"]
    paragraph, buttons = card["card"]["sections"][0]["widgets"]
    text = paragraph["textParagraph"]["text"]
    assert card["cardId"] == "delivery-1"
    assert "&lt;b&gt;hi&lt;/b&gt; &amp; `code`" in text
    assert {tag.split(">")[0] for tag in text.split("<")[1:]} == {"br"}
    assert buttons["buttonList"]["buttons"][0]["onClick"]["openLink"]["url"] == "http://127.0.0.1:3000/runs/run-1"


def test_a_webhook_is_signed_so_that_its_receiver_can_tell_who_sent_it_and_when() -> None:
    with ScriptedServer([{"ok": True}]) as server:
        MAKERS["webhook"](f"{server.address}/hook").send(parcel("x"))
        [asked] = server.asked
    assert asked.headers["Webhook-Id"] == "delivery-1"
    assert asked.headers["Webhook-Timestamp"] == "1795000000"
    signed = f"delivery-1.1795000000.{asked.body}".encode()
    expected = base64.b64encode(hmac.new(b"shared-secret", signed, hashlib.sha256).digest()).decode()
    assert asked.headers["Webhook-Signature"] == f"v1,{expected}"
    got = json.loads(asked.body)
    assert (got["delivery_id"], got["event"], got["severity"]) == ("delivery-1", "failing", "warn")
    assert got["states"][0]["table"] == "table_0"


def test_a_secret_in_the_form_of_standard_webhooks_is_decoded_and_without_one_nothing_is_signed() -> None:
    with ScriptedServer([{"ok": True}]) as server:
        for secret in ("whsec_" + base64.b64encode(b"raw bytes").decode(), ""):
            Webhook("webhook", "V", f"{server.address}/hook", secret, now=lambda: NOW).send(parcel("x"))
        signed, bare = server.asked
    text = f"delivery-1.1795000000.{signed.body}".encode()
    expected = base64.b64encode(hmac.new(b"raw bytes", text, hashlib.sha256).digest()).decode()
    assert signed.headers["Webhook-Signature"] == f"v1,{expected}"
    assert "Webhook-Signature" not in bare.headers
    with pytest.raises(Misconfigured, match="BACKLOG_ALERT_WEBHOOK_SECRET"):
        Webhook("webhook", "V", "https://example.com/hook", "whsec_***", now=lambda: NOW)


@pytest.mark.parametrize("name", ["slack", "teams", "google_chat"])
def test_a_letter_that_is_too_long_for_a_channel_is_cut(name: str) -> None:
    with ScriptedServer([{"ok": True}]) as server:
        MAKERS[name](server.address + SECRET_PATH).send(parcel("課" * 290, tables=12))
        [asked] = server.asked
    assert "(The rest is in Dagster.)" in asked.body
    assert int(asked.headers["Content-Length"]) < 27_000


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("reply", "may_have_arrived", "is_message", "wait_seconds"),
    [
        (Reply(500, b"oops"), True, False, 0),
        (Reply(503), True, False, 0),
        (Reply(reset=True), True, False, 0),
        (Reply(200, b"ok", cut=1), True, False, 0),
        (Reply(429, headers={"Retry-After": "30"}), False, False, 31),
        (Reply(400, b"invalid_payload"), False, True, 0),
        (Reply(404, b"no_service"), False, True, 0),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), False, False, 0),
    ],
    ids=["500", "503", "reset", "cut", "429", "400", "404", "302"],
)
def test_what_is_not_taken_is_told_without_the_address(
    name: str, reply: Reply, may_have_arrived: bool, is_message: bool, wait_seconds: float
) -> None:
    with ScriptedServer([reply]) as server:
        channel = MAKERS[name](server.address + SECRET_PATH)
        with pytest.raises(Undelivered) as caught:
            channel.send(parcel("x"))
        assert len(server.asked) == 1
    error = caught.value
    assert (error.may_have_arrived, error.is_message, error.wait_seconds) == (
        may_have_arrived,
        is_message,
        wait_seconds,
    )
    assert "secret-path" not in f"{error}{error!r}{error.__cause__!r}{error.__context__!r}{channel!r}"


@pytest.mark.parametrize(
    "url",
    [
        "hooks.slack.com/services/secret-1",
        "http://hooks.example.com/secret-1",
        "https://user:secret-1@example.com/",
        "https://example.com/secret-1#x",
        "https://example.com:99999/secret-1",
        "https:///secret-1",
        "ftp://example.com/secret-1",
        "https://example.com/秘密secret-1",
    ],
)
def test_an_address_that_will_not_do_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Misconfigured, match="BACKLOG_ALERT_SLACK_URL ") as caught:
        Slack("slack", "BACKLOG_ALERT_SLACK_URL", url)
    assert "secret-1" not in str(caught.value)
    assert "secret-1" not in repr(caught.value.__context__)
