"""`backlog-assets files`: what is fetched, what is not fetched twice, what is told, and what a kill leaves."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner, Result

from backlog_assets import reading
from backlog_assets.catalogue import BY_NAME
from backlog_assets.catalogue.table import tables_of
from backlog_assets.cli import main
from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.demo.binaries import Binary
from backlog_assets.downloads import MANIFEST, FileWanted, Folder
from backlog_assets.errors import BacklogError, Misconfigured, Unauthorized, Unavailable
from backlog_assets.file_reading import shared_file_pages
from backlog_assets.files import REFUSALS, Outcome, fetch, files_wanted, since_of
from backlog_assets.warehouse import ensure_table
from backlog_assets_tests.moving_space import Follower
from backlog_assets_tests.processes import killed, started

WAIT_SECONDS = 60
SMALL = ("shared_files", "pull_request_attachments")
"""Tables whose files in the demo space are small."""


class Place(Follower):
    """A space, its tables, and a folder `out` for the files."""

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def load_pull_requests(self) -> None:
        """Their attachments, as the tables have them."""
        with self.warehouse.transaction() as connection:
            for name in ("pull_requests", "pull_request_details"):
                for table in tables_of(BY_NAME[name]):
                    columns = [(column.name, column.type) for column in table.columns]
                    ensure_table(connection, "backlog", table.name, columns)
            for one in (one for [row] in self.repositories for one in self.server.space.pull_requests(row["id"])):
                row = one.row
                connection.execute(
                    "INSERT INTO backlog.pull_requests (id, project_id, repository_id, number) VALUES (?, ?, ?, ?)",
                    [row["id"], row["projectId"], row["repositoryId"], row["number"]],
                )
                for file in row["attachments"]:
                    connection.execute(
                        "INSERT INTO backlog.pull_request_attachments (pull_request_id, id, name, size) "
                        "VALUES (?, ?, ?, ?)",
                        [row["id"], file["id"], file["name"], file["size"]],
                    )

    @property
    def repositories(self) -> list[list[dict[str, Any]]]:
        return [rows for rows in self.server.space.repositories.values() if rows]

    def wanted(self, *tables: str, **chosen: Any) -> list[FileWanted]:
        return files_wanted(self.warehouse, tables=tables or SMALL, **chosen).files

    def fetch(self, *tables: str, to: str = "", **chosen: Any) -> Outcome:
        outcome = Outcome()
        with Folder(to or str(self.out), "demo").open() as folder:
            fetch(self.client, folder, self.wanted(*tables, **chosen), outcome)
        return outcome

    def files(self) -> dict[str, int]:
        """Sizes of all files there, by place."""
        found = (path for path in self.out.rglob("*") if path.is_file())
        sizes = {str(path.relative_to(self.out)): path.stat().st_size for path in found}
        return {place: size for place, size in sizes.items() if place not in (MANIFEST, ".lock")}

    def manifest(self) -> dict[str, dict[str, Any]]:
        lines = (self.out / MANIFEST).read_text(encoding="utf-8").splitlines()
        return {line["path"]: line for line in map(json.loads, lines)}

    def run(self, *arguments: str) -> Result:
        with self.warehouse.transaction() as connection:
            connection.execute("UPDATE backlog_ops.spaces SET space = 'loopback'")
        return CliRunner().invoke(main, ["files", "--to", str(self.out), *arguments])


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, loaded once."""
    folder = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as patch, DemoServer(DemoSpace(issues=20)) as server:
        patch.setitem(reading.READERS, "shared_files", shared_file_pages)
        place = Place(folder, server)
        place.load("projects")
        place.load_issues()
        place.load_masters("shared_files")
        place.load_pull_requests()
    return Path(place.warehouse.path)


