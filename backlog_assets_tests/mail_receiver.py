"""A real mail server on loopback: STARTTLS or TLS, login, and refusals on command. Knows nothing of the product."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

HOST = "127.0.0.1"


class Certificates:
    """A certificate authority of the test's own. Programs trust it by `SSL_CERT_FILE=path`."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.path = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.path))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST, "localhost").configure_cert(self.context)


@dataclass
class MailReceiver:
    """`mails` are those taken, oldest first. `replies` are answers to the next mails instead of taking them, such as
    `451 Later.`; with `refused`, recipients that are not taken."""

    user: str = ""
    password: str = ""
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    logins: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for command, hook in {"RCPT": self._recipient, "DATA": self._taken}.items():
            setattr(self, f"handle_{command}", hook)

    async def _recipient(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return "550 No such user."
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def _taken(self, server: SMTP, session: Any, envelope: Any) -> str:
        if self.replies:
            return self.replies.pop(0)
        self.mails.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=policy.default)))
        return "250 Taken."

    def authenticate(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(mechanism)
        is_known = (data.login.decode(), data.password.decode()) == (self.user, self.password)
        return AuthResult(success=is_known, handled=False)


@contextmanager
def mail_receiver(
    certificates: Certificates | None = None, *, tls: bool = False, user: str = "", password: str = ""
) -> Iterator[MailReceiver]:
    """A running server. With certificates it offers STARTTLS and insists on it, or speaks TLS from the start."""
    receiver = MailReceiver(user, password)
    given: dict[str, Any] = {}
    if certificates is not None and not tls:
        given |= {"tls_context": certificates.context, "require_starttls": True}
    if user:
        given |= {"authenticator": receiver.authenticate, "auth_required": True, "auth_require_tls": not tls}
    with socket.create_server((HOST, 0)) as free:
        receiver.port = free.getsockname()[1]
    controller = Controller(
        receiver,
        hostname=HOST,
        port=receiver.port,
        server_hostname="mail.test",
        ssl_context=certificates.context if certificates is not None and tls else None,
        **given,
    )
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
