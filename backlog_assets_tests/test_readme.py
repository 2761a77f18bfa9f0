"""The README's query and its pandas twin give the answers printed there, from the demo space."""

import re
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from backlog_assets.definitions import build_definitions, io_manager_from
from backlog_assets.resources import SETTINGS
from backlog_assets.sync import sync

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo space in data/demo.duckdb, as `make sync` leaves it."""
    folder = tmp_path_factory.mktemp("readme")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.chdir(folder)
        assert sync(build_definitions({}), instance, io_manager_from({}), names=["issues", "projects"]).succeeded
    return folder


def test_the_query_gives_the_printed_answer(demo: Path) -> None:
    text = block("sql")
    printed = [
        [cell.strip() for cell in line.removeprefix("--").split("│")] for line in text.splitlines() if "│" in line
    ]
    with duckdb.connect(str(demo / "data" / "demo.duckdb"), read_only=True) as connection:
        answer = connection.execute(text).fetchall()
    assert [[str(cell) for cell in row] for row in answer] == printed


def test_the_frame_gives_the_printed_answer(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = block("python")
    printed = [line.removeprefix("#").split() for line in text.splitlines() if line.startswith("# 20")]
    monkeypatch.chdir(demo)
    exec(compile(text, "README.md", "exec"), {})
    answer = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("20")]
    assert answer == printed
    assert len(printed) == 3


def test_every_setting_is_in_the_readme_and_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for variable in (*SETTINGS.values(), "BACKLOG_DUCKDB", "BACKLOG_SCHEMA"):
        assert f"`{variable}`" in README, variable
        assert variable in example, variable


def test_the_japanese_readme_has_the_same_commands_settings_tables_and_numbers() -> None:
    japanese = (ROOT / "README.ja.md").read_text(encoding="utf-8")

    def fenced(text: str) -> list[str]:
        return re.findall(r"```.*?```", text, re.DOTALL)

    def named(text: str) -> set[str]:
        return set(re.findall(r"`(BACKLOG_\w+|[a-z]+(?:_[a-z]+)+)`", text))

    def measured(text: str) -> list[str]:
        return re.findall(r"^\|(?: \*\*)?.*\d\.\d\d.*\|$", text, re.MULTILINE)

    assert fenced(japanese) == fenced(README)
    assert named(README) <= named(japanese)
    assert measured(japanese) == measured(README)
    assert len(measured(README)) >= 10
