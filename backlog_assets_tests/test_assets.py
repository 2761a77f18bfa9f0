"""The assets, materialized for real from a demo space: exact rows, and what each materialization tells."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable

import dagster as dg
import pytest

import backlog_assets.assets
import backlog_assets.io_manager
from backlog_assets.assets import build_assets
from backlog_assets.catalogue import BY_NAME, ENDPOINTS, GROUPS
from backlog_assets.catalogue.table import names_of, tables_of
from backlog_assets.demo import DemoServer, Fault
from backlog_assets.errors import WarehouseBusy
from backlog_assets.history import HISTORY, TABLES
from backlog_assets.specs import asset_key
from backlog_assets_tests.conftest import World, asked

Build = Callable[..., World]

PER_PROJECT = [endpoint.name for endpoint in ENDPOINTS if endpoint.per_project]


def test_every_table_holds_what_the_space_has(build_world: Build) -> None:
    world = build_world(issues=230, teams=130, notifications=240, activities=650)
    outcome = world.sync()
    assert outcome.failures == {}
    space = world.space
    live = {
        key: [one["id"] for one in rows]
        for key, rows in (("users", space.users.values()), ("teams", space.teams.values()))
    }
    for table, ids in {
        "users": live["users"],
        "teams": live["teams"],
        "projects": list(space.projects),
        "issues": list(space.issues),
        "notifications": [one["id"] for one in space.notifications],
        "activities": [one["id"] for one in space.activities],
    }.items():
        assert world.rows(f"SELECT id FROM {table} ORDER BY id") == [(one,) for one in sorted(ids)], table
    for table, source in {
        "project_versions": space.versions,
        "project_components": space.categories,
        "project_categories": space.categories,
        "project_issue_types": space.issue_types,
        "project_statuses": space.statuses,
        "project_custom_fields": space.custom_fields,
    }.items():
        expected = sorted((project, one["id"]) for project, rows in source.items() for one in rows)
        assert world.rows(f"SELECT project_id, id FROM {table} ORDER BY ALL") == expected, table
    members = sorted((project, user) for project, users in space.members.items() for user in users)
    assert world.rows("SELECT project_id, id FROM project_users ORDER BY ALL") == members
    issues = [issue.json() for issue in space.issues.values()]
    for table, field in {
        "issue_categories": "category",
        "issue_versions": "versions",
        "issue_milestones": "milestone",
        "issue_custom_field_values": "customFields",
        "issue_attachments": "attachments",
        "issue_shared_files": "sharedFiles",
        "issue_stars": "stars",
    }.items():
        expected = sorted((issue["id"], item["id"]) for issue in issues for item in issue[field])
        assert expected
        assert world.rows(f"SELECT issue_id, id FROM {table} ORDER BY ALL") == expected, table


def test_an_issue_has_every_field_as_backlog_sent_it(world: World) -> None:
    world.load("issues")
    plain = {
        "id": "id",
        "projectId": "project_id",
        "issueKey": "issue_key",
        "keyId": "key_id",
        "summary": "summary",
        "description": "description",
        "parentIssueId": "parent_issue_id",
    }
    referred = ("issueType", "resolution", "priority", "status", "assignee", "createdUser", "updatedUser")
    for issue in (one.json() for one in world.space.issues.values()):
        [row] = [
            dict(zip(names, values, strict=True))
            for names in [[name for [name] in world.rows("SELECT column_name FROM (DESCRIBE issues)")]]
            for values in world.rows("SELECT * FROM issues WHERE id = ?", issue["id"])
        ]
        assert {field: row[column] for field, column in plain.items()} == {field: issue[field] for field in plain}
        for field in referred:
            column = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)
            other = issue[field] or {"id": None, "name": None}
            assert (row[f"{column}_id"], row[f"{column}_name"]) == (other["id"], other["name"]), field
        for field, column in (("startDate", "start_date"), ("dueDate", "due_date")):
            assert str(row[column]) == str(issue[field] and issue[field][:10])
        for field, column in (("estimatedHours", "estimated_hours"), ("actualHours", "actual_hours")):
            assert (row[column] is None and issue[field] is None) or float(row[column]) == issue[field]
        for field in ("created", "updated"):
            assert row[field] == dt.datetime.fromisoformat(issue[field].replace("Z", "+00:00"))
        assert row["_extra"] is None


def test_issues_cost_one_request_a_hundred_and_one_for_the_count(build_world: Build) -> None:
    for issues, pages in ((1, 1), (100, 1), (101, 2), (230, 3)):
        world = build_world(issues=issues)
        world.load("issues")
        assert asked(world, "/issues") == pages
        assert asked(world, "/issues/count") == 1
        assert world.value("SELECT count(*) FROM issues") == issues


def test_issues_made_and_deleted_while_they_are_read_are_not_lost(build_world: Build) -> None:
    clocks: list[Callable[[], float]] = [time.time]
    world = build_world(issues=450, server={"clock": lambda: clocks[-1]()})
    throughout = set(world.space.issues)

    ids = sorted(world.space.issues)
    gone = [ids[3], ids[120], ids[250], ids[440]]
    victims = iter(gone)

    def clock() -> float:
        """The server looks at it once a request: each time the space changes under the reader."""
        victim = next(victims, None) if asked(world, "/issues") else None
        if victim is not None:
            world.space.delete_issue(victim)
            world.space.create_issue("WEB", summary="made meanwhile")
        return time.time()

    clocks.append(clock)
    world.load("issues")
    assert next(victims, None) is None
    found = Counter(one for [one] in world.rows("SELECT id FROM issues"))
    assert throughout - set(gone) <= set(found)
    assert set(found.values()) == {1}


def test_the_last_issue_asked_for_is_asked_for_again_when_none_is_listed(world: World) -> None:
    world.load("issues", "issue")
    newest = max(world.space.issues)
    assert world.rows("SELECT id FROM issue") == [(newest,)]
    world.space.update_issue(newest, summary="changed")
    world.load("issue")
    assert world.rows("SELECT id, summary FROM issue") == [(newest, "changed")]


def test_activities_are_read_from_where_the_last_load_ended(build_world: Build) -> None:
    world = build_world(issues=60)
    world.load("activities")
    first = world.value("SELECT count(*) FROM activities")
    world.server.requests.clear()
    world.space.create_issue("WEB", summary="new")
    world.load("activities")
    assert asked(world, "/space/activities") == 1
    assert world.value("SELECT count(*) FROM activities") == first + 1
    world.server.requests.clear()
    world.load("activities", config={"ops": {"activities": {"config": {"full": True}}}})
    assert asked(world, "/space/activities") == -(-(first + 1) // 100) + (1 if (first + 1) % 100 == 0 else 0)


def test_activities_left_out_by_a_choice_of_projects_come_when_it_is_lifted(world: World) -> None:
    world.settings["projects"] = "WEB"
    world.load("activities")
    assert world.rows("SELECT DISTINCT project_key FROM activities") == [("WEB",)]
    del world.settings["projects"]
    world.load("activities")
    assert world.value("SELECT count(*) FROM activities") == len(world.space.activities)


def test_a_choice_of_projects_loads_only_theirs_and_marks_nothing_else(world: World) -> None:
    world.load("issues")
    everything = world.value("SELECT count(*) FROM issues")
    world.settings["projects"] = " WEB , APP"
    world.space.delete_issue(
        next(one.id for one in world.space.issues.values() if one.json()["issueKey"].startswith("WEB"))
    )
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues") == everything
    assert world.rows("SELECT DISTINCT split_part(issue_key, '-', 1) FROM issues WHERE _deleted_at IS NOT NULL") == [
        ("WEB",)
    ]


def test_hosts_that_call_categories_components_are_read_too(build_world: Build) -> None:
    world = build_world(server={"components_instead_of_categories": True})
    world.load_projects("project_components")
    expected = sorted(one["id"] for rows in world.space.categories.values() for one in rows)
    assert world.rows("SELECT id FROM project_components ORDER BY id") == [(one,) for one in expected]


@pytest.mark.parametrize("id_paging", ["exclusive", "inclusive"])
def test_notifications_come_whole_whether_ends_are_inclusive_or_not(build_world: Build, id_paging: str) -> None:
    world = build_world(notifications=240, server={"id_paging": id_paging})
    world.load("notifications")
    assert world.value("SELECT count(*) FROM notifications") == 240
    assert world.value("SELECT count(DISTINCT id) FROM notifications") == 240


def test_dates_in_the_old_form_are_the_same_days(build_world: Build) -> None:
    days = []
    for form in ("utc", "jst"):
        world = build_world(dates=form)
        world.load("issues")
        days.append(world.rows("SELECT id, start_date, due_date FROM issues ORDER BY id"))
    assert days[0] == days[1]
    assert any(due is not None for _, _, due in days[0])


def test_unknown_fields_are_kept_in_extra(world: World) -> None:
    world.server.faults.append(Fault("extra_field", path="/issues"))
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues WHERE _extra IS NULL") == 0


def test_a_host_that_takes_the_key_only_in_the_query_is_read_too(build_world: Build) -> None:
    world = build_world(server={"accept_header_key": False})
    world.load("priorities")
    assert world.value("SELECT count(*) FROM priorities") == 3
    assert [request.key_in for request in world.server.requests] == ["header", "query"]


def test_a_deleted_issue_is_marked_and_comes_back_when_it_reappears(world: World) -> None:
    world.load("issues")
    world.space.hide_project("WEB")
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues WHERE issue_key LIKE 'WEB-%' AND _deleted_at IS NULL") == 0
    world.space.hide_project("WEB", hidden=False)
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues WHERE _deleted_at IS NOT NULL") == 0


def test_a_materialization_tells_rows_requests_quota_and_a_sample(world: World) -> None:
    told = world.metadata(world.load("issues"), "issues")
    assert told["dagster/row_count"] == 40
    assert (told["rows_inserted"], told["rows_updated"], told["rows_deleted"]) == (40, 0, 0)
    assert told["requests"] == 2
    assert told["quota_left_search"] > 0
    assert told["seconds_waited"] == 0
    assert len(told["sample"].records) == 5
    mails = [user["mailAddress"] for user in world.space.users.values() if user["mailAddress"]]
    assert not any(mail in repr(told) for mail in mails)


def test_a_partitions_metadata_are_its_own(world: World) -> None:
    result = world.load_projects("project_versions")
    for project_id, project in world.space.projects.items():
        told = world.metadata(result, "project_versions", project["projectKey"])
        assert told["dagster/partition_row_count"] == len(world.space.versions[project_id])
        assert told["rows_inserted"] == len(world.space.versions[project_id])
        assert told["requests"] == 1


def test_a_single_partition_can_be_loaded_alone(world: World) -> None:
    world.load_projects("project_versions")
    world.space.add_version("WEB", "9.9")
    world.space.add_version("APP", "8.8")
    job = world.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=world.instance, asset_selection=[asset_key("project_versions")], partition_key="WEB"
    )
    assert world.rows("SELECT name FROM project_versions WHERE name IN ('9.9', '8.8')") == [("9.9",)]
    assert world.metadata(result, "project_versions", "WEB")["rows_inserted"] == 1


def test_what_was_loaded_is_noted_down(world: World) -> None:
    world.load("issues")
    noted = world.rows(
        "SELECT table_name, rows, inserted, requests FROM loads WHERE table_name LIKE 'issue%' ORDER BY 1"
    )
    assert ("issues", 40, 40, 2) in noted
    assert {name for name, *_ in noted} == {table.name for table in tables_of(BY_NAME["issues"])}


def test_the_catalogue_is_what_the_assets_are() -> None:
    keys = {key for asset in build_assets() for key in asset.keys}
    loaded = {asset_key(name) for endpoint in ENDPOINTS for name in names_of(endpoint)}
    assert keys == loaded | {asset_key(mart.name) for mart in TABLES}


@pytest.mark.parametrize("asset", build_assets()[:-1], ids=lambda asset: str(asset.op.name))
def test_every_asset_tells_what_it_is(asset: dg.AssetsDefinition) -> None:
    for at, spec in enumerate(asset.specs):
        assert at == 0 or [dep.asset_key for dep in spec.deps] == [asset_key(str(asset.op.name))]
        english, japanese, link = str(spec.description).split("\n\n")
        assert english.endswith(".")
        assert any("\u3040" <= letter <= "\u30ff" for letter in japanese)
        assert "https://developer.nulab.com/docs/backlog/api/2/" in link
        assert spec.kinds - {"view"} == {"backlog", "duckdb"}
        assert spec.group_name in {f"{at}_{group}" for at, group in enumerate(GROUPS, start=1)}
        schema = spec.metadata["dagster/column_schema"]
        assert all(column.description and column.type for column in schema.columns)
        per_project = asset.op.name in PER_PROJECT
        assert (asset.partitions_def is not None) is per_project
        if per_project:
            assert asset_key("projects") in {dep.asset_key for one in asset.specs for dep in one.deps}
            assert asset.backfill_policy == dg.BackfillPolicy.multi_run(50)


def test_the_history_tells_what_it_is_and_what_it_is_made_of() -> None:
    history = build_assets()[-1]
    assert history.op.name == HISTORY
    for spec in history.specs:
        english, japanese = str(spec.description).split("\n\n")
        assert english.endswith(".")
        assert any("\u3040" <= letter <= "\u30ff" for letter in japanese)
        assert {dep.asset_key.path[-1] for dep in spec.deps} == {"issues", "issue_comments", "activities"}
        assert (spec.kinds, spec.group_name) == ({"duckdb"}, "4_issues")
        assert all(column.description and column.type for column in spec.metadata["dagster/column_schema"].columns)


def test_five_hundred_projects_are_loaded_in_one_run(build_world: Build) -> None:
    world = build_world(issues=500, projects=500)
    tables = ("project_versions", "project_users")
    result = world.load_projects(*tables)
    runs = world.instance.get_runs()
    assert len(runs) == 2
    for table in tables:
        assert world.value(f"SELECT count(DISTINCT project_id) FROM {table}") == 500, table
    stamped = Counter(
        event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key is not None
    )
    assert set(stamped.values()) == {500}


def test_the_demo_space_needs_no_server_and_no_key(build_world: Build) -> None:
    world = build_world()
    world.settings = {"space": "demo", "api_key": ""}
    world.load("priorities")
    assert world.value("SELECT count(*) FROM priorities") == 3
    assert isinstance(world.server, DemoServer)
    assert asked(world, "/priorities") == 0


def test_a_first_load_that_does_not_get_by_with_little_memory_is_done_with_more(
    build_world: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_assets.io_manager, "FIRST_LOAD_MEMORY", "1MB")
    world = build_world(issues=230)
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues") == 230
    assert world.rows("SELECT table_name, inserted FROM loads WHERE table_name = 'issues'") == [("issues", 230)]


def test_a_load_of_issues_shows_them_at_a_glance(world: World) -> None:
    told = world.metadata(world.load("issues"), "issues")
    closed = world.value("SELECT count(*) FROM issues WHERE status_id = 4")
    assert (told["issues_closed"], told["issues_open"]) == (closed, 40 - closed)
    assert "data:image/png;base64," in told["overview"]


def test_a_load_succeeds_where_nothing_can_be_shown_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> dict[str, object]:
        raise WarehouseBusy("Somebody else has the file by now.")

    monkeypatch.setattr(backlog_assets.assets, "OVERVIEWS", {"issues": busy})
    told = world.metadata(world.load("issues"), "issues")
    assert told["dagster/row_count"] == 40
    assert "overview" not in told
