"""Who asks: the one way that is configured, how it is sent and renewed, and that no secret is ever shown."""

import itertools
import json
import logging
import stat
import threading
import traceback
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlog_assets.client import BacklogClient
from backlog_assets.credentials import (
    ApiKey,
    BearerToken,
    OAuth2,
    Redactor,
    TokenFile,
    Tokens,
    credentials_from,
    fingerprint,
)
from backlog_assets.errors import BacklogError, Denied, Misconfigured, Refused, Unauthorized, Unavailable
from backlog_assets_tests.scripted import Asked, Clock, Reply, ScriptedServer, fault, reply_json

KEY = "Secret+Key/with=odd&letters%1234567890"
EXPIRED = Reply(
    401, headers={"WWW-Authenticate": 'Bearer error="invalid_token", error_description="The access token expired"'}
)


def client_of(server: ScriptedServer, credentials: Any, **more: Any) -> BacklogClient:
    clock = Clock()
    return BacklogClient(server.address, credentials, sleep=clock.sleep, now=clock.now, **more)


WAYS: dict[str, dict[str, str]] = {
    "key": {"api_key": KEY},
    "token": {"access_token": "some-token"},
    "oauth2": {"client_id": "id", "client_secret": "some-secret", "token_file": "tokens.json"},
}


def test_the_one_way_that_is_configured_is_taken():
    assert credentials_from(api_key=f" {KEY}\n", access_token=" ", client_id="") == ApiKey(KEY, "auto")
    assert credentials_from(api_key=KEY, api_key_in=" Query ") == ApiKey(KEY, "query")
    assert credentials_from(access_token="some-token\n", api_key_in="header") == BearerToken("some-token")
    assert credentials_from(**WAYS["oauth2"]) == OAuth2("id", "some-secret", "tokens.json")


def test_no_way_is_misconfigured_and_names_every_setting():
    names = [
        "BACKLOG_API_KEY",
        "BACKLOG_ACCESS_TOKEN",
        "BACKLOG_CLIENT_ID",
        "BACKLOG_CLIENT_SECRET",
        "BACKLOG_TOKEN_FILE",
    ]
    with pytest.raises(Misconfigured) as raised:
        credentials_from()
    assert all(name in str(raised.value) for name in names)


@pytest.mark.parametrize("both", list(itertools.combinations(WAYS, 2)))
def test_two_ways_are_misconfigured(both):
    with pytest.raises(Misconfigured, match="More than one way") as raised:
        credentials_from(**WAYS[both[0]], **WAYS[both[1]])
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("left_out", WAYS["oauth2"])
def test_half_of_oauth2_is_misconfigured_and_names_what_is_missing(left_out):
    given_ones = {name: value for name, value in WAYS["oauth2"].items() if name != left_out}
    with pytest.raises(Misconfigured, match=f"Set BACKLOG_{left_out.upper()} too"):
        credentials_from(**given_ones)


@pytest.mark.parametrize("key", ["", " \n", "ab\ncd", "ab\x00cd", "キー", "ab\u00a0cd", "é"])
def test_a_key_that_fits_in_no_header_is_misconfigured_and_not_shown(key):
    with pytest.raises(Misconfigured, match="BACKLOG_API_KEY") as raised:
        ApiKey(key)
    assert "ab" not in str(raised.value)


def test_another_place_for_the_key_is_misconfigured():
    with pytest.raises(Misconfigured, match="BACKLOG_API_KEY_IN must be header, query or auto"):
        credentials_from(api_key=KEY, api_key_in="cookie")
    with pytest.raises(Misconfigured, match="BACKLOG_API_KEY_IN"):
        ApiKey(KEY, cast("Any", "body"))


def test_credentials_show_no_secret():
    for one in (ApiKey(KEY), BearerToken(KEY), OAuth2("id", KEY, "file"), Tokens(KEY, KEY, {})):
        assert KEY not in f"{one} {one!r} {[one]}"
    assert KEY not in fingerprint(ApiKey(KEY))
    assert fingerprint(ApiKey(KEY)) == fingerprint(ApiKey(KEY, "query")) != fingerprint(ApiKey("other"))


