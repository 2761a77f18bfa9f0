"""A load that would lose most of a table is kept from replacing the old rows, unless it is allowed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from backlog_assets.assets import build_assets
from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.table import table_of, tables_of
from backlog_assets.demo import Fault
from backlog_assets.outcomes import NOT_SHRUNK
from backlog_assets.shrinking import is_too_much
from backlog_assets.specs import Options
from backlog_assets_tests.checking import definitions, evaluations, metadata_of
from backlog_assets_tests.conftest import World

Build = Callable[..., World]

ALLOWED: Mapping[str, Any] = {"config": {"allow_shrink": True}}


@pytest.mark.parametrize(
    ("lost", "before", "max_shrink", "refused"),
    [
        (0, 0, 0.5, False),
        (5, 10, 0.5, False),
        (6, 10, 0.5, True),
        (4, 4, 0.5, False),
        (5, 5, 0.5, True),
        (5, 5, 1.0, False),
        (4, 100, 0.0, False),
        (5, 100, 0.0, True),
        (500_001, 1_000_000, 0.5, True),
    ],
)
def test_more_than_the_share_and_more_than_a_few_is_too_much(
    lost: int, before: int, max_shrink: float, refused: bool
) -> None:
    assert is_too_much(lost, before, max_shrink) is refused


def everything(world: World, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table: world.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in tables}


def family(table: str) -> list[str]:
    [endpoint] = [one for one in ENDPOINTS if one.name == table]
    return [one.name for one in tables_of(endpoint)]


def test_a_table_that_would_lose_most_of_its_rows_keeps_them_exactly_as_they_were(world: World) -> None:
    world.load("projects", "issues")
    kept = everything(world, *family("issues"), "loads", "sync_state")
    rows = len(kept["issues"])
    for issue in list(world.space.issues)[: rows - 10]:
        world.space.delete_issue(issue)
    world.space.update_issue(next(iter(world.space.issues)), summary="changed in the same load")
    result = world.load("issues", fails=True)
    assert everything(world, *family("issues"), "loads", "sync_state") == kept
    assert list((world.folder / "spool").rglob("*.ndjson")) == []

    [message] = world.failures(result).values()
    assert message.startswith(f"issues would have lost {rows - 10} of its {rows} rows at once (")
    assert "up to 50% may vanish. Nothing was written, the old rows are as they were." in message
    assert "--allow-shrink" in message
    found = evaluations(result)["issues", NOT_SHRUNK]
    assert not found.passed
    assert found.severity.value == "ERROR"
    assert found.description == (
        f"issues would have lost {rows - 10} of its {rows} rows at once; the load was not written."
    )
    told = metadata_of(found)
    assert (told["table"], told["rows"], told["rows_before"]) == ("issues", rows - 10, rows)
    assert sum(one.data["rows_lost"] for one in found.metadata["offenders"].records) == rows - 10
    assert "allow_shrink: true" in told["what_to_do"]


def test_it_may_when_the_run_allows_it_and_the_check_passes_again(world: World) -> None:
    world.load("projects", "issues")
    for issue in list(world.space.issues)[10:]:
        world.space.delete_issue(issue)
    world.load("issues", fails=True)
    result = world.load("issues", config={"ops": {"issues": ALLOWED}})
    assert world.value("SELECT count(*) FROM issues WHERE _deleted_at IS NULL") == 10
    found = evaluations(result)["issues", NOT_SHRUNK]
    assert found.passed
    assert found.description == "The load marked 30 rows of issues deleted; 10 are there."
    assert metadata_of(found) == {"table": "issues", "rows": 0, "rows_lost": 30}


@pytest.mark.parametrize(("max_shrink", "fails"), [(1.0, False), (0.8, False), (0.7, True)])
def test_how_much_may_vanish_is_a_setting(build_world: Build, max_shrink: float, fails: bool) -> None:
    world = build_world()
    world.load("issues")
    for issue in list(world.space.issues)[10:]:
        world.space.delete_issue(issue)
    job = definitions(world, Options(max_shrink=max_shrink)).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=world.instance,
        op_selection=["issues"],
        raise_on_error=False,
    )
    assert result.success is not fails
    assert world.value("SELECT count(*) FROM issues WHERE _deleted_at IS NULL") == (40 if fails else 10)


def test_an_empty_answer_where_there_were_rows_is_refused(world: World) -> None:
    world.load("users")
    kept = everything(world, "users")
    world.server.faults.append(Fault("empty", path="/users"))
    assert "users would have lost 14 of its 14 rows at once" in world.failures(world.load("users", fails=True))["users"]
    assert everything(world, "users") == kept


def test_a_few_rows_may_always_go_and_most_of_them_may_stay(world: World) -> None:
    world.load("priorities", "issues")
    world.server.faults.append(Fault("empty", path="/priorities"))
    for issue in list(world.space.issues)[:20]:
        world.space.delete_issue(issue)
    world.load("priorities", "issues")
    assert world.value("SELECT count(*) FROM priorities WHERE _deleted_at IS NULL") == 0
    assert world.value("SELECT count(*) FROM issues WHERE _deleted_at IS NULL") == 20


def test_a_per_project_table_is_judged_over_the_projects_of_the_load_and_names_those_that_lost(world: World) -> None:
    world.load_projects("project_versions")
    kept = everything(world, "project_versions", "project_loads")
    of_web = world.value("SELECT count(*) FROM project_versions WHERE project_key = 'WEB'")
    assert of_web >= 5
    world.server.faults.append(Fault("empty", path="/projects/WEB/versions"))
    result = world.load("project_versions", projects=["WEB"], fails=True)
    found = evaluations(result)["project_versions", NOT_SHRUNK]
    assert metadata_of(found)["partitions"] == ["WEB"]
    assert f"rows at once (WEB {of_web})" in world.failures(result)["project_versions"]
    assert everything(world, "project_versions", "project_loads") == kept
    # Of all projects together, those of one are not most.
    world.load("project_versions", projects=["WEB", "IDEA"])
    assert world.value("SELECT count(*) FROM project_versions WHERE project_key = 'WEB' AND _deleted_at IS NULL") == 0


def test_a_project_that_is_deleted_takes_its_rows_with_it(world: World) -> None:
    world.load_projects("project_versions")
    world.load("issues")
    counts = dict(world.rows("SELECT project_id, count(*) FROM issues GROUP BY 1"))
    largest = max(counts, key=lambda one: counts[one])
    world.space.delete_project(world.value("SELECT project_key FROM projects WHERE id = ?", largest))
    world.load_projects("project_versions")
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues WHERE _deleted_at IS NULL AND project_id = ?", largest) == 0


def test_only_tables_that_mark_rows_deleted_have_the_check() -> None:
    keys = [key for asset in build_assets() for key in asset.check_keys]
    checked = {key.asset_key.path[-1] for key in keys if key.name == NOT_SHRUNK}
    assert checked == {one.name for one in ENDPOINTS if table_of(one).keeps_deleted}
    assert not checked & {"activities", "issue", "rate_limit", "space", "licence"}
