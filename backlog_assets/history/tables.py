"""The tables of the history: columns, keys and what they mean, in English and Japanese. Pure data; knows no SQL."""

from dataclasses import dataclass

from backlog_assets.catalogue.spec import Column
from backlog_assets.catalogue.table import Table


@dataclass(frozen=True)
class Mart(Table):
    """A table made of other tables, at no request. `doc` and `doc_ja` begin with a plain sentence.

    `made_of` are the tables without which it is empty; the others that it looks into only help to put names to ids.
    """

    doc: str = ""
    doc_ja: str = ""
    made_of: tuple[str, ...] = ()


ISSUE_ID = Column("issue_id", "BIGINT", "The issue; `issues.id`.", refers="issues.id", doc_ja="課題（`issues.id`）。")
PROJECT_ID = Column(
    "project_id",
    "BIGINT",
    "The project the issue was in at the time, as far as can be told.",
    doc_ja="その時点で課題があったプロジェクト（分かる範囲）。",
)
CUSTOM_FIELD_ID = Column(
    "custom_field_id",
    "BIGINT",
    "The custom field; `project_custom_fields.id`. Null for the fields every issue has.",
    optional=True,
    refers="project_custom_fields.id",
    doc_ja="カスタム属性（`project_custom_fields.id`）。全課題に共通の項目では null。",
)

ISSUE_CHANGES = Mart(
    name="issue_changes",
    doc="Every change of a field of an issue, as its change log tells it. From comments; from recent updates where an "
    "issue's comments are not loaded. Changes told by a comment that was deleted later stay: they happened.",
    doc_ja="課題の項目の変更履歴（1 項目 1 行）。コメントの変更ログから、コメントを読み込んでいない課題では"
    "最近の更新から作成します。後で削除されたコメントの変更も残ります。",
    made_of=("issue_comments", "activities"),
    key=("source", "source_id", "issue_id", "ordinal"),
    content=(
        ISSUE_ID,
        PROJECT_ID,
        Column(
            "source",
            "VARCHAR",
            "Where it is told: `comment` or `activity`.",
            doc_ja="情報源。`comment`（コメント）か `activity`（最近の更新）。",
        ),
        Column(
            "source_id",
            "BIGINT",
            "Id of the comment or activity; `issue_comments.id` or `activities.id`.",
            doc_ja="コメントまたは更新の id（`issue_comments.id` か `activities.id`）。",
        ),
        Column(
            "comment_id",
            "BIGINT",
            "The comment, also where only an activity names it; else null.",
            optional=True,
            doc_ja="コメントの id。更新だけが示すコメントも含みます。なければ null。",
        ),
        Column("ordinal", "INTEGER", "Place in the change log, from 1.", doc_ja="変更ログ内の順番。1 から始まります。"),
        Column(
            "field",
            "VARCHAR",
            "The field as Backlog names it, such as `assigner`; the name of a custom field.",
            doc_ja="Backlog での項目名（`assigner` など）。カスタム属性ではその名前。",
        ),
        Column(
            "attribute",
            "VARCHAR",
            "The field it means, as `issue_field_history.field`; null for what is no field, such as `notification`.",
            optional=True,
            doc_ja="対応する項目（`issue_field_history.field` と同じ）。`notification` など項目でないものは null。",
        ),
        CUSTOM_FIELD_ID,
        Column(
            "old_value",
            "VARCHAR",
            "The value before, as sent. Changes made to many issues do not tell it.",
            True,
            doc_ja="変更前の値（受信したまま）。一括変更では分かりません。",
        ),
        Column("new_value", "VARCHAR", "The value after, as sent.", True, doc_ja="変更後の値（受信したまま）。"),
        Column(
            "created_user_id",
            "BIGINT",
            "Who changed it; `users.id`.",
            True,
            refers="users.id",
            doc_ja="変更したユーザー（`users.id`）。",
        ),
        Column(
            "created_user_name",
            "VARCHAR",
            "Their name when the row was loaded.",
            True,
            doc_ja="読み込み時のユーザー名。",
        ),
        Column("created", "TIMESTAMPTZ", "When it was changed.", doc_ja="変更日時。"),
    ),
)

