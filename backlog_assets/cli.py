"""The command line: sync, doctor, files, demo, alerts. Thin; what it does is in the modules of the same names."""

import logging
import os
import sys
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from dotenv import load_dotenv
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from backlog_assets import __version__
from backlog_assets.alerts.command import alerts
from backlog_assets.cost import duration
from backlog_assets.errors import BacklogError, Misconfigured
from backlog_assets.progress import Step, watched

PIPE_WIDTH = 140

OUT = "The made-up demo space, bundled with this program. Set BACKLOG_SPACE and BACKLOG_API_KEY to load your own."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="backlog-assets")
def main() -> None:
    """Loads a whole Backlog space into DuckDB.

    Settings are environment variables, or lines of a file .env in this folder: BACKLOG_SPACE (example.backlog.com),
    BACKLOG_API_KEY, BACKLOG_DUCKDB and others; the README lists them. With none set, the demo space is loaded.
    """
    load_dotenv(Path(".env"))
    # Dagster warns of its own previews and deprecations; they are not for those who run a sync.
    warnings.simplefilter("ignore")


@main.command()
@click.option("--select", metavar="A,B", default="", help="Load these tables only (and what they need). Default: all.")
@click.option("--full", is_flag=True, help="Forget where earlier loads ended and read everything anew.")
@click.option("--allow-shrink", is_flag=True, help="Let tables lose most of their rows, which is refused otherwise.")
@click.option("--advance", metavar="DAYS", default="", help="Put the demo space forward first, such as by 1d.")
def sync(select: str, full: bool, allow_shrink: bool, advance: str) -> None:
    """Load the space, check what was loaded, and print each table.

    Exit status 0 only when every table was loaded that the key may read, and no check has found an error. What the key
    may not read is a warning. A table that fails is told at the end, keeps the rows it had, and does not keep the
    others from being loaded.
    """
    with _told():
        from backlog_assets import sync as job
        from backlog_assets.definitions import build_definitions, io_manager_from, options_from
        from backlog_assets.doctor import sync_cost
        from backlog_assets.resources import BacklogResource

        console = _console()
        io_manager = io_manager_from(os.environ)
        names = [name for name in select.split(",") if name.strip()]
        choice = options_from(os.environ).choice
        chosen = job.selection(names, choice)
        warehouse = io_manager.warehouse()
        with BacklogResource.from_environment(os.environ).process_config_and_initialize_cm() as backlog:
            if advance:
                backlog.advance_demo(advance)
            console.print(f"Space [bold]{backlog.space_name}[/]" + (f": {OUT}" if job.is_demo(backlog) else ""))
            if job.is_demo(backlog):
                console.print(f"It is {backlog.demo_day} there; [bold]sync --advance 1d[/] makes it a day later.")
            console.print(f"Reading as {job.check_first(backlog, warehouse)}.")
            changed = job.treat_people(backlog, warehouse, full=full)
            if changed:
                console.print(changed)
            only = backlog.selected_projects
            projects = None if only is None else len(only)
            console.print(sync_cost(backlog.client, warehouse, chosen, backlog.headroom, full=full, projects=projects))
        with job.run_history(Path.cwd()) as instance, _progress(console):
            defs = build_definitions(os.environ)
            how = {"full": full, "allow_shrink": allow_shrink}
            outcome = job.sync(defs, instance, io_manager, names=names, only=only, choice=choice, **how)
        _print_tables(console, outcome.tables)
        for note in outcome.notes:
            console.print(note)
        if outcome.quotas:
            left = ", ".join(f"{kind} {quota}" for kind, quota in outcome.quotas.items())
            console.print(f"Quota left this minute: {left}.")
        console.print(f"DuckDB file: [bold]{io_manager.database}[/]", soft_wrap=True)
        if outcome.tables:
            _print_example(console, *job.example(warehouse, [one.table for one in outcome.tables]))
        _print_checks(console, outcome)
        for table, reason in outcome.failures.items():
            click.echo(f"\n{table}: {reason}", err=True)
        if outcome.failures:
            click.echo(
                f"\n{len(outcome.failures)} of the loads and checks failed; what was not loaded keeps the rows it had.",
                err=True,
            )
        if not outcome.succeeded:
            sys.exit(1)


