"""A small Dagster project whose checks and loads fail on command, with the alerts sensor looking on."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import dagster as dg

from backlog_assets.alerts.sensor import build_alerts_sensor, outbox_path, tick
from backlog_assets.alerts.settings import AlertsResource
from backlog_assets.partitions import NAME, PROJECTS
from backlog_assets.resources import BacklogResource
from backlog_assets_tests.scripted import ScriptedServer

STORED = """
storage: {{sqlite: {{base_dir: {home}/storage}}}}
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config: {{base_dir: {home}}}
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
telemetry: {{enabled: false}}
"""


@contextmanager
def kept_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on files in `home`; opened again it knows what it knew."""
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(STORED.format(home=home), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def failing(rows: int = 3, *, severity: str = "error", projects: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a check that does not pass reports."""
    records = [dg.TableRecord({"id": number, "copies": 2}) for number in range(1, rows + 1)]
    schema = dg.TableSchema([dg.TableColumn("id", "int"), dg.TableColumn("copies", "int")])
    return {
        "passed": False,
        "severity": dg.AssetCheckSeverity.WARN if severity == "warn" else dg.AssetCheckSeverity.ERROR,
        "description": f"{rows} rows have a key that another row has.",
        "metadata": {
            "rows": rows,
            "offenders": dg.MetadataValue.table(records, schema=schema),
            "what_to_do": "Load the table anew.",
            "partitions": list(projects),
        },
    }


@dataclass
class Project:
    """Tables whose checks say what stands in `checks` (name of table -> what it reports; nothing: it passes)."""

    instance: dg.DagsterInstance
    tables: tuple[str, ...] = ("issues", "users", "wikis")
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    loads: dict[str, dg.Failure | Exception] = field(default_factory=dict)

    @property
    def definitions(self) -> dg.Definitions:
        assets: list[dg.AssetsDefinition] = [self._asset(table) for table in self.tables]
        checks = [self._check(table) for table in self.tables]
        return dg.Definitions(assets=[*assets, self._versions()], asset_checks=checks, executor=dg.in_process_executor)

    def run(self, *tables: str, partition: str | None = None, tags: Mapping[str, str] | None = None) -> bool:
        """Loads and checks tables (all that are not partitioned) in one run."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        selection = [dg.AssetKey(["backlog", table]) for table in tables or self.tables]
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=selection,
            partition_key=partition,
            tags=dict(tags or {}),
            raise_on_error=False,
        ).success

    def _asset(self, table: str) -> dg.AssetsDefinition:
        @dg.multi_asset(name=table, specs=[dg.AssetSpec(["backlog", table])])
        def load() -> Iterator[dg.MaterializeResult[Any]]:
            if table in self.loads:
                raise self.loads[table]
            yield dg.MaterializeResult()

        return load

    def _check(self, table: str) -> dg.AssetChecksDefinition:
        @dg.asset_check(asset=dg.AssetKey(["backlog", table]), name="key_is_unique")
        def check() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(**self.checks.get(table, {"passed": True}))

        return check

    def _versions(self) -> dg.AssetsDefinition:
        @dg.multi_asset(
            name="project_versions",
            specs=[dg.AssetSpec(["backlog", "project_versions"])],
            partitions_def=PROJECTS,
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def load(context: dg.AssetExecutionContext) -> Iterator[dg.AssetMaterialization]:
            refused = {key: str(self.loads[key]) for key in context.partition_keys if key in self.loads}
            for key in context.partition_keys:
                if key not in refused:
                    yield dg.AssetMaterialization(dg.AssetKey(["backlog", "project_versions"]), partition=key)
            if refused:
                raise dg.Failure("Some were refused.", metadata={"refused": dg.MetadataValue.json(refused)})

        return load

    def add_projects(self, *keys: str) -> None:
        self.instance.add_dynamic_partitions(NAME, list(keys))


@dataclass
class Watch:
    """The sensor's ticks, with channels of choice and a clock that only moves when told."""

    project: Project
    settings: dict[str, str]
    backlog: dict[str, Any] = field(default_factory=dict)
    ahead_seconds: float = 0.0

    @property
    def resource(self) -> AlertsResource:
        return AlertsResource(**self.settings)

    @property
    def path(self) -> Path:
        return outbox_path(self.project.instance, self.resource)

    def tick(self) -> str:
        return tick(
            self.project.instance,
            self.path,
            self.resource,
            BacklogResource(**self.backlog),
            now=lambda: time.time() + self.ahead_seconds,
        )

    def sensor_tick(self) -> str:
        """The same through Dagster, with the clock of the machine."""
        context = dg.build_sensor_context(
            instance=self.project.instance,
            definitions=self.project.definitions,
            resources={"alerts": self.resource, "backlog": BacklogResource(**self.backlog)},
        )
        with context:
            said = build_alerts_sensor().evaluate_tick(context).skip_message
        assert said is not None
        return said


def heard(server: ScriptedServer) -> list[dict[str, Any]]:
    """What a receiver of JSON got, oldest first."""
    return [json.loads(asked.body) for asked in server.asked]


def events(server: ScriptedServer) -> list[tuple[str, str, list[str]]]:
    """Event, rule and tables of each message a webhook got."""
    return [(one["event"], one["rule"], [state["table"] for state in one["states"]]) for one in heard(server)]


def one_tick(home: str, url: str, told: Connection) -> None:
    """What the daemon's process does: opens the instance, ticks once and says so."""
    with kept_instance(Path(home)) as instance:
        told.send("begins")
        told.send(Watch(Project(instance), {"webhook_url": url}).tick())
