"""Updates through the client: form-encoded, a second apart, never sent twice where they may have been done."""

from typing import Any

import pytest

from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.errors import Denied, Refused, Unavailable
from backlog_assets_tests.scripted import Asked, Clock, Reply, ScriptedServer, fault, reply_json

FORM = {"summary": "空 & <b>", "categoryId": [1, 2], "isOpen": True}


class Line:
    """A client of a scripted server, with a clock that only sleeping moves."""

    def __init__(self, server: ScriptedServer, sent_in: Any = "header", **options: Any) -> None:
        self.clock = Clock()
        self.server = server
        credentials = ApiKey(f"key-{server.port}", sent_in)
        self.client = BacklogClient(server.address, credentials, sleep=self.clock.sleep, now=self.clock.now, **options)

    def post(self) -> Any:
        return self.client.update("POST", "/issues", FORM)


def test_an_update_is_sent_as_a_form_and_counts_in_its_own_class() -> None:
    with ScriptedServer([reply_json({"id": 7}, 201)]) as server:
        line = Line(server)
        assert line.post() == {"id": 7}
        assert line.client.update("PATCH", "/issues/WEB-1", {"statusId": 4}) == {"id": 7}
        first, second = server.asked
    assert (first.method, first.path, first.query) == ("POST", "/api/v2/issues", [])
    assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert first.body == "summary=%E7%A9%BA+%26+%3Cb%3E&categoryId%5B%5D=1&categoryId%5B%5D=2&isOpen=true"
    assert (second.method, second.body) == ("PATCH", "statusId=4")
    assert line.client.usage.requests_by_class == {"update": 2}


def test_updates_of_one_user_are_a_second_apart_and_reads_are_not() -> None:
    with ScriptedServer([{"id": 7}]) as server:
        line = Line(server)
        line.post()
        line.client.get("/issues/WEB-1")
        line.post()
        line.clock.time += 0.75
        line.post()
        line.clock.time += 5
        line.post()
    assert line.clock.waits == [1.0, 0.25]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(502, b"<html>", {"Content-Type": "text/html"}),
        fault(400, 1),
        Reply(reset=True),
        Reply(200, b'{"id": 7}', cut=3),
        Reply(201, b"<html>"),
    ],
    ids=["500", "502", "internal", "reset", "cut", "html"],
)
def test_what_may_have_been_done_is_not_sent_again(reply: Reply) -> None:
    with ScriptedServer([reply, {"id": 7}]) as server:
        with pytest.raises(Unavailable) as caught:
            Line(server).post()
        assert len(server.asked) == 1
    message = str(caught.value)
    assert message.startswith("Backlog did not answer POST /issues properly: ")
    assert message.endswith("It is not known whether it was done. Look before it is sent again.")


def test_what_was_throttled_was_not_done_and_is_sent_again_after_the_wait() -> None:
    with ScriptedServer([fault(429, 13, Retry_After="20"), {"id": 7}]) as server:
        line = Line(server)
        assert line.post() == {"id": 7}
    assert line.clock.waits[0] == 21.0
    assert line.client.usage.too_many == 1


def test_an_update_leaves_the_share_of_the_keys_owner_alone() -> None:
    spent = {"X_RateLimit_Limit": "10", "X_RateLimit_Remaining": "1"}
    with ScriptedServer([reply_json({"id": 7}, 201, X_RateLimit_Reset="1800000030", **spent), {"id": 8}]) as server:
        line = Line(server)
        line.post()
        line.post()
    assert sum(line.clock.waits) == pytest.approx(31.0)


def test_a_refusal_is_raised_at_once_with_what_to_do() -> None:
    with ScriptedServer([fault(403, 5, "No right."), fault(400, 7, "No comment content.")]) as server:
        line = Line(server)
        with pytest.raises(Denied, match=r"Backlog refused POST /issues: 403, code 5 \"No right\.\""):
            line.post()
        with pytest.raises(Refused, match=r"400, code 7 \"No comment content\.\""):
            line.post()
        assert len(server.asked) == 2


def test_a_key_that_is_not_taken_in_the_header_is_sent_in_the_query() -> None:
    def answer(asked: Asked) -> Any:
        return {"id": 7} if asked.one("apiKey") else fault(401, 11)

    with ScriptedServer(answer) as server:
        assert Line(server, "auto").post() == {"id": 7}
        assert next(asked.body for asked in server.asked) == server.asked[1].body


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with ScriptedServer([Reply(status, headers={"Location": "/api/v2/elsewhere"}), {"id": 7}]) as server:
        with pytest.raises(Refused, match="Backlog refused POST /issues"):
            Line(server).post()
        assert len(server.asked) == 1


def test_a_host_whose_certificate_is_not_trusted_is_not_written_to(tmp_path: Any) -> None:
    from backlog_assets_tests.mail_receiver import Certificates

    with ScriptedServer([{"id": 7}], context=Certificates(tmp_path).context) as server:
        with pytest.raises(Refused, match=r"was not sent: the certificate of 127\.0\.0\.1 is not trusted"):
            Line(server).post()
        assert server.asked == []