@main.command()
@click.option("--probe", is_flag=True, help="See whether the space behaves as is assumed where no documentation says.")
def doctor(probe: bool) -> None:
    """Say whether the space can be reached, who the key belongs to, which tables it may read, and what a sync costs.

    With --probe: which of the assumptions about Backlog's API hold on this space. Reads only, about 30 requests.
    """
    if probe:
        _probe()
        return
    with _told():
        from backlog_assets import doctor as examine
        from backlog_assets.definitions import io_manager_from, options_from
        from backlog_assets.resources import BacklogResource

        console = _console()
        with BacklogResource.from_environment(os.environ).process_config_and_initialize_cm() as backlog:
            client, choice = backlog.client, options_from(os.environ).choice
            warehouse = io_manager_from(os.environ).warehouse()
            name, me = examine.reachable(client)
            console.print(f"Space [bold]{backlog.space_name}[/] ({name}) answers. The key belongs to {me}.")
            found = examine.patient(client, warehouse, backlog.selected_projects, choice)
            tried = list(examine.findings(client, found))
            examine.note_findings(warehouse, tried)
            table = Table("table", "readable", "requests", "time", "detail")
            for one in tried:
                is_known = one.readable is not False
                requests = f"{'at least ' if one.at_least else ''}{one.requests:,}" if is_known else "-"
                time = examine.minutes(client, one, backlog.headroom) if is_known else "-"
                readable = {True: "yes", False: "[red]no[/]", None: "?"}[one.readable]
                table.add_row(one.endpoint.name, readable, requests, time, escape(one.detail))
            console.print(table)
            for note in choice.notes:
                console.print(note)
            for cost in examine.costs(client, tried, backlog.headroom):
                bound = "at least" if cost.at_least else "about"
                console.print(
                    f"A sync of all that is chosen sends {bound} {cost.requests:,} requests of class "
                    f"{cost.rate_class}; {cost.remaining:,} of {cost.limit:,} a minute are left: "
                    f"{duration(cost.seconds)}."
                )


def _probe() -> None:
    """Exit status 1 where an assumption fails that nothing makes up for."""
    with _told():
        from backlog_assets.doctor import reachable
        from backlog_assets.probe import MOST, NOT_ASKED, Verdict, probe
        from backlog_assets.resources import BacklogResource

        console = _console()
        with BacklogResource.from_environment(os.environ).process_config_and_initialize_cm() as backlog:
            client = backlog.client
            name, me = reachable(client)
            console.print(f"Space [bold]{backlog.space_name}[/] ({name}), read as {me}. At most {MOST} requests.")
            before = client.usage
            table = Table("assumption", "seen here", "verdict", show_lines=True)
            found = list(probe(client))
            for one in found:
                style = {Verdict.FAILS: "red", Verdict.HANDLED: "yellow", Verdict.UNKNOWN: "dim"}.get(
                    one.verdict, "green"
                )
                table.add_row(escape(one.assumption), escape(one.seen), f"[{style}]{one.verdict.value}[/]")
            console.print(table)
            console.print(NOT_ASKED)
            spent = client.usage.since(before)
            counts = ", ".join(
                f"{verdict.value}: {sum(one.verdict is verdict for one in found)}" for verdict in Verdict
            )
            console.print(f"{counts}. Spent {spent.requests} requests ({_by_class(spent.requests_by_class)}).")
        if any(one.verdict is Verdict.FAILS for one in found):
            sys.exit(1)


def _by_class(requests: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(requests.items()))


