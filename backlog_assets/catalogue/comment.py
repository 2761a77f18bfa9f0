"""The comments of issues, with the changes they tell of, and the tables made of the arrays inside them."""

from backlog_assets.catalogue.columns import PROJECT_ID, refer, who
from backlog_assets.catalogue.issue import STARS
from backlog_assets.catalogue.spec import Child, Column, Endpoint, Load, Paging

NOTIFICATIONS = Child(
    name="issue_comment_notifications",
    field="notifications",
    parent="comment",
    doc="Who was notified of each comment.",
    doc_ja="コメントのお知らせ先。",
    columns=(
        Column("id", "BIGINT", "Unique in the space."),
        Column("alreadyRead", "BOOLEAN", "Whether the user has seen the notification.", optional=True),
        Column(
            "reason",
            "INTEGER",
            "1 assigned, 2 commented, 3 issue created, 4 issue updated, 5 file added, 9 other.",
            optional=True,
        ),
        *who("user", "Who was notified", optional=True),
        Column("resourceAlreadyRead", "BOOLEAN", "Whether the user has read the comment.", optional=True),
    ),
)
COMMENT_STARS = Child(
    name="issue_comment_stars",
    field="stars",
    parent="comment",
    doc="Stars given to each comment.",
    doc_ja="コメントに付けられたスター。",
    columns=STARS.columns,
)

ISSUE_COMMENTS = Endpoint(
    name="issue_comments",
    path="/issues/{issueIdOrKey}/comments",
    doc="Every comment of every issue, with what was changed with it; a change without words is a comment too. One "
    "request an issue the first time; after that only issues that were updated or commented are asked for.",
    doc_ja="すべての課題のコメントと変更履歴。文章のない変更も 1 件です。2 回目からは更新された課題だけを取得します。",
    docs_page="get-comment-list",
    group="issues",
    paging=Paging.BY_ID,
    load=Load.CHANGES,
    columns=(
        Column("id", "BIGINT", "Unique in the space; ascends with time."),
        PROJECT_ID,
        refer("issueId", "The issue", "issues.id"),
        Column("content", "VARCHAR", "The text; null where only fields were changed.", optional=True),
        Column(
            "changeLog",
            "JSON",
            "What was changed: one object a field, with its value before and after as people read it.",
            optional=True,
        ),
        *who("createdUser", "Who wrote it", optional=True),
        Column("created", "TIMESTAMPTZ", "When it was written."),
        Column("updated", "TIMESTAMPTZ", "When its text was last edited."),
    ),
    children=(NOTIFICATIONS, COMMENT_STARS),
)

ENDPOINTS = (ISSUE_COMMENTS,)
