"""Settings of alerts: which channels they switch on, what is said of wrong ones, and the command that tries them."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from backlog_assets.alerts.command import alerts
from backlog_assets.alerts.settings import CHANNELS, SECRETS, SETTINGS, AlertsResource, routes_of
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.errors import Misconfigured
from backlog_assets.resources import BacklogResource
from backlog_assets_tests.alerting import heard
from backlog_assets_tests.mail_receiver import mail_receiver
from backlog_assets_tests.scripted import Reply, ScriptedServer

EVERY_CHANNEL: Mapping[str, str] = {
    "BACKLOG_ALERT_SLACK_URL": "https://hooks.slack.com/services/T/B/secret-slack",
    "BACKLOG_ALERT_TEAMS_URL": "https://example.webhook.office.com/secret-teams",
    "BACKLOG_ALERT_GOOGLE_CHAT_URL": "https://chat.googleapis.com/v1/spaces/x/messages?key=secret-chat",
    "BACKLOG_ALERT_WEBHOOK_URL": "https://example.com/secret-webhook",
    "BACKLOG_ALERT_WEBHOOK_SECRET": "secret-signature",
    "BACKLOG_ALERT_SMTP_HOST": "mail.example.com",
    "BACKLOG_ALERT_SMTP_USER": "alerts",
    "BACKLOG_ALERT_SMTP_PASSWORD": "secret-password",
    "BACKLOG_ALERT_MAIL_FROM": "alerts@example.com",
    "BACKLOG_ALERT_MAIL_TO": "ops@example.com",
    "BACKLOG_ALERT_BACKLOG_PROJECT": "OPS",
    "BACKLOG_ALERT_BACKLOG_SPACE": "example.backlog.com",
    "BACKLOG_ALERT_BACKLOG_API_KEY": "secret-api-key",
}


def resource(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> AlertsResource:
    """The resource as Dagster gives it to the sensor."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return AlertsResource.from_environment(environ).process_config_and_initialize()


