"""AlertsResource: the settings of alerts, and the policy and channels made of them. Sends nothing.

A wrong setting is a sentence that names the variable. It never keeps the definitions from loading, nor the channels
that are set well from being used: whoever reads the settings gets both, and tells of the first by the second.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timezone, tzinfo
from typing import Any, cast, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import Field

from backlog_assets.alerts.channels import BacklogIssues, Channel, GoogleChat, Mail, Slack, Teams, Webhook
from backlog_assets.alerts.channels.mail import Security, addresses
from backlog_assets.alerts.state import Policy, Severity
from backlog_assets.alerts.words import Language
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey, credentials_from
from backlog_assets.errors import Misconfigured, Unavailable
from backlog_assets.resources import DEMO, BacklogResource

SETTINGS: Mapping[str, str] = {
    "slack_url": "BACKLOG_ALERT_SLACK_URL",
    "teams_url": "BACKLOG_ALERT_TEAMS_URL",
    "google_chat_url": "BACKLOG_ALERT_GOOGLE_CHAT_URL",
    "webhook_url": "BACKLOG_ALERT_WEBHOOK_URL",
    "webhook_secret": "BACKLOG_ALERT_WEBHOOK_SECRET",
    "smtp_host": "BACKLOG_ALERT_SMTP_HOST",
    "smtp_port": "BACKLOG_ALERT_SMTP_PORT",
    "smtp_user": "BACKLOG_ALERT_SMTP_USER",
    "smtp_password": "BACKLOG_ALERT_SMTP_PASSWORD",
    "smtp_security": "BACKLOG_ALERT_SMTP_SECURITY",
    "mail_from": "BACKLOG_ALERT_MAIL_FROM",
    "mail_to": "BACKLOG_ALERT_MAIL_TO",
    "backlog_project": "BACKLOG_ALERT_BACKLOG_PROJECT",
    "backlog_issue_type": "BACKLOG_ALERT_BACKLOG_ISSUE_TYPE",
    "backlog_space": "BACKLOG_ALERT_BACKLOG_SPACE",
    "backlog_api_key": "BACKLOG_ALERT_BACKLOG_API_KEY",
    "language": "BACKLOG_ALERT_LANG",
    "minimum": "BACKLOG_ALERT_MIN_SEVERITY",
    "remind_hours": "BACKLOG_ALERT_REMIND_HOURS",
    "routes": "BACKLOG_ALERT_ROUTES",
    "state_file": "BACKLOG_ALERT_STATE",
    "dagster_url": "BACKLOG_DAGSTER_URL",
    "time_zone": "BACKLOG_TIMEZONE",
}
"""Field of the resource -> environment variable."""

SECRETS = frozenset(
    {
        *("slack_url", "teams_url", "google_chat_url", "webhook_url"),
        *("webhook_secret", "smtp_password", "backlog_api_key"),
    }
)
"""Fields that are passed on as `EnvVar`. An address of a webhook is a secret: who has it may write."""

CHANNELS = ("slack", "teams", "google_chat", "webhook", "email", "backlog")

SWITCHES = ("slack_url", "teams_url", "google_chat_url", "webhook_url", "smtp_host", "backlog_project")
"""The field that switches each channel on, in the order of `CHANNELS`."""

PATIENCE_SECONDS = 3.0
"""Longest wait of the Backlog channel within one tick: for the pause between updates, not for a spent rate limit."""


@dataclass(frozen=True)
class Routing:
    """Who is told what, and in which words."""

    policy: Policy = field(default_factory=Policy)
    routes: Mapping[Severity, tuple[str, ...]] = field(default_factory=dict[Severity, tuple[str, ...]])
    language: Language = "en"
    dagster_url: str = "http://127.0.0.1:3000"
    zone: tzinfo = timezone.utc


class AlertsResource(dg.ConfigurableResource[Any]):
    """Where alerts go, and which. A channel is on when its own setting is there; with none on, nobody is told."""

    slack_url: str = Field(default="", repr=False, description="BACKLOG_ALERT_SLACK_URL: incoming webhook.")
    teams_url: str = Field(default="", repr=False, description="BACKLOG_ALERT_TEAMS_URL: webhook of a Workflow.")
    google_chat_url: str = Field(
        default="", repr=False, description="BACKLOG_ALERT_GOOGLE_CHAT_URL: webhook of a Google Chat space."
    )
    webhook_url: str = Field(default="", repr=False, description="BACKLOG_ALERT_WEBHOOK_URL: any receiver of JSON.")
    webhook_secret: str = Field(
        default="", repr=False, description="BACKLOG_ALERT_WEBHOOK_SECRET: signs what the receiver gets."
    )
    smtp_host: str = Field(default="", description="BACKLOG_ALERT_SMTP_HOST: mail server.")
    smtp_port: str = Field(default="", description="BACKLOG_ALERT_SMTP_PORT: 587, 465 or 25, as its security says.")
    smtp_user: str = Field(default="", description="BACKLOG_ALERT_SMTP_USER: login, where the server asks for one.")
    smtp_password: str = Field(default="", repr=False, description="BACKLOG_ALERT_SMTP_PASSWORD: of that user.")
    smtp_security: str = Field(default="starttls", description="BACKLOG_ALERT_SMTP_SECURITY: starttls, tls or none.")
    mail_from: str = Field(default="", description="BACKLOG_ALERT_MAIL_FROM: who writes.")
    mail_to: str = Field(default="", description="BACKLOG_ALERT_MAIL_TO: who reads, comma separated.")
    backlog_project: str = Field(
        default="", description="BACKLOG_ALERT_BACKLOG_PROJECT: key of the project that gets the issues."
    )
    backlog_issue_type: str = Field(
        default="", description="BACKLOG_ALERT_BACKLOG_ISSUE_TYPE: name of their type; the project's first."
    )
    backlog_space: str = Field(default="", description="BACKLOG_ALERT_BACKLOG_SPACE: its space; the one loaded.")
    backlog_api_key: str = Field(
        default="", repr=False, description="BACKLOG_ALERT_BACKLOG_API_KEY: of a user who may add issues; the loader's."
    )
    language: str = Field(default="en", description="BACKLOG_ALERT_LANG: en or ja.")
    minimum: str = Field(default="warn", description="BACKLOG_ALERT_MIN_SEVERITY: warn or error.")
    remind_hours: str = Field(default="24", description="BACKLOG_ALERT_REMIND_HOURS: 0 for never.")
    routes: str = Field(default="", description="BACKLOG_ALERT_ROUTES: error=slack,email;warn=slack; all by default.")
    state_file: str = Field(
        default="", description="BACKLOG_ALERT_STATE: file that keeps what was told; beside Dagster's own storage."
    )
    dagster_url: str = Field(default="http://127.0.0.1:3000", description="BACKLOG_DAGSTER_URL: where people open it.")
    time_zone: str = Field(default="UTC", description="BACKLOG_TIMEZONE: of the times in messages.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "AlertsResource":
        """The resource these variables describe; those that are not set or empty keep their defaults."""
        given: dict[str, Any] = {}
        for name, variable in SETTINGS.items():
            value = environ.get(variable, "").strip()
            if value:
                given[name] = dg.EnvVar(variable) if name in SECRETS else value
        return cls(**given)

    @property
    def is_on(self) -> bool:
        """Whether any channel is set, well or wrongly."""
        return any(getattr(self, name).strip() for name in SWITCHES)

    def routing(self) -> tuple[Routing, list[str]]:
        """Who is told what; and what is wrong with the settings, for which the defaults stand in."""
        problems: list[str] = []

        def read(make: Callable[[], Any], otherwise: Any) -> Any:
            try:
                return make()
            except Misconfigured as error:
                problems.append(str(error))
                return otherwise

        minimum = read(lambda: _one_of("minimum", self.minimum, get_args(Severity)), "warn")
        hours = read(lambda: _hours(self.remind_hours), 24.0)
        routing = Routing(
            policy=Policy(minimum, hours * 3600),
            routes=read(lambda: routes_of(self.routes), {}),
            language=read(lambda: _one_of("language", self.language, get_args(Language)), "en"),
            dagster_url=read(lambda: _page(self.dagster_url), "http://127.0.0.1:3000"),
            zone=read(lambda: _zone(self.time_zone), timezone.utc),
        )
        return routing, problems

    def channels(
        self, backlog: BacklogResource, now: Callable[[], float] = time.time
    ) -> tuple[list[Channel], list[str]]:
        """The channels that are on; and what is wrong with those that should be."""
        found: list[Channel] = []
        problems: list[str] = []
        makers: Mapping[str, Callable[[], Channel]] = {
            "slack": lambda: Slack("slack", SETTINGS["slack_url"], self.slack_url, now=now),
            "teams": lambda: Teams("teams", SETTINGS["teams_url"], self.teams_url, now=now),
            "google_chat": lambda: GoogleChat(
                "google_chat", SETTINGS["google_chat_url"], self.google_chat_url, now=now
            ),
            "webhook": lambda: Webhook(
                "webhook", SETTINGS["webhook_url"], self.webhook_url, self.webhook_secret.strip(), now=now
            ),
            "email": lambda: self._mail(now),
            "backlog": lambda: self._issues(backlog),
        }
        for name, switch in zip(CHANNELS, SWITCHES, strict=True):
            if getattr(self, switch).strip():
                try:
                    found.append(makers[name]())
                except Misconfigured as error:
                    problems.append(str(error))
        return found, problems

    def _mail(self, now: Callable[[], float]) -> Channel:
        port = self.smtp_port.strip()
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise Misconfigured("BACKLOG_ALERT_SMTP_PORT must be a number from 1 to 65535.")
        security = _one_of("smtp_security", self.smtp_security, get_args(Security))
        return Mail(
            self.smtp_host.strip(),
            self.mail_from.strip(),
            addresses(self.mail_to),
            port=int(port or 0),
            user=self.smtp_user.strip(),
            password=self.smtp_password,
            security=security,
            now=now,
        )

    def _issues(self, backlog: BacklogResource) -> Channel:
        space = self.backlog_space.strip() or backlog.space
        if space == DEMO:
            raise Misconfigured(
                "BACKLOG_ALERT_BACKLOG_PROJECT needs a space that lasts; the demo space is made anew each time. Set "
                "BACKLOG_SPACE, or BACKLOG_ALERT_BACKLOG_SPACE and BACKLOG_ALERT_BACKLOG_API_KEY."
            )
        key = self.backlog_api_key.strip()
        if self.backlog_space.strip() and not key:
            raise Misconfigured("BACKLOG_ALERT_BACKLOG_SPACE needs BACKLOG_ALERT_BACKLOG_API_KEY, a key of that space.")
        credentials = (
            ApiKey(key)
            if key
            else credentials_from(
                api_key=backlog.api_key,
                api_key_in=backlog.api_key_in,
                access_token=backlog.access_token,
                client_id=backlog.client_id,
                client_secret=backlog.client_secret,
                token_file=backlog.token_file,
            )
        )
        client = BacklogClient(
            space,
            credentials,
            headroom=backlog.headroom,
            connect_seconds=5,
            read_seconds=10,
            total_seconds=12,
            tries=1,
            sleep=_sleep_briefly,
        )
        return BacklogIssues(client, self.backlog_project.strip(), self.backlog_issue_type.strip())


def routes_of(text: str) -> dict[Severity, tuple[str, ...]]:
    """Channels by severity, from `error=slack,email;warn=slack`. A severity that is not named goes to all."""
    found: dict[Severity, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        severity, _, names = part.partition("=")
        channels = tuple(name.strip().lower() for name in names.split(",") if name.strip())
        unknown = [name for name in channels if name not in CHANNELS]
        severity = severity.strip().lower()
        if severity not in get_args(Severity) or unknown or "=" not in part:
            raise Misconfigured(
                "BACKLOG_ALERT_ROUTES is not written as in error=slack,email;warn=slack. "
                f"Severities: error, warn. Channels: {', '.join(CHANNELS)}."
            )
        found[cast("Severity", severity)] = channels
    return found


def _one_of(name: str, value: str, choices: tuple[Any, ...]) -> Any:
    chosen = value.strip().lower()
    if chosen not in choices:
        raise Misconfigured(f"{SETTINGS[name]} must be {', '.join(choices[:-1])} or {choices[-1]}.")
    return chosen


def _hours(value: str) -> float:
    hours = -1.0
    with contextlib.suppress(ValueError):
        hours = float(value)
    if not 0 <= hours <= 24 * 365:
        raise Misconfigured("BACKLOG_ALERT_REMIND_HOURS must be a number of hours, such as 24; 0 for no reminder.")
    return hours


def _page(value: str) -> str:
    parts = None
    with contextlib.suppress(ValueError):
        parts = urlsplit(value.strip())
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Misconfigured("BACKLOG_DAGSTER_URL is not an address such as https://dagster.example.com.")
    return value.strip()


def _zone(name: str) -> tzinfo:
    zone = None
    with contextlib.suppress(ValueError, KeyError, OSError):
        zone = timezone.utc if name.strip() in ("", "UTC") else ZoneInfo(name.strip())
    if zone is None:
        raise Misconfigured("BACKLOG_TIMEZONE is not the name of a time zone, such as Asia/Tokyo.")
    return zone


def _sleep_briefly(seconds: float) -> None:
    """What waits long for a rate limit would hold up the other channels: it is tried again at a later tick."""
    if seconds > PATIENCE_SECONDS:
        raise Unavailable(f"Backlog's rate limit for this user is spent for another {seconds:.0f} s.")
    time.sleep(seconds)
