"""What stands in DuckDB for an endpoint: its tables, their columns and keys. Pure; knows no SQL but type names."""

from collections.abc import Mapping
from dataclasses import dataclass

from backlog_assets.catalogue.columns import PROJECT_KEY
from backlog_assets.catalogue.spec import Child, Column, Endpoint, Load

EXTRA = Column(
    "_extra",
    "JSON",
    "Fields Backlog sent that the catalogue does not name.",
    optional=True,
    doc_ja="カタログにない項目（受信したまま）。",
)
LOADED_AT = Column(
    "_loaded_at", "TIMESTAMPTZ", "When the row was written as it is now.", doc_ja="行が今の内容で書き込まれた日時。"
)
DELETED_AT = Column(
    "_deleted_at",
    "TIMESTAMPTZ",
    "When a load no longer found the row; null while it is there.",
    optional=True,
    doc_ja="読み込みで行が見つからなくなった日時。存在する間は null。",
)
EVIDENCE = Column(
    "_delete_evidence",
    "VARCHAR",
    "How that is known: `activity`, Backlog told of it; `census`, a complete list or a count no longer has the row; "
    "`lost_access`, its project is no longer visible.",
    optional=True,
    doc_ja="削除の根拠。`activity` は Backlog の更新情報、"
    "`census` は一覧や件数に行がないこと、`lost_access` はプロジェクトを参照できなくなったこと。",
)
BY_ACTIVITY, BY_CENSUS, LOST_ACCESS = "activity", "census", "lost_access"
"""What `_delete_evidence` says."""


@dataclass(frozen=True)
class Table:
    """A table: `content` are the columns that come from Backlog, `columns` all of them, `key` what tells rows apart.

    `keeps_deleted` tables mark a row that Backlog no longer lists; others drop it with its parent or keep it as it is.
    """

    name: str
    content: tuple[Column, ...]
    key: tuple[str, ...]
    keeps_deleted: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.content, LOADED_AT, *((DELETED_AT, EVIDENCE) if self.keeps_deleted else ()))

    @property
    def per_project(self) -> bool:
        """Each row belongs to a project; it is marked deleted when the project vanishes."""
        return any(column.name == "project_id" for column in self.content)


def table_of(endpoint: Endpoint) -> Table:
    """The endpoint's own table."""
    return Table(
        name=endpoint.name,
        content=(*endpoint.columns, *((PROJECT_KEY,) if endpoint.per_project else ()), EXTRA),
        key=endpoint.key,
        keeps_deleted=endpoint.load in (Load.SNAPSHOT, Load.CHANGES) and bool(endpoint.key),
    )


def child_table(child: Child) -> Table:
    """The table of an array inside the endpoint's records."""
    return Table(name=child.name, content=(child.parent_id, *child.columns, EXTRA), key=child.key)


def tables_of(endpoint: Endpoint) -> tuple[Table, ...]:
    """The endpoint's table and those of the arrays in it, which change together or not at all."""
    return (table_of(endpoint), *(child_table(child) for child in endpoint.children))


def names_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Every name under which the endpoint's rows can be queried: tables, then views."""
    return (*(table.name for table in tables_of(endpoint)), *(view.name for view in endpoint.views))


def link_of(endpoint: Endpoint, parent: Table) -> Mapping[str, str]:
    """How rows of an endpoint that is asked for each row of `parent` are joined to it: their column -> the parent's.

    By the fields that are added from the parent's key; where none is, the record is the row itself, told in full, and
    has its key. Empty where the catalogue does not say which row a record belongs to.
    """
    if endpoint.each is None:
        return {}
    names = {column.field: column.name for column in endpoint.columns}
    link = {names[field]: column for field, column in endpoint.each.adds if field in names and column in parent.key}
    return link or ({name: name for name in parent.key} if endpoint.key == parent.key else {})