@pytest.fixture
def place(tmp_path: Path, loaded: Path, monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]) -> Iterator[Place]:
    monkeypatch.setitem(reading.READERS, "shared_files", shared_file_pages)
    for name in list(os.environ):
        if name.startswith(("BACKLOG_", "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    with DemoServer(DemoSpace(issues=20)) as server:
        place = Place(tmp_path, server)
        shutil.copy(loaded, place.warehouse.path)
        monkeypatch.setenv("BACKLOG_SPACE", server.url)
        monkeypatch.setenv("BACKLOG_API_KEY", server.api_key)
        monkeypatch.setenv("BACKLOG_DUCKDB", place.warehouse.path)
        yield place


# --- what is wrong


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"tables": ("issues",)}, "No files hang on a table issues"),
        ({"tables": ("wiki_attachments",)}, "sync --select wiki_attachments"),
        ({"projects": ["WEB", "NO"]}, "There is no project NO"),
    ],
)
def test_what_is_not_there_cannot_be_asked_for(place: Place, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        files_wanted(place.warehouse, **asked)


def test_a_day_is_written_as_one() -> None:
    assert str(since_of("2026-05-01")) == "2026-05-01 00:00:00+00:00"
    assert since_of("") is None
    with pytest.raises(Misconfigured, match="--since"):
        since_of("May")


def test_files_of_another_space_are_not_mixed_with_these(place: Place) -> None:
    place.fetch(projects=["WEB"])
    with (
        pytest.raises(Misconfigured, match=r"of demo, not of example\.backlog\.com"),
        Folder(str(place.out), "example.backlog.com").open(),
    ):
        pass
    (place.out / MANIFEST).write_text("not ours\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="none of this program's"):
        place.fetch()


@pytest.mark.parametrize("at", ["out", "out/shared_files"])
def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_asked(place: Place, at: str) -> None:
    (place.folder / at).parent.mkdir(exist_ok=True)
    (place.folder / at).write_text("a file", encoding="utf-8")
    before = len(place.server.requests)
    with pytest.raises(Misconfigured, match="--to"):
        place.fetch("shared_files")
    assert len(place.server.requests) == before


def test_a_second_run_into_the_same_folder_is_sent_away(place: Place) -> None:
    with Folder(str(place.out), "demo").open(), pytest.raises(Unavailable, match="Another run"):
        place.fetch()


def test_a_file_that_is_refused_keeps_no_other_from_coming_and_its_project_is_left_after_some(place: Place) -> None:
    files = place.wanted("shared_files")
    [web, app] = [[file for file in files if file.project_id == id_] for id_ in (5001, 5002)]
    place.server.faults += [Fault("403", path=web[1].path), Fault("403", path="/projects/5002/files/*")]
    outcome = place.fetch("shared_files")
    assert not outcome.succeeded
    assert set(outcome.failed) == {str(file) for file in (web[1], *app[:REFUSALS])}
    assert all("Retrying cannot help" in told for told in outcome.failed.values())
    assert outcome.skipped == len(app) - REFUSALS
    assert set(place.files()) == {file.place for file in files} - {file.place for file in (web[1], *app)}


def test_a_file_that_is_no_longer_there_is_told_and_is_no_failure(place: Place) -> None:
    gone = place.wanted("shared_files")[0]
    place.server.space.delete_shared_file(gone.id)
    outcome = place.fetch("shared_files")
    assert (outcome.gone, outcome.succeeded) == ([str(gone)], True)
    assert gone.place not in place.files()


def test_a_file_of_another_size_is_not_kept_and_comes_with_the_next_run(place: Place) -> None:
    files = place.wanted("shared_files")
    place.server.faults.append(Fault("bad_json", path=files[1].path, times=1))
    outcome = place.fetch("shared_files")
    [(file, told)] = outcome.failed.items()
    assert file == str(files[1])
    assert f"{files[1].size:,}" in told
    assert f"{(files[1].size or 0) // 2:,} bytes" in told
    assert set(place.files()) == {file.place for file in files} - {files[1].place}
    again = place.fetch("shared_files")
    assert (again.downloaded, again.there_already, again.succeeded) == (1, len(files) - 1, True)


@pytest.mark.parametrize(("kind", "error"), [("401", Unauthorized), ("500", Unavailable)])
def test_what_no_file_gets_over_ends_the_run_and_what_came_before_stays(
    place: Place, kind: str, error: type[BacklogError]
) -> None:
    files = place.wanted("shared_files")
    place.server.faults.append(Fault(kind, path=files[3].path))
    with pytest.raises(error):
        place.fetch("shared_files")
    assert set(place.files()) == set(place.manifest()) == {file.place for file in files[:3]}
    place.server.faults.clear()
    assert place.fetch("shared_files").there_already == 3


# --- what is there


def test_every_file_is_there_with_the_bytes_that_backlog_has_and_a_line_of_the_manifest(place: Place) -> None:
    place.fetch()
    files = place.wanted()
    assert place.files() == {file.place: file.size for file in files}
    assert {path: (line["id"], line["name"]) for path, line in place.manifest().items()} == {
        file.place: (file.id, file.name) for file in files
    }
    for file in files:
        kind = "shared" if file.table == "shared_files" else "pull request"
        assert (place.out / file.place).read_bytes() == Binary(file.name, file.size or 0, f"{kind}/{file.id}").content()


def test_a_second_run_asks_for_nothing(place: Place) -> None:
    first = place.fetch()
    before = len(place.server.requests)
    second = place.fetch()
    assert (second.there_already, second.downloaded) == (first.downloaded, 0)
    assert len(place.server.requests) == before
    (place.out / MANIFEST).unlink()
    assert place.fetch().downloaded == 0
    assert len(place.manifest()) == first.downloaded


def test_a_shared_file_that_has_changed_is_fetched_again_though_its_size_is_the_same(place: Place) -> None:
    place.fetch("shared_files")
    [file, *_] = place.wanted("shared_files")
    with place.warehouse.transaction() as connection:
        connection.execute("UPDATE backlog.shared_files SET updated = '2026-09-01 00:00:00+00' WHERE id = ?", [file.id])
    assert place.fetch("shared_files").downloaded == 1
    assert place.manifest()[file.place]["changed"] == "2026-09-01T00:00:00+00:00"


def test_files_can_be_chosen_by_project_and_by_day(place: Place) -> None:
    ids = {file.project_id for file in place.wanted(projects=["APP", "CRM"])}
    assert ids == {5002, 5004}
    row = place.server.space.add_shared_file("WEB", "/", "新しい.txt", 5)
    place.load_masters("shared_files")
    assert [file.id for file in place.wanted("shared_files", since=since_of(row["updated"][:10]))] == [row["id"]]


def test_linked_files_are_known_without_the_walk_and_are_the_same_files(place: Place) -> None:
    linked = place.wanted("issue_shared_files")
    assert linked
    walked = {file.place: file.path for file in place.wanted("shared_files")}
    assert {file.place: file.path for file in linked}.items() <= walked.items()
    assert len(place.wanted("shared_files", "issue_shared_files")) == len(walked)


def test_attachments_of_issues_are_fetched_but_not_those_of_deleted_ones(place: Place) -> None:
    files = place.wanted("issue_attachments")
    issue = int(files[0].path.split("/")[2])
    lost = [file for file in files if f"/{issue}/" in file.path]
    with place.warehouse.transaction() as connection:
        connection.execute("UPDATE backlog.issues SET _deleted_at = now() WHERE id = ?", [issue])
    assert place.wanted("issue_attachments") == files[len(lost) :]
    smallest = min(files[len(lost) :], key=lambda file: file.size or 0)
    outcome = Outcome()
    with Folder(str(place.out), "demo").open() as folder:
        fetch(place.client, folder, [smallest], outcome)
    assert place.files() == {smallest.place: smallest.size}


def test_files_go_to_any_place_that_fsspec_knows(place: Place) -> None:
    memory = fsspec.filesystem("memory")
    try:
        first = place.fetch(to="memory://space/files", projects=["WEB"])
        assert place.fetch(to="memory://space/files", projects=["WEB"]).there_already == first.downloaded
        found = {path.removeprefix("/space/files/"): memory.size(path) for path in memory.find("/space/files")}
        assert found.pop(MANIFEST)
        assert found == {file.place: file.size for file in place.wanted(projects=["WEB"])}
    finally:
        memory.rm("/space", recursive=True)


def test_odd_names_come_to_the_disk_and_no_two_files_to_one_place(place: Place) -> None:
    names = ("a/b:c.txt", "a_b_c.txt", "..", "長" * 250 + ".pdf", "\u202e.txt", "x.part")
    rows = [place.server.space.add_shared_file("WEB", "/", name, 3 + at) for at, name in enumerate(names)]
    place.load_masters("shared_files")
    assert place.fetch("shared_files", projects=["WEB"]).succeeded
    manifest = {line["id"]: line for line in place.manifest().values()}
    for row in rows:
        line = manifest[row["id"]]
        assert (line["name"], line["size"]) == (row["name"], row["size"])
        assert (place.out / line["path"]).stat().st_size == row["size"]


# --- killed


DOWNLOADS = """
    import sys
    from pathlib import Path
    from backlog_assets.client import BacklogClient
    from backlog_assets.credentials import ApiKey
    from backlog_assets.downloads import Folder
    from backlog_assets.files import Outcome, fetch, files_wanted
    from backlog_assets.warehouse import Warehouse

    url, key, database, out = sys.argv[1:]
    with BacklogClient(url, ApiKey(key)) as client, Folder(out, "demo").open() as folder:
        fetch(client, folder, files_wanted(Warehouse(database), tables=("shared_files",)).files, Outcome())
"""


def reached(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while not what():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


def test_a_run_that_is_killed_in_the_middle_of_a_file_leaves_whole_files_and_the_next_one_goes_on(place: Place) -> None:
    files = place.wanted("shared_files")
    half = files[20]
    drip = Fault("drip", path=half.path, seconds=0.01)
    place.server.faults.append(drip)
    process = started(DOWNLOADS, place.server.url, place.server.api_key, place.warehouse.path, place.out)
    part = place.out / f"shared_files/.{half.id}.part"
    reached(lambda: part.exists() or process.poll() is not None)
    killed(process)
    place.server.faults.clear()
    assert part.exists()
    assert {place_: size for place_, size in place.files().items() if not place_.endswith(".part")} == {
        file.place: file.size for file in files[:20]
    }
    before = len(place.server.requests)
    outcome = place.fetch("shared_files")
    assert (outcome.there_already, outcome.downloaded) == (20, len(files) - 20)
    assert [request.path for request in place.server.requests[before:]] == [file.path for file in files[20:]]
    assert place.files() == {file.place: file.size for file in files}
    assert set(place.manifest()) == set(place.files())


# --- the command


def test_the_command_tells_what_it_did_and_ends_with_0_only_where_all_is_there(place: Place) -> None:
    chosen = ("--table", "shared_files", "--project", "WEB", "--project", "APP")
    files = place.wanted("shared_files", projects=["WEB", "APP"])
    place.server.faults.append(Fault("403", path=files[0].path, times=1))
    failed = place.run(*chosen)
    assert failed.exit_code == 1
    assert f"Downloaded {len(files) - 1} files" in failed.stdout
    assert f"shared_files {files[0].id}: Backlog refused GET {files[0].path}" in failed.stderr
    place.server.space.delete_shared_file(files[0].id)
    done = place.run(*chosen)
    assert done.exit_code == 0, done.output
    assert f"{len(files) - 1} of {len(files)} were there already" in done.stdout
    assert "1 are no longer in Backlog" in done.stdout
    assert place.server.api_key not in done.output + failed.output


def test_the_command_says_what_is_missing_before_anything_is_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.run("--since", "yesterday").exit_code == 2
    assert place.run("--table", "issues").exit_code == 2
    assert not place.out.exists()
    monkeypatch.setenv("BACKLOG_DUCKDB", "none.duckdb")
    missing = place.run()
    assert (missing.exit_code, Path("none.duckdb").exists()) == (2, False)
    assert "backlog-assets sync" in missing.stderr
