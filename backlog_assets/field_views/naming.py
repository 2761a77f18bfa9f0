"""What the views of the projects and the columns of their custom fields are called, and what is in them. Pure.

Names follow from what is defined, by id: who was first keeps the name when another one comes that would have it too.
DuckDB takes names that differ only in the case of A to Z for the same.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backlog_assets.warehouse import folded

PREFIX = "issues_"

LONGEST = 120
"""Characters of a column's name before anything is put behind it; ODBC, and with it many BI tools, take 128."""

OTHER = "_other"
"""Behind the name of a choice's column: what was typed instead of a choice, or beside it."""

UNKNOWN = ("of a type not known here", "VARCHAR", "value_text")

TYPES: Mapping[int, tuple[str, str, str]] = {
    1: ("text", "VARCHAR", "value_text"),
    2: ("text of several lines", "VARCHAR", "value_text"),
    # Backlog tells of no scale, so any that a DECIMAL had would cut some number off.
    3: ("number", "DOUBLE", "value_number"),
    4: ("date", "DATE", "value_date"),
    5: ("single list", "VARCHAR", "value_text"),
    6: ("multiple list", "VARCHAR[]", "json_extract_string(value, '$[*].name')"),
    7: ("checkbox", "VARCHAR[]", "json_extract_string(value, '$[*].name')"),
    8: ("radio", "VARCHAR", "value_text"),
}
"""Type of a custom field -> what Backlog calls it, its column's DuckDB type, and the value in a row of
`issue_custom_field_values`."""

WITH_INPUT = (7, 8)
"""Types of fields that may take a text beside the choices."""


@dataclass(frozen=True)
class CustomField:
    """A custom field as its project defines it; `order` is its place in the issue form."""

    id: int
    type_id: int
    name: str
    description: str = ""
    order: int = 0
    takes_input: bool = False


@dataclass(frozen=True)
class FieldColumn:
    """A column of a view: its name, its type, the value in a row of `issue_custom_field_values`, and its meaning."""

    name: str
    type: str
    value: str
    field_id: int
    doc: str


@dataclass(frozen=True)
class Project:
    """A project that has a view, or rows; `is_live`: its key is nobody else's."""

    id: int
    key: str
    is_live: bool = True


def safe_name(name: str, field_id: int) -> str:
    """`name` with `_` for what is neither letter nor digit, so that it needs no quotes; Japanese stays as it is.

    A name without any letter or digit is called after the field's id.
    """
    composed = unicodedata.normalize("NFC", name)
    # Marks belong to the letter before them: in many scripts they are no letters themselves.
    kept = "".join(one if one.isalnum() or unicodedata.category(one).startswith("M") else "_" for one in composed)
    short = re.sub("_+", "_", kept)[:LONGEST].strip("_")
    if not any(one.isalnum() for one in short):
        return f"field_{field_id}"
    return f"_{short}" if short[0].isnumeric() else short


def field_columns(fields: Iterable[CustomField], taken: Collection[str]) -> list[FieldColumn]:
    """The columns of these fields, in the order of the issue form. `taken` are the names of the other columns."""
    used = set(map(folded, taken))
    by_id = sorted(fields, key=lambda one: one.id)
    names = {field.id: _free(safe_name(field.name, field.id), field.id, used) for field in by_id}
    # After all of the others, so that a field called `cause_other` has its name.
    others = {one.id: _free(names[one.id] + OTHER, one.id, used) for one in by_id if _has_other(one)}
    listed = sorted(by_id, key=lambda one: (one.order, one.id))
    return [column for field in listed for column in _columns_of(field, names[field.id], others.get(field.id))]


def view_names(projects: Sequence[Project], taken: Collection[str]) -> dict[int, str]:
    """Project id -> name of its view; those that have none free are not in it.

    `taken` are the names of other tables and views. Live projects come first: an old project may have had the key.
    """
    used = set(map(folded, taken))
    names: dict[int, str] = {}
    for project in sorted(projects, key=lambda one: (not one.is_live, one.id)):
        plain = plain_view_name(project.key)
        name = next((one for one in (plain, f"{plain}_{project.id}") if folded(one) not in used), None)
        if name is not None:
            used.add(folded(name))
            names[project.id] = name
    return names


def plain_view_name(key: str) -> str:
    """What the view of the project with this key is called, unless something else is called so."""
    return PREFIX + re.sub(r"\W", "_", key.lower())


def _has_other(field: CustomField) -> bool:
    return field.takes_input and field.type_id in WITH_INPUT


def _columns_of(field: CustomField, name: str, other: str | None) -> Iterator[FieldColumn]:
    kind, column_type, value = TYPES.get(field.type_id, UNKNOWN)
    told = f"{field.name.strip() or 'Without a name'}: custom field {field.id}, {kind}."
    yield FieldColumn(name, column_type, value, field.id, f"{told} {field.description.strip()}".rstrip())
    if other is not None:
        yield FieldColumn(other, "VARCHAR", "other_value", field.id, f"{told} What was typed beside the choices.")


def _free(name: str, field_id: int, used: set[str]) -> str:
    while folded(name) in used:
        name = f"{name}_{field_id}"
    used.add(folded(name))
    return name
