"""A loopback HTTP server that answers as scripted, badly above all. Real sockets; knows nothing of the product."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came; header names are in `Title-Case`."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: str

    def one(self, name: str) -> str | None:
        return dict(self.query).get(name)


@dataclass(frozen=True)
class Reply:
    """One scripted answer.

    `raw` replaces the whole answer, head and all. `cut` leaves out that many bytes of the body it announced, `reset`
    cuts the connection with a RST instead of an answer, `drip` sleeps that long after each byte, `hang` never answers.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int = 0
    reset: bool = False
    drip: float = 0.0
    drip_head: float = 0.0
    hang: bool = False
    close: bool = False


def reply_json(value: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json;charset=utf-8", **named})


def fault(status: int, code: int, message: str = "Said by Backlog.", **headers: str) -> Reply:
    return reply_json({"errors": [{"message": message, "code": code, "moreInfo": ""}]}, status, **headers)


Script = Sequence[Reply | object] | Callable[[Asked], Any]


class ScriptedServer(AbstractContextManager["ScriptedServer"]):
    """Answers request after request from the script; a value that is no `Reply` is sent as JSON.

    The last entry of a list is repeated. `most_at_once` tells how many requests were being answered at a time.
    """

    def __init__(self, script: Script, *, context: Any = None, slow: float = 0.0) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._script = script
        self._context = context
        self._slow = slow
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.address = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        # A thread blocked in accept is only woken by a shutdown.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while not self._stopped.is_set():
                    asked = _read(stream)
                    if asked is None or not self._answer(connection, asked):
                        return
        except OSError:
            connection.close()

    def _answer(self, connection: socket.socket, asked: Asked) -> bool:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            at = len(self.asked)
            self.asked.append(asked)
        if self._slow:
            time.sleep(self._slow)
        found = self._script(asked) if callable(self._script) else self._script[min(at, len(self._script) - 1)]
        reply = found if isinstance(found, Reply) else reply_json(found)
        with self._lock:
            self._at_once -= 1
        return self._send(connection, reply)

    def _send(self, connection: socket.socket, reply: Reply) -> bool:
        if reply.hang:
            self._stopped.wait(30)
            return False
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return False
        if reply.raw is not None:
            connection.sendall(reply.raw)
            return False
        headers = {"Content-Length": str(len(reply.body)), **reply.headers}
        head = f"HTTP/1.1 {reply.status} Scripted\r\n" + "".join(
            f"{name}: {text}\r\n" for name, text in headers.items()
        )
        self._drop(connection, (head + "\r\n").encode("latin-1"), reply.drip_head)
        self._drop(connection, reply.body[: len(reply.body) - reply.cut], reply.drip)
        return not (reply.cut or reply.close)

    def _drop(self, connection: socket.socket, text: bytes, pause: float) -> None:
        if not pause:
            connection.sendall(text)
            return
        for at in range(len(text)):
            connection.sendall(text[at : at + 1])
            if self._stopped.wait(pause):
                return


def _read(stream: Any) -> Asked | None:
    line = stream.readline().decode("latin-1")
    if not line.endswith(("HTTP/1.0\r\n", "HTTP/1.1\r\n")):
        return None
    method, target, _ = line.split(" ", 2)
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, text = line.partition(":")
        headers[name.strip().title()] = text.strip()
    length = int(headers.get("Content-Length", 0))
    body = stream.read(length)
    if len(body) < length:
        return None  # whoever asked was killed before the request was whole
    address = urlsplit(target)
    return Asked(method, address.path, parse_qsl(address.query, keep_blank_values=True), headers, body.decode())


class Clock:
    """Time that passes only when somebody sleeps; `waits` holds how long each time."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds
