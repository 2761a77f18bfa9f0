"""Each fault does on the socket what its name says."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
import requests

from backlog_assets.demo import Fault
from backlog_assets.demo.faults import KINDS

from .conftest import Api


def break_it(api: Api, kind: str, path: str = "/issues", **options: Any) -> Fault:
    fault = Fault(kind, path=path, **options)
    api.server.faults.append(fault)
    return fault


def raw_answer(api: Api, path: str, wait: float = 5.0) -> bytes:
    """All that comes over a bare socket."""
    host, port = api.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        connection.sendall(f"GET /api/v2{path}?apiKey={api.server.api_key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        got = b""
        while part := connection.recv(65_536):
            got += part
        return got


def test_every_kind_has_its_test_here():
    named = [name.removeprefix("test_fault_").split("__")[0] for name in globals() if name.startswith("test_fault_")]
    assert sorted(set(named)) == sorted(KINDS)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="there is no fault 'flood'"):
        Fault("flood")


def test_a_fault_strikes_after_some_requests_so_many_times_and_its_path_only(small: Api):
    break_it(small, "500", path="/projects/*/versions", after=2, times=2)
    statuses = [small.get("/projects/WEB/versions").status_code for _ in range(6)]
    assert statuses == [200, 200, 500, 500, 200, 200]
    assert small.get("/projects/WEB/statuses").status_code == 200


def test_a_path_without_a_star_means_that_path_alone(small: Api):
    break_it(small, "404", path="/issues")
    assert small.get("/issues/count").status_code == 200
    assert small.get("/issues").status_code == 404


def test_a_fault_reaches_the_token_endpoint_too(small: Api):
    break_it(small, "500", path="/oauth2/token")
    assert requests.post(f"{small.server.url}/api/v2/oauth2/token", timeout=5).status_code == 500


def test_fault_reset__cuts_the_connection_without_an_answer(small: Api):
    break_it(small, "reset", times=1)
    with pytest.raises(ConnectionResetError) as caught:
        raw_answer(small, "/issues")
    assert caught.value.errno == errno.ECONNRESET
    assert [row.status for row in small.server.requests] == [0]
    assert small.get("/issues").status_code == 200


def test_fault_truncate__promises_more_than_it_sends(small: Api):
    break_it(small, "truncate")
    head, _, body = raw_answer(small, "/issues").partition(b"\r\n\r\n")
    promised = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(body) == promised // 2
    with pytest.raises(requests.RequestException):
        small.get("/issues")


def test_fault_500__is_a_server_error_with_a_body(small: Api):
    break_it(small, "500")
    assert small.error("/issues")[:2] == (500, 1)


def test_fault_502html__is_a_gateways_page(small: Api):
    break_it(small, "502html")
    response = small.get("/issues")
    assert (response.status_code, response.headers["Content-Type"]) == (502, "text/html")
    assert response.text.startswith("<html>")


def test_fault_html__is_a_page_where_json_should_be(small: Api):
    break_it(small, "html")
    response = small.get("/issues")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html")
    with pytest.raises(ValueError):
        response.json()


def test_fault_slow__lets_a_reader_time_out(small: Api):
    break_it(small, "slow", seconds=5)
    with pytest.raises(requests.ReadTimeout):
        small.get("/issues", timeout=0.2)


def test_fault_drip__sends_a_byte_now_and_then_and_never_times_out_between(small: Api):
    break_it(small, "drip", seconds=0.01)
    with small.get("/priorities", stream=True) as whole:
        assert whole.json()
    with small.get("/issues", stream=True, timeout=1) as response:
        parts = [len(part) for _, part in zip(range(8), response.raw.stream(1), strict=False)]
    assert parts == [1] * 8
    assert int(response.headers["Content-Length"]) > 1_000


def test_fault_429__comes_with_reset_headers_or_retry_after_or_neither(small: Api):
    break_it(small, "429", times=1)
    break_it(small, "429", path="/space", times=1, retry_after=7)
    break_it(small, "429", path="/projects", times=1, reset_headers=False)
    plain, waiting, bare = small.get("/issues"), small.get("/space"), small.get("/projects")
    for response in (plain, waiting, bare):
        assert (response.status_code, response.json()["errors"][0]["code"]) == (429, 13)
    assert plain.headers["X-RateLimit-Remaining"] == "0"
    assert "X-RateLimit-Reset" in plain.headers
    assert "Retry-After" not in plain.headers
    assert waiting.headers["Retry-After"] == "7"
    assert not [name for name in bare.headers if name.startswith(("X-RateLimit", "Retry"))]


def test_fault_wrong_shape__swaps_array_and_object(small: Api):
    break_it(small, "wrong_shape", path="*")
    assert isinstance(small.json("/issues"), dict)
    assert isinstance(small.json("/space"), list)


def test_fault_longer_page__has_more_rows_than_count(small: Api):
    normal = small.json("/issues", {"sort": "created", "count": 30})
    break_it(small, "longer_page")
    rows = small.json("/issues", {"sort": "created", "count": 10})
    assert len(rows) > 10
    assert rows == normal[: len(rows)]


def test_fault_same_page__ignores_where_the_client_is(small: Api):
    first = small.json("/issues", {"count": 10})
    activities = small.json("/space/activities")
    break_it(small, "same_page", path="*")
    assert small.json("/issues", {"count": 10, "offset": 10}) == first
    assert small.json("/space/activities", {"maxId": activities[-1]["id"]}) == activities


def test_fault_redirect__points_elsewhere(small: Api):
    break_it(small, "redirect", location="http://127.0.0.1:9/login")
    response = small.get("/issues", allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (302, "http://127.0.0.1:9/login")


def test_fault_401__denies_a_good_key(small: Api):
    break_it(small, "401")
    assert small.error("/issues")[:2] == (401, 11)


def test_fault_403__refuses(small: Api):
    break_it(small, "403")
    assert small.error("/issues")[:2] == (403, 5)


def test_fault_404__finds_nothing(small: Api):
    break_it(small, "404")
    assert small.error("/issues")[:2] == (404, 6)


def test_fault_bad_json__cannot_be_parsed(small: Api):
    break_it(small, "bad_json")
    response = small.get("/issues")
    assert response.status_code == 200
    with pytest.raises(ValueError):
        response.json()


def test_fault_null_body__is_null(small: Api):
    break_it(small, "null_body")
    assert small.get("/issues").text == "null"


def test_fault_surrogate__has_half_a_character(small: Api):
    break_it(small, "surrogate")
    response = small.get("/issues")
    assert rb"\ud83d" in response.content
    with pytest.raises(UnicodeEncodeError):
        response.json()[0]["summary"].encode()


def test_fault_extra_field__adds_fields_at_every_depth(small: Api):
    before = small.json("/issues", {"count": 1})[0]
    break_it(small, "extra_field")
    after = small.json("/issues", {"count": 1})[0]
    assert set(after) - set(before) == {"demoExtra", "demoExtraFlag"}
    assert set(after["createdUser"]) - set(before["createdUser"]) == {"demoExtraFlag"}


def test_fault_missing_field__drops_a_field(small: Api):
    break_it(small, "missing_field", field="updated")
    break_it(small, "missing_field", path="/space/activities", field="createdUser.id")
    assert all("updated" not in row for row in small.json("/issues"))
    assert all("id" not in row["createdUser"] for row in small.json("/space/activities"))


def test_fault_bad_value__puts_a_text_where_a_number_should_be(small: Api):
    break_it(small, "bad_value", field="estimatedHours")
    assert {row["estimatedHours"] for row in small.json("/issues")} == {"not a number"}


def test_fault_empty__has_no_rows_where_there_are_some(small: Api):
    assert small.json("/issues") != []
    break_it(small, "empty")
    assert small.json("/issues") == []
