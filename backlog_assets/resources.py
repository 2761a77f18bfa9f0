"""BacklogResource: the settings, and the client made of them. The one place that knows the environment's names."""

import logging
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from backlog_assets import __version__
from backlog_assets.catalogue import Endpoint
from backlog_assets.client import BacklogClient, base_url
from backlog_assets.credentials import ApiKey, credentials_from
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.demo_day import advance, days, demo_day
from backlog_assets.errors import Misconfigured
from backlog_assets.journal import SPOOL_HOURS, Terms
from backlog_assets.people import KEEP, People, mark_of, people_from
from backlog_assets.spool import file_name

DEMO = "demo"
"""The space that needs no account: made up, served on loopback by this process while it is read."""

SETTINGS: Mapping[str, str] = {
    "space": "BACKLOG_SPACE",
    "api_key": "BACKLOG_API_KEY",
    "api_key_in": "BACKLOG_API_KEY_IN",
    "access_token": "BACKLOG_ACCESS_TOKEN",
    "client_id": "BACKLOG_CLIENT_ID",
    "client_secret": "BACKLOG_CLIENT_SECRET",
    "token_file": "BACKLOG_TOKEN_FILE",
    "projects": "BACKLOG_PROJECTS",
    "headroom": "BACKLOG_HEADROOM",
    "spool_hours": "BACKLOG_SPOOL_HOURS",
    "pii": "BACKLOG_PII",
    "pii_key": "BACKLOG_PII_KEY",
}
"""Field of the resource -> environment variable."""

SECRETS = frozenset({"api_key", "access_token", "client_secret", "pii_key"})
"""Fields that are passed on as `EnvVar`, so that Dagster shows and stores the variable's name, never its value."""


