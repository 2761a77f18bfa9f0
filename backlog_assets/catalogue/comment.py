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
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        Column(
            "alreadyRead",
            "BOOLEAN",
            "Whether the user has seen the notification.",
            optional=True,
            doc_ja="お知らせを確認済みか。",
        ),
        Column(
            "reason",
            "INTEGER",
            "1 assigned, 2 commented, 3 issue created, 4 issue updated, 5 file added, 9 other.",
            optional=True,
            doc_ja="理由。1 担当者に設定、2 コメント、3 課題の追加、4 課題の更新、5 ファイルの追加、9 その他。",
        ),
        *who("user", "Who was notified", optional=True, doc_ja="お知らせを受けたユーザー"),
        Column(
            "resourceAlreadyRead",
            "BOOLEAN",
            "Whether the user has read the comment.",
            optional=True,
            doc_ja="コメントを読んだか。",
        ),
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
        Column(
            "id", "BIGINT", "Unique in the space; ascends with time.", doc_ja="スペース内で一意。時系列で増えます。"
        ),
        PROJECT_ID,
        refer("issueId", "The issue", "issues.id", doc_ja="課題"),
        Column(
            "content",
            "VARCHAR",
            "The text; null where only fields were changed.",
            optional=True,
            doc_ja="本文。項目の変更だけの場合は null。",
        ),
        Column(
            "changeLog",
            "JSON",
            "What was changed: one object a field, with its value before and after as people read it.",
            optional=True,
            doc_ja="変更内容。1 項目 1 オブジェクトで、変更前後の値（表示名）を含みます。",
        ),
        *who("createdUser", "Who wrote it", optional=True, doc_ja="投稿者"),
        Column("created", "TIMESTAMPTZ", "When it was written.", doc_ja="投稿日時。"),
        Column("updated", "TIMESTAMPTZ", "When its text was last edited.", doc_ja="最終編集日時。"),
    ),
    children=(NOTIFICATIONS, COMMENT_STARS),
)

ENDPOINTS = (ISSUE_COMMENTS,)
