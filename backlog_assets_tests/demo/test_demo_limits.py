"""Rate limits with a clock of one's own, and OAuth tokens that turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from .conftest import Api


class Clock:
    """Epoch seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_030.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def quota(response: requests.Response) -> tuple[int, int, int]:
    limit, remaining, reset = (int(response.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))
    return limit, remaining, reset


@pytest.mark.parametrize(
    ("plan", "read", "search"), [("free", 60, 15), ("paid", 600, 150), ("generous", 100_000, 100_000)]
)
def test_each_plan_has_its_limits(served: Callable[..., Api], clock: Clock, plan: str, read: int, search: int):
    api = served(plan=plan, clock=clock)
    assert quota(api.get("/space")) == (read, read - 1, 1_800_000_060)
    assert quota(api.get("/issues")) == (search, search - 1, 1_800_000_060)


def test_over_the_limit_is_429_until_the_minute_is_over(served: Callable[..., Api], clock: Clock):
    api = served(plan="free", clock=clock)
    for left in reversed(range(15)):
        assert quota(api.get("/issues/count"))[1] == left
    over = api.get("/issues")
    assert (over.status_code, over.json()["errors"][0]["code"]) == (429, 13)
    assert quota(over) == (15, 0, 1_800_000_060)
    assert "Retry-After" not in over.headers
    clock.now = 1_800_000_059.9
    assert api.get("/issues").status_code == 429
    clock.now = 1_800_000_060.0
    assert quota(api.get("/issues")) == (15, 14, 1_800_000_120)


def test_classes_and_users_are_counted_apart(served: Callable[..., Api], clock: Clock):
    api = served(plan="free", clock=clock)
    for _ in range(15):
        api.get("/issues/count")
    assert api.get("/issues").status_code == 429
    assert api.get("/issues/WEB-1").status_code == 200
    assert Api(api.server, api.server.member_key).get("/issues").status_code == 200


def test_all_keys_and_tokens_of_a_user_are_counted_together(served: Callable[..., Api], clock: Clock):
    api = served(plan="free", clock=clock)
    api.get("/space")
    token = api.server.oauth.issue()["access_token"]
    response = requests.get(f"{api.server.url}/api/v2/space", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert quota(response)[1] == 58


def test_the_rate_limit_endpoint_costs_one_read_and_shows_all_classes(served: Callable[..., Api], clock: Clock):
    api = served(plan="paid", clock=clock)
    api.get("/issues")
    shown = api.json("/rateLimit")["rateLimit"]
    reset = 1_800_000_060
    assert shown == {
        "read": {"limit": 600, "remaining": 599, "reset": reset},
        "update": {"limit": 150, "remaining": 150, "reset": reset},
        "search": {"limit": 150, "remaining": 149, "reset": reset},
        "icon": {"limit": 60, "remaining": 60, "reset": reset},
    }


def test_an_error_is_counted_but_a_wrong_key_is_not(served: Callable[..., Api], clock: Clock):
    api = served(plan="free", clock=clock)
    assert quota(api.get("/projects/NONE"))[1] == 59
    assert "X-RateLimit-Limit" not in Api(api.server, "wrong").get("/space").headers
    assert quota(api.get("/space"))[1] == 58


def test_the_date_header_follows_the_clock(served: Callable[..., Api], clock: Clock):
    assert served(clock=clock).get("/space").headers["Date"] == "Fri, 15 Jan 2027 08:00:30 GMT"


def test_an_unknown_plan_is_refused(served: Callable[..., Api]):
    with pytest.raises(ValueError, match="plan is 'gold'"):
        served(plan="gold")


def ask(api: Api, token: str) -> requests.Response:
    return requests.get(f"{api.server.url}/api/v2/space", headers={"Authorization": f"Bearer {token}"}, timeout=5)


def turn(api: Api, **form: Any) -> requests.Response:
    oauth = api.server.oauth
    given = {"client_id": oauth.client_id, "client_secret": oauth.client_secret, **form}
    return requests.post(f"{api.server.url}/api/v2/oauth2/token", data=given, timeout=5)


def test_a_bearer_token_is_good_for_an_hour(served: Callable[..., Api], clock: Clock):
    api = served(clock=clock)
    token = api.server.oauth.issue()["access_token"]
    assert ask(api, token).status_code == 200
    assert api.server.requests[-1].key_in == "bearer"
    clock.now += 3_600
    expired = ask(api, token)
    assert expired.status_code == 401
    assert expired.headers["WWW-Authenticate"] == (
        'Bearer error="invalid_token", error_description="The access token expired"'
    )
    assert ask(api, "made-up").headers["WWW-Authenticate"] == (
        'Bearer error="invalid_token", error_description="The access token is invalid"'
    )


def test_a_refresh_token_turns_and_is_good_once(small: Api):
    first = small.server.oauth.issue()
    small.server.oauth.expire_access_tokens()
    assert ask(small, first["access_token"]).status_code == 401
    second = turn(small, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert set(second) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (second["token_type"], second["expires_in"]) == ("Bearer", 3_600)
    assert ask(small, second["access_token"]).status_code == 200
    again = turn(small, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    third = turn(small, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert ask(small, third.json()["access_token"]).status_code == 200


def test_an_authorization_code_gives_tokens(small: Api):
    tokens = turn(small, grant_type="authorization_code", code=small.server.oauth.code, redirect_uri="http://x").json()
    assert ask(small, tokens["access_token"]).status_code == 200
    wrong = turn(small, grant_type="authorization_code", code="other")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")


def test_the_token_endpoint_refuses_an_unknown_client_and_an_unknown_grant(small: Api):
    assert turn(small, client_secret="wrong", grant_type="refresh_token").json()["error"] == "invalid_client"
    assert turn(small, grant_type="client_credentials").json()["error"] == "unsupported_grant_type"
