"""The bookkeeping tables in schema `backlog_ops`: what they hold, in English and Japanese. Pure data.

How they are written is the business of the modules that keep them; a test holds their columns against these.
"""

from dataclasses import dataclass

from backlog_assets.catalogue.spec import Column


@dataclass(frozen=True)
class Book:
    """A bookkeeping table. `doc` and `doc_ja` begin with a plain sentence."""

    name: str
    doc: str
    doc_ja: str
    columns: tuple[Column, ...]


RUN_ID = Column("run_id", "VARCHAR", "Dagster's run.", doc_ja="Dagster の実行 ID。")
TABLE_NAME = Column("table_name", "VARCHAR", "The table, as in the schema of the tables.", doc_ja="テーブル名。")
SCHEMA_NAME = Column("schema_name", "VARCHAR", "The schema of the tables.", doc_ja="テーブルのスキーマ名。")
LOADED_AT = Column("loaded_at", "TIMESTAMPTZ", "When it was loaded.", doc_ja="読み込み日時。")
PROJECT_KEY = Column(
    "project_key", "VARCHAR", "The project's key when it was loaded.", doc_ja="読み込み時のプロジェクトキー。"
)
PROJECT_ID = Column("project_id", "BIGINT", "The project; `projects.id`.", doc_ja="プロジェクト（`projects.id`）。")
REQUESTS = Column("requests", "BIGINT", "Requests sent.", doc_ja="送ったリクエスト数。")
WAITED = Column(
    "waited_seconds",
    "DOUBLE",
    "Seconds of it in which the rate limit was waited for.",
    doc_ja="レート制限のために待った秒数。",
)
ISSUE_ID = Column("issue_id", "BIGINT", "The issue; `issues.id`.", doc_ja="課題（`issues.id`）。")

