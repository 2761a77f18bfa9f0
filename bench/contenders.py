"""Who loads: ours, the bare loop below which nobody gets, and dlt. Knows no measuring.

A contender is a function that imports what it needs, makes everything ready and returns a `Load`; only `Load.act` is
measured. What is imported is imported inside it, for the other contenders' processes must not pay for it.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.job import PAGE, PAGES, Job, Row

ROOT = Path(__file__).resolve().parent.parent

OURS_FILE, DLT_FILE = "ours.duckdb", "dlt.duckdb"
"""The DuckDB files in a job's folder, by who fills them."""

WORTH_A_PROCESS = 25_000
"""Records of one dlt file. Up to so many, a second process costs more than it saves (at 10,000: 4.1 s, not 3.0 s)."""


@dataclass(frozen=True)
class Load:
    """`act` loads; `ids` gives the ids it loaded, and `rows` how many rows are in each table (empty: it has none)."""

    act: Callable[[], object]
    ids: Callable[[], list[int]]
    rows: Callable[[], dict[str, int]]
    held: Callable[[], list[Row]] = list
    """The rows it says are there now, where a later load is compared with the space: see `job.Row`."""


def floor(job: Job) -> Load:
    """Keep-alive GET and `response.json()`, page by page. Nothing is checked, nothing is written."""
    _without_extras()
    return _bare_loop(job, lambda response: response.json())


def floor_with_orjson(job: Job) -> Load:
    """The floor with the JSON parser that ours uses."""
    _without_extras()
    import orjson

    return _bare_loop(job, lambda response: orjson.loads(response.content))


def _bare_loop(job: Job, parsed: Callable[[Any], list[dict[str, Any]]]) -> Load:
    import requests

    session = requests.Session()
    session.headers["Backlog-API-Key"] = job.space.api_key
    ids: list[int] = []

    def act() -> None:
        for offset in range(0, job.issues + PAGE, PAGE):
            page = parsed(session.get(f"{job.space.url}/api/v2/issues", params={**PAGES, "offset": offset}))
            ids.extend(record["id"] for record in page)
            if len(page) < PAGE:
                return

    return Load(act, lambda: ids, dict)


def ours(job: Job) -> Load:
    """The `issues` asset with its child tables, in a Dagster run with a history on disk, as `sync` runs it.

    Without the checks that come after a load: nobody else here checks anything. The picture of the issues is drawn.
    """
    act = sync_of(job, "issues")

    from backlog_assets.catalogue import BY_NAME

    database, endpoint = job.folder / OURS_FILE, BY_NAME["issues"]
    tables = {endpoint.name: endpoint.name, **{child.field: child.name for child in endpoint.children}}
    return Load(act, lambda: _ids(database), lambda: _rows(database, tables))


def sync_of(job: Job, *names: str) -> Callable[[], object]:
    """What loads these endpoints, with their child tables, in one Dagster run into `OURS_FILE` of the job's folder."""
    settings = {
        "BACKLOG_SPACE": job.space.url,
        "BACKLOG_API_KEY": job.space.api_key,
        "BACKLOG_DUCKDB": str(job.folder / OURS_FILE),
    }
    os.environ.update(settings)  # the resource names the key's variable and looks it up when it is used
    os.environ.pop("DAGSTER_HOME", None)
    shutil.copy(ROOT / "dagster.yaml", job.folder)
    _without_extras()

    import dagster as dg

    from backlog_assets.catalogue import BY_NAME
    from backlog_assets.catalogue.table import names_of
    from backlog_assets.definitions import build_definitions
    from backlog_assets.specs import asset_key
    from backlog_assets.sync import QUIET, run_history

    made = build_definitions(settings)
    loads = dg.Definitions(assets=made.assets, resources=made.resources, executor=made.executor)
    run = loads.resolve_implicit_global_asset_job_def()
    history = run_history(job.folder)
    selection = [asset_key(table) for name in names for table in names_of(BY_NAME[name])]
    return lambda: run.execute_in_process(instance=history, asset_selection=selection, run_config=dict(QUIET))


def _without_extras() -> None:
    """Hides what only the benchmark's extra has installed, so that floor and ours are what everybody gets.

    requests takes simplejson where it finds it, which is slower: the floor would sink. pandas imports pyarrow where it
    finds it, which takes 34 MiB.
    """
    for name in ("simplejson", "pyarrow"):
        sys.modules[name] = None  # type: ignore[assignment]


def dlt_as_it_comes(job: Job) -> Load:
    """dlt's `rest_api` source as its documentation shows it for an API with offsets; everything else is its default."""
    return _dlt(job, {}, selector="$")


