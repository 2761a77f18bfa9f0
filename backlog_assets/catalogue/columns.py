"""Columns that several endpoints share. Pure data."""

from backlog_assets.catalogue.spec import Column

PROJECT_ID = Column("projectId", "BIGINT", "The project; `projects.id`. Stays the same when the project is renamed.")
PROJECT_KEY = Column("projectKey", "VARCHAR", "The project's key when the row was loaded; the partition.")


def who(field: str, doc: str, *, optional: bool = False) -> tuple[Column, ...]:
    """A user inside another record: id and name. The rest of the user stands in `users` and `project_users`."""
    return named(field, f"{doc}; `users.id`", optional=optional)


def named(field: str, doc: str, *, optional: bool = False) -> tuple[Column, ...]:
    """A record of another table inside this one: its id, and its name at the time."""
    return (
        Column(f"{field}.id", "BIGINT", f"{doc}.", optional=optional),
        Column(f"{field}.name", "VARCHAR", "Its name when the row was loaded.", optional=optional),
    )


CREATED = (*who("createdUser", "Who made it", optional=True), Column("created", "TIMESTAMPTZ", "When it was made."))
UPDATED = (
    *who("updatedUser", "Who changed it last", optional=True),
    Column("updated", "TIMESTAMPTZ", "When it last changed."),
)
