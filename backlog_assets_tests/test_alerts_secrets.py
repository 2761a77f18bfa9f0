"""No address, key or password of a channel is anywhere but on its way: logs at DEBUG, ticks, files, exceptions."""

import logging
import sqlite3
import traceback
from pathlib import Path

import pytest

from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.errors import Misconfigured
from backlog_assets_tests.alerting import Project, Watch, failing, kept_instance
from backlog_assets_tests.mail_receiver import mail_receiver
from backlog_assets_tests.scripted import Reply, ScriptedServer
from backlog_assets_tests.test_secrets import holds

PASSWORD, SIGNATURE = "mail-password-5e1f77", "signature-secret-77aa31"


@pytest.mark.parametrize(
    "reply",
    [Reply(500, b"no"), Reply(reset=True), Reply(404, b"no"), Reply(302, headers={"Location": "/elsewhere-secret"})],
    ids=["500", "reset", "404", "302"],
)
def test_deliveries_that_fail_at_debug_level_tell_no_secret(
    reply: Reply,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with (
        ScriptedServer([reply]) as web,
        mail_receiver(user="alerts", password="another-one") as mail,
        DemoServer(DemoSpace(issues=40)) as space,
        kept_instance(tmp_path / "home") as instance,
    ):
        space.faults.append(Fault("401", path="/projects/*"))
        project = Project(instance, checks={"issues": failing()})
        settings = {
            "slack_url": f"{web.address}/services/T0/B0/slack-secret-path",
            "teams_url": f"{web.address}/teams-secret-path?sig=teams-secret-signature",
            "google_chat_url": f"{web.address}/v1/spaces/x/messages?key=k&token=google-secret-token",
            "webhook_url": f"{web.address}/hook-secret-path",
            "webhook_secret": SIGNATURE,
            "smtp_host": "127.0.0.1",
            "smtp_port": str(mail.port),
            "smtp_security": "none",
            "smtp_user": "alerts",
            "smtp_password": PASSWORD,
            "mail_from": "alerts@example.com",
            "mail_to": "ops@example.com",
            "backlog_project": "WEB",
        }
        backlog = {"space": space.url, "api_key": space.api_key, "api_key_in": "query"}
        watch = Watch(project, settings, backlog)
        project.run("issues")
        said.append(watch.sensor_tick())
        watch.settings["language"] = "wrong"
        watch.ahead_seconds = 4000
        try:
            watch.tick()
        except Misconfigured as error:
            said += [*traceback.format_exception(error), repr(error), repr(error.__context__)]
        secrets = [
            *("slack-secret-path", "teams-secret-path", "teams-secret-signature", "google-secret-token"),
            *("hook-secret-path", SIGNATURE, PASSWORD, space.api_key),
        ]
        said += [repr(watch.resource), "".join(sqlite3.connect(watch.path).iterdump())]
    assert len(web.asked) >= 4
    printed = capfd.readouterr()
    told = "".join([*said, caplog.text, printed.out, printed.err])
    assert "waiting: 6" in told
    assert "was not delivered by slack" in told
    assert "was not delivered by email" in told
    assert "was not delivered by backlog" in told
    assert [secret for secret in secrets if secret in told] == []
    assert [path for secret in secrets for path in holds(tmp_path, secret)] == []
