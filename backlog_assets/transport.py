"""One HTTP exchange over a kept-alive connection, with a deadline for the whole answer. Decides nothing, tries once.

What goes wrong comes back as a `Trouble` in plain words: the exceptions of the HTTP libraries hold whole URLs, with the
key in the query, and end here.
"""

import http.client
import io
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, HTTPError, IncompleteRead, NameResolutionError, ReadTimeoutError

from backlog_assets.answers import Answer
from backlog_assets.errors import Misconfigured

READ_BUFFER = 1 << 17
"""Bytes taken from the socket at once; the 8 kB of the standard library cost a quarter more time on a full page."""

CHUNK = 1 << 18
"""Bytes handed on at once of a body that is poured into a sink."""


class Sink(Protocol):
    """Takes in the body of an answer while it comes. `begin` starts it, anew where an earlier try has broken off.

    What goes wrong in it is raised as one of the product's errors, so that it is not taken for trouble of the network.
    """

    def begin(self) -> None: ...

    def write(self, chunk: bytes) -> None: ...


@dataclass(frozen=True)
class Trouble:
    """Why no whole answer came, in words that name no URL. Trying again cannot help where it is `final`."""

    what: str
    final: bool = False


def is_loopback(host: str) -> bool:
    """Whether `host` (as `urlsplit` gives it, no brackets) can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)+[a-z]{_LABEL}")


def base_url(space: str) -> str:
    """The origin all requests go to, `https://example.backlog.com`, from the setting BACKLOG_SPACE."""
    hint = "Write the space's full host, such as example.backlog.com, example.backlog.jp or example.backlogtool.com."
    given = space.strip()
    if not given:
        raise Misconfigured(f"BACKLOG_SPACE is empty. {hint}")
    # What was written is not repeated: it may be a key in the wrong place, or hold a password.
    address, port = None, None
    try:
        address = urlsplit(given if "://" in given else f"https://{given}")
        port = address.port
    except ValueError:
        address = None
    if address is None or not given.isascii() or not given.isprintable() or "@" in address.netloc:
        raise Misconfigured(f"BACKLOG_SPACE is not a host name. {hint}")
    host = address.hostname or ""
    if address.path not in ("", "/") or "?" in given or "#" in given:
        raise Misconfigured(f"BACKLOG_SPACE holds more than a host name. {hint}")
    if address.scheme not in ("http", "https"):
        raise Misconfigured(f"BACKLOG_SPACE begins with something else than https://. {hint}")
    if not (is_loopback(host) or _HOST.fullmatch(host)) or len(host) > 253 or " " in given or address.netloc[-1] == ":":
        raise Misconfigured(f"BACKLOG_SPACE is not the full host name of a space. {hint}")
    if address.scheme == "http" and not is_loopback(host):
        raise Misconfigured(
            f"BACKLOG_SPACE may begin with http:// for this machine only; the key would be read. {hint}"
        )
    name = f"[{host}]" if ":" in host else host
    usual = port is None or port == {"http": 80, "https": 443}[address.scheme]
    return f"{address.scheme}://{name}" + ("" if usual else f":{port}")


class Transport:
    """Sends to one origin (`https://host`). Certificates are verified; the environment's proxies and CA bundle count,
    its netrc does not. A loopback host is never reached through a proxy."""

    def __init__(self, origin: str, *, connect_seconds: float, read_seconds: float, total_seconds: float) -> None:
        self.host = urlsplit(origin).hostname or ""
        self._seconds = (connect_seconds, min(read_seconds, total_seconds))
        self._total_seconds = total_seconds
        with requests.Session() as session:
            found = session.merge_environment_settings(origin, {}, False, None, None)
        self._verify: bool | str = found["verify"]
        self._proxies: dict[str, str] = {} if is_loopback(self.host) else dict(found["proxies"])
        self._adapter = _DeadlineAdapter(total_seconds)

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: str | bytes | None = None,
        sink: Sink | None = None,
    ) -> Answer | Trouble:
        """The answer; the body of one that is a success goes to the `sink`, if there is one."""
        begun = time.monotonic()
        try:
            request = requests.PreparedRequest()
            request.prepare(method=method, url=url, headers=headers, data=body)
            response = self._adapter.send(
                request, stream=True, timeout=self._seconds, verify=self._verify, proxies=self._proxies
            )
            told, poured = b"", 0
            try:
                if sink is not None and 200 <= response.status_code < 300:
                    poured = _pour(response.raw.stream(CHUNK, decode_content=True), sink)
                else:
                    told = response.raw.read(decode_content=True)
            finally:
                response.close()  # a connection whose answer was read whole is back in the pool by now
            return Answer(response.status_code, response.headers, told, poured)
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
            return self._trouble(error, time.monotonic() - begun)

    def close(self) -> None:
        self._adapter.close()

    def _trouble(self, error: BaseException, passed_seconds: float) -> Trouble:
        causes = list(_causes(error))

        def is_any(*kinds: type[BaseException]) -> bool:
            return any(isinstance(cause, kinds) for cause in causes)

        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return Trouble(f"the certificate of {self.host} is not trusted ({cause.verify_message})", final=True)
        connect_seconds, read_seconds = self._seconds
        whats: tuple[tuple[bool, str], ...] = (
            (is_any(ssl.SSLError), f"{self.host} does not speak TLS as it should"),
            (is_any(NameResolutionError, socket.gaierror), f"the host name {self.host} cannot be resolved"),
            (is_any(requests.exceptions.ProxyError), "the proxy did not connect"),
            (is_any(requests.ConnectTimeout), f"{self.host} did not accept a connection in {connect_seconds:g} s"),
            (passed_seconds >= self._total_seconds, f"the answer was not whole after {self._total_seconds:g} s"),
            (is_any(ReadTimeoutError, TimeoutError), f"nothing came for {read_seconds:g} s"),
            (is_any(IncompleteRead, http.client.IncompleteRead), "the answer broke off"),
            (is_any(DecodeError), "the answer's compression is broken"),
            (is_any(ConnectionRefusedError), f"{self.host} refused the connection"),
            (is_any(ConnectionError, http.client.RemoteDisconnected), "the connection was cut"),
        )
        return Trouble(next((what for holds, what in whats if holds), f"no HTTP answer ({type(error).__name__})"))


def _pour(chunks: Iterator[bytes], sink: Sink) -> int:
    """How many bytes there were."""
    sink.begin()
    poured = 0
    for chunk in chunks:
        sink.write(chunk)
        poured += len(chunk)
    return poured


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all it was made of; the libraries wrap through `args` and `reason` as well."""
    found: list[BaseException] = []
    ahead: list[Any] = [error]
    while ahead:
        one = ahead.pop()
        if isinstance(one, BaseException) and not any(one is other for other in found):
            found.append(one)
            yield one
            ahead += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


class _DeadlineReader(io.RawIOBase):
    """The socket's bytes until a moment; a time-out per read alone would let an answer drip for ever."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, total_seconds: float) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._read_seconds = sock.gettimeout() or total_seconds
        self._deadline = time.monotonic() + total_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if left < self._read_seconds:
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    total_seconds: float

    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock, self.total_seconds), READ_BUFFER)


class _DeadlineAdapter(HTTPAdapter):
    """requests' adapter, whose connections read until a deadline."""

    def __init__(self, total_seconds: float) -> None:
        self._pools = _pools(total_seconds)
        super().__init__(max_retries=0)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> ProxyManager:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(seconds: float) -> dict[str, Any]:
    class Response(_DeadlineResponse):
        total_seconds = seconds

    class Connection(HTTPConnection):
        response_class = Response

    class TlsConnection(HTTPSConnection):
        response_class = Response

    class Pool(HTTPConnectionPool):
        ConnectionCls = cast("Any", Connection)

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = cast("Any", TlsConnection)

    return {"http": Pool, "https": TlsPool}
