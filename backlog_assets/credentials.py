"""Who asks: API key, bearer token or OAuth2 with a token file; and how secrets are kept out of text. Sends nothing."""

import hashlib
import html
import json
import logging
import os
import re
import tempfile
import threading
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import quote, quote_plus

from filelock import FileLock

from backlog_assets.errors import Misconfigured

SentIn: TypeAlias = Literal["auto", "header", "query"]


def _header_value(name: str, value: str) -> str:
    """The value without white space around it, sure to fit in a header."""
    value = value.strip()
    if not value:
        raise Misconfigured(f"{name} is empty. Set it, or leave it out and configure another way to authenticate.")
    if not (value.isascii() and value.isprintable()):
        raise Misconfigured(f"{name} holds characters that no key or token has. Copy it again, with nothing around it.")
    return value


@dataclass(frozen=True, repr=False)
class ApiKey:
    """An API key of one person. `auto`: in the header, and in the query where the host does not know the header."""

    key: str
    sent_in: SentIn = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", _header_value("BACKLOG_API_KEY", self.key))
        if self.sent_in not in ("auto", "header", "query"):
            raise Misconfigured("BACKLOG_API_KEY_IN must be header, query or auto.")

    def __repr__(self) -> str:
        return f"ApiKey(sent_in={self.sent_in!r})"


@dataclass(frozen=True, repr=False)
class BearerToken:
    """An OAuth2 access token that somebody else keeps fresh."""

    token: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", _header_value("BACKLOG_ACCESS_TOKEN", self.token))

    def __repr__(self) -> str:
        return "BearerToken()"


@dataclass(frozen=True, repr=False)
class OAuth2:
    """An OAuth2 application whose tokens live in a file and are turned here when they expire."""

    client_id: str
    client_secret: str
    token_file: str | Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "client_id", _header_value("BACKLOG_CLIENT_ID", self.client_id))
        object.__setattr__(self, "client_secret", _header_value("BACKLOG_CLIENT_SECRET", self.client_secret))
        if not str(self.token_file).strip():
            raise Misconfigured("BACKLOG_TOKEN_FILE is empty. Write the path of the file that holds the tokens.")

    def __repr__(self) -> str:
        return f"OAuth2(token_file={str(self.token_file)!r})"


Credentials: TypeAlias = ApiKey | BearerToken | OAuth2


def credentials_from(
    *,
    api_key: str | None = None,
    api_key_in: str | None = None,
    access_token: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    token_file: str | Path | None = None,
) -> Credentials:
    """The one way to authenticate that is configured; a blank setting is none. Reads no file."""
    oauth2 = {
        "BACKLOG_CLIENT_ID": (client_id or "").strip(),
        "BACKLOG_CLIENT_SECRET": (client_secret or "").strip(),
        "BACKLOG_TOKEN_FILE": str(token_file or "").strip(),
    }
    key, token = (api_key or "").strip(), (access_token or "").strip()
    ways = [name for name, value in {"BACKLOG_API_KEY": key, "BACKLOG_ACCESS_TOKEN": token, **oauth2}.items() if value]
    every_way = "BACKLOG_API_KEY, or BACKLOG_ACCESS_TOKEN, or " + ", ".join(oauth2) + " together"
    if not ways:
        raise Misconfigured(f"No way to authenticate is configured. Set {every_way}.")
    if bool(key) + bool(token) + any(oauth2.values()) > 1:
        raise Misconfigured(
            f"More than one way to authenticate is configured: {', '.join(ways)}. Set only {every_way}."
        )
    if key:
        sent_in = (api_key_in or "").strip().lower() or "auto"
        if sent_in not in ("auto", "header", "query"):
            raise Misconfigured("BACKLOG_API_KEY_IN must be header, query or auto.")
        return ApiKey(key, sent_in)
    if token:
        return BearerToken(token)
    missing = [name for name, value in oauth2.items() if not value]
    if missing:
        raise Misconfigured(f"OAuth2 is half configured: {', '.join(ways)}. Set {', '.join(missing)} too.")
    return OAuth2(oauth2["BACKLOG_CLIENT_ID"], oauth2["BACKLOG_CLIENT_SECRET"], oauth2["BACKLOG_TOKEN_FILE"])


def secrets_of(credentials: Credentials) -> tuple[str, ...]:
    """The texts of the credentials that nobody may read. The tokens of `OAuth2` are in its file."""
    if isinstance(credentials, ApiKey):
        return (credentials.key,)
    return (credentials.token,) if isinstance(credentials, BearerToken) else (credentials.client_secret,)


