"""The words of the pages of tables, in English and in Japanese. Pure data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from backlog_assets.catalogue import Load, Paging
from backlog_assets.examples import Example


class Told(Protocol):
    """What says in two languages what it is."""

    @property
    def doc(self) -> str: ...
    @property
    def doc_ja(self) -> str: ...


@dataclass(frozen=True)
class Words:
    """A language. Texts with names in braces are filled in; `groups` are titles, by group of the catalogue."""

    is_japanese: bool
    head: str
    docs: str
    groups: Mapping[str, str]
    contents: tuple[str, str, str]
    columns: tuple[str, str, str]
    child_from: str
    view_from: str
    made_from: str
    macro_from: str
    book_from: str
    path: str
    child_path: str
    asked_once: str
    asked_per_project: str
    asked_each: str
    asked_moved: str
    asked_on_demand: str
    paging: Mapping[Paging, str]
    load: Mapping[Load, str]
    marked: str
    child_load: str
    mart_load: str
    key: str
    one_row: str
    opt_in: str
    feature: str
    join: str
    examples: str

    def of(self, one: Told) -> str:
        """What something is, in this language."""
        return one.doc_ja if self.is_japanese else one.doc

    def title(self, example: Example) -> str:
        return example.title_ja if self.is_japanese else example.title

    def first(self, one: Told) -> str:
        """The first sentence of what something is."""
        text = self.of(one)
        return text.split("。")[0] + "。" if self.is_japanese else text.split(". ")[0].rstrip(".") + "."

    def listed(self, names: Sequence[str]) -> str:
        return self.join.join(f"`{name}`" for name in names)


ENGLISH = Words(
    is_japanese=False,
    head="""# Tables

Written from the catalogue by `make docs`; a test keeps it true. 日本語: [tables.ja.md](tables.ja.md). How the tables
hang together: [er.md](er.md). Tables are in schema `backlog` (`BACKLOG_SCHEMA`), bookkeeping in `backlog_ops`.

Every table has `_loaded_at` (when the row was written as it is now); those loaded have `_extra` (fields Backlog sent
that the catalogue does not name, as JSON). Tables with `_deleted_at` keep rows that Backlog no longer lists and say
there since when: add `WHERE _deleted_at IS NULL` for what is there now. DuckDB tells the same: what stands here of
tables and columns are their comments there (`FROM duckdb_columns()`).
""",
    docs="https://developer.nulab.com/docs/backlog/api/2/",
    groups={
        "space": "Space",
        "people": "People",
        "projects": "Projects",
        "issues": "Issues",
        "wiki": "Wiki",
        "documents": "Documents",
        "files": "Shared files",
        "git": "Git",
        "activity": "Activity",
        "history": "History of issues",
        "bookkeeping": "Bookkeeping",
    },
    contents=("table", "what it holds", "from"),
    columns=("column", "type", "meaning"),
    child_from="`{field}` in `{parent}`",
    view_from="view of `{table}`",
    made_from="made of {tables}",
    macro_from="macro",
    book_from="schema `backlog_ops`",
    path="From `GET {path}` ([Nulab's page]({docs})), {asked}; {paging}.",
    child_path="From `{field}` in `{parent}`, at no request.",
    asked_once="asked once",
    asked_per_project="asked for each project, which is a partition",
    asked_each="asked for each row of `{table}`",
    asked_moved=" that is new or whose `{moved}` has moved",
    asked_on_demand="asked for what the run config lists",
    paging={
        Paging.ONE: "one object an answer",
        Paging.WHOLE: "the whole list in one answer",
        Paging.OFFSET: "page by page, by `offset`",
        Paging.COUNTED: "page by page, by `offset`, and compared with the number Backlog counts",
        Paging.BY_ID: "page by page, by id",
    },
    load={
        Load.SNAPSHOT: "New rows are added, changed ones replaced",
        Load.CHANGES: "Read whole at first, later only what changed (`full: true` in the run config reads all anew)",
        Load.APPEND: "Append-only: each load reads what came after the last one, and nothing is changed",
        Load.HISTORY: "Each load adds a set of rows",
        Load.UPSERT: "The rows asked for are added or replaced, others left alone",
    },
    marked=", those no longer there marked deleted",
    child_load="Replaced together with the row of `{parent}` it belongs to.",
    mart_load="Made of {tables}, at no request, of the issues that changed.",
    key="Key: {key}.",
    one_row="One row.",
    opt_in="Loaded only where it is asked for: `BACKLOG_TABLES=+{table}`.",
    feature="Not asked of projects that have it switched off (`projects.{feature}`).",
    join=" and ",
    examples="Example queries:",
)

JAPANESE = Words(
    is_japanese=True,
    head="""# テーブル一覧

