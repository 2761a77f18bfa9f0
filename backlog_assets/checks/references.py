"""The rule that ids lead to rows: issues to their projects, statuses and users, arrays to what they are in.

Which column refers to what stands in the catalogue (`Column.refers`). Knows no Dagster.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backlog_assets.catalogue import BY_NAME, Endpoint
from backlog_assets.catalogue.table import LOADED_AT, Table, table_of
from backlog_assets.checks.findings import Finding, Found, Scene, counted, keys, live, named, projects
from backlog_assets.checks.rules import Rule, is_own_table
from backlog_assets.warehouse import quoted

WHAT_HAPPENED = "activity"
"""Group of the tables that tell what happened: whom and what they name may be gone since. Only their projects are
looked up."""

REASONS: Mapping[str, str] = {
    "users": "Backlog lists present members only, so a user who has left before `users` was first loaded is not there",
    "projects": "the key's user has not joined that project, or no longer sees it",
    "issues": "the issue was deleted before `issues` was first loaded, or the key's user does not see its project",
    "priorities": "Backlog does not list it",
    "resolutions": "Backlog does not list it",
}
"""Why a reference to a table may lead nowhere although nothing was lost on the way."""

REASON = "it was deleted before its table was first loaded"
"""The same of what projects define: versions, categories, statuses and the like."""


@dataclass(frozen=True)
class Reference:
    """A column that holds keys of the table `to`."""

    column: str
    to: str
    key: str

    @property
    def target(self) -> Endpoint:
        return BY_NAME[self.to]


def references_of(endpoint: Endpoint, table: Table) -> tuple[Reference, ...]:
    """What a table refers to. A row of a child table refers to its parent too."""
    return tuple(_references(endpoint, table))


def _references(endpoint: Endpoint, table: Table) -> Iterator[Reference]:
    for child in endpoint.children:
        if child.name == table.name:
            yield Reference(child.parent_id.name, endpoint.name, "id")
    for column in table.content:
        if column.refers is not None:
            to, key = column.refers.split(".")
            if to == "projects" or endpoint.group != WHAT_HAPPENED:
                yield Reference(column.name, to, key)


def _dangling(scene: Scene, endpoint: Endpoint, table: Table) -> Finding:
    there = scene.tables[table.name]
    listed = [one for one in references_of(endpoint, table) if one.column in there]
    looked_up = {one: since for one in listed if (since := _loaded_at(scene, one)) is not None}
    skipped = sorted({one.to for one in listed if one not in looked_up})
    note = f" Not looked up, because not loaded yet: {', '.join(skipped)}." if skipped else ""
    if not looked_up:
        return Finding(f"There was nothing to look up.{note}")
    branches = [_branch(scene, endpoint, table, one, since) for one, since in looked_up.items()]
    found = scene.find(
        "-- one row a reference that leads to no row, though that table was loaded after it was made\n"
        + " UNION ALL ".join(branches),
        kinds='"column"',
    )
    if not found.rows:
        to = ", ".join(sorted({one.to for one in looked_up}))
        return Finding(f"Every reference of {table.name} leads to a row of {to}.{note}")
    return _told(scene, table, listed, found, note)


def _told(scene: Scene, table: Table, listed: list[Reference], found: Found, note: str) -> Finding:
    to = {one.column: one.to for one in listed}
    columns = [f"{column} {rows:,} ({to[column]})" for column, rows in sorted(found.kinds.items())]
    reasons = {to[column]: REASONS.get(to[column], REASON) for column in sorted(found.kinds)}
    known = "; ".join(f"{table_}: {reason}" for table_, reason in reasons.items())
    left_out = " BACKLOG_PROJECTS leaves the other projects out." if scene.only is not None else ""
    return Finding(
        f"{counted(found.rows, 'reference')} of {table.name} lead nowhere: {named(columns)}. "
        f"Known reasons: {known}.{left_out}{note}",
        found.rows,
        found.offenders,
        f"Load {named(sorted(reasons))} again; what leads nowhere then has one of the known reasons, and queries on "
        f"{table.name} need a LEFT JOIN there.",
        found.partitions,
    )


def _loaded_at(scene: Scene, reference: Reference) -> str | None:
    """SQL: when the table referred to was last loaded, for `project_id` where it is loaded by project. None: never."""
    if reference.to not in scene.tables:
        return None
    if reference.target.per_project:
        loads = scene.ops("project_loads")
        # Of an array's row whose parent is not there, nobody knows the project.
        where = f"l.table_name = '{reference.to}' AND coalesce(l.project_id = project_id_, true)"
    else:
        loads, where = scene.ops("loads"), f"l.table_name = '{reference.to}'"
    return loads and f"(SELECT max(l.loaded_at) FROM {loads} l WHERE {where})"


def _branch(scene: Scene, endpoint: Endpoint, table: Table, reference: Reference, loaded_at: str) -> str:
    """SQL: the rows whose reference leads nowhere. Rows newer than the table referred to may be right: left alone."""
    parent = table_of(endpoint)
    is_own = is_own_table(endpoint, table)
    source = f"{scene.name(table.name)} t"
    if not is_own:
        [child] = [one for one in endpoint.children if one.name == table.name]
        source += f" LEFT JOIN {scene.name(parent.name)} p ON p.id = t.{quoted(child.parent_id.name)}"
    row, columns = ("t", table.content) if is_own else ("p", parent.content)
    names = {column.name for column in columns}
    changed = f"coalesce({row}.updated, t.{LOADED_AT.name})" if "updated" in names else f"t.{LOADED_AT.name}"
    project_id = f"{row}.project_id" if "project_id" in names else "NULL::BIGINT"
    key = f"r.{quoted(reference.key)} = value_"
    if "project_id" in reference.target.key:
        key += " AND r.project_id = project_id_"
    named_keys = "".join(f"{quoted(name)}, " for name in table.key)
    return f"""SELECT {named_keys}'{reference.column}' AS "column", value_::VARCHAR AS value,
            '{reference.to}' AS refers_to, _projects
        FROM (
            SELECT {keys(table)}t.{quoted(reference.column)} AS value_, {project_id} AS project_id_,
                {changed} AS changed_, {projects(table)} AS _projects
            FROM {source} WHERE {live(parent, row)} AND t.{quoted(reference.column)} IS NOT NULL
        )
        WHERE NOT EXISTS (FROM {scene.name(reference.to)} r WHERE {key}) AND changed_ <= {loaded_at}"""


REFERENCES_RESOLVE = Rule(
    "references_resolve",
    "Ids lead to rows: issues to their projects, statuses and users, the rows of arrays to what they are in.",
    "WARN",
    lambda endpoint, table: bool(references_of(endpoint, table)),
    _dangling,
)
