"""The day in the demo space: put forward by the command line, the same for every run in a folder."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from backlog_assets.cli import main
from backlog_assets.demo import FIRST_DAY
from backlog_assets.demo_day import advance, days, demo_day
from backlog_assets.errors import Misconfigured
from backlog_assets.resources import BacklogResource


def test_nobody_has_put_it_forward(tmp_path: Path) -> None:
    assert demo_day(tmp_path) == FIRST_DAY
    assert list(tmp_path.iterdir()) == []


def test_days_add_up(tmp_path: Path) -> None:
    assert advance(tmp_path / "data", 1) == date(2026, 9, 1)
    assert advance(tmp_path / "data", 30) == date(2026, 10, 1)
    assert demo_day(tmp_path / "data") == date(2026, 10, 1)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["demo_day"]


@pytest.mark.parametrize("text", ["tomorrow", "", "2025-01-01", "2026-09-31"])
def test_a_file_that_holds_no_day_of_the_space_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo_day").write_text(text, encoding="ascii")
    with pytest.raises(Misconfigured, match=r"demo_day holds .*; remove the file"):
        demo_day(tmp_path)


@pytest.mark.parametrize("text", ["1", "0d", "-1d", "1w", "d", "1.5d", "367d", "9999d"])
def test_what_is_no_number_of_days_is_told(text: str) -> None:
    with pytest.raises(Misconfigured, match="write days, 1d to 366d"):
        days(text)


def test_the_space_that_is_served_is_of_that_day(tmp_path: Path) -> None:
    def newest() -> str:
        backlog = BacklogResource(spool_folder=str(tmp_path / "data" / "spool"))
        try:
            return str(backlog.client.get("/issues", {"sort": "updated", "order": "desc", "count": 1})[0]["updated"])
        finally:
            backlog.close()

    before = newest()
    advance(tmp_path / "data", 1)
    assert before < "2026-08-31T" < newest() < "2026-09-01T"


@pytest.mark.parametrize(
    ("arguments", "space", "told"),
    [
        (["--advance", "1d"], "example.backlog.com", "is for the demo space"),
        (["--advance", "soon"], "demo", "--advance is 'soon'; write days"),
        (["--advance", "1d", "--select", "isues"], "demo", "There is no table isues"),
    ],
)
def test_what_cannot_be_done_puts_nothing_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], space: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKLOG_SPACE", space)
    monkeypatch.setenv("BACKLOG_API_KEY", "k")
    result = CliRunner().invoke(main, ["sync", *arguments])
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (tmp_path / "data" / "demo_day").exists()
