"""OAuth2 of the demo server: tokens that expire and turn. Knows no endpoint but its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import orjson

from backlog_assets.demo.answers import Answer

LIFETIME = 3_600
"""Seconds for which an access token is good."""


class OAuth:
    """One registered application, and the tokens it was given."""

    code = "demo-authorization-code"
    """What the authorization page would hand back; it may be used again and again."""

    def __init__(self, user_id: int, clock: Callable[[], float]) -> None:
        self.client_id = "demo-client"
        self.client_secret = f"{self.client_id}-secret"
        self._user_id = user_id
        self._clock = clock
        self._lock = threading.Lock()
        self._access: dict[str, float] = {}
        self._refresh: set[str] = set()
        self._issued = 0

    def issue(self) -> dict[str, Any]:
        """A new pair of tokens for the administrator, in the shape of the token endpoint."""
        with self._lock:
            self._issued += 1
            access, refresh = f"demo-access-{self._issued:06d}", f"demo-refresh-{self._issued:06d}"
            self._access[access] = self._clock() + LIFETIME
            self._refresh.add(refresh)
        return {"access_token": access, "token_type": "Bearer", "expires_in": LIFETIME, "refresh_token": refresh}

    def expire_access_tokens(self) -> None:
        """Makes every access token of this moment expired; refresh tokens stay good."""
        with self._lock:
            self._access = dict.fromkeys(self._access, self._clock())

    def user_of(self, token: str) -> tuple[int | None, str]:
        """The user of an access token; None and the reason where it is no good."""
        with self._lock:
            expires = self._access.get(token)
        if expires is None:
            return None, "The access token is invalid"
        return (self._user_id, "") if self._clock() < expires else (None, "The access token expired")

    def answer(self, method: str, form: dict[str, list[str]]) -> Answer:
        """The token endpoint. Its errors have a format of their own."""
        given = {name: values[-1] for name, values in form.items()}
        if method != "POST":
            return _failure(400, "invalid_request", "POST is required")
        if (given.get("client_id"), given.get("client_secret")) != (self.client_id, self.client_secret):
            return _failure(401, "invalid_client", "The client is unknown")
        grant = given.get("grant_type")
        if grant == "authorization_code":
            if given.get("code") != self.code:
                return _failure(400, "invalid_grant", "The authorization code is invalid")
        elif grant == "refresh_token":
            token = given.get("refresh_token", "")
            with self._lock:
                if token not in self._refresh:
                    return _failure(400, "invalid_grant", "The refresh token is invalid")
                # A refresh token is good for one use.
                self._refresh.remove(token)
        else:
            return _failure(400, "unsupported_grant_type", "The grant type is not supported")
        return Answer(200, orjson.dumps(self.issue()))


def _failure(status: int, error: str, description: str) -> Answer:
    return Answer(status, orjson.dumps({"error": error, "error_description": description}))