カタログから `make docs` で作成されます（テストで一致を確認しています）。英語版は [tables.md](tables.md)、
テーブルの関係は [er.md](er.md) にあります。テーブルはスキーマ `backlog`（`BACKLOG_SCHEMA`）、管理テーブルは
`backlog_ops` にあります。

すべてのテーブルに `_loaded_at`（行が今の内容で書き込まれた日時）があり、読み込んだテーブルには `_extra`（カタログに
ない受信項目、JSON）があります。`_deleted_at` のあるテーブルは、Backlog の一覧からなくなった行を残し、なくなった日時を
記録します。今ある行だけを見るには `WHERE _deleted_at IS NULL` を付けてください。テーブルと列の説明は DuckDB の
コメントとしても登録されています（`FROM duckdb_columns()`）。
""",
    docs="https://developer.nulab.com/ja/docs/backlog/api/2/",
    groups={
        "space": "スペース",
        "people": "ユーザー",
        "projects": "プロジェクト",
        "issues": "課題",
        "wiki": "Wiki",
        "documents": "ドキュメント",
        "files": "共有ファイル",
        "git": "Git",
        "activity": "最近の更新とお知らせ",
        "history": "課題の履歴",
        "bookkeeping": "管理テーブル",
    },
    contents=("テーブル", "内容", "取得元"),
    columns=("列", "型", "意味"),
    child_from="`{parent}` の `{field}`",
    view_from="`{table}` のビュー",
    made_from="{tables} から作成",
    macro_from="マクロ",
    book_from="スキーマ `backlog_ops`",
    path="取得元は `GET {path}`（[Nulab の説明]({docs})）。{asked}、{paging}。",
    child_path="取得元は `{parent}` の `{field}`。リクエストは発生しません。",
    asked_once="1 回取得し",
    asked_per_project="プロジェクトごと（パーティション）に取得し",
    asked_each="`{table}` の行ごとに取得し",
    asked_moved="（新しい行と `{moved}` が変わった行だけ）",
    asked_on_demand="実行設定で指定したものを取得し",
    paging={
        Paging.ONE: "1 回の応答は 1 オブジェクトです",
        Paging.WHOLE: "1 回の応答に一覧のすべてが入ります",
        Paging.OFFSET: "`offset` でページごとに読みます",
        Paging.COUNTED: "`offset` でページごとに読み、Backlog の件数と照合します",
        Paging.BY_ID: "id でページごとに読みます",
    },
    load={
        Load.SNAPSHOT: "新しい行を追加し、変わった行を置き換えます",
        Load.CHANGES: "最初はすべて、2 回目からは変わったものだけを読みます（実行設定の `full: true` で読み直し）",
        Load.APPEND: "追記のみ。前回より後のものを追加し、既存の行は変えません",
        Load.HISTORY: "読み込みのたびに行を追加します",
        Load.UPSERT: "指定した行を追加または置き換え、ほかの行は変えません",
    },
    marked="。なくなった行には削除の印を付けます",
    child_load="属する `{parent}` の行と一緒に置き換わります。",
    mart_load="{tables} から、変わった課題の分だけ作成します。リクエストは発生しません。",
    key="キーは {key}。",
    one_row="1 行です。",
    opt_in="指定したときだけ読み込みます（`BACKLOG_TABLES=+{table}`）。",
    feature="機能を使わないプロジェクトには問い合わせません（`projects.{feature}`）。",
    join="、",
    examples="クエリの例:",
)