SPACES = Book(
    "spaces",
    "Which space a schema holds. One row.",
    "スキーマが持つスペース。1 行です。",
    (
        SCHEMA_NAME,
        Column(
            "space",
            "VARCHAR",
            "The space's host; `loopback` for any server on this machine.",
            doc_ja="スペースのホスト名。同じマシン上のサーバーは `loopback`。",
        ),
    ),
)
LOADS = Book(
    "loads",
    "What each load did to each table, one row a table and load, written in the load's own transaction.",
    "読み込みごとの結果。1 テーブル・1 回の読み込みにつき 1 行で、読み込みと同じトランザクションで書かれます。",
    (
        RUN_ID,
        TABLE_NAME,
        LOADED_AT,
        Column("rows", "BIGINT", "Rows there were after it, deleted ones left out.", doc_ja="読み込み後の行数。"),
        Column("inserted", "BIGINT", "Rows added.", doc_ja="追加した行数。"),
        Column("updated", "BIGINT", "Rows replaced, because they had changed.", doc_ja="更新した行数。"),
        Column("deleted", "BIGINT", "Rows marked deleted, or dropped.", doc_ja="削除（または削除の印を付けた）行数。"),
        REQUESTS,
        Column("seconds", "DOUBLE", "Seconds it took to read.", doc_ja="取得にかかった秒数。"),
        WAITED,
        Column(
            "projects",
            "BIGINT",
            "Projects that were read; null where all were.",
            optional=True,
            doc_ja="取得したプロジェクト数。すべての場合は null。",
        ),
    ),
)
SYNC_STATE = Book(
    "sync_state",
    "The last load of each endpoint's table. One row a table.",
    "テーブルごとの最後の読み込み。1 テーブルにつき 1 行です。",
    (
        TABLE_NAME,
        Column("is_whole", "BOOLEAN", "No project was left out of it.", doc_ja="すべてのプロジェクトを含むか。"),
        LOADED_AT,
    ),
)
REQUESTS_BY_CLASS = Book(
    "requests",
    "What each load spent of the rate limit. One row a load and class of requests.",
    "読み込みごとのリクエスト数。1 回の読み込み・リクエストの種別につき 1 行です。",
    (
        RUN_ID,
        TABLE_NAME,
        Column("class", "VARCHAR", "As in `rate_limit.class`.", doc_ja="リクエストの種別（`rate_limit.class`）。"),
        REQUESTS,
        Column("too_many", "BIGINT", "Answers 429, Too Many Requests.", doc_ja="429（リクエスト過多）の回数。"),
        WAITED,
        Column("bytes", "BIGINT", "Bytes received.", doc_ja="受信したバイト数。"),
        LOADED_AT,
    ),
)
PROJECT_LOADS = Book(
    "project_loads",
    "The last load of each per-project table and project. One row a table and project.",
    "プロジェクト別テーブルの最後の読み込み。1 テーブル・1 プロジェクトにつき 1 行です。",
    (TABLE_NAME, PROJECT_ID, PROJECT_KEY, RUN_ID, LOADED_AT),
)
CURSORS = Book(
    "cursors",
    "Where the next load of a table begins. One row a table and name.",
    "次の読み込みの開始位置。1 テーブル・1 名前につき 1 行です。",
    (
        TABLE_NAME,
        Column("name", "VARCHAR", "What it is the place in.", doc_ja="位置の名前。"),
        Column("value", "VARCHAR", "The place: an id, an instant or a number, as text.", doc_ja="位置（文字列）。"),
        RUN_ID,
        LOADED_AT,
    ),
)
COMMENT_STATE = Book(
    "comment_state",
    "How each issue was when its comments were read. One row an issue whose comments were read.",
    "コメントを取得した時点の課題の状態。コメントを取得した課題 1 件につき 1 行です。",
    (
        ISSUE_ID,
        Column(
            "issue_updated",
            "TIMESTAMPTZ",
            "The issue's `updated` then; null where it is to be read again.",
            optional=True,
            doc_ja="その時点の課題の `updated`。再取得が必要な場合は null。",
        ),
        Column("last_comment_id", "BIGINT", "Its newest comment.", optional=True, doc_ja="最新のコメントの id。"),
        Column("comments", "BIGINT", "How many it had.", doc_ja="コメント数。"),
        Column("read_at", "TIMESTAMPTZ", "When they were read.", doc_ja="取得日時。"),
    ),
)
EACH_STATE = Book(
    "each_state",
    "How each row of another table was when a table was asked for it. One row a table and row it was asked for, of the "
    "tables that are asked again only of rows that moved.",
    "別テーブルの行ごとに取得するテーブルの取得状態。更新された行だけを取得するテーブルの、取得元の行ごとに 1 行です。",
    (
        TABLE_NAME,
        Column("parent", "VARCHAR", "Key of the row it was asked for.", doc_ja="取得元の行のキー。"),
        Column(
            "moved",
            "VARCHAR",
            "What the column that tells of changes held then.",
            optional=True,
            doc_ja="その時点の更新を示す列の値。",
        ),
        Column("read_at", "TIMESTAMPTZ", "When it was read.", doc_ja="取得日時。"),
    ),
)
ISSUES_TO_READ = Book(
    "issues_to_read",
    "Issues that the next load of the issues asks for. One row an issue and reason.",
    "次の課題の読み込みで取得する課題。1 課題・1 理由につき 1 行です。",
    (
        ISSUE_ID,
        Column("why", "VARCHAR", "What changed about it without moving its `updated`.", doc_ja="取得する理由。"),
        Column("queued_at", "TIMESTAMPTZ", "When that was noticed.", doc_ja="登録日時。"),
    ),
)
PERMISSIONS = Book(
    "permissions",
    "Whether the key may read each table and, where it is loaded so, each project's part of it.",
    "API キーで各テーブル（プロジェクト別の場合はプロジェクトごと）を取得できるか。",
    (
        TABLE_NAME,
        Column(
            "project_key",
            "VARCHAR",
            "The project; null for what is of the whole space.",
            optional=True,
            doc_ja="プロジェクトキー。スペース全体のものは null。",
        ),
        Column("readable", "BOOLEAN", "The key may read it.", doc_ja="取得できるか。"),
        Column(
            "since", "TIMESTAMPTZ", "Since when that is so, as far as was looked.", doc_ja="いつからか（確認範囲）。"
        ),
        Column("code", "INTEGER", "Backlog's error code.", optional=True, doc_ja="Backlog のエラーコード。"),
        Column("status", "INTEGER", "The HTTP status.", optional=True, doc_ja="HTTP ステータス。"),
        Column("checked_at", "TIMESTAMPTZ", "When it was last looked at.", doc_ja="最終確認日時。"),
        Column("was_readable", "BOOLEAN", "The key could read it once.", doc_ja="過去に取得できたことがあるか。"),
    ),
)
HISTORY_MARKS = Book(
    "history_marks",
    "How each issue was when its history was last built. One row an issue.",
    "履歴を最後に作成した時点の課題の状態。1 課題につき 1 行です。",
    (SCHEMA_NAME, ISSUE_ID, Column("mark", "HUGEINT", "Digest of what it is made of.", doc_ja="内容のハッシュ値。")),
)
HISTORY_NAMES = Book(
    "history_names",
    "What the names in change logs stood for when the history was last built. One row a name.",
    "履歴を最後に作成した時点で、変更ログの名前が指していたもの。1 つの名前につき 1 行です。",
    (
        SCHEMA_NAME,
        Column("kind", "VARCHAR", "What is named, such as a status.", doc_ja="名前の種類（状態など）。"),
        Column(
            "scope", "BIGINT", "The project or field it is a name in.", doc_ja="名前が有効なプロジェクトまたは属性。"
        ),
        Column("name", "VARCHAR", "The name.", doc_ja="名前。"),
        Column("ids", "BIGINT[]", "What has that name.", doc_ja="その名前を持つものの id。"),
        Column("rank", "INTEGER", "How good the source is; lower is better.", doc_ja="情報源の順位。"),
        Column("place", "BIGINT", "Display order or type.", optional=True, doc_ja="表示順または型。"),
    ),
)
FIELD_VIEWS = Book(
    "field_views",
    "The views of projects' issues with their custom fields as columns. One row a view.",
    "カスタム属性を列にした、プロジェクトごとの課題のビュー。1 ビューにつき 1 行です。",
    (
        SCHEMA_NAME,
        Column("view_name", "VARCHAR", "The view.", doc_ja="ビュー名。"),
        PROJECT_ID,
        PROJECT_KEY,
        Column("definition", "VARCHAR", "Digest of all that makes it.", doc_ja="定義のハッシュ値。"),
        Column("comment", "VARCHAR", "The comment it was made with.", doc_ja="作成時のコメント。"),
    ),
)
PEOPLE = Book(
    "people",
    "How people's data in a schema were treated (`BACKLOG_PII`). One row a schema.",
    "個人情報の扱い（`BACKLOG_PII`）。1 スキーマにつき 1 行です。",
    (
        SCHEMA_NAME,
        Column("mark", "VARCHAR", "The treatment, and a digest of its key.", doc_ja="扱いと鍵のハッシュ値。"),
    ),
)
PEOPLE_RENEWALS = Book(
    "people_renewals",
    "Append-only tables whose rows the next load replaces, because people's data are treated otherwise now.",
    "個人情報の扱いが変わったため、次の読み込みで行を置き換える追記のみのテーブル。",
    (SCHEMA_NAME, TABLE_NAME),
)
MEANINGS = Book(
    "meanings",
    "Which comments each table was given. One row a schema and table.",
    "テーブルに付けたコメントの状態。1 スキーマ・1 テーブルにつき 1 行です。",
    (SCHEMA_NAME, TABLE_NAME, Column("mark", "VARCHAR", "Digest of the comments.", doc_ja="コメントのハッシュ値。")),
)

BOOKS = (
    LOADS,
    REQUESTS_BY_CLASS,
    SYNC_STATE,
    PROJECT_LOADS,
    CURSORS,
    EACH_STATE,
    COMMENT_STATE,
    ISSUES_TO_READ,
    PERMISSIONS,
    SPACES,
    PEOPLE,
    PEOPLE_RENEWALS,
    FIELD_VIEWS,
    HISTORY_MARKS,
    HISTORY_NAMES,
    MEANINGS,
)
"""Every bookkeeping table, in the order in which one reads them."""