def fingerprint(credentials: Credentials) -> str:
    """Tells one asker from another without holding a secret."""
    named = (credentials.client_id, str(credentials.token_file)) if isinstance(credentials, OAuth2) else ()
    return hashlib.sha256("\0".join((*secrets_of(credentials), *named)).encode()).hexdigest()


@dataclass(frozen=True, repr=False)
class Tokens:
    """What the token file holds. `others` is what else stood there, kept as it is."""

    access_token: str
    refresh_token: str
    others: dict[str, Any]

    def __repr__(self) -> str:
        return "Tokens()"


class TokenFile:
    """The JSON file with access_token and refresh_token, for this user's eyes only (mode 600)."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()

    def __repr__(self) -> str:
        return f"TokenFile({str(self.path)!r})"

    def lock(self, timeout_seconds: float) -> FileLock:
        """Held while the tokens are turned, against other processes that share the file."""
        real = self.path.resolve()
        return FileLock(str(real.with_name(real.name + ".lock")), timeout=timeout_seconds)

    def read(self) -> Tokens:
        value, problem = None, ""
        try:
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o600)
            value = json.loads(self.path.read_bytes())
        except OSError as error:
            problem = f"cannot be read ({error.strerror or type(error).__name__})"
        except (ValueError, RecursionError):
            problem = "holds no JSON"
        # Raised out here: a JSON error carries the text it was reading, tokens and all.
        if not problem and not isinstance(value, dict):
            problem = "holds no JSON object"
        if problem:
            raise self._misconfigured(problem)
        held = cast("dict[str, Any]", value)
        found = [held.get(name) for name in ("access_token", "refresh_token")]
        access, refresh = (token.strip() if isinstance(token, str) else "" for token in found)
        if not all(token and token.isascii() and token.isprintable() for token in (access, refresh)):
            raise self._misconfigured("does not hold both access_token and refresh_token")
        return Tokens(access, refresh, held)

    def write(self, tokens: Tokens) -> None:
        """Replaces the file as a whole, or leaves it as it was."""
        real = self.path.resolve()
        held = {**tokens.others, "access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
        problem = ""
        try:
            number, temporary = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)  # made with mode 600
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(held, file)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(real)
            except BaseException:
                with suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            problem = f"cannot be written ({error.strerror or type(error).__name__})"
        if problem:
            raise self._misconfigured(problem)

    def _misconfigured(self, problem: str) -> Misconfigured:
        return Misconfigured(
            f"BACKLOG_TOKEN_FILE {str(self.path)!r} {problem}. It must be a JSON object with access_token and "
            "refresh_token, in a folder this user may write to; authorize again to get new ones."
        )


SHORTEST_SECRET = 4
"""A shorter text would be struck out of ordinary words; Backlog's keys have 64 characters."""

_QUERY_KEY = re.compile(r"(?i)(apiKey=)[^&\s\"'<>)]+")


class Redactor(logging.Filter):
    """Strikes secrets out of text: those it was told of, and whatever stands behind `apiKey=`.

    As a logging filter it does so to the records of the HTTP libraries, which name whole URLs at DEBUG level.
    """

    LOGGERS = (
        *("urllib3", "urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.response"),
        *("urllib3.util", "urllib3.util.retry", "requests", "requests.adapters"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()
        self._hiding = threading.Lock()

    def hide(self, *secrets: str) -> None:
        """From now on, in every spelling a URL, a page or JSON may give them."""
        new: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                new |= {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret)}
                new.add(json.dumps(secret)[1:-1])
        with self._hiding:
            self._secrets = tuple(sorted(new.union(self._secrets), key=len, reverse=True))
        for name in self.LOGGERS:
            logging.getLogger(name).addFilter(self)

    def redacted(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "[secret]")
        return _QUERY_KEY.sub(r"\1[secret]", text)

    def quoted(self, text: str, longest: int = 120) -> str:
        """Somebody else's text fit for a message: no secrets, no control characters, one line, not long."""
        visible = "".join(
            " " if letter.isspace() else letter for letter in text if letter.isspace() or _visible(letter)
        )
        line = " ".join(self.redacted(self.redacted(visible)).split())
        return line if len(line) <= longest else line[: longest - 1] + "…"

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        clean = self.redacted(said)
        if clean != said:
            record.msg, record.args = clean, None
            record.exc_info = None  # its text may name the same URL
        return True


def _visible(letter: str) -> bool:
    return not unicodedata.category(letter).startswith("C")


REDACTOR = Redactor()
"""One for the process: what was a secret once is never shown later."""