class BacklogResource(dg.ConfigurableResource[Any]):
    """A Backlog space: authentication, paging and the rate limit behind one client.

    Every field is a setting; `from_environment` fills them from the variables of the same meaning. Nothing is asked
    of Backlog, and the demo space is not started, before an asset uses `client`.
    """

    space: str = Field(
        default=DEMO,
        description="BACKLOG_SPACE: the space's full host, example.backlog.com (or .jp, backlogtool.com); demo; "
        "or, for a loopback host only, an http:// address.",
    )
    api_key: str = Field(default="", repr=False, description="BACKLOG_API_KEY: API key of the user who reads.")
    api_key_in: str = Field(
        default="auto",
        description="BACKLOG_API_KEY_IN: header (Backlog-API-Key), query (apiKey=), or auto: header, and query from "
        "then on where the host answers the first request with 401.",
    )
    access_token: str = Field(default="", repr=False, description="BACKLOG_ACCESS_TOKEN: OAuth2 bearer token.")
    client_id: str = Field(default="", description="BACKLOG_CLIENT_ID: OAuth2 client, with refresh.")
    client_secret: str = Field(default="", repr=False, description="BACKLOG_CLIENT_SECRET: its secret.")
    token_file: str = Field(
        default="", description="BACKLOG_TOKEN_FILE: file (mode 600) that holds the tokens; rewritten when they turn."
    )
    projects: str = Field(default="", description="BACKLOG_PROJECTS: only these project keys, comma separated.")
    headroom: float = Field(
        default=0.1, description="BACKLOG_HEADROOM: share of the rate limit left to the key's owner, 0 to below 1."
    )
    spool_hours: float = Field(
        default=SPOOL_HOURS,
        description="BACKLOG_SPOOL_HOURS: how long ago a load may have been stopped that is gone on with; 0: never.",
    )
    pii: str = Field(
        default=KEEP,
        description="BACKLOG_PII: what becomes of names, mail addresses and accounts of people: keep, hash or drop.",
    )
    pii_key: str = Field(default="", repr=False, description="BACKLOG_PII_KEY: the key they are hashed with.")
    spool_folder: str = Field(default="data/spool", description="Where pages are kept on their way to the warehouse.")

    _client: BacklogClient | None = PrivateAttr(default=None)
    _demo: DemoServer | None = PrivateAttr(default=None)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "BacklogResource":
        """The resource these variables describe; those that are not set or empty keep their defaults.

        Raises Misconfigured for a setting that cannot be meant.
        """
        given: dict[str, Any] = {}
        for name, variable in SETTINGS.items():
            value = environ.get(variable, "").strip()
            if value:
                given[name] = dg.EnvVar(variable) if name in SECRETS else value
        if "headroom" in given:
            given["headroom"] = _share(given["headroom"])
        if "spool_hours" in given:
            given["spool_hours"] = _hours(given["spool_hours"])
        people_in(environ)
        return cls(**given)

    @property
    def client(self) -> BacklogClient:
        """The client, made when first asked for. Raises Misconfigured where the settings do not make one."""
        if self._client is None:
            self._client = self._demo_client() if self.space == DEMO else self._real_client()
        return self._client

    @property
    def people(self) -> People | None:
        """What becomes of people's data; None where they are kept. Raises Misconfigured for a wrong setting."""
        return people_from(self.pii, self.pii_key)

    @property
    def space_name(self) -> str:
        """What the space is called in the warehouse, in spools and in file names: its host, or `demo`."""
        return DEMO if self.space == DEMO else base_url(self.space).split("://", 1)[1]

    @property
    def selected_projects(self) -> tuple[str, ...] | None:
        """The project keys to load, None for all of them."""
        keys = tuple(key.strip() for key in self.projects.split(",") if key.strip())
        return tuple(dict.fromkeys(keys)) or None

    @property
    def spools(self) -> Path:
        return Path(self.spool_folder)

    def terms(self, endpoint: Endpoint, basis: str, *, scope: str = "", log: logging.Logger | None = None) -> Terms:
        """On what terms a load of the endpoint goes on with a stopped one: it is of the same space, user, projects and
        catalogue entry, and would be written onto the same `basis`. `scope`: the part of the table that is loaded."""
        settings = {
            "space": self.space_name,
            "user": self.client.asker,
            "choice of projects": ",".join(self.selected_projects or ()),
            "treatment of people's data": mark_of(self.people),
            "catalogue": f"{__version__} {endpoint!r}",
            "state of the tables": basis,
        }
        return Terms(hours=self.spool_hours, scope=scope, settings=settings, log=log)

    @property
    def demo_day(self) -> date:
        """The day it is in the demo space, for every run that keeps its spools here."""
        return demo_day(self.spools.parent)

    def advance_demo(self, by: str) -> None:
        """Puts the demo space forward by days such as `1d`. Raises Misconfigured for another space or another text."""
        forward = days(by)
        if self.space != DEMO:
            raise Misconfigured(f"--advance is for the demo space; BACKLOG_SPACE is {self.space_name}.")
        advance(self.spools.parent, forward)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Closes what was opened; Dagster calls it when a run has ended."""
        del context
        self.close()

    def close(self) -> None:
        """Ends the connection and, where it was started, the demo space."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._demo is not None:
            self._demo.stop()
            self._demo = None

    def _real_client(self) -> BacklogClient:
        credentials = credentials_from(
            api_key=self.api_key,
            api_key_in=self.api_key_in,
            access_token=self.access_token,
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_file=self.token_file,
        )
        return BacklogClient(self.space, credentials, headroom=_share(self.headroom), people=self.people)

    def _demo_client(self) -> BacklogClient:
        people = self.people
        self._demo = DemoServer(DemoSpace(date=self.demo_day))
        self._demo.start()
        credentials = ApiKey(self._demo.api_key)
        return BacklogClient(self._demo.url, credentials, headroom=_share(self.headroom), people=people)


def people_in(environ: Mapping[str, str]) -> People | None:
    """What the settings say of people's data; None where they are kept. Raises Misconfigured for a wrong one."""
    return people_from(*(environ.get(SETTINGS[name], "") for name in ("pii", "pii_key")))


def default_database(space: str) -> str:
    """Where a space's tables are kept when BACKLOG_DUCKDB is not set: a file of its own, so that spaces never mix."""
    name = DEMO if space in ("", DEMO) else file_name(space.split("://")[-1].rstrip("/"))
    return f"data/{name}.duckdb"


def _hours(value: Any) -> float:
    try:
        hours = float(value)
    except ValueError:
        hours = -1.0
    if not 0 <= hours < math.inf:
        raise Misconfigured(f"BACKLOG_SPOOL_HOURS is {str(value)!r}; write hours, such as 24, or 0.")
    return hours


def _share(value: Any) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise Misconfigured(f"BACKLOG_HEADROOM is {str(value)!r}; write a share from 0 to below 1, such as 0.1.")
    return share