def sent(asked: Asked) -> tuple[str | None, str | None, str | None]:
    return asked.headers.get("Backlog-Api-Key"), asked.one("apiKey"), asked.headers.get("Authorization")


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (ApiKey(KEY), (KEY, None, None)),
        (ApiKey(KEY, "header"), (KEY, None, None)),
        (ApiKey(KEY, "query"), (None, KEY, None)),
        (BearerToken(KEY), (None, None, f"Bearer {KEY}")),
    ],
)
def test_each_is_sent_its_own_way(credentials, expected):
    with ScriptedServer([[]]) as server, client_of(server, credentials) as client:
        client.get("/users", {"a": 1})
        client.get("/users")
    assert [sent(asked) for asked in server.asked] == [expected, expected]


def only_in_query(asked: Asked) -> Any:
    return [7] if asked.one("apiKey") == KEY else fault(401, 11)


def test_a_host_that_does_not_know_the_header_gets_the_key_in_the_query_from_then_on():
    with ScriptedServer(only_in_query) as server, client_of(server, ApiKey(KEY)) as client:
        assert [client.get("/users") for _ in range(3)] == [[7], [7], [7]]
    assert [sent(asked)[:2] for asked in server.asked] == [(KEY, None), (None, KEY), (None, KEY), (None, KEY)]


