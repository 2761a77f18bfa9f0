"""Which host is asked and over what kind of connection: names, certificates, proxies, hosts that do not answer."""

import logging
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from backlog_assets.client import BacklogClient, base_url
from backlog_assets.credentials import ApiKey
from backlog_assets.errors import Misconfigured, Refused, Unavailable
from backlog_assets_tests.scripted import Clock, Reply, ScriptedServer

KEY = ApiKey("a-key-that-is-secret-1234567890", "header")


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("example.backlog.com", "https://example.backlog.com"),
        (" https://Example.backlog.jp/\n", "https://example.backlog.jp"),
        ("HTTPS://example.backlogtool.com:443", "https://example.backlogtool.com"),
        ("example.backlog.com:8443", "https://example.backlog.com:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://localhost:8443", "https://localhost:8443"),
    ],
)
def test_a_space_is_named_by_its_full_host(written, origin):
    assert base_url(written) == origin


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "  ",
            "example",
            "demo",
            "http://example.backlog.com",
            "ftp://example.backlog.com",
            "//example.backlog.com",
        ),
        *("https://me:pw@example.backlog.com", "me@example.backlog.com", "https://@example.backlog.com"),
        *(
            "https://example.backlog.com/api/v2",
            "example.backlog.com?x=1",
            "example.backlog.com?",
            "example.backlog.com#",
        ),
        *("example.backlog.com:", "example.backlog.com:99999", "example.backlog.com:port", "exa mple.backlog.com"),
        *("exämple.backlog.com", "-a.backlog.com", "a..backlog.com", ".backlog.com", "backlog.com.", "a_b.backlog.com"),
        *(
            "10.0.0.1",
            "http://10.0.0.1",
            "http://0.0.0.0:8000",
            "http://127.1",
            "http://[::2]",
            "http://[::1",
            "2130706433",
        ),
        *(
            "http://localhost.backlog.com",
            "http://127.0.0.1.backlog.com",
            "http://localhost@backlog.com",
            "a.\x00b.com",
        ),
        *(
            "http:\\\\127.0.0.1",
            "https://a.backlog.com\\@127.0.0.1",
            "https:///",
            "https://",
            "a" * 64 + ".backlog.com",
        ),
        *("file:///etc/passwd", "example.backlog.com/\texample", "a.com\nb.com", "https://https://a.com"),
    ],
)
def test_anything_else_is_misconfigured_and_not_repeated(written):
    with pytest.raises(Misconfigured, match=r"BACKLOG_SPACE .*Write the space's full host") as raised:
        base_url(written)
    assert "pw" not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_port_where_nobody_listens_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    clock = Clock()
    with (
        BacklogClient(f"http://127.0.0.1:{port}", KEY, sleep=clock.sleep, now=clock.now) as client,
        pytest.raises(Unavailable, match=r"tried 5 times: 127\.0\.0\.1 refused the connection"),
    ):
        client.get("/users")
    assert client.usage.requests == 5


def test_a_name_nobody_knows_is_unavailable_and_named(monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    client = BacklogClient("nowhere.backlog.com", KEY, sleep=Clock().sleep, tries=2)
    with pytest.raises(Unavailable, match=r"the host name nowhere\.backlog\.com cannot be resolved"):
        client.get("/users")


def test_another_http_server_behind_https_is_unavailable():
    with ScriptedServer([[]]) as server:
        client = BacklogClient(server.address.replace("http", "https"), KEY, sleep=Clock().sleep, tries=2)
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1 does not speak TLS as it should"):
            client.get("/users")
        client.close()


def test_netrc_and_proxies_of_the_environment_are_not_used_for_this_machine(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password from-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer([[7]]) as server, BacklogClient(server.address, KEY) as client:
        assert client.get("/users") == [7]
    assert "Authorization" not in server.asked[0].headers


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for 127.0.0.1, and the file a client must trust for it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(file)]
    subprocess.run([openssl, *words.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return context, file


def test_a_certificate_nobody_trusts_is_refused_at_once(certificate, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer([[7]], context=certificate[0]) as server, BacklogClient(server.address, KEY) as client:
        with pytest.raises(Refused, match=r"certificate of 127\.0\.0\.1 is not trusted \(self.signed") as raised:
            client.get("/users")
        assert client.usage.requests == 1
    assert raised.value.__context__ is None
    assert server.asked == []


def test_a_certificate_the_environment_trusts_is_accepted_and_deadlines_hold_within_tls(certificate, monkeypatch):
    context, file = certificate
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    clock = Clock()
    drip = Reply(200, b"[" + b" " * 500 + b"]", drip=0.02)
    with (
        ScriptedServer([[7], drip, [8]], context=context) as server,
        BacklogClient(server.address, KEY, sleep=clock.sleep, total_seconds=0.3) as client,
    ):
        assert client.get("/users") == [7]
        assert client.get("/users") == [8]
        assert client.usage.retries == 1


def test_a_proxy_of_the_environment_is_asked_for_other_hosts_and_never_told_the_key(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer([Reply(403, close=True)]) as proxy:
        monkeypatch.setenv("https_proxy", proxy.address)
        client = BacklogClient("example.backlog.com", ApiKey(KEY.key, "query"), sleep=Clock().sleep, tries=2)
        with pytest.raises(Unavailable, match="the proxy did not connect"):
            client.get("/users")
        client.close()
    assert [asked.method for asked in proxy.asked] == ["CONNECT", "CONNECT"]
    assert KEY.key not in str(proxy.asked) + caplog.text
