"""E-mail to a real mail server: TLS, login, refusals, and what is told of them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from backlog_assets.alerts.channels import Mail, Parcel, Undelivered
from backlog_assets.alerts.message import letter
from backlog_assets.alerts.trial import sample
from backlog_assets.errors import Misconfigured
from backlog_assets_tests.mail_receiver import HOST, Certificates, MailReceiver, mail_receiver

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receiver(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MailReceiver]]:
    """Starts mail servers whose certificates are trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.path))
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(mail_receiver(**options))


def mail(port: int, **options: Any) -> Mail:
    given = {"security": "starttls", "port": port, **options}
    return Mail(HOST, "Alerts <alerts@example.com>", ("ops@example.com", "dev@example.com"), **given)


def parcel(delivery_id: str = "d1", *, over: bool = False) -> Parcel:
    notice = sample(1_795_000_000.0, over=over)
    return Parcel(delivery_id, notice, letter(notice, language="ja"))


def failure(channel: Mail, given: Parcel) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        channel.send(given)
    return caught.value


def test_a_mail_goes_out_over_starttls_with_a_login(
    receiver: Callable[..., MailReceiver], certificates: Certificates
) -> None:
    server = receiver(certificates=certificates, user="alerts", password=PASSWORD)
    receipt = mail(server.port, user="alerts", password=PASSWORD).send(parcel())
    assert receipt.detail == "taken by 127.0.0.1"
    [got] = server.mails
    assert got["Subject"] == "警告: issues の sample が不合格です"
    assert (got["From"], got["To"]) == ("Alerts <alerts@example.com>", "ops@example.com, dev@example.com")
    assert got["Message-ID"] == "<d1@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert "対処: " in got.get_content()
    assert server.logins


def test_a_mail_goes_out_over_tls_from_the_start(
    receiver: Callable[..., MailReceiver], certificates: Certificates
) -> None:
    server = receiver(certificates=certificates, tls=True)
    mail(server.port, security="tls").send(parcel())
    assert len(server.mails) == 1


def test_mails_of_one_incident_make_a_thread_and_one_sent_twice_has_the_same_id(
    receiver: Callable[..., MailReceiver],
) -> None:
    server = receiver()
    for one in (parcel("d1"), parcel("d1"), parcel("d2", over=True)):
        mail(server.port, security="none").send(one)
    assert [got["Message-ID"] for got in server.mails] == ["<d1@example.com>"] * 2 + ["<d2@example.com>"]
    assert len({got["References"] for got in server.mails}) == 1


def test_a_server_without_starttls_gets_neither_the_password_nor_the_mail(
    receiver: Callable[..., MailReceiver],
) -> None:
    server = receiver()
    error = failure(mail(server.port, user="alerts", password=PASSWORD), parcel())
    assert str(error) == (
        "The mail server 127.0.0.1 does not offer STARTTLS or a login: see BACKLOG_ALERT_SMTP_SECURITY."
    )
    assert not error.may_have_arrived
    assert (server.mails, server.logins) == ([], [])


def test_a_certificate_that_is_not_trusted_stops_it_before_the_login(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with mail_receiver(certificates, user="alerts", password=PASSWORD) as server:
        error = failure(mail(server.port, user="alerts", password=PASSWORD), parcel())
        assert "has a certificate that is not trusted" in str(error)
        assert (server.mails, server.logins) == ([], [])


def test_a_wrong_password_is_told_without_it(receiver: Callable[..., MailReceiver], certificates: Certificates) -> None:
    server = receiver(certificates=certificates, user="alerts", password=PASSWORD)
    error = failure(mail(server.port, user="alerts", password="wrong-password-1"), parcel())
    assert "answered 535" in str(error)
    assert "wrong-password-1" not in str(error)
    assert error.__cause__ is error.__context__ is None


@pytest.mark.parametrize(
    ("reply", "may_have_arrived"), [("451 Later, please.", False), ("554 Not this one.", False), ("421 Bye.", False)]
)
def test_a_mail_that_is_not_taken_is_told_with_the_servers_words(
    receiver: Callable[..., MailReceiver], reply: str, may_have_arrived: bool
) -> None:
    server = receiver()
    server.replies.append(reply)
    error = failure(mail(server.port, security="none"), parcel())
    assert str(error) == f"The mail server 127.0.0.1 answered {reply}."
    assert error.may_have_arrived is may_have_arrived


def test_one_recipient_refused_does_not_keep_it_from_the_other_and_is_told(
    receiver: Callable[..., MailReceiver],
) -> None:
    server = receiver()
    server.refused.add("dev@example.com")
    receipt = mail(server.port, security="none").send(parcel())
    assert receipt.detail == "taken by 127.0.0.1; 1 of 2 recipients were refused"
    server.refused.add("ops@example.com")
    error = failure(mail(server.port, security="none"), parcel())
    assert str(error) == "The mail server 127.0.0.1 refuses every recipient (550)."
    assert error.is_message


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n", b"554 Go away.\r\n", b"<html>\r\n"])
def test_a_server_that_breaks_the_conversation_is_told_and_gets_it_again(greeting: bytes) -> None:
    with socket.create_server((HOST, 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        error = failure(mail(listener.getsockname()[1], security="none"), parcel())
        thread.join()
    assert str(error).startswith("The mail server 127.0.0.1 ")
    assert not error.may_have_arrived


def test_nobody_listening_is_told_at_once() -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    assert "ConnectionRefusedError" in str(failure(mail(port, security="none"), parcel()))


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"recipients": ()}, "BACKLOG_ALERT_MAIL_TO"),
        ({"recipients": ("ops",)}, "BACKLOG_ALERT_MAIL_TO"),
        ({"sender": "a@b\r\nBcc: x@y"}, "BACKLOG_ALERT_MAIL_FROM"),
        ({"security": "ssl"}, "BACKLOG_ALERT_SMTP_SECURITY"),
        ({"user": "alerts"}, "BACKLOG_ALERT_SMTP_PASSWORD"),
    ],
)
def test_settings_that_make_no_mail_are_named(given: dict[str, Any], variable: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"host": HOST, "sender": "a@example.com", "recipients": ("b@example.com",), **given}
    with pytest.raises(Misconfigured, match=variable):
        Mail(**options)
