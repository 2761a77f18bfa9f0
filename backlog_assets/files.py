"""Which files the tables of the warehouse list, and what becomes of fetching each. Prints nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone

from duckdb import DuckDBPyConnection

from backlog_assets.answers import NO_RESOURCE
from backlog_assets.catalogue.table import DELETED_AT
from backlog_assets.client import BacklogClient
from backlog_assets.cost import duration, seconds_for
from backlog_assets.downloads import FileWanted, Folder
from backlog_assets.errors import Denied, Misconfigured, Refused, Unauthorized
from backlog_assets.progress import report
from backlog_assets.warehouse import Warehouse, columns_of, full_name

READ = "read"
"""Class of requests in which the download of a file counts (`backlog-api.md`, section 4)."""

REFUSALS = 3
"""After so many refused files in a row of one project, its others are not asked for."""

SHOWN = 5
"""Files named where many are told of."""


@dataclass(frozen=True)
class Source:
    """A table that lists files `f`, and the table of what they hang on, `p`; both are joined by `joined`.

    `path` is the file's path below /api/v2, `project` the id of its project, `changed` when it was made or changed, all
    as SQL. `folder` is where its files go; those of one folder are told apart by their id.
    """

    table: str
    path: str
    parent: str | None = None
    joined: str = ""
    project: str = "p.project_id"
    changed: str = "f.created"
    where: str = "true"
    folder: str = ""


SHARED = "'/projects/' || coalesce(f.project_id, p.project_id) || '/files/' || f.id"

SOURCES: tuple[Source, ...] = (
    Source("issue_attachments", "'/issues/' || p.id || '/attachments/' || f.id", "issues", "p.id = f.issue_id"),
    Source("wiki_attachments", "'/wikis/' || p.id || '/attachments/' || f.id", "wikis", "p.id = f.wiki_id"),
    Source(
        "document_attachments", "'/documents/' || p.id || '/attachments/' || f.id", "documents", "p.id = f.document_id"
    ),
    Source(
        "pull_request_attachments",
        "'/projects/' || p.project_id || '/git/repositories/' || p.repository_id || '/pullRequests/' || p.number "
        "|| '/attachments/' || f.id",
        "pull_requests",
        "p.id = f.pull_request_id",
    ),
    Source(
        "shared_files",
        "'/projects/' || f.project_id || '/files/' || f.id",
        project="f.project_id",
        changed="coalesce(f.updated, f.created)",
        where="f.type = 'file'",
    ),
    *(
        Source(
            table,
            SHARED,
            parent,
            joined,
            project="coalesce(f.project_id, p.project_id)",
            changed="coalesce(f.updated, f.created)",
            where="f.type IS DISTINCT FROM 'directory'",
            folder="shared_files",
        )
        for table, parent, joined in (
            ("issue_shared_files", "issues", "p.id = f.issue_id"),
            ("wiki_shared_files", "wikis", "p.id = f.wiki_id"),
        )
    ),
)
"""Tables whose files can be fetched. Those that are linked are shared files too, known without the walk of folders."""

TABLES = tuple(source.table for source in SOURCES)


@dataclass
class Listed:
    """The files that are wanted, and the tables that would list more but are not in the warehouse."""

    files: list[FileWanted] = field(default_factory=list[FileWanted])
    missing: list[str] = field(default_factory=list[str])


@dataclass
class Outcome:
    """What a run has done, as far as it came. `gone` are files that are no longer in Backlog, `failed` the others that
    could not be fetched, with the reason."""

    wanted: int = 0
    downloaded: int = 0
    received_bytes: int = 0
    there_already: int = 0
    gone: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    skipped: int = 0

    @property
    def succeeded(self) -> bool:
        return not self.failed and not self.skipped


def since_of(text: str) -> datetime | None:
    """The first instant (UTC) of a day `YYYY-MM-DD`; None for an empty text."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), timezone.utc)
    except ValueError:
        raise Misconfigured(f"--since is {text[:40]!r}; write a day, such as 2026-05-01.") from None


def files_wanted(
    warehouse: Warehouse,
    *,
    tables: Collection[str] = (),
    projects: Collection[str] | None = None,
    since: datetime | None = None,
) -> Listed:
    """The files that the warehouse knows: of these tables (none: of all that are loaded), of the projects with these
    keys (None: of all), made or changed `since`; where that is not known, too. Each comes once."""
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise Misconfigured(f"No files hang on a table {', '.join(unknown)}. Those with files: {', '.join(TABLES)}.")
    listed = Listed()
    found: dict[tuple[str, int], FileWanted] = {}
    with warehouse.connection() as connection:
        ids = _project_ids(connection, warehouse.schema, projects)
        for source in SOURCES:
            if tables and source.table not in tables:
                continue
            if not _is_loaded(connection, warehouse.schema, source):
                listed.missing.append(source.table)
                continue
            for file in _files(connection, warehouse.schema, source, ids, since):
                found.setdefault((file.folder, file.id), file)
    if listed.missing and (tables or not found):
        raise Misconfigured(
            f"{warehouse.path} has no {', '.join(listed.missing)} yet. "
            f"Load them first: backlog-assets sync --select {','.join(listed.missing)}."
        )
    listed.files = list(found.values())
    return listed