def test_threads_that_ask_first_together_all_find_the_query():
    came: list[Any] = []
    with ScriptedServer(only_in_query, slow=0.002) as server, client_of(server, ApiKey(KEY)) as client:
        threads = [threading.Thread(target=lambda: came.append(client.get("/users"))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert came == [[7]] * 6


@pytest.mark.parametrize("sent_in", ["auto", "header", "query"])
def test_a_key_refused_everywhere_is_unauthorized(sent_in):
    with (
        ScriptedServer([fault(401, 11, "Authentication failure.")]) as server,
        client_of(server, ApiKey(KEY, sent_in)) as client,
        pytest.raises(Unauthorized) as raised,
    ):
        client.get("/users")
    assert len(server.asked) == (2 if sent_in == "auto" else 1)
    assert str(raised.value) == (
        'Backlog refused GET /users: 401, code 11 "Authentication failure." '
        "Retrying cannot help; check BACKLOG_API_KEY, and that BACKLOG_SPACE is the space it was made for."
    )


def test_only_the_first_answer_may_move_the_key():
    with ScriptedServer([[], fault(401, 11)]) as server, client_of(server, ApiKey(KEY)) as client:
        client.get("/users")
        with pytest.raises(Unauthorized):
            client.get("/users")
    assert len(server.asked) == 2


def test_a_401_for_want_of_a_right_does_not_move_the_key():
    with ScriptedServer([fault(401, 5)]) as server, client_of(server, ApiKey(KEY)) as client, pytest.raises(Denied):
        client.get("/users")
    assert len(server.asked) == 1


class TokenHost:
    """Takes one access token at a time and turns it for the refresh token that goes with it."""

    def __init__(self, path: Path, *, refusal: Reply | None = None) -> None:
        self.turn = 1
        self.path = path
        self.refusal = refusal
        self.stored_before_use = True
        path.write_text(json.dumps({"access_token": "access-0", "refresh_token": "refresh-1", "note": "kept"}))
        path.chmod(0o644)

    def __call__(self, asked: Asked) -> Any:
        if asked.path == "/api/v2/oauth2/token":
            form = dict(pair.split("=") for pair in asked.body.split("&"))
            if self.refusal or form["refresh_token"] != f"refresh-{self.turn}":
                return self.refusal or reply_json({"error": "invalid_grant", "error_description": "gone"}, 400)
            assert (asked.method, form["grant_type"], form["client_id"]) == ("POST", "refresh_token", "id")
            self.turn += 1
            tokens = {"access_token": f"access-{self.turn}", "refresh_token": f"refresh-{self.turn}"}
            return {**tokens, "token_type": "Bearer", "expires_in": 3600}
        if asked.headers.get("Authorization") != f"Bearer access-{self.turn}":
            return EXPIRED
        held = json.loads(self.path.read_text())
        self.stored_before_use &= held["access_token"] == f"access-{self.turn}"
        return [self.turn]


def test_an_expired_token_is_turned_stored_and_then_used(tmp_path):
    host = TokenHost(tmp_path / "tokens.json")
    with ScriptedServer(host) as server, client_of(server, OAuth2("id", "some-secret", host.path)) as client:
        assert client.get("/users") == [2]
        assert client.get("/users") == [2]
    assert len(server.asked) == 4
    assert host.stored_before_use
    held = json.loads(host.path.read_text())
    assert held == {"access_token": "access-2", "refresh_token": "refresh-2", "note": "kept"}
    assert stat.S_IMODE(host.path.stat().st_mode) == 0o600
    assert {one.name for one in tmp_path.iterdir()} <= {"tokens.json", "tokens.json.lock"}


def test_tokens_turned_by_somebody_else_meanwhile_are_taken(tmp_path):
    host = TokenHost(tmp_path / "tokens.json")
    with ScriptedServer(host) as server:
        oauth2 = OAuth2("id", "some-secret", host.path)
        with client_of(server, oauth2) as first, client_of(server, oauth2) as second:
            host.turn = 99
            with pytest.raises(Unauthorized):
                first.get("/users")
            host.turn = 1
            assert second.get("/users") == [2]
            assert first.get("/users") == [2]
    assert [asked.path for asked in server.asked].count("/api/v2/oauth2/token") == 2


def test_threads_with_one_expired_token_turn_it_once(tmp_path):
    host = TokenHost(tmp_path / "tokens.json")
    came: list[Any] = []
    with (
        ScriptedServer(host, slow=0.002) as server,
        client_of(server, OAuth2("id", "some-secret", host.path)) as client,
    ):
        threads = [threading.Thread(target=lambda: came.append(client.get("/users"))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert came == [[2]] * 6
    assert server.paths().count("/api/v2/oauth2/token") == 1
    assert server.most_at_once == 1


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (reply_json({"error": "invalid_grant", "error_description": "refresh-1"}, 400), Unauthorized),
        (Reply(401, b"<html>"), Unauthorized),
        (Reply(302, headers={"Location": "http://127.0.0.1:9/"}), Unauthorized),
        (Reply(502), Unavailable),
        (Reply(200, b'{"access_token": 1}'), Unavailable),
    ],
)
def test_tokens_that_cannot_be_turned_stay_as_they_were(tmp_path, refusal, kind):
    host = TokenHost(tmp_path / "tokens.json", refusal=refusal)
    with (
        ScriptedServer(host) as server,
        client_of(server, OAuth2("id", "some-secret", host.path)) as client,
        pytest.raises(kind) as raised,
    ):
        client.get("/users")
    assert "refresh-1" not in str(raised.value)
    if kind is Unauthorized:
        assert "authorize again" in str(raised.value)
    assert json.loads(host.path.read_text())["refresh_token"] == "refresh-1"


def test_a_fresh_token_that_is_refused_too_is_unauthorized(tmp_path):
    host = TokenHost(tmp_path / "tokens.json")

    def script(asked: Asked) -> Any:
        return host(asked) if "oauth2" in asked.path else EXPIRED

    with (
        ScriptedServer(script) as server,
        client_of(server, OAuth2("id", "some-secret", host.path)) as client,
        pytest.raises(Unauthorized, match="BACKLOG_TOKEN_FILE"),
    ):
        client.get("/users")
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"access_token": "access-1"}', '{"access_token": 1, "refresh_token": "r"}']
)
def test_a_token_file_that_holds_no_tokens_is_misconfigured(tmp_path, text):
    path = tmp_path / "tokens.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Misconfigured, match="BACKLOG_TOKEN_FILE") as raised:
        TokenFile(path).read()
    assert raised.value.__context__ is None
    assert "access-1" not in str(raised.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=40), st.text())
