"""One request to the API: how it is spelled, the class it counts in, whether it may be sent twice. Sends nothing."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode

from backlog_assets.answers import Answer, parsed, sentence
from backlog_assets.errors import Unavailable
from backlog_assets.paging import Params
from backlog_assets.quota import rate_class
from backlog_assets.transport import Trouble

Method: TypeAlias = Literal["GET", "POST", "PATCH"]


@dataclass(frozen=True)
class Request:
    """What is asked. `path` is below /api/v2; `query` and `form` are encoded, and `form` is None for a read."""

    method: Method
    path: str
    query: str = ""
    form: str | None = None

    @property
    def rated(self) -> str:
        return rate_class(self.path) if self.form is None else "update"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def spelled(params: Params) -> str:
    """Parameters as Backlog reads them: a sequence is `name[]=` for each value."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if isinstance(value, (str, int)):
            pairs.append((name, _text(value)))
        else:
            pairs += [(name if name.endswith("[]") else f"{name}[]", _text(one)) for one in value]
    return urlencode(pairs)


def _text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def be_sure(request: Request, answer: Answer | Trouble) -> None:
    """Raises `Unavailable` where an update may have been done, or may not: sent again, it could be done twice."""
    if isinstance(answer, Trouble):
        if answer.final:  # nothing was sent, and waiting will not help
            return
        what = answer.what
    elif not answer.is_throttled() and (answer.may_pass() or (answer.status < 300 and parsed(answer.body) is None)):
        what = answer.told()
    else:
        return
    raise Unavailable(
        f"Backlog did not answer {request} properly: {sentence(what)} It is not known whether it was done. "
        "Look before it is sent again."
    )
