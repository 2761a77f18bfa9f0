"""Files through the client: poured into a sink while they come, with the tries and refusals of any read."""

import gzip
from typing import Any

import pytest

from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.errors import BacklogError, Denied, Misconfigured, Refused, Unavailable
from backlog_assets_tests.scripted import Clock, Reply, ScriptedServer, fault

KEY = "a-key-that-is-secret-1234567890"
PATH = "/issues/1/attachments/2"
FILE = bytes(range(256)) * 4_000


class Bucket:
    """A sink in memory; counts how often it was begun."""

    def __init__(self) -> None:
        self.content = b""
        self.begun = 0

    def begin(self) -> None:
        self.content, self.begun = b"", self.begun + 1

    def write(self, chunk: bytes) -> None:
        self.content += chunk


class FullDisk(Bucket):
    def write(self, chunk: bytes) -> None:
        raise Misconfigured("The disk is full.")


def poured(script: Any, sink: Bucket, key_in: Any = "header", **more: Any) -> tuple[int, BacklogClient, ScriptedServer]:
    clock = Clock()
    with (
        ScriptedServer(script) as server,
        BacklogClient(server.address, ApiKey(KEY, key_in), sleep=clock.sleep, now=clock.now, **more) as client,
    ):
        return client.download(PATH, sink), client, server


def raised_by(script: Any, sink: Bucket, **more: Any) -> BacklogError:
    with pytest.raises(BacklogError) as raised:
        poured(script, sink, **more)
    assert KEY not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(403, 5, Denied), (404, 6, Denied), (400, 7, Refused), (400, 6, Refused)]
)
def test_a_file_that_is_refused_is_not_poured(status: int, code: int, kind: type[BacklogError]) -> None:
    sink = Bucket()
    error = raised_by([fault(status, code)], sink)
    assert isinstance(error, kind)
    assert f"GET {PATH}" in str(error)
    assert sink.begun == 0


def test_what_the_sink_cannot_take_is_not_tried_again() -> None:
    sink = FullDisk()
    assert str(raised_by([Reply(body=FILE)], sink)) == "The disk is full."
    assert sink.begun == 1


def test_a_file_that_breaks_off_is_begun_anew_and_given_up_after_some_tries() -> None:
    sink = Bucket()
    received, client, _ = poured([Reply(body=FILE, cut=1_000), Reply(body=FILE)], sink)
    assert (received, sink.content, sink.begun) == (len(FILE), FILE, 2)
    assert client.usage.retries == 1
    assert isinstance(raised_by([Reply(body=FILE, cut=1)] * 3, Bucket(), tries=3), Unavailable)


def test_a_redirect_to_another_host_is_refused_and_gets_nothing() -> None:
    error = raised_by([Reply(302, headers={"Location": "http://127.0.0.1:9/file"})], Bucket())
    assert isinstance(error, Refused)
    assert "another host" in str(error)


def test_a_429_is_waited_for_and_the_bytes_count_in_the_class_read() -> None:
    sink = Bucket()
    received, client, _ = poured([fault(429, 13), Reply(body=FILE)], sink)
    assert (received, client.usage.too_many) == (len(FILE), 1)
    assert client.usage.requests_by_class == {"read": 2}
    assert client.usage.received_bytes >= len(FILE)
    assert client.usage.waited_seconds > 0


def test_a_key_that_must_stand_in_the_query_is_put_there() -> None:
    sink = Bucket()
    received, client, server = poured([fault(401, 11), Reply(body=FILE)], sink, key_in="auto")
    assert (received, client.key_in) == (len(FILE), "query")
    assert [one.one("apiKey") for one in server.asked] == [None, KEY]
    assert server.asked[0].headers["Accept"] == "*/*"


def test_what_was_compressed_on_the_way_is_poured_as_it_was_and_nothing_is_a_file_too() -> None:
    sink = Bucket()
    assert poured([Reply(body=gzip.compress(FILE), headers={"Content-Encoding": "gzip"})], sink)[0] == len(FILE)
    assert sink.content == FILE
    empty = Bucket()
    assert poured([Reply(body=b"")], empty)[0] == 0
    assert empty.begun == 1
