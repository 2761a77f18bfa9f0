"""Talks HTTP to Backlog: key, pages, updates, rate limit. Knows no Dagster and no DuckDB.

One request at a time per space, held back so that the key's owner keeps a share of the rate limit; trouble that may
pass is tried again (a read, never an update), a refusal is raised at once. No message, log line or exception names a
URL or a credential.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, cast
from urllib.parse import quote, urlencode, urlsplit

from filelock import Timeout as LockTimeout

from backlog_assets import __version__
from backlog_assets.answers import Answer, Parsed, parsed, refusal
from backlog_assets.catalogue.spec import Paging
from backlog_assets.credentials import (
    REDACTOR,
    ApiKey,
    BearerToken,
    Credentials,
    OAuth2,
    TokenFile,
    Tokens,
    fingerprint,
    secrets_of,
)
from backlog_assets.errors import Misconfigured, Unauthorized, Unavailable, WrongShape
from backlog_assets.paging import Page, Params, walk
from backlog_assets.people import People
from backlog_assets.quota import (
    Quota,
    Usage,
    door,
    is_absurd,
    local_time,
    quota_book,
    quota_told,
    rate_class,
    seconds_to_wait,
    throttle_seconds,
    update_pause,
)
from backlog_assets.request import REDIRECTS, Method, Request, be_sure, followed, spelled
from backlog_assets.transport import Sink, Transport, Trouble, base_url
from backlog_assets.tries import Tries

__all__ = ["BacklogClient", "base_url", "rate_class"]

API = "/api/v2"
REFRESH_PATH = "/oauth2/token"

FORM = "application/x-www-form-urlencoded"
TOKEN_LOCK_SECONDS = 60.0

DOWNLOAD_SECONDS = 3600.0
"""How long a file may take to come, where the bytes do not stop coming."""


class BacklogClient(AbstractContextManager["BacklogClient"]):
    """Reads one space as one user. Instances of the same space share its one-at-a-time rule, and those of the same
    credentials what is known of the rate limit. Usable from several threads.

    `headroom` is the share of the rate limit left to the key's owner, `total_seconds` how long one whole answer may
    take, `tries` how often trouble that may pass is met before `Unavailable`. `people` hides people's data in answers.
    """

    def __init__(
        self,
        space: str,
        credentials: Credentials,
        *,
        headroom: float = 0.1,
        connect_seconds: float = 10,
        read_seconds: float = 60,
        total_seconds: float = 300,
        tries: int = 5,
        people: People | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        log: logging.Logger | None = None,
    ) -> None:
        if not 0 <= headroom < 1:
            raise Misconfigured("BACKLOG_HEADROOM must be a share: 0 or more, and less than 1.")
        self._origin = base_url(space)
        self.space = urlsplit(self._origin).netloc
        self._credentials = credentials
        self._headroom = headroom
        self._tries = max(1, tries)
        self.people = people
        self._sleep = sleep
        self._now = now
        self._log = log or logging.getLogger(__name__)
        seconds = {"connect_seconds": connect_seconds, "read_seconds": read_seconds}
        self._transport = Transport(self._origin, **seconds, total_seconds=total_seconds)
        self._for_files = Transport(self._origin, **seconds, total_seconds=max(total_seconds, DOWNLOAD_SECONDS))
        self._door = door(self.space)
        self._asker = fingerprint(credentials)
        self._book = quota_book(self.space, self._asker, now)
        self._usage = Usage()
        self._usage_lock = threading.Lock()
        self._key_in: Literal["header", "query"] = "header"
        self._key_settled = True
        if isinstance(credentials, ApiKey):
            self._key_in = "query" if credentials.sent_in == "query" else "header"
            self._key_settled = credentials.sent_in != "auto"
        self._tokens: Tokens | None = None
        self._headers = {
            "User-Agent": f"backlog-assets/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        REDACTOR.hide(*secrets_of(credentials))

    def __repr__(self) -> str:
        return f"BacklogClient({self.space!r})"

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()
        self._for_files.close()

    @property
    def asker(self) -> str:
        """Tells one asker from another without holding a secret."""
        return self._asker

    @property
    def usage(self) -> Usage:
        """What this client has asked so far, as of now."""
        return self._usage

    def now(self) -> float:
        """Epoch seconds by the clock that resets are told in."""
        return self._now()

    @property
    def key_in(self) -> Literal["header", "query", "bearer"]:
        """Where the credentials go, as far as is known by now."""
        return self._key_in if isinstance(self._credentials, ApiKey) else "bearer"

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """What is left of each class, as last told; `reset` is in this machine's time."""
        return self._book.snapshot()

    def get(self, path: str, params: Params | None = None) -> Any:
        """The object or array of one GET. `path` is below /api/v2; a sequence is sent as `name[]=` for each value."""
        request = Request("GET", "/" + path.lstrip("/"), spelled(params or {}))
        answer = self._answered(request)
        return answer if self.people is None else self.people.protect(request.path, answer)

    def download(self, path: str, sink: Sink) -> int:
        """Pours a file into the `sink` while it comes, and says how many bytes there were."""
        answer, _ = self._granted(Request("GET", "/" + path.lstrip("/"), sink=sink))
        return answer.poured

    def update(self, method: Literal["POST", "PATCH"], path: str, form: Params) -> Any:
        """The object Backlog answers a change with, at least a second after the change before (class `update`).

        What may have been done is never sent again: then `Unavailable` says that it is not known, and the caller looks
        before it tries once more. A 429 has done nothing and is waited for.
        """
        return self._answered(Request(method, "/" + path.strip("/"), form=spelled(form)))

    def _granted(self, request: Request) -> tuple[Answer, Parsed]:
        """An answer that is a success. Raises what Backlog refuses."""
        key_in, tokens = self._key_in, self._tokens
        answer, told = self._ask(request, key_in)
        if answer.status == 401 and answer.is_unauthorized():
            if isinstance(self._credentials, OAuth2) and answer.is_expired():
                self._refresh(self._credentials, tokens or self._held(self._credentials))
                answer, told = self._ask(request, key_in)
            elif not self._key_settled or key_in != self._key_in:  # another thread may have moved it meanwhile
                answer, told = self._ask_in_query(request)
        else:
            self._key_settled = True
        if told is None:
            raise refusal(answer, request.method, request.path, self._configured())
        return answer, told

    def _answered(self, request: Request) -> Any:
        answer, told = self._granted(request)
        if told.is_mended:
            self._count(mended=1)
            if self._usage.mended == 1:
                self._log.warning("%s: text that is no proper Unicode; U+FFFD stands in its place.", request)
        value: object = told.value
        if not isinstance(value, (dict, list)):
            raise WrongShape(
                f"Backlog answered {request} with neither an object nor a list. "
                "Retrying cannot help; the API has changed, or the host is not Backlog.",
                path=request.path,
                status=answer.status,
            )
        return cast("Any", value)

    def pages(
        self,
        path: str,
        paging: Paging,
        params: Params | None = None,
        *,
        since_id: int | None = None,
        on_total: Callable[[int], None] | None = None,
    ) -> Iterator[Page]:
        """Every record of a list once, a page at a time. `on_total` hears what `/count` says, for COUNTED only."""
        return walk(self.get, path, paging, params or {}, since_id=since_id, on_total=on_total)

    def _ask_in_query(self, request: Request) -> tuple[Answer, Parsed | None]:
        """Once more after a 401, with the key in the query; and so from then on where that is taken."""
        answer, told = self._ask(request, "query")
        if not answer.is_unauthorized() and not self._key_settled:
            self._key_in, self._key_settled = "query", True
            self._log.info("%s does not take the key in the header; it is sent in the query.", self.space)
        return answer, told

    def _ask(self, request: Request, key_in: str) -> tuple[Answer, Parsed | None]:
        """An answer that stands, and its JSON where it is a success: trouble and throttling are behind it."""
        redirects = 0
        target, asked = API + quote(request.path, safe="/%~:@!$&'()*+,;=-._"), request.query
        tries = self._new_tries(request.method, request.path, request.rated)
        while True:
            query, headers = self._signed(asked, key_in)
            if request.sink is not None:
                headers = {**headers, "Accept": "*/*"}
            if request.form is not None:
                headers = {**headers, "Content-Type": FORM}
                self._sleep_between_updates()
            answer = self._send(request.method, request.rated, target, query, headers, request.form, request.sink)
            if request.form is not None:
                be_sure(request, answer)
            if tries.again(answer):
                continue
            answer = cast("Answer", answer)
            if 200 <= answer.status < 300:
                told = parsed(answer.body) if request.sink is None else Parsed(None, False)
                if told is not None:
                    return answer, told
                tries.failed(f"no JSON: {answer.told()}")
            elif request.form is None and answer.status in REDIRECTS and "Location" in answer.headers:
                redirects += 1
                target, asked = followed(self._origin, answer, request.path, target, redirects)
            else:
                return answer, None

    def _send(
        self,
        method: Method,
        rated: str,
        target: str,
        query: str,
        headers: dict[str, str],
        form: str | None = None,
        sink: Sink | None = None,
    ) -> Answer | Trouble:
        """One request, as soon as the rate limit and the other clients of the space let it go."""
        url = f"{self._origin}{target}?{query}" if query else self._origin + target
        while True:
            with self._door:
                quota = self._book[rated]
                wait = seconds_to_wait(quota, self._headroom, self._now())
                if not wait:
                    self._book.spend(rated)
                    transport = self._transport if sink is None else self._for_files
                    answer = transport.exchange(method, url, headers, form, sink)
                    self._count(request_of=rated, received_bytes=answer.size if isinstance(answer, Answer) else 0)
                    if isinstance(answer, Answer):
                        self._book.learn(rated, quota_told(answer.headers, self._now()))
                    return answer
            left = f"{quota.remaining} of {quota.limit} requests left" if quota else ""
            self._wait(rated, wait, left, quota)

    def _signed(self, query: str, key_in: str) -> tuple[str, dict[str, str]]:
        """Query and headers with the credentials in one of them."""
        credentials = self._credentials
        if isinstance(credentials, ApiKey):
            if key_in == "header":
                return query, {**self._headers, "Backlog-API-Key": credentials.key}
            key = urlencode({"apiKey": credentials.key})
            return f"{query}&{key}" if query else key, self._headers
        token = credentials.token if isinstance(credentials, BearerToken) else self._held(credentials).access_token
        return query, {**self._headers, "Authorization": f"Bearer {token}"}

    def _held(self, credentials: OAuth2) -> Tokens:
        if self._tokens is None:
            self._take(TokenFile(credentials.token_file).read())
        return cast("Tokens", self._tokens)

    def _take(self, tokens: Tokens) -> None:
        REDACTOR.hide(tokens.access_token, tokens.refresh_token)
        self._tokens = tokens

    def _refresh(self, credentials: OAuth2, used: Tokens) -> None:
        """Turns the tokens and stores them before they are used; takes those another process has turned meanwhile."""
        file = TokenFile(credentials.token_file)
        problem = ""
        try:
            with file.lock(TOKEN_LOCK_SECONDS):
                held = file.read()
                if held.access_token == used.access_token:
                    REDACTOR.hide(held.refresh_token)
                    held = self._turned(credentials, held)
                    REDACTOR.hide(held.access_token, held.refresh_token)
                    file.write(held)
                self._take(held)
        except LockTimeout:
            raise Unavailable(
                f"Another process has held the lock of {str(file.path)!r} for {TOKEN_LOCK_SECONDS:g} s. "
                "Waiting may help."
            ) from None
        except OSError as error:
            problem = error.strerror or type(error).__name__
        if problem:
            raise Misconfigured(
                f"BACKLOG_TOKEN_FILE {str(file.path)!r} cannot be locked ({problem}). "
                "Its folder must be one this user may write to."
            )

    def _turned(self, credentials: OAuth2, held: Tokens) -> Tokens:
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "refresh_token": held.refresh_token,
        }
        headers = {**self._headers, "Content-Type": FORM}
        tries = self._new_tries("POST", REFRESH_PATH, "update")
        while True:
            answer = self._send("POST", "update", API + REFRESH_PATH, "", headers, urlencode(form))
            if tries.again(answer):
                continue
            answer = cast("Answer", answer)
            told = parsed(answer.body)
            value: object = told.value if told else None
            body = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
            if answer.status == 200 and isinstance(body.get("access_token"), str):
                access, refresh = body["access_token"], body.get("refresh_token")
                return Tokens(
                    access, refresh if isinstance(refresh, str) and refresh else held.refresh_token, held.others
                )
            if answer.status == 200:
                tries.failed(f"no access token: {answer.status}")
                continue
            reason = REDACTOR.quoted(str(body.get("error") or "")) or answer.told()
            raise Unauthorized(
                f"Backlog refused to renew the OAuth2 tokens: {answer.status} {reason}. Retrying cannot help; "
                "authorize again, and store the new tokens in BACKLOG_TOKEN_FILE.",
                path=REFRESH_PATH,
                status=answer.status,
            )

    def _configured(self) -> str:
        if isinstance(self._credentials, ApiKey):
            return "BACKLOG_API_KEY"
        if isinstance(self._credentials, BearerToken):
            return "BACKLOG_ACCESS_TOKEN"
        return "the tokens in BACKLOG_TOKEN_FILE"

    def _new_tries(self, method: Method, path: str, rated: str) -> Tries:
        def throttled(answer: Answer, in_a_row: int) -> None:
            self._count(too_many=1)
            now = self._now()
            capped = "; it asks for more than an hour, which cannot be meant" if is_absurd(answer.headers, now) else ""
            seconds = throttle_seconds(answer.headers, now, in_a_row)
            self._wait(rated, seconds, f"Backlog answered 429{capped}", quota_told(answer.headers, now))

        def pause(seconds: float) -> None:
            self._count(retries=1)
            self._sleep(seconds)

        return Tries(f"{method} {path}", self._tries, throttled, pause, self._log)

    def _wait(self, rated: str, seconds: float, why: str, quota: Quota | None) -> None:
        """Sleeps until the quota is renewed; a sleep is believed even where the clock did not move as far."""
        ends = local_time(self._now() + seconds)
        self._log.info("%s, class %s: %s; waiting %.0f s, until %s.", self.space, rated, why, seconds, ends)
        self._count(waited_seconds=seconds)
        self._sleep(seconds)
        self._book.renew(rated, quota)

    def _sleep_between_updates(self) -> None:
        now = self._now()
        pause = update_pause(self._book.updated_at, now)
        if pause:
            self._sleep(pause)
        self._book.updated_at = now + pause

    def _count(self, **more: Any) -> None:
        with self._usage_lock:
            self._usage = self._usage.plus(**more)
