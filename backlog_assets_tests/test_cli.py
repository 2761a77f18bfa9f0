"""The commands as a user runs them: what they print, what they return, what they leave when something is wrong."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from backlog_assets.cli import _bar, main
from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.progress import finished, report
from backlog_assets_tests.dagster_dev import checkout_in

ROOT = Path(__file__).parent.parent


class Shell:
    """A folder with a dagster.yaml, an environment, and the command line run in them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = patch

    def set(self, **settings: str) -> None:
        for name, value in settings.items():
            self._patch.setenv(name, value)

    def unset(self, *names: str) -> None:
        for name in names:
            self._patch.setenv(name, "")  # so that what load_dotenv may have set is undone with the test
            self._patch.delenv(name)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    def rows(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def counts(self, database: str) -> dict[str, int]:
        with duckdb.connect(str(self.folder / database), read_only=True) as connection:
            tables = [
                name
                for [name] in connection.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'backlog'"
                ).fetchall()
            ]
            return {
                name: connection.execute(f"SELECT count(*) FROM backlog.{name}").fetchall()[0][0] for name in tables
            }


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]) -> Shell:
    for name in list(os.environ):
        if name.startswith(("BACKLOG_", "DAGSTER_")):
            monkeypatch.delenv(name)
    checkout_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return Shell(tmp_path, monkeypatch)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoSpace(issues=120)) as running:
        yield running


