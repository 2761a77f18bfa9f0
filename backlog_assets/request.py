"""One request to the API: how it is spelled, its class, whether it may be sent twice, or elsewhere. Sends nothing."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from backlog_assets.answers import Answer, parsed, sentence
from backlog_assets.errors import Misconfigured, Refused, Unavailable
from backlog_assets.paging import Params
from backlog_assets.quota import rate_class
from backlog_assets.transport import Sink, Trouble, base_url

Method: TypeAlias = Literal["GET", "POST", "PATCH"]

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 3


@dataclass(frozen=True)
class Request:
    """What is asked. `path` is below /api/v2; `query` and `form` are encoded, and `form` is None for a read.

    The answer is no JSON but a file where there is a `sink`, into which it goes.
    """

    method: Method
    path: str
    query: str = ""
    form: str | None = None
    sink: Sink | None = None

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


def followed(own: str, answer: Answer, path: str, target: str, redirects: int) -> tuple[str, str]:
    """Target and query of a redirect within the origin that is our `own`. No other one is ever sent anything."""
    origin, address = None, None
    try:
        address = urlsplit(urljoin(own + target, answer.headers["Location"]))
        origin = base_url(f"{address.scheme}://{address.netloc}")
    except (ValueError, Misconfigured):
        pass
    if address is None or origin != own or redirects > MOST_REDIRECTS:
        where = "more than 3 times" if origin == own else "to another host or scheme"
        raise Refused(
            f"Backlog redirected GET {path} {where}: {answer.status}. Nothing was sent there. "
            "Retrying cannot help; check that BACKLOG_SPACE is the space's own host.",
            path=path,
            status=answer.status,
        )
    kept = [(name, value) for name, value in parse_qsl(address.query, keep_blank_values=True) if name != "apiKey"]
    return quote(address.path or "/", safe="/%~:@!$&'()*+,;=-._"), urlencode(kept)