def said(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is wrong with these settings."""
    settings = resource(environ, monkeypatch)
    channels, problems = settings.channels(BacklogResource())
    for channel in channels:
        channel.close()
    return [*settings.routing()[1], *problems]


def test_every_channel_is_on_when_its_setting_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    channels, problems = resource(EVERY_CHANNEL, monkeypatch).channels(BacklogResource())
    assert tuple(channel.name for channel in channels) == CHANNELS
    assert problems == []
    for channel in channels:
        assert "secret" not in repr(channel)
        channel.close()


def test_nothing_is_on_without_a_setting() -> None:
    settings = AlertsResource.from_environment({})
    assert not settings.is_on
    assert settings.channels(BacklogResource()) == ([], [])


def test_secrets_are_passed_on_by_the_name_of_their_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AlertsResource.from_environment(EVERY_CHANNEL)
    assert "secret-" not in repr(settings) + str(settings)
    assert "secret-" not in repr(resource(EVERY_CHANNEL, monkeypatch))
    schema = (
        dg.Definitions(resources={"alerts": settings})
        .get_repository_def()
        .get_top_level_resources()["alerts"]
        .config_schema
    )
    assert "secret-" not in repr(schema.default_value)
    for field in SECRETS & {name for name, variable in SETTINGS.items() if variable in EVERY_CHANNEL}:
        assert schema.default_value[field] == {"env": SETTINGS[field]}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BACKLOG_ALERT_LANG": "fr"}, "BACKLOG_ALERT_LANG must be en or ja."),
        ({"BACKLOG_ALERT_MIN_SEVERITY": "info"}, "BACKLOG_ALERT_MIN_SEVERITY must be warn or error."),
        (
            {"BACKLOG_ALERT_REMIND_HOURS": "daily"},
            "BACKLOG_ALERT_REMIND_HOURS must be a number of hours, such as 24; 0 for no reminder.",
        ),
        (
            {"BACKLOG_ALERT_ROUTES": "error=pager"},
            (
                "BACKLOG_ALERT_ROUTES is not written as in error=slack,email;warn=slack. Severities: error, warn. "
                "Channels: slack, teams, google_chat, webhook, email, backlog."
            ),
        ),
        ({"BACKLOG_TIMEZONE": "Asia/Nowhere"}, "BACKLOG_TIMEZONE is not the name of a time zone, such as Asia/Tokyo."),
        (
            {"BACKLOG_DAGSTER_URL": "dagster.example.com"},
            "BACKLOG_DAGSTER_URL is not an address such as https://dagster.example.com.",
        ),
        ({"BACKLOG_ALERT_SMTP_PORT": "0"}, "BACKLOG_ALERT_SMTP_PORT must be a number from 1 to 65535."),
        (
            {"BACKLOG_ALERT_SMTP_SECURITY": "ssl"},
            "BACKLOG_ALERT_SMTP_SECURITY must be starttls, tls or none.",
        ),
        (
            {"BACKLOG_ALERT_BACKLOG_API_KEY": ""},
            "BACKLOG_ALERT_BACKLOG_SPACE needs BACKLOG_ALERT_BACKLOG_API_KEY, a key of that space.",
        ),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(
    settings: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said({**EVERY_CHANNEL, **settings}, monkeypatch) == [told]


def test_issues_cannot_go_to_the_demo_space(monkeypatch: pytest.MonkeyPatch) -> None:
    [told] = said({"BACKLOG_ALERT_BACKLOG_PROJECT": "WEB"}, monkeypatch)
    assert told.startswith("BACKLOG_ALERT_BACKLOG_PROJECT needs a space that lasts; the demo space is made anew")


def test_routes_are_read_by_severity() -> None:
    assert routes_of(" error = slack, email ; warn=Slack ") == {"error": ("slack", "email"), "warn": ("slack",)}
    assert routes_of("error=") == {"error": ()}
    assert routes_of("") == {}
    with pytest.raises(Misconfigured):
        routes_of("slack")


def test_what_is_set_is_what_people_get(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {
        "BACKLOG_ALERT_LANG": "JA",
        "BACKLOG_ALERT_MIN_SEVERITY": "error",
        "BACKLOG_ALERT_REMIND_HOURS": "0",
        "BACKLOG_TIMEZONE": "Asia/Tokyo",
        "BACKLOG_DAGSTER_URL": "https://dagster.example.com",
    }
    routing, problems = resource(environ, monkeypatch).routing()
    assert problems == []
    assert (routing.language, routing.policy.minimum, routing.policy.remind_seconds) == ("ja", "error", 0)
    assert (str(routing.zone), routing.dagster_url) == ("Asia/Tokyo", "https://dagster.example.com")


# --- backlog-assets alerts test


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    with ScriptedServer([{"ok": True}]) as server:
        yield server


def tried(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Result:
    for variable in SETTINGS.values():
        monkeypatch.delenv(variable, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(alerts, ["test"])


def test_the_test_says_which_variables_to_set_where_none_is(monkeypatch: pytest.MonkeyPatch) -> None:
    result = tried({}, monkeypatch)
    assert result.exit_code == 2
    assert result.stderr.startswith("Nobody is told: no channel is set. Set one of BACKLOG_ALERT_SLACK_URL, ")


def test_the_test_sends_a_sample_to_each_channel_and_says_what_came_back(
    receiver: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_receiver() as mail, DemoServer(DemoSpace(issues=40)) as space:
        environ: dict[str, Any] = {
            "BACKLOG_ALERT_SLACK_URL": f"{receiver.address}/slack-secret",
            "BACKLOG_ALERT_TEAMS_URL": f"{receiver.address}/teams-secret",
            "BACKLOG_ALERT_GOOGLE_CHAT_URL": f"{receiver.address}/chat-secret",
            "BACKLOG_ALERT_WEBHOOK_URL": f"{receiver.address}/hook-secret",
            "BACKLOG_ALERT_SMTP_HOST": "127.0.0.1",
            "BACKLOG_ALERT_SMTP_PORT": str(mail.port),
            "BACKLOG_ALERT_SMTP_SECURITY": "none",
            "BACKLOG_ALERT_MAIL_FROM": "alerts@example.com",
            "BACKLOG_ALERT_MAIL_TO": "ops@example.com",
            "BACKLOG_ALERT_BACKLOG_PROJECT": "WEB",
            "BACKLOG_SPACE": space.url,
            "BACKLOG_API_KEY": space.api_key,
        }
        result = tried(environ, monkeypatch)
        made = [one for one in space.requests if one.method != "GET"]
        key = made[1].path.rsplit("/", 1)[-1]
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "slack: sent: 200 from 127.0.0.1",
        "teams: sent: 200 from 127.0.0.1",
        "google_chat: sent: 200 from 127.0.0.1",
        "webhook: sent: 200 from 127.0.0.1",
        "email: sent: taken by 127.0.0.1",
        f"backlog: sent: issue {key}; comment on {key}, closed",
    ]
    assert [one.path for one in receiver.asked] == ["/slack-secret", "/teams-secret", "/chat-secret", "/hook-secret"]
    assert "nothing is wrong" in heard(receiver)[-1]["text"]
    assert len(mail.mails) == 1
    assert [(one.method, one.status) for one in made] == [("POST", 201), ("PATCH", 200)]


def test_the_test_fails_where_a_channel_does_not_take_it_and_tries_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ScriptedServer([Reply(404, b"no_service"), {"ok": True}]) as server:
        environ = {
            "BACKLOG_ALERT_SLACK_URL": f"{server.address}/slack-secret",
            "BACKLOG_ALERT_TEAMS_URL": f"{server.address}/teams-secret",
        }
        result = tried(environ, monkeypatch)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        'slack: NOT SENT: slack answered 404 "no_service"',
        "teams: sent: 200 from 127.0.0.1",
    ]


def test_the_test_names_a_wrong_setting_and_never_shows_its_value(
    receiver: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {
        "BACKLOG_ALERT_SLACK_URL": "hooks.slack.com/services/secret-slack",
        "BACKLOG_ALERT_TEAMS_URL": f"{receiver.address}/teams-secret",
    }
    result = tried(environ, monkeypatch)
    assert result.exit_code == 2
    assert result.stderr == "BACKLOG_ALERT_SLACK_URL is not an address. Copy the whole of it, from https:// on.\n"
    assert result.stdout == "teams: sent: 200 from 127.0.0.1\n"
    assert "secret" not in result.output


def test_the_test_names_a_setting_of_the_loader_that_is_wrong(
    receiver: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"BACKLOG_ALERT_TEAMS_URL": f"{receiver.address}/teams-secret", "BACKLOG_HEADROOM": "much"}
    result = tried(environ, monkeypatch)
    assert result.exit_code == 2
    assert result.stderr == "BACKLOG_HEADROOM is 'much'; write a share from 0 to below 1, such as 0.1.\n"