@pytest.fixture(scope="module")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the space was loaded once. Loopback addresses count as one space, whatever their port."""
    folder = tmp_path_factory.mktemp("first")
    checkout_in(folder)
    with pytest.MonkeyPatch.context() as patch, DemoServer(DemoSpace(issues=120)) as server:
        for name in list(os.environ):
            if name.startswith(("BACKLOG_", "DAGSTER_")):
                patch.delenv(name)
        patch.chdir(folder)
        shell = Shell(folder, patch)
        shell.set(BACKLOG_SPACE=server.url, BACKLOG_API_KEY=server.api_key, BACKLOG_DUCKDB="x.duckdb")
        result = shell.run("sync", "--select", "projects,priorities,issues,project_versions")
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def loaded(shell: Shell, server: DemoServer, first_load: Path) -> Shell:
    """A shell whose space was loaded once."""
    shutil.copytree(first_load, shell.folder, dirs_exist_ok=True)
    shell.set(BACKLOG_SPACE=server.url, BACKLOG_API_KEY=server.api_key, BACKLOG_DUCKDB="x.duckdb")
    return shell


# --- what is wrong


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BACKLOG_SPACE": "example"}, "BACKLOG_SPACE"),
        ({"BACKLOG_SPACE": "http://example.backlog.com"}, "BACKLOG_SPACE"),
        ({"BACKLOG_SPACE": "example.backlog.com"}, "BACKLOG_API_KEY"),
        (
            {"BACKLOG_SPACE": "example.backlog.com", "BACKLOG_API_KEY": "a", "BACKLOG_ACCESS_TOKEN": "b"},
            "BACKLOG_ACCESS_TOKEN",
        ),
        ({"BACKLOG_SPACE": "example.backlog.com", "BACKLOG_CLIENT_ID": "a"}, "BACKLOG_CLIENT_SECRET"),
        (
            {"BACKLOG_SPACE": "example.backlog.com", "BACKLOG_API_KEY": "a", "BACKLOG_API_KEY_IN": "body"},
            "BACKLOG_API_KEY_IN",
        ),
        ({"BACKLOG_HEADROOM": "much"}, "BACKLOG_HEADROOM is 'much'"),
        ({"BACKLOG_HEADROOM": "1"}, "BACKLOG_HEADROOM is '1'"),
        ({"BACKLOG_DUCKDB": "dagster.yaml"}, "BACKLOG_DUCKDB: DuckDB cannot open"),
        ({"BACKLOG_DUCKDB": "dagster.yaml/x.duckdb"}, "BACKLOG_DUCKDB"),
    ],
)
def test_a_wrong_setting_gets_one_message_that_names_it_and_changes_nothing(
    shell: Shell, settings: dict[str, str], told: str
) -> None:
    shell.set(**settings)
    result = shell.run("sync")
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert {path.name for path in shell.folder.iterdir()} <= {"dagster.yaml", "workspace.yaml"}


def test_a_wrong_key_is_told_once_and_leaves_the_tables(loaded: Shell) -> None:
    before = loaded.counts("x.duckdb")
    loaded.set(BACKLOG_API_KEY="wrong-key-7f3a")
    result = loaded.run("sync")
    assert result.exit_code == 1
    assert "401" in result.stderr
    assert "wrong-key-7f3a" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert loaded.counts("x.duckdb") == before


def test_a_host_that_is_not_there_is_named(shell: Shell) -> None:
    shell.set(BACKLOG_SPACE="http://127.0.0.1:9", BACKLOG_API_KEY="some-key-123")
    result = shell.run("sync")
    assert result.exit_code == 1
    assert "127.0.0.1:9" in result.stderr or "/users/myself" in result.stderr
    assert "some-key-123" not in result.output


@pytest.mark.parametrize("kind", ["reset", "truncate", "500", "html", "wrong_shape", "bad_value"])
def test_a_server_that_breaks_is_told_in_a_paragraph_and_leaves_the_rows(
    loaded: Shell, server: DemoServer, kind: str
) -> None:
    before = loaded.rows("x.duckdb", "SELECT * FROM backlog.issues ORDER BY id")
    server.space.create_issue("WEB", summary="new")
    server.faults.append(Fault(kind, path="/issues"))
    result = loaded.run("sync", "--select", "issues,priorities")
    assert result.exit_code == 1
    assert "issues: " in result.stderr
    assert "1 of the loads and checks failed; what was not loaded keeps the rows it had." in result.stderr
    assert "Traceback" not in result.output
    assert server.api_key not in result.output
    assert loaded.rows("x.duckdb", "SELECT * FROM backlog.issues ORDER BY id") == before


def test_a_project_that_may_no_longer_be_read_is_named_and_the_exit_status_says_so(
    loaded: Shell, server: DemoServer
) -> None:
    server.space.refuse_project("OPS")
    server.space.add_version("WEB", "9.9")
    result = loaded.run("sync", "--select", "project_versions")
    assert result.exit_code == 1
    assert (
        "project_versions, may_be_read (error): The key may not read project_versions of 1 project: OPS; it could"
        in (result.stderr)
    )
    assert loaded.rows("x.duckdb", "SELECT name FROM backlog.project_versions WHERE name = '9.9'") == [("9.9",)]


def test_a_table_that_does_not_exist_is_told_with_those_that_do(shell: Shell) -> None:
    result = shell.run("sync", "--select", "issues,isues")
    assert result.exit_code == 2
    assert "There is no table isues. Tables: activities, custom_field_items, " in result.stderr


def test_another_space_is_not_loaded_into_the_same_file(loaded: Shell) -> None:
    loaded.unset("BACKLOG_SPACE", "BACKLOG_API_KEY")
    result = loaded.run("sync")
    assert result.exit_code == 1
    assert "holds the space loopback; demo was not written into it" in result.stderr


# --- what goes well


@pytest.mark.timeout(400)
def test_with_nothing_set_the_demo_space_is_loaded_then_only_what_a_day_brings(shell: Shell) -> None:
    first = shell.run("sync")
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("Space demo: The made-up demo space, bundled with this program.")
    counts = shell.counts("data/demo.duckdb")
    assert len(counts) >= 70
    assert all(counts.values()), counts
    assert shell.rows("data/demo.duckdb", "SELECT count(*) FROM backlog.project_categories") == [
        (counts["project_components"],)
    ]
    for told in (
        "issues",
        "1,500",
        "requests",
        "Quota left this minute:",
        "DuckDB file: data/demo.duckdb",
        "open_issues",
    ):
        assert told in first.stdout
    assert (shell.folder / ".dagster").is_dir()
    assert not list((shell.folder / "data").rglob("*.ndjson"))
    changes = "activities,issues,issue_comments"
    again = shell.run("sync", "--select", f"{changes},notifications,project_users")
    assert again.exit_code == 0, again.output
    assert shell.counts("data/demo.duckdb") == counts
    third = shell.run("sync", "--select", changes, "--advance", "1d")
    assert third.exit_code == 0, third.output
    assert "It is 2026-09-01 there" in third.stdout
    told = {
        table: (inserted > 0, updated > 0, deleted > 0, requests)
        for table, inserted, updated, deleted, requests in shell.rows(
            "data/demo.duckdb",
            f"""SELECT table_name, inserted, updated, deleted, requests FROM backlog_ops.loads
            WHERE list_contains(string_split('{changes}', ','), table_name)
            QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY loaded_at DESC) = 1""",
        )
    }
    comments = told.pop("issue_comments")
    assert told == {"activities": (True, False, False, 1), "issues": (True, True, True, 3)}
    assert comments[0]
    assert 0 < comments[3] < 20


def test_a_dotenv_file_is_read(shell: Shell, server: DemoServer) -> None:
    lines = [f"BACKLOG_SPACE={server.url}", f"BACKLOG_API_KEY={server.api_key}", "BACKLOG_DUCKDB=mine/y.duckdb"]
    (shell.folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    result = shell.run("sync", "--select", "priorities")
    shell.unset("BACKLOG_SPACE", "BACKLOG_API_KEY", "BACKLOG_DUCKDB")
    assert result.exit_code == 0, result.output
    assert shell.rows("mine/y.duckdb", "SELECT count(*) FROM backlog.priorities") == [(3,)]


def test_it_works_with_dagster_home_set_and_says_so_when_it_is_no_folder(loaded: Shell) -> None:
    home = loaded.folder / "home"
    home.mkdir()
    loaded.set(DAGSTER_HOME=str(home))
    assert loaded.run("sync", "--select", "priorities").exit_code == 0
    assert list(home.rglob("*.db"))
    loaded.set(DAGSTER_HOME=".")
    result = loaded.run("sync", "--select", "priorities")
    assert result.exit_code == 2
    assert "DAGSTER_HOME is '.'" in result.stderr


@pytest.mark.parametrize("name", ["backlog", "backlog_ops", "it's a [my.file]"])
def test_the_file_may_be_called_as_one_likes(loaded: Shell, name: str) -> None:
    loaded.set(BACKLOG_DUCKDB=f"{name}.duckdb")
    for tables in ("issues,project_components", "priorities"):
        result = loaded.run("sync", "--select", tables)
        assert result.exit_code == 0, result.output
    with duckdb.connect(str(loaded.folder / f"{name}.duckdb"), read_only=True) as connection:
        connection.execute("SET search_path = 'backlog'")
        assert connection.execute("SELECT count(*) FROM issues").fetchall() == [(120,)]
        assert connection.execute("SELECT count(*) FROM project_categories").fetchall() == [(36,)]


def test_a_schema_of_ones_own(loaded: Shell) -> None:
    loaded.set(BACKLOG_SCHEMA="my schema", BACKLOG_DUCKDB="y.duckdb")
    result = loaded.run("sync", "--select", "priorities")
    assert result.exit_code == 0, result.output
    assert loaded.rows("y.duckdb", 'SELECT count(*) FROM "my schema".priorities') == [(3,)]


def test_a_second_schema_in_the_same_file_is_refused_since_cursors_are_those_of_the_first(loaded: Shell) -> None:
    loaded.set(BACKLOG_SCHEMA="second")
    result = loaded.run("sync", "--select", "issues")
    assert result.exit_code == 1
    assert "in schema backlog; it was not written into second as well" in result.stderr
    assert loaded.rows("x.duckdb", "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'second'") == [(0,)]
    loaded.set(BACKLOG_SCHEMA="BACKLOG")
    assert loaded.run("sync", "--select", "priorities").exit_code == 0


def test_selecting_a_child_loads_its_family_and_a_per_project_table_loads_projects(loaded: Shell) -> None:
    result = loaded.run("sync", "--select", "issue_stars,project_users")
    assert result.exit_code == 0, result.output
    for told in ("issue_stars", "issues", "projects", "project_users"):
        assert f"loaded {told}:" in result.stdout
    assert "loaded users:" not in result.stdout


def test_only_the_projects_asked_for_become_partitions(loaded: Shell, server: DemoServer) -> None:
    loaded.set(BACKLOG_PROJECTS="APP")
    server.requests.clear()
    result = loaded.run("sync", "--select", "project_versions")
    assert result.exit_code == 0, result.output
    assert [r.path for r in server.requests if r.path.startswith("/projects/")] == ["/projects/APP/versions"]


def test_the_doctor_says_who_i_am_what_i_may_read_and_what_a_sync_costs(shell: Shell, server: DemoServer) -> None:
    shell.set(BACKLOG_SPACE=server.url, BACKLOG_API_KEY=server.member_key)
    result = shell.run("doctor")
    assert result.exit_code == 0, result.output
    assert "answers. The key belongs to" in result.stdout
    found = {
        line.split("│")[1].strip(): line.split("│")[2].strip()
        for line in result.stdout.splitlines()
        if line.startswith("│")
    }
    assert found["users"] == "no"
    assert found["teams"] == "no"
    assert found["issues"] == found["documents"] == "yes"
    refused = ("users", "teams", "space_disk_usage", "space_disk_usage_projects", "project_disk_usage", "webhooks")
    assert [name for name, readable in found.items() if readable == "no"] == sorted(refused, key=list(found).index)
    assert "requests of class search" in result.stdout
    assert "a minute are left: less than a minute." in result.stdout
    assert not list(shell.folder.rglob("*.duckdb"))


def test_the_doctor_fails_clearly_without_a_space(shell: Shell) -> None:
    shell.set(BACKLOG_SPACE="http://127.0.0.1:9", BACKLOG_API_KEY="k" * 20)
    assert shell.run("doctor").exit_code == 1


def test_a_broken_fault_for_the_demo_is_told(shell: Shell) -> None:
    result = shell.run("demo", "--port", "0", "--break", "explode:/issues")
    assert result.exit_code == 1
    assert "there is no fault 'explode'" in result.stderr


@pytest.mark.parametrize("command", [[], ["sync"], ["doctor"], ["demo"]])
def test_help_reads_well(shell: Shell, command: list[str]) -> None:
    result = shell.run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 140


def test_the_installed_command_serves_the_demo_and_syncs_it(shell: Shell) -> None:
    """Two real processes, as two terminals would: one serves, the other loads."""
    command = Path(sys.executable).with_name("backlog-assets")
    with subprocess.Popen(
        [command, "demo", "--port", "0", "--issues", "30"], stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        told = [demo.stdout.readline() for _ in range(2)]
        url, key = told[0].split()[3], told[1].split()[-1]
        shell.set(BACKLOG_SPACE=url, BACKLOG_API_KEY=key, BACKLOG_DUCKDB="z.duckdb")
        sync = subprocess.run(
            [command, "sync", "--select", "issues,project_versions"], capture_output=True, text=True, check=False
        )
        demo.terminate()
    assert sync.returncode == 0, sync.stdout + sync.stderr
    assert shell.rows("z.duckdb", "SELECT count(*) FROM backlog.issues") == [(30,)]
    assert demo.returncode == 0


def test_the_bar_of_a_terminal_shows_the_tables_that_are_still_loading() -> None:
    written = io.StringIO()
    with _bar(Console(force_terminal=True, width=100, file=written)):
        finished("issues", 230)
        report("activities", 100, 230)
    assert "activities" in written.getvalue()
    assert "100 of 230" in written.getvalue()
