"""E-mail over SMTP: STARTTLS or TLS, with login where there is a user. Knows no other channel."""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Literal, TypeAlias

from backlog_assets.alerts.channels.parcel import Parcel, Receipt, Undelivered
from backlog_assets.credentials import REDACTOR
from backlog_assets.errors import Misconfigured

Security: TypeAlias = Literal["starttls", "tls", "none"]
PORTS = {"starttls": 587, "tls": 465, "none": 25}
SECONDS = 10.0
"""For each step of the conversation."""


@dataclass(frozen=True, repr=False)
class Mail:
    """A mail server and who writes to whom. The Message-ID is the delivery's, so that a mail sent twice is shown once;
    mails of one incident refer to each other, so that they make a thread."""

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 0
    user: str = ""
    password: str = ""
    security: Security = "starttls"
    now: Callable[[], float] = time.time

    name = "email"
    notices_repeats = True

    def __post_init__(self) -> None:
        if not self.recipients or not self.sender:
            raise Misconfigured("E-mail alerts need BACKLOG_ALERT_MAIL_FROM and BACKLOG_ALERT_MAIL_TO beside the host.")
        for variable, address in (
            ("BACKLOG_ALERT_MAIL_FROM", self.sender),
            *(("BACKLOG_ALERT_MAIL_TO", one) for one in self.recipients),
        ):
            if "@" not in parseaddr(address)[1] or not address.isprintable():
                raise Misconfigured(f"{variable} holds what is no mail address.")
        if self.security not in PORTS:
            raise Misconfigured("BACKLOG_ALERT_SMTP_SECURITY must be starttls, tls or none.")
        if bool(self.user) != bool(self.password):
            raise Misconfigured("BACKLOG_ALERT_SMTP_USER and BACKLOG_ALERT_SMTP_PASSWORD belong together. Set both.")
        REDACTOR.hide(self.password)

    def __repr__(self) -> str:
        return f"Mail({self.host!r})"

    def close(self) -> None:
        """A conversation ends with its mail."""

    def message(self, parcel: Parcel) -> EmailMessage:
        letter, domain = parcel.letter, parseaddr(self.sender)[1].rpartition("@")[2]
        mail = EmailMessage()
        mail["Subject"] = letter.title
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.recipients)
        mail["Date"] = formatdate(self.now())
        mail["Message-ID"] = f"<{parcel.delivery_id}@{domain}>"
        mail["References"] = f"<{letter.reference}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{letter.body}\n\n{letter.link_text}: {letter.link}\n")
        return mail

    def send(self, parcel: Parcel) -> Receipt:
        mail, progress, problem = self.message(parcel), ["begin"], None
        refused = 0
        try:
            with self._connected() as server:
                self._secured(server)
                if self.user:
                    server.login(self.user, self.password)
                progress.append("sending")
                refused = len(server.send_message(mail))
                progress.append("sent")
        except smtplib.SMTPServerDisconnected:
            problem = "cut the connection"
        except smtplib.SMTPRecipientsRefused as error:
            # Nothing else of these exceptions is safe to show: a server may answer with what it was sent.
            codes = sorted({str(code) for code, _ in error.recipients.values()})
            problem = f"refuses every recipient ({', '.join(codes)})"
        except smtplib.SMTPResponseException as error:
            problem = f"answered {error.smtp_code} {REDACTOR.quoted(_decoded(error.smtp_error))}"
        except smtplib.SMTPNotSupportedError:
            problem = "does not offer STARTTLS or a login: see BACKLOG_ALERT_SMTP_SECURITY"
        except ssl.SSLCertVerificationError as error:
            problem = f"has a certificate that is not trusted ({error.verify_message})"
        except ssl.SSLError:
            problem = "does not speak TLS as it should: see BACKLOG_ALERT_SMTP_SECURITY and _PORT"
        except socket.gaierror:
            problem = "cannot be found"
        except TimeoutError:
            problem = f"did not answer for {SECONDS:g} s"
        except (OSError, smtplib.SMTPException) as error:
            problem = f"cannot be talked to ({type(error).__name__})"
        # A server that took the mail and then failed to say goodbye has taken it.
        if problem is not None and "sent" not in progress:
            answered = problem.startswith(("answered", "refuses"))
            raise Undelivered(
                f"The mail server {self.host} {problem}.",
                may_have_arrived="sending" in progress and not answered,
                is_message=problem.startswith("refuses"),
            )
        missed = f"; {refused} of {len(self.recipients)} recipients were refused" if refused else ""
        return Receipt(f"taken by {self.host}{missed}")

    def _connected(self) -> smtplib.SMTP:
        port = self.port or PORTS[self.security]
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, port, timeout=SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, port, timeout=SECONDS)

    def _secured(self, server: smtplib.SMTP) -> None:
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        server.ehlo_or_helo_if_needed()


def addresses(text: str) -> tuple[str, ...]:
    """Mail addresses of a comma separated list."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _decoded(said: Sequence[object] | bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