def _project_ids(connection: DuckDBPyConnection, schema: str, keys: Collection[str] | None) -> list[int] | None:
    if keys is None:
        return None
    there: dict[str, int] = {}
    if columns_of(connection, schema, "projects"):
        rows = connection.execute(f"SELECT project_key, id FROM {full_name(connection, schema, 'projects')}").fetchall()
        there = {str(key): int(id_) for key, id_ in rows}
    unknown = [key for key in keys if key not in there]
    if unknown:
        raise Misconfigured(
            f"There is no project {', '.join(unknown)} in the tables; there are: {', '.join(sorted(there)) or 'none'}."
        )
    return [there[key] for key in keys]


def _is_loaded(connection: DuckDBPyConnection, schema: str, source: Source) -> bool:
    return all(columns_of(connection, schema, table) for table in (source.table, source.parent) if table is not None)


def _files(
    connection: DuckDBPyConnection,
    schema: str,
    source: Source,
    projects: Sequence[int] | None,
    since: datetime | None,
) -> list[FileWanted]:
    """The files of one table, by id. What is marked deleted is not listed."""
    tables = {"f": source.table} | ({"p": source.parent} if source.parent is not None else {})
    conditions = [source.where]
    for alias, table in tables.items():
        if DELETED_AT.name in columns_of(connection, schema, table):
            conditions.append(f"{alias}.{DELETED_AT.name} IS NULL")
    values: dict[str, object] = {}
    if projects is not None:
        conditions.append(f"list_contains($projects::BIGINT[], {source.project})")
        values["projects"] = list(projects)
    if since is not None:
        conditions.append(f"coalesce({source.changed} >= $since::TIMESTAMPTZ, true)")
        values["since"] = since
    parent = (
        "" if source.parent is None else f"JOIN {full_name(connection, schema, source.parent)} p ON {source.joined}"
    )
    rows = connection.execute(
        f"""-- one row a file that can be fetched
        SELECT f.id, f.name, f.size, {source.path}, {source.project}, epoch({source.changed})
        FROM {full_name(connection, schema, source.table)} f {parent}
        WHERE {" AND ".join(f"({condition})" for condition in conditions)}
        ORDER BY f.id""",
        values,
    ).fetchall()
    return [
        FileWanted(
            source.table,
            source.folder or source.table,
            id_,
            str(name),
            size,
            path,
            project,
            None if changed is None else datetime.fromtimestamp(changed, timezone.utc),
        )
        for id_, name, size, path, project, changed in rows
    ]


def cost_told(client: BacklogClient, files: Sequence[FileWanted], folder: Folder, headroom: float) -> str:
    """How many of the files are not there yet, and how long the rate limit lets them take, as a sentence."""
    left = [file for file in files if not folder.has(file)]
    seconds = seconds_for([(READ, len(left))], client.quotas, headroom, client.now())
    count = told_bytes(sum(file.size or 0 for file in left))
    return (
        f"{len(left):,} of {len(files):,} files are not there yet: {count}, one request of class {READ} each; "
        f"{duration(seconds)} at the quota left, and the time the bytes take."
    )


def told(outcome: Outcome, listed: Listed) -> str:
    """What a run has done, as a few lines."""
    received = told_bytes(outcome.received_bytes)
    there = f"{outcome.there_already:,} of {outcome.wanted:,} were there already"
    lines = [f"Downloaded {outcome.downloaded:,} files ({received}); {there}."]
    if outcome.gone:
        some = ", ".join(outcome.gone[:SHOWN]) + (", ..." if len(outcome.gone) > SHOWN else "")
        lines.append(
            f"{len(outcome.gone):,} are no longer in Backlog, or not for this key's user: {some}. "
            "The next sync marks what was deleted."
        )
    if outcome.skipped:
        lines.append(
            f"{outcome.skipped:,} were not asked for, because {REFUSALS} in a row of their project were refused."
        )
    if listed.missing:
        lines.append(f"Not loaded, so not looked at: {', '.join(listed.missing)}.")
    return "\n".join(lines)


def told_bytes(count: int) -> str:
    """`512 bytes`, `12.3 MB`."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{count:,} bytes" if unit == "bytes" else f"{size:,.1f} {unit}"


def fetch(client: BacklogClient, folder: Folder, files: Sequence[FileWanted], outcome: Outcome) -> None:
    """Fetches the files that are not in the folder yet, one after the other, and keeps `outcome` up to date.

    A file that is refused, gone or not as its table says does not keep the others from being fetched. What no other
    file could get over is raised: credentials that are not accepted, a host that does not answer, a full disk.
    """
    outcome.wanted = len(files)
    in_a_row: dict[int | None, int] = {}
    for at, file in enumerate(files):
        if folder.has(file):
            outcome.there_already += 1
        elif in_a_row.get(file.project_id, 0) >= REFUSALS:
            outcome.skipped += 1
        else:
            try:
                outcome.received_bytes += folder.take(client, file)
                outcome.downloaded += 1
                in_a_row[file.project_id] = 0
            except (Unauthorized, Misconfigured):
                raise
            except Denied as error:
                if error.status == 404 or error.code == NO_RESOURCE:
                    outcome.gone.append(str(file))
                else:
                    in_a_row[file.project_id] = in_a_row.get(file.project_id, 0) + 1
                    outcome.failed[str(file)] = str(error)
            except Refused as error:
                outcome.failed[str(file)] = str(error)
        report("files", at + 1, len(files))