ISSUE_FIELD_HISTORY = Mart(
    name="issue_field_history",
    doc="What every field of every issue was, from when until when. Also fields that never changed, and custom fields. "
    "Each change begins a range; the first range begins with the issue. Empty text counts as no value.",
    doc_ja="課題の全項目（カスタム属性を含む）の値と有効期間。変更のたびに期間が始まり、最初の期間は課題の作成から"
    "始まります。一度も変更されていない項目も 1 行あります。空文字は値なしとして扱います。",
    made_of=("issues",),
    key=("issue_id", "field", "sequence"),
    content=(
        ISSUE_ID,
        PROJECT_ID,
        Column(
            "field",
            "VARCHAR",
            "`status`, `assignee`, `due_date`, `milestones` and so on; `project`; `custom_field_` and the field's id.",
            doc_ja="項目。`status`、`assignee`、`due_date`、`milestones`、`project` など。"
            "カスタム属性は `custom_field_` と id。",
        ),
        CUSTOM_FIELD_ID,
        Column(
            "custom_field_name",
            "VARCHAR",
            "The custom field's name now, or the last one known.",
            True,
            doc_ja="カスタム属性の今の名前、または最後に分かった名前。",
        ),
        Column(
            "sequence",
            "INTEGER",
            "Place of the range among those of the issue's field, from 1.",
            doc_ja="課題のその項目の中での期間の順番。1 から始まります。",
        ),
        Column(
            "valid_from",
            "TIMESTAMPTZ",
            "When the value began to hold, this instant included.",
            doc_ja="値が有効になった日時（この時点を含む）。",
        ),
        Column(
            "valid_to",
            "TIMESTAMPTZ",
            "When it no longer held; null while it does. Equal to `valid_from` where two changes share a second.",
            optional=True,
            doc_ja="値が有効でなくなった日時。有効な間は null。同じ秒に 2 回変わると `valid_from` と同じです。",
        ),
        Column(
            "is_current",
            "BOOLEAN",
            "It is the value now; never so for an issue that was deleted.",
            doc_ja="今の値か。削除された課題では常に false。",
        ),
        Column(
            "value_text",
            "VARCHAR",
            "The value as read at the time: names, days as yyyy-MM-dd, numbers without zeros behind. Null for none.",
            optional=True,
            doc_ja="その時点の値（表示名）。日付は yyyy-MM-dd、数値は末尾の 0 なし。値がなければ null。",
        ),
        Column(
            "value_id",
            "BIGINT",
            "Id of what the name stood for; null where it cannot be told, and for lists.",
            True,
            doc_ja="名前が指すものの id。分からない場合やリストでは null。",
        ),
        Column(
            "values",
            "JSON",
            "For fields that hold several: list of {id, name}, by id; id is null where it cannot be told. Else null.",
            optional=True,
            doc_ja="複数の値を持つ項目の {id, name} のリスト（id 順）。分からない id は null。ほかの項目では null。",
        ),
        Column(
            "evidence",
            "VARCHAR",
            "Who says so: `log` (a change log), `issue` (the issue as it is now), `none` (nobody; the value is null).",
            doc_ja="根拠。`log`（変更ログ）、`issue`（今の課題）、`none`（なし、値は null）。",
        ),
        Column(
            "disagrees",
            "BOOLEAN",
            "What comes next starts from another value than this range was begun with: something changed in between "
            "that no log tells. For the last range the issue as it is now wins.",
            doc_ja="次の変更前の値が、この期間の値と違うか。ログにない変更があったことを示します。最後の期間は今の課題の値を優先します。",
        ),
        Column(
            "changed_by_id",
            "BIGINT",
            "Who began the range; `users.id`. Null for a change nobody logged.",
            True,
            refers="users.id",
            doc_ja="期間を始めたユーザー（`users.id`）。記録のない変更では null。",
        ),
        Column("changed_by_name", "VARCHAR", "Their name when it was loaded.", True, doc_ja="読み込み時のユーザー名。"),
        Column(
            "comment_id",
            "BIGINT",
            "The comment that tells of it; `issue_comments.id`.",
            True,
            refers="issue_comments.id",
            doc_ja="変更のあったコメント（`issue_comments.id`）。",
        ),
    ),
)

