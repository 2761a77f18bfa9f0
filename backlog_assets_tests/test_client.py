"""What the client makes of every answer, good and bad, over real sockets."""

import gzip
import json
from typing import Any

import pytest

from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.errors import (
    BacklogError,
    Denied,
    Refused,
    Unauthorized,
    Unavailable,
    Undefined,
    WrongShape,
)
from backlog_assets_tests.scripted import Clock, Reply, ScriptedServer, fault, reply_json

KEY = ApiKey("a-key-that-is-secret-1234567890", "header")


def asked_of(script: Any, path: str = "/projects/WEB/versions", params: Any = None, **more: Any) -> Any:
    """What one GET gives, or raises; and never waits."""
    clock = Clock()
    with (
        ScriptedServer(script) as server,
        BacklogClient(server.address, KEY, sleep=clock.sleep, now=clock.now, **more) as client,
    ):
        return client.get(path, params)


def raised_by(script: Any, path: str = "/projects/WEB/versions", **more: Any) -> BacklogError:
    with pytest.raises(BacklogError) as raised:
        asked_of(script, path, **more)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    return raised.value


def test_the_space_is_its_host_and_nothing_is_asked_before_a_get():
    client = BacklogClient("https://Example.backlog.com/", KEY)
    assert (client.space, repr(client)) == ("example.backlog.com", "BacklogClient('example.backlog.com')")
    assert client.usage.requests == 0


def test_a_get_sends_its_parameters_and_says_who_asks():
    with ScriptedServer([[{"id": 1}]]) as server, BacklogClient(server.address, KEY) as client:
        assert client.get("/issues", {"projectId": [1, 2], "keyword": "a&b=ä", "all": True, "n[]": ["x"]}) == [
            {"id": 1}
        ]
        assert client.get("users/田中 ?#") == [{"id": 1}]
    first, second = server.asked
    assert first.path == "/api/v2/issues"
    query = [("projectId[]", "1"), ("projectId[]", "2"), ("keyword", "a&b=ä"), ("all", "true"), ("n[]", "x")]
    assert first.query == query
    assert first.headers["User-Agent"].startswith("backlog-assets/")
    assert second.path == "/api/v2/users/%E7%94%B0%E4%B8%AD%20%3F%23"
    assert server.connections == 1


def test_a_compressed_answer_and_one_in_chunks_are_read_whole():
    packed = gzip.compress(json.dumps([{"id": 7}]).encode())
    assert asked_of([Reply(200, packed, {"Content-Encoding": "gzip"})]) == [{"id": 7}]
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    assert asked_of([Reply(raw=chunked)]) == [1, 2]


REFUSALS: list[tuple[Reply, type[Refused], int | None]] = [
    (fault(401, 11), Unauthorized, 11),
    (fault(403, 12), Unauthorized, 12),
    (Reply(401), Unauthorized, None),
    (fault(401, 5), Denied, 5),
    (fault(403, 5), Denied, 5),
    (fault(400, 2), Denied, 2),
    (fault(402, 3), Denied, 3),
    (fault(403, 4), Denied, 4),
    (Reply(403, b"<html>Forbidden</html>"), Denied, None),
    (fault(404, 6, "No project."), Denied, 6),
    (Reply(404, b"<html>Not Found</html>"), Refused, None),
    (fault(400, 6, "Undefined resource. : /x"), Undefined, 6),
    (fault(400, 7, "error.unknownParameter : x"), Refused, 7),
    (fault(413, 10), Refused, 10),
    (Reply(410), Refused, None),
    (reply_json({"errors": [{"code": "5", "message": None}]}, 403), Denied, 5),
    (reply_json({"errors": [{"code": 7}, {"code": 11}]}, 400), Unauthorized, 11),
    (reply_json({"errors": [None, 1]}, 403), Denied, None),
    (reply_json({"errors": {"a": 1}}, 403), Denied, None),
    (reply_json([{"errors": 1}], 403), Denied, None),
    (Reply(304), Refused, None),
]


