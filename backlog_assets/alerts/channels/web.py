"""Slack, Microsoft Teams, Google Chat and any other receiver of JSON over HTTPS.

An address is a secret: it is in no text, redirects are not followed, and certificates are verified. What comes from the
space is sent where the receiver does not interpret it (plain text, text runs) or escaped.
"""

import base64
import binascii
import hashlib
import hmac
import html
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from backlog_assets import __version__
from backlog_assets.alerts.channels.parcel import Parcel, Receipt, Undelivered
from backlog_assets.alerts.message import Letter, shortened
from backlog_assets.alerts.state import Notice
from backlog_assets.credentials import REDACTOR
from backlog_assets.errors import Misconfigured
from backlog_assets.quota import throttle_seconds
from backlog_assets.transport import Transport, Trouble, is_loopback

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 12.0
"""A tick of the sensor has a minute for all its deliveries."""

SLACK_TEXT = 2_900
"""Characters in a text object of a section: Slack takes 3,000."""

TEAMS_TEXT = 6_000
"""Characters in a card: Teams takes 28 kB, and a letter may take four bytes."""

GOOGLE_TEXT = 4_000
"""Characters in a paragraph; a card may have 32 kB."""

COLOUR = {"error": "attention", "warn": "warning", "good": "good"}


class _Web:
    """Posts JSON to one address."""

    notices_repeats = False

    def __init__(self, name: str, variable: str, url: str, *, now: Callable[[], float] = time.time) -> None:
        self.name = name
        self.now = now
        self._url = _address(variable, url)
        parts = urlsplit(self._url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        # A short path is no secret, and would be struck out of every other text.
        REDACTOR.hide(self._url, *(text for text in (target, parts.path, parts.query) if len(text) > len("/webhook")))
        origin = f"{parts.scheme}://{parts.netloc}"
        self._transport = Transport(
            origin, connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS, total_seconds=TOTAL_SECONDS
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def close(self) -> None:
        self._transport.close()

    def send(self, parcel: Parcel) -> Receipt:
        body = json.dumps(self.content(parcel), ensure_ascii=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"backlog-assets/{__version__}",
            "Accept-Encoding": "identity",
            **self.headers(parcel, body),
        }
        answer = self._transport.exchange("POST", self._url, headers, body.encode("utf-8", "replace"))
        if isinstance(answer, Trouble):
            raise Undelivered(f"{self.name}: {REDACTOR.redacted(answer.what)}.", may_have_arrived=not answer.final)
        if 200 <= answer.status < 300:
            return Receipt(f"{answer.status} from {self._transport.host}")
        throttled = answer.status == 429
        raise Undelivered(
            f"{self.name} answered {answer.told()}",
            may_have_arrived=answer.status >= 500,
            is_message=400 <= answer.status < 500 and not throttled and answer.status != 408,
            wait_seconds=throttle_seconds(answer.headers, self.now(), 1) if throttled else 0.0,
        )

    def content(self, parcel: Parcel) -> Any:
        raise NotImplementedError

    def headers(self, parcel: Parcel, body: str) -> Mapping[str, str]:
        """More of them, for this parcel and its body as sent."""
        del parcel, body
        return {}


class Slack(_Web):
    """An incoming webhook."""

    def content(self, parcel: Parcel) -> Any:
        letter = parcel.letter
        link = f"<{_slack(letter.link)}|{_slack(letter.link_text)}>"
        return {
            "text": _slack(letter.title),
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": letter.title, "emoji": False}},
                {
                    "type": "section",
                    "text": {"type": "plain_text", "text": shortened(letter.body, SLACK_TEXT), "emoji": False},
                },
                {"type": "section", "text": {"type": "mrkdwn", "text": link}},
            ],
            "unfurl_links": False,
            "unfurl_media": False,
        }


class Teams(_Web):
    """A webhook of a Workflow, which takes an Adaptive Card. Text runs are not read as Markdown."""

    def content(self, parcel: Parcel) -> Any:
        letter = parcel.letter
        over = parcel.notice.event == "recovered"
        title = {
            "type": "TextRun",
            "text": letter.title,
            "weight": "Bolder",
            "size": "Medium",
            "color": COLOUR["good" if over else parcel.notice.severity],
        }
        lines = [
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}], "spacing": "Small"}
            for line in shortened(letter.body, TEAMS_TEXT).split("\n")
        ]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "fallbackText": letter.title,
            "body": [{"type": "RichTextBlock", "inlines": [title]}, *lines],
            "actions": [{"type": "Action.OpenUrl", "title": letter.link_text, "url": letter.link}],
        }
        return {
            "type": "message",
            "attachments": [
                {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
            ],
        }


class GoogleChat(_Web):
    """An incoming webhook of a space. A card's text is HTML, so it is escaped."""

    def content(self, parcel: Parcel) -> Any:
        letter = parcel.letter
        text = "<br>".join(html.escape(line) for line in shortened(letter.body, GOOGLE_TEXT).split("\n"))
        button = {"text": letter.link_text, "onClick": {"openLink": {"url": letter.link}}}
        widgets = [{"textParagraph": {"text": text}}, {"buttonList": {"buttons": [button]}}]
        card = {"header": {"title": letter.title}, "sections": [{"widgets": widgets}]}
        return {"cardsV2": [{"cardId": parcel.delivery_id, "card": card}]}


class Webhook(_Web):
    """Any receiver of JSON. Signed as standardwebhooks.com says, so that libraries can verify it.

    Headers: `webhook-id` (the delivery: the same when sent again), `webhook-timestamp` (epoch seconds) and
    `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. A secret that begins with
    `whsec_` is base64 from there on; any other is taken as it is.
    """

    notices_repeats = True

    def __init__(
        self, name: str, variable: str, url: str, secret: str, *, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(name, variable, url, now=now)
        self._key = secret_key(secret)
        if secret:
            REDACTOR.hide(secret)

    def content(self, parcel: Parcel) -> Any:
        return {"delivery_id": parcel.delivery_id, **told(parcel.notice, parcel.letter)}

    def headers(self, parcel: Parcel, body: str) -> Mapping[str, str]:
        at = str(int(self.now()))
        signed = {"webhook-signature": signature(self._key, parcel.delivery_id, at, body)} if self._key else {}
        return {"webhook-id": parcel.delivery_id, "webhook-timestamp": at, **signed}


def told(notice: Notice, letter: Letter) -> dict[str, Any]:
    """A notice as programs read it; times are epoch seconds."""
    return {
        "event": notice.event,
        "incident": notice.incident,
        "is_over": notice.closes,
        "severity": notice.severity,
        "kind": notice.kind,
        "rule": notice.rule,
        "at": notice.at,
        "title": letter.title,
        "text": letter.body,
        "run_url": letter.link,
        "still_failing": list(notice.others),
        "states": [
            {
                "table": member.table,
                "partition": member.partition,
                "projects": list(member.finding.projects),
                "since": member.since,
                "ended": member.ended,
                "rows": member.finding.rows,
                "description": REDACTOR.redacted(member.finding.description),
                "examples": [REDACTOR.redacted(text) for text in member.finding.examples],
                "run_id": member.finding.run_id,
            }
            for member in notice.members
        ],
    }


def signature(key: bytes, delivery_id: str, timestamp: str, body: str) -> str:
    """`v1,` and the signature of a delivery."""
    digest = hmac.new(key, f"{delivery_id}.{timestamp}.{body}".encode("utf-8", "replace"), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def secret_key(secret: str) -> bytes:
    """The bytes a delivery is signed with; none for no secret."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    key = None
    with suppress(binascii.Error, ValueError):
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if not key:
        raise Misconfigured("BACKLOG_ALERT_WEBHOOK_SECRET begins with whsec_, but what follows is no base64.")
    return key


def _address(variable: str, url: str) -> str:
    """The address, sure to be one. What was written is not repeated: it is a secret."""
    parts, is_port = None, True
    try:
        parts = urlsplit(url.strip())
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        parts = None
    if parts is None or not parts.hostname or not is_port or not (url.isascii() and url.strip().isprintable()):
        raise Misconfigured(f"{variable} is not an address. Copy the whole of it, from https:// on.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise Misconfigured(f"{variable} must begin with https:// (http:// is for this machine only).")
    if "@" in parts.netloc or parts.fragment:
        raise Misconfigured(f"{variable} holds a user name or a fragment (#). Write the address alone.")
    return url.strip()


def _slack(text: str) -> str:
    """Slack's three control characters; nothing else can begin a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