ISSUE_STATUS_TRANSITIONS = Mart(
    name="issue_status_transitions",
    doc="The way of every issue through its states, one row a state entered. The first row is the state it began in.",
    doc_ja="課題の状態遷移。状態に入るたびに 1 行で、最初の行は作成時の状態です。滞在秒数、進行方向、再オープンの"
    "判定を含みます。",
    made_of=("issues",),
    key=("issue_id", "sequence"),
    content=(
        ISSUE_ID,
        PROJECT_ID,
        Column(
            "sequence",
            "INTEGER",
            "Place among the issue's transitions, from 1.",
            doc_ja="課題の状態遷移の順番。1 から始まります。",
        ),
        Column(
            "from_status_id",
            "BIGINT",
            "The state left; `project_statuses.id`. Null in the first row.",
            True,
            refers="project_statuses.id",
            doc_ja="前の状態（`project_statuses.id`）。最初の行では null。",
        ),
        Column("from_status_name", "VARCHAR", "Its name at the time.", True, doc_ja="その時点の前の状態の名前。"),
        Column(
            "to_status_id",
            "BIGINT",
            "The state entered; `project_statuses.id`. Null where unknown.",
            True,
            refers="project_statuses.id",
            doc_ja="次の状態（`project_statuses.id`）。不明な場合は null。",
        ),
        Column("to_status_name", "VARCHAR", "Its name at the time.", True, doc_ja="その時点の次の状態の名前。"),
        Column("entered_at", "TIMESTAMPTZ", "When it was entered.", doc_ja="状態に入った日時。"),
        Column(
            "left_at",
            "TIMESTAMPTZ",
            "When it was left, or the issue deleted; null while the issue is in it.",
            True,
            doc_ja="状態を出た、または課題が削除された日時。その状態の間は null。",
        ),
        Column(
            "seconds_in_status",
            "BIGINT",
            "From `entered_at` to `left_at`; null while the issue is in it.",
            True,
            doc_ja="`entered_at` から `left_at` までの秒数。その状態の間は null。",
        ),
        Column(
            "direction",
            "VARCHAR",
            "`forward` or `backward` on the project's board; null where unknown.",
            True,
            doc_ja="ボード上の方向。`forward`（前進）か `backward`（後退）。不明な場合は null。",
        ),
        Column(
            "is_reopen",
            "BOOLEAN",
            "It leads from Closed (4) to another state.",
            doc_ja="完了（4）から別の状態に戻ったか。",
        ),
        Column(
            "changed_by_id",
            "BIGINT",
            "Who moved it; `users.id`.",
            True,
            refers="users.id",
            doc_ja="状態を変えたユーザー（`users.id`）。",
        ),
        Column("changed_by_name", "VARCHAR", "Their name when it was loaded.", True, doc_ja="読み込み時のユーザー名。"),
        Column(
            "comment_id",
            "BIGINT",
            "The comment that tells of it; `issue_comments.id`.",
            True,
            refers="issue_comments.id",
            doc_ja="変更のあったコメント（`issue_comments.id`）。",
        ),
    ),
)

HISTORY = "issue_history"
"""What the tables are called together."""

TABLES = (ISSUE_CHANGES, ISSUE_FIELD_HISTORY, ISSUE_STATUS_TRANSITIONS)
"""The tables that `build` fills, in the order in which they are filled."""

AS_OF = "issues_as_of"
"""The macro: `SELECT * FROM backlog.issues_as_of('2026-05-01')`, one row an issue that existed then."""

AS_OF_DOC = (
    "The issues as they were at an instant: `SELECT * FROM backlog.issues_as_of('2026-05-01 09:00:00+09')`. One row an "
    "issue that existed then, columns named as in `issues`, and its lists as JSON. Null also where it cannot be told."
)
AS_OF_DOC_JA = (
    "指定した時点の課題を返すマクロ。その時点で存在した課題が 1 行ずつ、`issues` と同じ列名で得られます。"
    "分からない値は null です。"
)