@pytest.mark.parametrize(("reply", "kind", "code"), REFUSALS)
def test_a_refusal_is_raised_at_once_by_its_code_and_then_its_status(reply, kind, code):
    with (
        ScriptedServer([reply]) as server,
        BacklogClient(server.address, KEY) as client,
        pytest.raises(Refused) as raised,
    ):
        client.get("/projects/WEB/versions")
    error = raised.value
    assert type(error) is kind
    assert (error.path, error.status, error.code) == ("/projects/WEB/versions", reply.status, code)
    assert "Retrying cannot help; " in str(error)
    assert len(server.asked) == 1


def test_a_message_says_what_was_asked_what_came_and_what_to_do():
    assert str(raised_by([fault(403, 5, "No permission.")])) == (
        'Backlog refused GET /projects/WEB/versions: 403, code 5 "No permission." '
        "Retrying cannot help; give the key's owner access to WEB."
    )


def test_what_backlog_says_is_quoted_short_on_one_line_and_visible():
    said = "a\x1b[31m\r\n\u202eb\x00 " + "long " * 200
    message = str(raised_by([fault(400, 7, said)]))
    assert '"a[31m b long long' in message
    assert len(message) < 300
    assert message.isprintable()


TROUBLES: dict[str, tuple[Reply, str]] = {
    "a reset": (Reply(reset=True), "the connection was cut"),
    "nothing at all": (Reply(raw=b""), "the connection was cut"),
    "no HTTP": (Reply(raw=b"SSH-2.0-OpenSSH\r\n\r\n"), "the connection was cut|no HTTP answer"),
    "a body cut short": (Reply(200, b"[1,2,3]", cut=3), "the answer broke off"),
    "chunks that end early": (
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,\r\n"),
        "the answer broke off|the connection was cut",
    ),
    "a chunk of nonsense": (
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[1"),
        "broke off|cut",
    ),
    "gzip that is none": (Reply(200, b"[1]", {"Content-Encoding": "gzip"}), "compression is broken"),
    "gzip cut short": (Reply(200, gzip.compress(b"[1,2,3]" * 99)[:30], {"Content-Encoding": "gzip"}), "no JSON: 200"),
    "a hang": (Reply(hang=True), "nothing came for 0.1 s"),
    "a drip": (Reply(200, b"[" + b" " * 500 + b"]", drip=0.02), "not whole after 0.2 s"),
    "a drip in the head": (Reply(200, b"[]", {"X-Long": "x" * 500}, drip_head=0.02), "not whole after 0.2 s"),
    "HTML where JSON is due": (
        Reply(200, b"<html>Please log in</html>", {"Content-Type": "text/html"}),
        "200 text/html",
    ),
    "an empty answer": (Reply(200, b""), "no JSON: 200 with nothing in it"),
    "half a JSON": (Reply(200, b'[{"id": 1}'), "no JSON: 200"),
    "NaN": (Reply(200, b"[NaN]"), "no JSON: 200"),
    "an abyss": (Reply(200, b"[" * 100_000), "no JSON: 200"),
    "a gateway's page": (
        Reply(502, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html; charset=x"}),
        "502 text/html",
    ),
    "a gateway's silence": (Reply(503), "503 with nothing in it"),
    "an internal error": (fault(500, 1, "Oh."), '500, code 1 "Oh."'),
    "an internal error under 400": (fault(400, 1, "Oh."), '400, code 1 "Oh."'),
    "a fault of the server with the code of a refusal": (fault(500, 11), "500, code 11"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_that_may_pass_is_tried_again(trouble):
    reply, _ = TROUBLES[trouble]
    with ScriptedServer([reply, reply, reply_json([{"id": 7}])]) as server:
        clock = Clock()
        limits: dict[str, Any] = {"read_seconds": 0.1, "total_seconds": 0.2}
        with BacklogClient(server.address, KEY, sleep=clock.sleep, now=clock.now, **limits) as client:
            assert client.get("/users") == [{"id": 7}]
            assert client.usage.retries == 2
            assert client.usage.waited_seconds == 0
    assert len(clock.waits) == 2
    assert 0 <= clock.waits[0] <= 2
    assert 0 <= clock.waits[1] <= 4


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_that_stays_is_unavailable_and_says_what_came(trouble):
    reply, told = TROUBLES[trouble]
    with pytest.raises(Unavailable, match=told) as raised:
        asked_of([reply], tries=2, read_seconds=0.1, total_seconds=0.2)
    message = str(raised.value)
    assert message.startswith("Backlog did not answer GET /projects/WEB/versions properly, tried 2 times: ")
    assert "Waiting may help" in message
    assert raised.value.__context__ is None


@pytest.mark.parametrize("body", [b"null", b"7", b'"text"', b"true"])
def test_json_that_is_neither_object_nor_list_has_the_wrong_shape(body):
    error = raised_by([Reply(200, body)])
    assert isinstance(error, WrongShape)
    assert error.path == "/projects/WEB/versions"


def test_text_that_is_no_proper_unicode_is_mended_counted_and_logged_once(caplog):
    bodies = [rb'["\ud800 \ud83d\ude00 \\ud800"]', b'["\xff\xe3\x81\x82"]', b'\xef\xbb\xbf["bom"]']
    with ScriptedServer([Reply(200, body) for body in bodies]) as server, BacklogClient(server.address, KEY) as client:
        assert client.get("/a") == ["\ufffd 😀 \\ud800"]
        assert client.get("/b") == ["\ufffdあ"]
        assert client.get("/c") == ["bom"]
    assert client.usage.mended == 3
    assert len([record for record in caplog.records if "U+FFFD" in record.getMessage()]) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_same_origin_is_followed(status):
    script = [Reply(status, headers={"Location": "/api/v2/other?a=1&apiKey=x"}), reply_json([7])]
    with ScriptedServer(script) as server, BacklogClient(server.address, KEY) as client:
        assert client.get("/users") == [7]
    assert server.asked[1].path == "/api/v2/other"
    assert server.asked[1].query == [("a", "1")]
    assert server.asked[1].headers["Backlog-Api-Key"] == KEY.key


def test_a_redirect_elsewhere_is_refused_and_nothing_is_sent_there():
    with ScriptedServer([[]]) as other:
        places = [
            *(f"http://127.0.0.1:{other.port}/api/v2/users", f"//127.0.0.1:{other.port}/", "https://example.com/"),
            *("http://[::1", "ftp://127.0.0.1/", f"http://user@127.0.0.1:{other.port}/", "javascript:alert(1)"),
        ]
        for place in places:
            error = raised_by([Reply(302, headers={"Location": place})])
            assert type(error) is Refused
            assert error.status == 302
            assert "to another host or scheme" in str(error)
        assert other.asked == []
        assert other.connections == 0


def test_redirects_in_a_circle_are_refused():
    error = raised_by([Reply(302, headers={"Location": "/api/v2/users"})])
    assert type(error) is Refused
    assert "more than 3 times" in str(error)


def test_cookies_are_not_kept():
    with (
        ScriptedServer([reply_json([], 200, Set_Cookie="a=b; Path=/")]) as server,
        BacklogClient(server.address, KEY) as client,
    ):
        client.get("/users")
        client.get("/users")
    assert "Cookie" not in server.asked[1].headers


def test_a_connection_the_server_closed_while_idle_is_replaced():
    clock = Clock()
    with (
        ScriptedServer([Reply(200, b"[1]", close=True)]) as server,
        BacklogClient(server.address, KEY, sleep=clock.sleep, now=clock.now) as client,
    ):
        assert [client.get("/users") for _ in range(3)] == [[1], [1], [1]]
    assert server.connections >= 3