def test_a_redactor_leaves_nothing_of_a_secret(secret, around):
    redactor = Redactor()
    redactor.hide(secret)
    if secret not in "apiKey=[secret]":
        assert secret not in redactor.quoted(f"{around}{secret}{around}", 10_000)


FAILING: dict[str, Any] = {
    "refused": lambda asked: fault(403, 5, f"No {KEY} apiKey={KEY}"),
    "unauthorized": lambda asked: fault(401, 11, f"Bad key {KEY}"),
    "undefined": lambda asked: fault(400, 6, KEY),
    "echo in HTML": lambda asked: Reply(502, f"<h1>{KEY.replace('&', '&amp;')}</h1>".encode(), {"Content-Type": KEY}),
    "echo in JSON": lambda asked: Reply(200, f'"{KEY}"'.encode()),
    "echo of half a JSON": lambda asked: Reply(200, f'{{"{KEY}'.encode()),
    "echo hidden by control characters": lambda asked: fault(400, 7, "\u200b".join(KEY)),
    "throttled": lambda asked: fault(429, 13, KEY),
    "reset": lambda asked: Reply(reset=True),
    "cut": lambda asked: Reply(200, b"[1,2,3]", cut=3),
    "hang": lambda asked: Reply(hang=True),
    "bad chunks": lambda asked: Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "bad head": lambda asked: Reply(raw=f"HTTP/1.1 200 OK\r\n{KEY}\r\n: x\r\n y\r\n\r\n[".encode()),
    "no status": lambda asked: Reply(raw=f"HTTP/1.1 {KEY}\r\n\r\n".encode()),
    "bad gzip": lambda asked: Reply(200, KEY.encode(), {"Content-Encoding": "gzip"}),
    "redirect": lambda asked: Reply(302, headers={"Location": f"https://{KEY}.example.com/?apiKey={KEY}"}),
    "circle": lambda asked: Reply(302, headers={"Location": f"/api/v2/users?apiKey={KEY}"}),
}


@pytest.mark.parametrize("sent_in", ["auto", "header", "query"])
@pytest.mark.parametrize("failing", FAILING)
def test_the_key_is_in_no_message_log_or_exception(failing, sent_in, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        ScriptedServer(FAILING[failing]) as server,
        client_of(server, ApiKey(KEY, sent_in), tries=2, read_seconds=0.05) as client,
    ):
        with pytest.raises(BacklogError) as raised:
            client.get("/users")
        shown = [*texts(raised.value), repr(client), repr(client.usage), repr(client.quotas)]
    shown += [record.getMessage() + str(record.args) + str(record.exc_text) for record in caplog.records]
    shown.append(caplog.text)
    assert any("connectionpool" in record.name for record in caplog.records)
    for spelling in (KEY, "Secret%2BKey", "odd&amp;letters", KEY[:20]):
        assert not [text for text in shown if spelling in text]


def texts(error: BaseException) -> list[str]:
    chain = [error, error.__cause__, error.__context__]
    assert chain[1:] == [None, None]
    return [str(error), repr(error), str(vars(error)), str(error.args), *traceback.format_exception(error)]


def test_where_nobody_listens_the_key_is_not_shown_either(caplog):
    caplog.set_level(logging.DEBUG)
    client = BacklogClient("http://127.0.0.1:1", ApiKey(KEY, "query"), sleep=Clock().sleep, tries=2)
    with pytest.raises(Unavailable) as raised:
        client.get("/users")
    assert not [text for text in [*texts(raised.value), caplog.text] if "Secret" in text]


def test_a_redirect_with_the_key_elsewhere_is_refused_without_naming_it():
    with (
        ScriptedServer(FAILING["redirect"]) as server,
        client_of(server, ApiKey(KEY, "query")) as client,
        pytest.raises(Refused, match="to another host or scheme"),
    ):
        client.get("/users")
    assert len(server.asked) == 1