@main.command()
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Rebuild this table only. Default: all kept.")
@click.option("--into", metavar="FILE", default=None, help="Into this DuckDB file. Default: the one of the settings.")
@click.option("--allow-gaps", is_flag=True, help="Take what is kept where loads are missing in between.")
def replay(tables: Sequence[str], into: str | None, allow_gaps: bool) -> None:
    """Rebuild tables from what was kept of each load (BACKLOG_KEEP_RAW=on), without a request.

    Every kept load is done again, in order and beside the tables. These are replaced all at once at the end; where
    anything is missing or damaged, nothing is changed.
    """
    with _told():
        from backlog_assets.definitions import io_manager_from
        from backlog_assets.keeping import raw_folder_from
        from backlog_assets.replay import replay as rebuild
        from backlog_assets.resources import BacklogResource, people_in
        from backlog_assets.warehouse import Warehouse

        console = _console()
        target = io_manager_from(os.environ).warehouse()
        if into is not None:
            target = Warehouse(into, target.schema)
        raw, space = raw_folder_from(os.environ), BacklogResource.from_environment(os.environ).space_name
        with _progress(console):
            done = rebuild(raw, space, target, tables=tables, allow_gaps=allow_gaps, people=people_in(os.environ))
        table = Table("table", "rows")
        for name, rows in done.rows.items():
            table.add_row(name, f"{rows:,}")
        console.print(table)
        for note in done.notes:
            console.print(note)
        console.print(f"{done.records:,} records of {done.loads:,} loads, no request. DuckDB file: {target.path}")


@main.command()
@click.option("--to", required=True, metavar="FOLDER", help="A folder, or any fsspec URL, such as s3://bucket/backlog.")
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Files of this table only. Default: all loaded.")
@click.option("--project", "projects", multiple=True, metavar="KEY", help="Of this project only.")
@click.option("--since", default="", metavar="YYYY-MM-DD", help="Made or changed on this day (UTC) or later.")
def files(to: str, tables: Sequence[str], projects: Sequence[str], since: str) -> None:
    """Download the attachments and shared files that the tables list, to a folder or any fsspec URL.

    Each is named by its id, checked by its size, and told in manifest.ndjson. What is there already is not asked for
    again, so a run that was stopped goes on. Exit status 0 only when every file that Backlog still has is there.
    """
    with _told():
        from backlog_assets import files as job
        from backlog_assets.definitions import io_manager_from
        from backlog_assets.downloads import Folder
        from backlog_assets.resources import BacklogResource
        from backlog_assets.sync import check_first

        console, warehouse = _console(), io_manager_from(os.environ).warehouse()
        if not warehouse.exists:
            raise Misconfigured(f"There is no {warehouse.path} yet. Load the tables first: backlog-assets sync.")
        with BacklogResource.from_environment(os.environ).process_config_and_initialize_cm() as backlog:
            console.print(f"Space [bold]{backlog.space_name}[/]. Reading as {check_first(backlog, warehouse)}.")
            only = projects or backlog.selected_projects
            listed = job.files_wanted(warehouse, tables=tables, projects=only, since=job.since_of(since))
            outcome = job.Outcome()
            try:
                with Folder(to, backlog.space_name).open() as folder, _progress(console):
                    console.print(job.cost_told(backlog.client, listed.files, folder, backlog.headroom))
                    job.fetch(backlog.client, folder, listed.files, outcome)
            finally:
                console.print(job.told(outcome, listed), soft_wrap=True, highlight=False, markup=False)
        for file, reason in outcome.failed.items():
            click.echo(f"\n{file}: {reason}", err=True)
        if not outcome.succeeded:
            sys.exit(1)


