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


ISSUE_ID = Column("issue_id", "BIGINT", "The issue; `issues.id`.")
PROJECT_ID = Column("project_id", "BIGINT", "The project the issue was in at the time, as far as can be told.")
CUSTOM_FIELD_ID = Column(
    "custom_field_id",
    "BIGINT",
    "The custom field; `project_custom_fields.id`. Null for the fields every issue has.",
    optional=True,
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
        Column("source", "VARCHAR", "Where it is told: `comment` or `activity`."),
        Column("source_id", "BIGINT", "Id of the comment or activity; `issue_comments.id` or `activities.id`."),
        Column("comment_id", "BIGINT", "The comment, also where only an activity names it; else null.", optional=True),
        Column("ordinal", "INTEGER", "Place in the change log, from 1."),
        Column("field", "VARCHAR", "The field as Backlog names it, such as `assigner`; the name of a custom field."),
        Column(
            "attribute",
            "VARCHAR",
            "The field it means, as `issue_field_history.field`; null for what is no field, such as `notification`.",
            optional=True,
        ),
        CUSTOM_FIELD_ID,
        Column("old_value", "VARCHAR", "The value before, as sent. Changes made to many issues do not tell it.", True),
        Column("new_value", "VARCHAR", "The value after, as sent.", True),
        Column("created_user_id", "BIGINT", "Who changed it; `users.id`.", True),
        Column("created_user_name", "VARCHAR", "Their name when the row was loaded.", True),
        Column("created", "TIMESTAMPTZ", "When it was changed."),
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
        ),
        CUSTOM_FIELD_ID,
        Column("custom_field_name", "VARCHAR", "The custom field's name now, or the last one known.", True),
        Column("sequence", "INTEGER", "Place of the range among those of the issue's field, from 1."),
        Column("valid_from", "TIMESTAMPTZ", "When the value began to hold, this instant included."),
        Column(
            "valid_to",
            "TIMESTAMPTZ",
            "When it no longer held; null while it does. Equal to `valid_from` where two changes share a second.",
            optional=True,
        ),
        Column("is_current", "BOOLEAN", "It is the value now; never so for an issue that was deleted."),
        Column(
            "value_text",
            "VARCHAR",
            "The value as read at the time: names, days as yyyy-MM-dd, numbers without zeros behind. Null for none.",
            optional=True,
        ),
        Column(
            "value_id", "BIGINT", "Id of what the name stood for; null where it cannot be told, and for lists.", True
        ),
        Column(
            "values",
            "JSON",
            "For fields that hold several: list of {id, name}, by id; id is null where it cannot be told. Else null.",
            optional=True,
        ),
        Column(
            "evidence",
            "VARCHAR",
            "Who says so: `log` (a change log), `issue` (the issue as it is now), `none` (nobody; the value is null).",
        ),
        Column(
            "disagrees",
            "BOOLEAN",
            "What comes next starts from another value than this range was begun with: something changed in between "
            "that no log tells. For the last range the issue as it is now wins.",
        ),
        Column("changed_by_id", "BIGINT", "Who began the range; `users.id`. Null for a change nobody logged.", True),
        Column("changed_by_name", "VARCHAR", "Their name when it was loaded.", True),
        Column("comment_id", "BIGINT", "The comment that tells of it; `issue_comments.id`.", True),
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
        Column("sequence", "INTEGER", "Place among the issue's transitions, from 1."),
        Column("from_status_id", "BIGINT", "The state left; `project_statuses.id`. Null in the first row.", True),
        Column("from_status_name", "VARCHAR", "Its name at the time.", True),
        Column("to_status_id", "BIGINT", "The state entered; `project_statuses.id`. Null where unknown.", True),
        Column("to_status_name", "VARCHAR", "Its name at the time.", True),
        Column("entered_at", "TIMESTAMPTZ", "When it was entered."),
        Column(
            "left_at", "TIMESTAMPTZ", "When it was left, or the issue deleted; null while the issue is in it.", True
        ),
        Column("seconds_in_status", "BIGINT", "From `entered_at` to `left_at`; null while the issue is in it.", True),
        Column("direction", "VARCHAR", "`forward` or `backward` on the project's board; null where unknown.", True),
        Column("is_reopen", "BOOLEAN", "It leads from Closed (4) to another state."),
        Column("changed_by_id", "BIGINT", "Who moved it; `users.id`.", True),
        Column("changed_by_name", "VARCHAR", "Their name when it was loaded.", True),
        Column("comment_id", "BIGINT", "The comment that tells of it; `issue_comments.id`.", True),
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
