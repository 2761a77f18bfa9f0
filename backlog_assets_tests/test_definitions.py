"""What `dagster dev` loads: definitions that validate, merge into other projects and show in the web server."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

import backlog_assets.definitions
from backlog_assets.alerts.settings import AlertsResource
from backlog_assets.definitions import build_definitions, io_manager_from
from backlog_assets.errors import Misconfigured
from backlog_assets.resources import BacklogResource, default_database
from backlog_assets_tests.conftest import World

ROOT = Path(__file__).parent.parent


def test_dagster_finds_the_definitions_valid_from_the_root_of_the_project(tmp_path: Path) -> None:
    for name in ("workspace.yaml", "dagster.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    command = [Path(sys.executable).with_name("dagster"), "definitions", "validate"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = ran.stdout + ran.stderr
    assert "Validation successful" in told
    assert not [line for line in told.splitlines() if "arning" in line and "backlog_assets" in line]


def test_settings_name_themselves_when_they_are_wrong() -> None:
    with pytest.raises(Misconfigured, match="BACKLOG_HEADROOM is 'a lot'"):
        build_definitions({"BACKLOG_HEADROOM": "a lot"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKLOG_MAX_SHRINK", "most"),
        ("BACKLOG_MAX_SHRINK", "50"),
        ("BACKLOG_OWNERS", "the data people"),
        ("BACKLOG_SCHEDULES", "yes"),
        ("BACKLOG_TIMEZONE", "Tokyo"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told_by_its_name(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"{name} (is|names) '{value}'"):
        build_definitions({name: value})


def test_each_space_has_a_file_of_its_own() -> None:
    spaces = [
        "",
        "demo",
        "example.backlog.com",
        "https://example.backlog.jp/",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:9000",
    ]
    assert [default_database(space) for space in spaces] == [
        "data/demo.duckdb",
        "data/demo.duckdb",
        "data/example.backlog.com.duckdb",
        "data/example.backlog.jp.duckdb",
        "data/127.0.0.1-8000.duckdb",
        "data/127.0.0.1-9000.duckdb",
    ]
    assert io_manager_from({"BACKLOG_DUCKDB": "md:mine", "BACKLOG_SCHEMA": "b"}).database == "md:mine"


def test_every_setting_is_a_documented_field() -> None:
    for name, field in BacklogResource.model_fields.items():
        assert field.description, name


def test_another_project_takes_the_assets_in_beside_its_own(build_world: Callable[..., World]) -> None:
    world = build_world()

    @dg.asset(deps=[dg.AssetKey(["backlog", "issues"])], io_manager_key="backlog_io_manager", key_prefix="marts")
    def loud_issues() -> pd.DataFrame:
        return pd.DataFrame({"id": [1, 2]})

    theirs = dg.Definitions(assets=[loud_issues], resources={"io_manager": dg.mem_io_manager, "mail": "theirs"})
    ours = dg.Definitions(
        assets=backlog_assets.definitions.defs.assets,
        jobs=backlog_assets.definitions.defs.jobs,
        asset_checks=backlog_assets.definitions.defs.asset_checks,
        sensors=backlog_assets.definitions.defs.sensors,
        resources={"backlog": world.backlog, "backlog_io_manager": world.io_manager, "alerts": AlertsResource()},
        executor=dg.in_process_executor,
    )
    merged = dg.Definitions.merge(ours, theirs)
    result = merged.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=world.instance,
        asset_selection=[dg.AssetKey(["marts", "loud_issues"]), *family("issues")],
    )
    assert result.success
    assert world.value("SELECT count(*) FROM loud_issues") == 2
    assert world.value("SELECT count(*) FROM issues") == 40


def family(table: str) -> list[dg.AssetKey]:
    [asset] = [one for one in backlog_assets.definitions.defs.assets or () if table in str(getattr(one, "keys", ""))][
        :1
    ]
    assert isinstance(asset, dg.AssetsDefinition)
    return list(asset.keys)


def test_the_definitions_merge_as_they_are() -> None:
    theirs = dg.Definitions(resources={"io_manager": dg.mem_io_manager})
    merged = dg.Definitions.merge(backlog_assets.definitions.defs, theirs)
    dg.Definitions.validate_loadable(merged)


def test_a_users_pandas_asset_reads_a_table_of_the_space(build_world: Callable[..., World]) -> None:
    world = build_world()

    @dg.asset(
        ins={"issues": dg.AssetIn(key=dg.AssetKey(["backlog", "issues"]), metadata={"columns": ["id", "status_name"]})},
        io_manager_key="backlog_io_manager",
        key_prefix="backlog",
    )
    def issues_by_status(issues: pd.DataFrame) -> pd.DataFrame:
        assert list(issues.columns) == ["id", "status_name"]
        return issues.groupby("status_name", as_index=False).count()

    definitions = dg.Definitions.merge(world.definitions, dg.Definitions(assets=[issues_by_status]))
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=world.instance, asset_selection=[*family("issues"), dg.AssetKey(["backlog", "issues_by_status"])]
    )
    assert world.value("SELECT sum(id) FROM issues_by_status") == 40
