"""The words the catalogue is written in: endpoint, column, child, view, paging. Pure data."""

import re
from dataclasses import dataclass
from enum import Enum


class Paging(Enum):
    """How Backlog hands a list out. No answer has a next link or a total (`backlog-api.md`, section 1)."""

    ONE = "one object"
    WHOLE = "the whole array in one answer"
    OFFSET = "offset and count"
    COUNTED = "offset and count, with a `/count` beside it; sorted by `created`, read from the end to the start"
    BY_ID = "minId and count, ascending"


class Load(Enum):
    """What a load does to the rows that are there already."""

    SNAPSHOT = "the list is complete: new rows are added, changed ones replaced, those no longer listed marked deleted"
    CHANGES = "a snapshot at first, later what has changed: rows are added or replaced, those gone are marked"
    APPEND = "what was not there yet is added; nothing is changed, nothing is marked deleted"
    HISTORY = "each load adds its own rows"
    UPSERT = "the rows asked for are added or replaced; others are left alone"


@dataclass(frozen=True)
class Column:
    """One column: the field as Backlog spells it (`createdUser.id`), its DuckDB type and its meaning.

    `doc_ja` is the same in Japanese. `optional` fields may be null or missing. `sql` is for the few columns that are
    no field of their own: an expression over the record's other fields, spelled as Backlog does. `refers` names what
    the value is the key of, as `users.id`; where that table's key begins with the project, it is a row of the same
    project.
    """

    field: str
    type: str
    doc: str
    optional: bool = False
    sql: str | None = None
    refers: str | None = None
    doc_ja: str = ""

    @property
    def name(self) -> str:
        """The field in snake_case; a word is not said twice in a row (`project.projectKey` -> `project_key`)."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\.", "_", self.field).lower().split("_")
        return "_".join(word for at, word in enumerate(words) if at == 0 or word != words[at - 1])


PARENTS_JA = {
    "issue": "課題",
    "comment": "コメント",
    "custom_field": "カスタム属性",
    "team": "チーム",
    "wiki": " Wiki ページ",
    "document": "ドキュメント",
    "documentComment": "ドキュメントのコメント",
    "pullRequest": "プルリクエスト",
}
"""`Child.parent` in Japanese."""


@dataclass(frozen=True)
class Child:
    """A table made of an array (`field`) inside the parent's records, at no request of its own.

    Its rows begin with the parent's id (`parent`: `issue` -> `issue_id`, of `parent_type`) and are replaced with the
    parent's. `copy_of` names the table whose records the array repeats; then only the id and what is handy is a column
    here.
    """

    name: str
    field: str
    parent: str
    doc: str
    doc_ja: str
    columns: tuple[Column, ...]
    copy_of: str | None = None
    parent_type: str = "BIGINT"

    @property
    def parent_id(self) -> Column:
        """The first column: id of the record that holds the array."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", self.parent).lower()
        doc_ja = f"行が属する{PARENTS_JA.get(self.parent, self.parent)}。"
        return Column(f"{self.parent}Id", self.parent_type, f"The {words} the row belongs to.", doc_ja=doc_ja)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.parent_id.name, "id")


@dataclass(frozen=True)
class View:
    """The endpoint's table under a second name, for those who look for it there."""

    name: str
    doc: str
    doc_ja: str


@dataclass(frozen=True)
class Each:
    """The table whose rows an endpoint is asked for, one after the other: the comments of each pull request.

    The names in the endpoint's path and params are columns of that table, which is loaded before it. `adds` are fields
    that each record gets from the row it was asked for: field -> column of that table. `moved` is the column that must
    have moved for a row to be asked for again (None: every load asks for all). `where` is a condition on the table's
    columns: the rows that are asked for at all. The fields that are added from the table's key tell of each record
    which row it belongs to; there is at least one, unless the record is that row, told in full.
    """

    table: str
    adds: tuple[tuple[str, str], ...]
    moved: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """One GET of the API and the table it fills. `{project}` in the path makes it one partition a project.

    `doc` and `doc_ja` begin with a plain sentence. `docs_page` is the last part of the address of Nulab's page.
    `key` names the columns that tell rows apart; empty where the table has one row. `params` go with every request
    beside those of the paging; `{project}` in one of them, the project's key, makes it per-project too, and so does
    `{project_id}`. `each`: it is asked for each row of another table, not once. `feature` is the column of `projects`
    that says whether a project has switched on what it is about. `opt_in`: loaded only where it is asked for, because
    it is expensive. `copy_of` names the table whose records it repeats; then only the id and what is handy is a column
    here.
    """

    name: str
    path: str
    doc: str
    doc_ja: str
    docs_page: str
    group: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("id",)
    paging: Paging = Paging.WHOLE
    params: tuple[tuple[str, str], ...] = ()
    load: Load = Load.SNAPSHOT
    children: tuple[Child, ...] = ()
    views: tuple[View, ...] = ()
    each: Each | None = None
    feature: str | None = None
    opt_in: bool = False
    copy_of: str | None = None

    @property
    def per_project(self) -> bool:
        texts = (self.path, *(value for _, value in self.params))
        return self.each is None and any("{project}" in text or "{project_id}" in text for text in texts)

    @property
    def id_field(self) -> str:
        """The field by which records are walked that come BY_ID: the last one of the key."""
        fields = {column.name: column.field for column in self.columns}
        return fields.get(self.key[-1], "id") if self.key else "id"

    @property
    def takes_full(self) -> bool:
        """A load begins where the last one ended, unless its run config says `full: true`."""
        goes_on = self.each is not None and self.each.moved is not None
        return goes_on or self.load in (Load.APPEND, Load.CHANGES)
