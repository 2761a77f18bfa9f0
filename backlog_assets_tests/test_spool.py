"""Pages on disk: what is written, taken back, refused and swept."""

import os
from pathlib import Path

import orjson
import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.errors import Misfit, WrongShape
from backlog_assets.spool import STALE_SECONDS, Spool, file_name

VERSIONS = BY_NAME["project_versions"]


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def main(spool: Spool) -> Path:
    return spool.spooled.parts[spool.spooled.endpoint.name].path


def test_a_failure_leaves_no_spool_behind(tmp_path: Path) -> None:
    with pytest.raises(Misfit), Spool(tmp_path, VERSIONS, "demo", "run") as spool:
        spool.add([{"id": 1}, {"id": "two"}])
    assert list(tmp_path.rglob("*.ndjson")) == []


def test_a_record_of_another_project_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(WrongShape, match="Asked for project_versions of project WEB"),
        Spool(tmp_path, VERSIONS, "demo", "run") as spool,
    ):
        spool.add([{"id": 1, "projectId": 99}], project=("WEB", 10))


def test_a_number_too_large_for_json_is_a_misfit(tmp_path: Path) -> None:
    with (
        pytest.raises(Misfit, match="project_custom_fields cannot be kept"),
        Spool(tmp_path, BY_NAME["project_custom_fields"], "demo", "run") as spool,
    ):
        spool.add([{"id": 1, "version": [2**70]}])


def test_each_record_is_one_line_whatever_its_texts_hold(tmp_path: Path) -> None:
    odd = 'line\nbreak\r\u2028\u2029 tab\t nul\x00 quote" 絵文字 🎌 </script>'
    with Spool(tmp_path, VERSIONS, "demo", "run") as spool:
        spool.add([{"id": 1, "name": odd}, {"id": 2}], project=("WEB", 10))
    assert main(spool).read_bytes().count(b"\n") == 2
    assert lines(main(spool)) == [
        {"id": 1, "name": odd, "projectId": 10, "projectKey": "WEB"},
        {"id": 2, "projectId": 10, "projectKey": "WEB"},
    ]
    assert spool.spooled.records == 2


def test_what_was_written_after_a_mark_can_be_taken_back(tmp_path: Path) -> None:
    with Spool(tmp_path, VERSIONS, "demo", "run") as spool:
        spool.add([{"id": 1}])
        mark = spool.mark()
        spool.add([{"id": 2}, {"id": 3}])
        spool.rewind(mark)
        spool.add([{"id": 4}])
    assert [one["id"] for one in lines(main(spool))] == [1, 4]
    assert spool.spooled.records == 2


def test_lists_that_become_tables_stand_in_files_of_their_own(tmp_path: Path) -> None:
    with Spool(tmp_path, BY_NAME["teams"], "demo", "run") as spool:
        spool.add([{"id": 1, "members": [{"id": 7}, {"id": 8}]}, {"id": 2, "members": []}, {"id": 3}])
        mark = spool.mark()
        spool.add([{"id": 4, "members": [{"id": 9}]}])
        spool.rewind(mark)
    assert lines(main(spool)) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert lines(spool.spooled.parts["team_members"].path) == [{"id": 1, "members": [{"id": 7}, {"id": 8}]}]
    spool.spooled.discard()
    assert list(tmp_path.rglob("*.ndjson")) == []


def test_two_spaces_have_spools_of_their_own(tmp_path: Path) -> None:
    paths = set()
    for space in ("demo", "example.backlog.com", "example.backlog.jp", "127.0.0.1:8000"):
        with Spool(tmp_path, VERSIONS, space, "run") as spool:
            paths.add(main(spool).parent)
    assert len(paths) == 4


def test_spools_of_killed_runs_are_swept_when_they_are_old_and_only_then(tmp_path: Path) -> None:
    with Spool(tmp_path, VERSIONS, "demo", "old") as old, Spool(tmp_path, VERSIONS, "demo", "young") as young:
        pass
    written = main(old).stat().st_mtime
    os.utime(main(young), (written + STALE_SECONDS, written + STALE_SECONDS))
    with Spool(tmp_path, VERSIONS, "demo", "new", now=written + STALE_SECONDS + 1):
        pass
    assert sorted(path.stem for path in tmp_path.rglob("*.ndjson")) == [
        "new.project_versions",
        "young.project_versions",
    ]


def test_a_part_in_which_nothing_was_written_for_long_goes_with_the_rest_of_its_load_only(tmp_path: Path) -> None:
    with Spool(tmp_path, BY_NAME["teams"], "demo", "long") as long:
        pass
    rests, is_written = (long.spooled.parts[name].path for name in ("team_members", "teams"))
    written = rests.stat().st_mtime
    os.utime(is_written, (written + STALE_SECONDS, written + STALE_SECONDS))
    with Spool(tmp_path, BY_NAME["teams"], "demo", "new", now=written + STALE_SECONDS + 1):
        pass
    assert rests.exists()
    with Spool(tmp_path, BY_NAME["teams"], "demo", "newer", now=written + 2 * STALE_SECONDS + 1):
        pass
    assert not rests.exists()
    assert not is_written.exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [("127.0.0.1:8000", "127.0.0.1-8000"), ("../../etc/passwd", "etc-passwd"), ("..", "_"), ("日本", "_")],
)
def test_a_file_name_stays_in_its_folder(text: str, name: str) -> None:
    assert file_name(text) == name