def dlt_tuned(job: Job) -> Load:
    """The settings that dlt's performance page has, as far as they helped here.

    Parquet instead of INSERT statements; no child tables (the lists stay JSON columns of one table, where ours fills
    eight); no gzip between its steps (a tenth less time); smaller buffers (a fifth less memory, no slower); a
    second normalizing process where there is more than one file to share. Tried without gain: larger buffers, and a
    second process at 10,000 issues.
    """
    return _dlt(job, tuning_of(job.issues), selector="$")


def dlt_tuned_further(job: Job) -> Load:
    """The same, and the page selector compiled once: dlt parses the string `$` anew, with ply, for every page (17 ms).

    No documentation says so; a profile does. `data_selector` is typed to take what is compiled.
    """
    from dlt.common.jsonpath import compile_path

    return _dlt(job, tuning_of(job.issues), selector=compile_path("$"))


def tuning_of(issues: int) -> dict[str, str]:
    tuning = {"DATA_WRITER__DISABLE_COMPRESSION": "true", "DATA_WRITER__BUFFER_MAX_ITEMS": "1000"}
    if issues > WORTH_A_PROCESS:
        tuning |= {"DATA_WRITER__FILE_MAX_ITEMS": str(WORTH_A_PROCESS), "NORMALIZE__WORKERS": "2"}
    return tuning


def _dlt(job: Job, tuning: Mapping[str, str], *, selector: Any) -> Load:
    """A dlt pipeline into a new DuckDB file; with any `tuning` (environment variables), parquet and flat as well."""
    params = {name: value for name, value in PAGES.items() if name != "count"}
    resource = {"name": "issues", "endpoint": {"path": "issues", "params": params, "data_selector": selector}}
    # No answer has a total; the first empty page ends the list.
    paginator = {"type": "offset", "limit": PAGE, "limit_param": "count", "total_path": None}
    act, database = dlt_run(job, tuning, [resource], paginator), job.folder / DLT_FILE
    return Load(act, lambda: _ids(database), lambda: _rows(database, _dlt_tables(database)))


def dlt_run(
    job: Job, tuning: Mapping[str, str], resources: Sequence[Mapping[str, Any]], paginator: Any
) -> Callable[[], object]:
    """What loads these resources of dlt's `rest_api` into `DLT_FILE` of the job's folder; `tuning` as in `_dlt`."""
    os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(job.folder / "dlt"), **tuning})

    import dlt
    from dlt.sources.rest_api import rest_api_source

    config: Any = {
        "client": {
            "base_url": f"{job.space.url}/api/v2/",
            "auth": {
                "type": "api_key",
                "name": "Backlog-API-Key",
                "api_key": job.space.api_key,
                "location": "header",
            },
            "paginator": paginator,
        },
        "resources": list(resources),
    }
    source = rest_api_source(config, **({"max_table_nesting": 0} if tuning else {}))
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(str(job.folder / DLT_FILE)),
        dataset_name="backlog",
        pipelines_dir=str(job.folder / "pipelines"),
    )
    file_format = {"loader_file_format": "parquet"} if tuning else {}
    return lambda: pipeline.run(source, **file_format).raise_on_failed_jobs()


def _dlt_tables(database: Path) -> dict[str, str]:
    """Field of the issue -> the table dlt made of it, as dlt names it: `sharedFiles` -> `issues__shared_files`."""
    from backlog_assets.catalogue import BY_NAME

    made = {"issues": "issues"}
    for child in BY_NAME["issues"].children:
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in child.field)
        made[child.field] = f"issues__{snake}"
    there = {name for [name] in query(database, "SELECT table_name FROM duckdb_tables()")}
    others = {name: name for name in sorted(there - set(made.values())) if not name.startswith("_dlt")}
    return {field: name for field, name in made.items() if name in there} | others


def _ids(database: Path) -> list[int]:
    return [found for [found] in query(database, "SELECT id FROM backlog.issues")]


def _rows(database: Path, tables: Mapping[str, str]) -> dict[str, int]:
    return {field: query(database, f'SELECT count(*) FROM backlog."{table}"')[0][0] for field, table in tables.items()}


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """The answer of a DuckDB file that nobody has open."""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


CONTENDERS: Mapping[str, Callable[[Job], Load]] = {
    "floor": floor,
    "floor, orjson": floor_with_orjson,
    "backlog-assets": ours,
    "dlt tuned further": dlt_tuned_further,
    "dlt tuned": dlt_tuned,
    "dlt as it comes": dlt_as_it_comes,
}
"""By the names they are printed with, in the order of a round."""

FLOOR, OURS, DLT_TUNED_FURTHER, DLT_TUNED, DLT = "floor", "backlog-assets", *list(CONTENDERS)[3:]
