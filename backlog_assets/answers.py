"""What an answer of Backlog means: JSON, a refusal and whose fault it is, or trouble that may pass. Sends nothing.

Errors come as `{"errors": [{"message", "code", "moreInfo"}]}`, but gateways send HTML or nothing. The code decides
first and the status second, for the status is only partly documented (`backlog-api.md`, section 5).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import orjson

from backlog_assets.credentials import REDACTOR
from backlog_assets.errors import Denied, Refused, Unauthorized, Undefined

INTERNAL_ERROR, LICENCE, LICENCE_EXPIRED, ACCESS_DENIED, NO_PERMISSION, NO_RESOURCE = 1, 2, 3, 4, 5, 6
BAD_CREDENTIALS, MFA_REQUIRED, TOO_MANY = 11, 12, 13

_WEIGHT = (TOO_MANY, BAD_CREDENTIALS, MFA_REQUIRED, NO_PERMISSION, ACCESS_DENIED, LICENCE, LICENCE_EXPIRED, NO_RESOURCE)
"""Where several errors are listed, the one that decides: the first of these, else the first listed."""


class Fault(NamedTuple):
    """One of Backlog's `errors`."""

    code: int | None
    message: str


@dataclass(frozen=True)
class Answer:
    """One whole answer. `headers` finds its names in any case; `body` is decompressed.

    `poured` are the bytes that went elsewhere while they came, in place of a body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    poured: int = 0

    @property
    def size(self) -> int:
        """Bytes received, after decompression."""
        return len(self.body) + self.poured

    def faults(self) -> list[Fault]:
        """Backlog's `errors`, the one that decides first; empty where the body is something else."""
        try:
            listed = orjson.loads(self.body)["errors"]
            entries = [cast("dict[str, Any]", entry) for entry in listed if isinstance(entry, dict)]
        except (ValueError, TypeError, KeyError, IndexError):
            return []
        found = [Fault(_code(entry.get("code")), str(entry.get("message") or "")) for entry in entries]
        return sorted(found, key=lambda fault: _WEIGHT.index(fault.code) if fault.code in _WEIGHT else len(_WEIGHT))

    def code(self) -> int | None:
        return next((fault.code for fault in self.faults()), None)

    def told(self) -> str:
        """`403, code 5 "No permission."` or `502 text/html "Bad Gateway"`; what it quotes is redacted and short."""
        faults = self.faults()
        if faults:
            first, more = faults[0], f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            code = "" if first.code is None else f", code {first.code}"
            message = REDACTOR.quoted(first.message)
            return f"{self.status}{code}" + (f' "{message}"' if message else "") + more
        kind = REDACTOR.quoted(self.headers.get("Content-Type", "").split(";")[0], 40)
        words = REDACTOR.quoted(self.body.decode("utf-8", "replace") or self.headers.get("WWW-Authenticate", ""), 80)
        return " ".join(
            part for part in (str(self.status), kind, f'"{words}"' if words else "with nothing in it") if part
        )

    def is_throttled(self) -> bool:
        return self.status == 429 or (self.status >= 400 and self.code() == TOO_MANY)

    def may_pass(self) -> bool:
        """A fault of the server: worth another try."""
        return self.status >= 500 or (self.status >= 400 and self.code() == INTERNAL_ERROR)

    def is_unauthorized(self) -> bool:
        return 400 <= self.status < 500 and _kind(self.status, self.code()) is Unauthorized

    def is_expired(self) -> bool:
        """An OAuth2 access token that is no longer taken; only `WWW-Authenticate` says so."""
        challenge = self.headers.get("WWW-Authenticate", "").lower()
        return self.status == 401 and ("expired" in challenge or "invalid_token" in challenge)


def refusal(answer: Answer, method: str, path: str, configured: str) -> Refused:
    """The error to raise. `configured` names the settings the credentials came from."""
    code = answer.code()
    kind = _kind(answer.status, code)
    advice = _advice(kind, answer.status, code, path, configured)
    message = f"Backlog refused {method} {path}: {sentence(answer.told())} Retrying cannot help; {advice}."
    return kind(message, path=path, status=answer.status, code=code)


def sentence(told: str) -> str:
    """With a full stop, unless what it quotes last has one."""
    return told if told.endswith((".", '."', '。"')) else f"{told}."


def _kind(status: int, code: int | None) -> type[Refused]:
    if code in (BAD_CREDENTIALS, MFA_REQUIRED):
        return Unauthorized
    if code in (NO_PERMISSION, ACCESS_DENIED, LICENCE, LICENCE_EXPIRED):
        return Denied
    if status == 401:
        return Unauthorized
    if status == 403 or (status == 404 and code == NO_RESOURCE):
        return Denied
    return Undefined if status == 400 and code == NO_RESOURCE else Refused


def _advice(kind: type[Refused], status: int, code: int | None, path: str, configured: str) -> str:
    if code == MFA_REQUIRED:
        return "the space asks for two-factor authentication: let the key's owner set it up"
    if kind is Unauthorized:
        return f"check {configured}, and that BACKLOG_SPACE is the space it was made for"
    if kind is Undefined:
        return "Backlog knows no such path: the catalogue is wrong, or the host is not Backlog"
    if kind is Denied:
        by_code = {
            LICENCE: "the space's plan does not include this",
            LICENCE_EXPIRED: "the space's plan has expired: its owner has to renew it",
            ACCESS_DENIED: "access is restricted, by IP address perhaps: let the administrator allow this machine",
            NO_RESOURCE: "it is not there, or the key's owner may not see it",
        }
        if code in by_code:
            return by_code[code]
        project = re.match(r"/projects/([^/]+)", path)
        return f"give the key's owner access to {project[1] if project else 'it'}"
    if 300 <= status < 400:
        return "check that BACKLOG_SPACE is the space's own host"
    return "the request is wrong for this host: report it, with this message"


class Parsed(NamedTuple):
    """JSON, and whether its text had to be mended: half characters, or bytes that are no UTF-8, became U+FFFD."""

    value: Any
    is_mended: bool


def parsed(body: bytes) -> Parsed | None:
    """None where the body is no JSON."""
    try:
        return Parsed(orjson.loads(body), False)
    except orjson.JSONDecodeError:
        pass
    try:
        value = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=_no_constant)
        text = json.dumps(value, ensure_ascii=False)
        return Parsed(json.loads(re.sub("[\ud800-\udfff]", "\ufffd", text)), True)
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _code(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,4}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
