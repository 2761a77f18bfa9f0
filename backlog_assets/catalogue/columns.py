"""Columns that several endpoints share. Pure data."""

from backlog_assets.catalogue.spec import Column

PROJECT_ID = Column(
    "projectId",
    "BIGINT",
    "The project; `projects.id`. Stays the same when the project is renamed.",
    refers="projects.id",
    doc_ja="プロジェクト（`projects.id`）。プロジェクトキーが変わっても同じです。",
)
PROJECT_KEY = Column(
    "projectKey",
    "VARCHAR",
    "The project's key when the row was loaded; the partition.",
    doc_ja="読み込み時のプロジェクトキー。パーティションのキーです。",
)


def who(field: str, doc: str, doc_ja: str = "", *, optional: bool = False) -> tuple[Column, ...]:
    """A user inside another record: id and name. The rest of the user stands in `users` and `project_users`."""
    return named(field, doc, "users.id", doc_ja=doc_ja, optional=optional)


def named(
    field: str, doc: str, refers: str | None = None, more: str = "", *, doc_ja: str = "", optional: bool = False
) -> tuple[Column, ...]:
    """A record of another table inside this one: its id, which `refers` to that table, and its name at the time."""
    name_ja = "読み込み時の名前。" if doc_ja else ""
    return (
        refer(f"{field}.id", doc, refers, more, doc_ja=doc_ja, optional=optional),
        Column(f"{field}.name", "VARCHAR", "Its name when the row was loaded.", optional=optional, doc_ja=name_ja),
    )


def refer(
    field: str, doc: str, refers: str | None, more: str = "", *, doc_ja: str = "", optional: bool = False
) -> Column:
    """The id of a record of another table. What it `refers` to is said in the column's text too, then `more`."""
    told = f"{doc}; `{refers}`.{more}" if refers else f"{doc}.{more}"
    told_ja = f"{doc_ja}（`{refers}`）。" if refers and doc_ja else f"{doc_ja}。" if doc_ja else ""
    return Column(field, "BIGINT", told, optional=optional, refers=refers, doc_ja=told_ja)


CREATED = (
    *who("createdUser", "Who made it", "作成者", optional=True),
    Column("created", "TIMESTAMPTZ", "When it was made.", doc_ja="作成日時。"),
)
UPDATED = (
    *who("updatedUser", "Who changed it last", "最終更新者", optional=True),
    Column("updated", "TIMESTAMPTZ", "When it last changed.", doc_ja="最終更新日時。"),
)
