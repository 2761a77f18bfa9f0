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
    doc_ja="取得時点のプロジェクトキー。パーティションの名前です。",
)


def who(field: str, doc: str, *, optional: bool = False, ja: str = "") -> tuple[Column, ...]:
    """A user inside another record: id and name. The rest of the user stands in `users` and `project_users`."""
    return named(field, doc, "users.id", optional=optional, ja=ja)


def named(
    field: str, doc: str, refers: str | None = None, more: str = "", *, optional: bool = False, ja: str = ""
) -> tuple[Column, ...]:
    """A record of another table inside this one: its id, which `refers` to that table, and its name at the time."""
    name_ja = f"{ja}の名前（取得時点）。" if ja else ""
    return (
        refer(f"{field}.id", doc, refers, more, optional=optional, ja=ja),
        Column(f"{field}.name", "VARCHAR", "Its name when the row was loaded.", optional=optional, doc_ja=name_ja),
    )


def refer(field: str, doc: str, refers: str | None, more: str = "", *, optional: bool = False, ja: str = "") -> Column:
    """The id of a record of another table. What it `refers` to is said in the column's text too, then `more`.

    `ja` is the Japanese text without its full stop.
    """
    told = f"{doc}; `{refers}`.{more}" if refers else f"{doc}.{more}"
    told_ja = (f"{ja}（`{refers}`）。" if refers else f"{ja}。") if ja else ""
    return Column(field, "BIGINT", told, optional=optional, refers=refers, doc_ja=told_ja)


CREATED = (
    *who("createdUser", "Who made it", optional=True, ja="作成者"),
    Column("created", "TIMESTAMPTZ", "When it was made.", doc_ja="作成日時。"),
)
UPDATED = (
    *who("updatedUser", "Who changed it last", optional=True, ja="最終更新者"),
    Column("updated", "TIMESTAMPTZ", "When it last changed.", doc_ja="最終更新日時。"),
)
