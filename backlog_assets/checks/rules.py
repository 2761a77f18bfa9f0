"""The rules that look at one table by itself: its key, its required values, fields the catalogue does not name.

Each is one query for the offenders, derived from the catalogue. Knows no Dagster.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from backlog_assets.catalogue.spec import Endpoint
from backlog_assets.catalogue.table import EXTRA, Table, table_of
from backlog_assets.checks.findings import Finding, Scene, counted, keys, live, named, projects
from backlog_assets.people_state import dropped_columns
from backlog_assets.warehouse import quoted

Applies: TypeAlias = Callable[[Endpoint, Table], bool]
Find: TypeAlias = Callable[[Scene, Endpoint, Table], Finding]


@dataclass(frozen=True)
class Rule:
    """A rule of one name for all tables it `applies` to. `blocking`: what is downstream does not run where it fails."""

    name: str
    doc: str
    severity: Literal["ERROR", "WARN"]
    applies: Applies
    find: Find
    blocking: bool = False


def _repeated_keys(scene: Scene, endpoint: Endpoint, table: Table) -> Finding:
    key = ", ".join(map(quoted, table.key))
    of_projects = projects(table)
    listed = "list(DISTINCT t.project_key)" if of_projects != "[]::VARCHAR[]" else of_projects
    found = scene.find(
        f"""-- one row a key that stands more than once
        SELECT {key}, count(*) AS times, {listed} AS _projects
        FROM {scene.name(table.name)} t GROUP BY {key} HAVING count(*) > 1"""
    )
    told = " and ".join(table.key)
    if not found.rows:
        return Finding(f"No {told} stands twice in {table.name}.")
    return Finding(
        f"{counted(found.rows, 'key')} ({told}) of {table.name} stand on more than one row.",
        found.rows,
        found.offenders,
        f"Something else has written into {table.name}; drop the table and load {endpoint.name} again.",
        found.partitions,
    )


def _missing_values(scene: Scene, endpoint: Endpoint, table: Table) -> Finding:
    there = scene.tables[table.name]
    dropped = dropped_columns(scene.connection, scene.schema, endpoint, table)
    required = [quoted(one.name) for one in table.content if not one.optional and one.name in there - dropped]
    names = [f"CASE WHEN t.{name} IS NULL THEN '{name[1:-1]}' END" for name in required]
    found = scene.find(
        f"""-- one row a row that lacks what Backlog always sends
        SELECT {keys(table)}concat_ws(', ', {", ".join(names)}) AS missing, {projects(table)} AS _projects
        FROM {scene.name(table.name)} t
        WHERE {live(table)} AND ({" OR ".join(f"t.{name} IS NULL" for name in required)})""",
        kinds="missing",
    )
    if not found.rows:
        return Finding(f"Every row of {table.name} has the {counted(len(required), 'value')} Backlog always sends.")
    columns = sorted({column for kind in found.kinds for column in kind.split(", ")})
    return Finding(
        f"{counted(found.rows, 'row')} of {table.name} lack {named(columns)}, which Backlog always sends.",
        found.rows,
        found.offenders,
        f"Load {endpoint.name} again; if the values stay away, Backlog no longer sends them: mark the columns optional "
        f"in the catalogue.",
        found.partitions,
    )


def _unknown_fields(scene: Scene, endpoint: Endpoint, table: Table) -> Finding:
    extra, name = EXTRA.name, scene.name(table.name)
    # Below the objects that columns are made of, what is unknown is a field of theirs.
    roots = sorted({column.field.split(".")[0] for column in table.content if "." in column.field})
    below = [
        f"list_transform(coalesce(json_keys(t.{extra}, '$.{root}'), []), lambda one: '{root}.' || one)"
        for root in roots
    ]
    own = f"list_filter(json_keys(t.{extra}), lambda one: one NOT IN ({', '.join(_texts(['', *roots]))}))"
    found = scene.find(
        f"""-- one row a field that no column is made of
        SELECT field, count(*) AS rows, flatten(list(_project)) AS _projects
        FROM (
            SELECT unnest(flatten([{", ".join([own, *below])}])) AS field, {projects(table)} AS _project
            FROM {name} t WHERE {live(table)} AND t.{extra} IS NOT NULL
        ) GROUP BY field""",
        rows=f"(SELECT count(*) FROM {name} t WHERE {live(table)} AND t.{extra} IS NOT NULL)",
        kinds="field",
    )
    if not found.rows:
        return Finding(f"Every field of {table.name} that Backlog sends is a column.")
    return Finding(
        f"Backlog sends {table.name} with {counted(len(found.kinds), 'field')} the catalogue does not name: "
        f"{named(sorted(found.kinds))}.",
        found.rows,
        found.offenders,
        f"Nothing is lost, the values are in {table.name}.{extra}; to make columns of them, add a line each to the "
        f"catalogue.",
        found.partitions,
    )


def _texts(words: list[str]) -> list[str]:
    return ["'" + word.replace("'", "''") + "'" for word in words]


def is_own_table(endpoint: Endpoint, table: Table) -> bool:
    """Whether it is the endpoint's table, not that of an array in it, which changes with it."""
    return table == table_of(endpoint)


def _copies(endpoint: Endpoint) -> set[str]:
    """Tables that take only what is handy of records that have a table of their own: there the rest is not unknown."""
    return {child.name for child in endpoint.children if child.copy_of is not None}


KEY_IS_UNIQUE = Rule(
    "key_is_unique",
    "No two rows have the same key. What is downstream does not run otherwise.",
    "ERROR",
    lambda _, table: bool(table.key),
    _repeated_keys,
    blocking=True,
)
REQUIRED_VALUES = Rule(
    "required_values",
    "The columns that Backlog always sends are not null.",
    "ERROR",
    lambda _, table: any(not column.optional for column in table.content),
    _missing_values,
)
NO_UNKNOWN_FIELDS = Rule(
    "no_unknown_fields",
    "Backlog sends no field that the catalogue does not name.",
    "WARN",
    lambda endpoint, table: table.name not in _copies(endpoint),
    _unknown_fields,
)
