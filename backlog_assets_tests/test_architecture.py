"""The house: who may import whom, how large a file may be, and what must not happen when modules are loaded."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ROOT / "backlog_assets"

FLOORS: list[set[str]] = [
    {"errors", "progress", "catalogue", "examples", "choice", "people", "shape"},
    {"credentials", "answers", "quota", "paging", "transport", "tries", "request", "client"},
    {"journal", "spool", "cost", "manifest", "raw"},
    {
        "reading",
        "each_reading",
        "comment_reading",
        "tree_reading",
        "version_reading",
        "file_reading",
        "following",
        "probe",
    },
    {
        "warehouse",
        "loading",
        "cursors",
        "aligning",
        "each_state",
        "comment_state",
        "shrinking",
        "ledger",
        "permissions",
    },
    {
        "incremental",
        "known",
        "keeping",
        "history",
        "people_state",
        "field_views",
        "meanings",
        "pages",
    },
    {"demo", "demo_day"},
    {"values", "slices", "frames", "failures", "figures", "io_manager", "resources", "partitions"},
    {
        "chart",
        "lineage",
        "overview",
        "specs",
        "checks",
        "steps",
        "outcomes",
        "history_assets",
        "single_objects",
        "assets",
    },
    {"turns", "executor", "lost_runs", "clock", "jobs", "schedules", "sensors", "alerts"},
    {"sync", "doctor", "replay", "downloads", "files"},
    {"definitions", "cli"},
]
"""Lowest first; a module imports from its own floor and from those below."""

FLOOR = {module: at for at, modules in enumerate(FLOORS) for module in modules}

MUST_NOT_KNOW = {
    "people": {"dagster", "duckdb", "requests", "pandas"},
    "people_state": {"dagster", "requests", "pandas"},
    "client": {"dagster", "duckdb", "pandas"},
    "reading": {"dagster", "duckdb", "pandas"},
    "journal": {"dagster", "duckdb", "pandas", "requests"},
    "comment_reading": {"dagster", "duckdb", "pandas"},
    "tree_reading": {"dagster", "duckdb", "pandas", "requests"},
    "version_reading": {"dagster", "duckdb", "pandas", "requests"},
    "each_reading": {"dagster", "duckdb", "pandas"},
    "each_state": {"dagster", "requests", "pandas"},
    "permissions": {"dagster", "requests", "pandas"},
    "comment_state": {"dagster", "requests", "pandas"},
    "file_reading": {"dagster", "duckdb", "pandas", "requests"},
    "spool": {"dagster", "duckdb", "pandas", "requests"},
    "examples/__init__": {"dagster", "duckdb", "pandas", "requests"},
    "shape": {"dagster", "duckdb", "pandas", "requests"},
    "warehouse": {"dagster", "requests", "pandas"},
    "meanings": {"dagster", "requests", "pandas"},
    "loading": {"dagster", "requests", "pandas"},
    "ledger": {"dagster", "requests", "pandas"},
    "shrinking": {"dagster", "requests", "pandas"},
    "field_views/naming": {"dagster", "duckdb", "requests", "pandas"},
    "field_views/building": {"dagster", "requests", "pandas"},
    "checks/findings": {"dagster", "requests", "pandas"},
    "checks/rules": {"dagster", "requests", "pandas"},
    "checks/references": {"dagster", "requests", "pandas"},
    "checks/upkeep": {"dagster", "requests", "pandas"},
    "checks/completeness": {"dagster", "requests", "pandas"},
    "alerts/state": {"dagster", "requests", "duckdb", "pandas"},
    "alerts/words": {"dagster", "requests", "duckdb", "pandas"},
    "alerts/message": {"dagster", "requests", "duckdb", "pandas"},
    "alerts/outbox": {"dagster", "requests", "duckdb", "pandas"},
    "alerts/post": {"dagster", "requests", "duckdb", "pandas"},
    "cost": {"dagster", "duckdb", "requests", "pandas"},
    "downloads": {"dagster", "duckdb", "pandas", "requests"},
    "files": {"dagster", "pandas", "requests"},
    "following": {"dagster", "duckdb", "pandas"},
    "raw": {"dagster", "duckdb", "pandas", "requests"},
    "keeping": {"dagster", "pandas", "requests"},
    "known": {"dagster", "requests", "pandas"},
    "single_objects": {"duckdb", "requests", "pandas"},
    "outcomes": {"duckdb", "requests", "pandas"},
    "assets": {"duckdb", "requests", "pandas"},
}


def files() -> list[Path]:
    return sorted(path for path in PRODUCT.rglob("*.py"))


def module_of(path: Path) -> str:
    first = path.relative_to(PRODUCT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Full names of what a file imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_every_module_has_its_floor() -> None:
    assert {module_of(path) for path in files()} - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PRODUCT)))
def test_a_module_imports_only_from_its_own_floor_and_below(path: Path) -> None:
    if module_of(path) == "__init__":
        return
    floor = FLOOR[module_of(path)]
    for name in imports(path):
        if name.startswith("backlog_assets.") and name != "backlog_assets.__version__":
            assert FLOOR[name.split(".")[1]] <= floor, name


@pytest.mark.parametrize(("module", "strangers"), MUST_NOT_KNOW.items())
def test_a_module_does_not_know_what_it_must_not(module: str, strangers: set[str]) -> None:
    known = {name.split(".")[0] for name in imports(PRODUCT / f"{module}.py")}
    assert not known & strangers


def test_the_demo_space_imports_nothing_of_the_product() -> None:
    for path in (PRODUCT / "demo").rglob("*.py"):
        assert not [
            n for n in imports(path) if n.startswith("backlog_assets") and not n.startswith("backlog_assets.demo")
        ]


def test_private_parts_of_dagster_are_used_in_the_io_manager_only() -> None:
    users = {path.stem for path in files() if any(name.startswith("dagster._") for name in imports(path))}
    assert users <= {"io_manager", "frames", "slices"}


@pytest.mark.parametrize("path", [*files(), *ROOT.glob("backlog_assets_tests/**/*.py")], ids=lambda path: path.name)
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PRODUCT)))
def test_no_marks_stand_in_the_product(path: Path) -> None:
    assert not re.search(r"noqa|type: ignore|TODO|FIXME|XXX", path.read_text(encoding="utf-8"))
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "a module says what it holds"


def test_definitions_load_with_an_empty_environment_without_a_file_or_a_connection_opened(tmp_path: Path) -> None:
    watch = """
import dagster, duckdb, pandas, dagster_duckdb_pandas, requests, importlib.metadata, sys
opened = []
def audit(event, args):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "sqlite3.connect"):
        opened.append((event, args))
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so", ".json", "METADATA", "PKG-INFO")):
        opened.append((event, args[:2]))
sys.addaudithook(audit)
import backlog_assets.definitions
opened = [one for one in opened if "site-packages" not in str(one[1]) and "/lib/python" not in str(one[1])]
assert not opened, opened
"""
    subprocess.run([sys.executable, "-B", "-c", watch], cwd=tmp_path, env={"PATH": ""}, check=True, capture_output=True)
    assert list(tmp_path.iterdir()) == []