@main.command()
@click.option("--port", default=8900, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="Another seed makes another space.")
@click.option("--date", default=None, help="The day it is in the space, YYYY-MM-DD.")
@click.option("--issues", default=1500, show_default=True, help="How many issues.")
@click.option("--projects", default=6, show_default=True, help="How many projects.")
@click.option("--teams", default=5, show_default=True, help="How many teams.")
@click.option("--plan", type=click.Choice(["generous", "paid", "free"]), default="generous", show_default=True)
@click.option(
    "--break", "faults", multiple=True, metavar="KIND:/PATH[:AFTER]", help="A fault, such as reset:/issues:3."
)
def demo(
    port: int, seed: int, date: str | None, issues: int, projects: int, teams: int, plan: str, faults: Sequence[str]
) -> None:
    """Serve the demo space until Ctrl-C, for other programs and for trying out faults."""
    from backlog_assets.demo.serve import serve

    try:
        serve(
            port=port,
            seed=seed,
            date=date,
            issues=issues,
            projects=projects,
            teams=teams,
            plan=plan,
            faults=list(faults),
        )
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None


main.add_command(alerts)


def _console() -> Console:
    """As wide as the terminal; in a file or a pipe, wide enough that no name is cut."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


@contextmanager
def _told() -> Generator[None]:
    """What this product reports on purpose becomes one paragraph and exit status 1 (2 for a wrong setting)."""
    status = 1
    try:
        yield
    except Misconfigured as error:
        status, message = 2, str(error)
    except BacklogError as error:
        message = str(error)
    else:
        return
    click.echo(message, err=True)
    sys.exit(status)


@contextmanager
def _progress(console: Console) -> Generator[None]:
    """Shows how far the sync has come: a bar in a terminal, a line a table elsewhere. Waiting is told in both."""
    handler = RichHandler(console=console, show_path=False, show_level=False)
    logger = logging.getLogger("backlog_assets")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        if console.is_terminal:
            with _bar(console):
                yield
        else:
            with watched(_line):
                yield
    finally:
        logger.removeHandler(handler)


def _line(step: Step) -> None:
    if step.is_over:
        click.echo(f"loaded {step.table}: {step.done:,} rows")


@contextmanager
def _bar(console: Console) -> Generator[None]:
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[so_far]}")),
        *(TimeElapsedColumn(), TextColumn("{task.fields[left]}")),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(step: Step) -> None:
            if step.table not in tasks:
                tasks[step.table] = bar.add_task(step.table, total=None, so_far="", left="")
            so_far = f"{step.done:,}" if step.total is None else f"{step.done:,} of {step.total:,}"
            left = "" if step.seconds_left is None else f"{duration(step.seconds_left)} left"
            total = step.total if step.total or step.is_over else None
            bar.update(tasks[step.table], completed=step.done, total=total, so_far=so_far, left=left)
            bar.update(tasks[step.table], visible=not step.is_over)

        with watched(show):
            yield


def _print_tables(console: Console, tables: Sequence[Any]) -> None:
    table = Table("table")
    for heading in ("rows", "inserted", "updated", "deleted", "requests", "seconds"):
        table.add_column(heading, justify="right")
    for one in tables:
        counts = (one.rows, one.inserted, one.updated, one.deleted, one.requests)
        table.add_row(one.table, *(f"{count:,}" for count in counts), f"{one.seconds:.2f}")
    console.print(table)


def _print_checks(console: Console, outcome: Any) -> None:
    """How many checks passed, and a paragraph for each that did not: errors to stderr, warnings among the output."""
    failed = outcome.checks_failed
    if outcome.checks_passed or failed:
        console.print(f"Checks: {outcome.checks_passed} passed, {len(failed)} did not.")
    for check in failed:
        kind = "error" if check.is_error else "warning"
        text = f"\n{check.table}, {check.check} ({kind}): {check.found} {check.what_to_do}".rstrip()
        click.echo(text, err=check.is_error)


def _print_example(console: Console, sql: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    console.print(f"\n{sql}", highlight=False, markup=False)
    answer = Table(*columns)
    for row in rows:
        answer.add_row(*(str(value) for value in row))
    console.print(answer)
