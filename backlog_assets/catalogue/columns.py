"""Columns that several endpoints share. Pure data."""

from backlog_assets.catalogue.spec import Column

PROJECT_ID = Column(
    "projectId",
    "BIGINT",
    "The project; `projects.id`. Stays the same when the project is renamed.",
    refers="projects.id",
)
PROJECT_KEY = Column("projectKey", "VARCHAR", "The project's key when the row was loaded; the partition.")


def who(field: str, doc: str, *, optional: bool = False) -> tuple[Column, ...]:
    """A user inside another record: id and name. The rest of the user stands in `users` and `project_users`."""
    return named(field, doc, "users.id", optional=optional)


def named(
    field: str, doc: str, refers: str | None = None, more: str = "", *, optional: bool = False
) -> tuple[Column, ...]:
    """A record of another table inside this one: its id, which `refers` to that table, and its name at the time."""
    return (
        refer(f"{field}.id", doc, refers, more, optional=optional),
        Column(f"{field}.name", "VARCHAR", "Its name when the row was loaded.", optional=optional),
    )


def refer(field: str, doc: str, refers: str | None, more: str = "", *, optional: bool = False) -> Column:
    """The id of a record of another table. What it `refers` to is said in the column's text too, then `more`."""
    told = f"{doc}; `{refers}`.{more}" if refers else f"{doc}.{more}"
    return Column(field, "BIGINT", told, optional=optional, refers=refers)


CREATED = (*who("createdUser", "Who made it", optional=True), Column("created", "TIMESTAMPTZ", "When it was made."))
UPDATED = (
    *who("updatedUser", "Who changed it last", optional=True),
    Column("updated", "TIMESTAMPTZ", "When it last changed."),
)
