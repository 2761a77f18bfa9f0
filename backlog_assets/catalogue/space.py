"""The space itself: what it is, what its plan allows, what every project shares."""

from backlog_assets.catalogue.columns import refer
from backlog_assets.catalogue.spec import Column, Endpoint, Load, Paging

SPACE = Endpoint(
    name="space",
    path="/space",
    doc="The Backlog space itself: its name, owner, language and time zone. One row.",
    doc_ja="スペースの基本情報（名前、オーナー、言語、タイムゾーン）。1 行です。",
    docs_page="get-space",
    group="space",
    key=(),
    paging=Paging.ONE,
    columns=(
        Column("spaceKey", "VARCHAR", "The first part of the space's host name."),
        Column("name", "VARCHAR", "The organisation's name as shown in Backlog."),
        refer("ownerId", "The user who owns the space", "users.id"),
        Column("lang", "VARCHAR", "Language of the space: `ja` or `en`."),
        Column("timezone", "VARCHAR", "Time zone of the space, such as `Asia/Tokyo`."),
        Column("reportSendTime", "VARCHAR", "Time of day at which the daily report mail is sent, HH:mm:ss."),
        Column("textFormattingRule", "VARCHAR", "Default text format of new projects: `backlog` or `markdown`."),
        Column("created", "TIMESTAMPTZ", "When the space was made."),
        Column("updated", "TIMESTAMPTZ", "When its settings last changed."),
    ),
)

LICENCE = Endpoint(
    name="licence",
    path="/space/licence",
    doc="What the space's plan allows. One row; a limit of 0 means unlimited.",
    doc_ja="契約プランの内容と上限。1 行です。0 は無制限を表します。",
    docs_page="get-licence",
    group="space",
    key=(),
    paging=Paging.ONE,
    columns=(
        Column("active", "BOOLEAN", "Whether the contract is in force."),
        Column("licenceTypeId", "BIGINT", "Backlog's number of the plan."),
        Column("startedOn", "TIMESTAMPTZ", "When the contract began.", optional=True),
        Column("limitDate", "TIMESTAMPTZ", "When the contract ends.", optional=True),
        Column("attachmentLimit", "BIGINT", "Bytes of attachments in all."),
        Column("attachmentLimitPerFile", "BIGINT", "Bytes of one attachment."),
        Column("attachmentNumLimit", "BIGINT", "Attachments of one issue."),
        Column("attribute", "BOOLEAN", "Custom fields may be used."),
        Column("attributeLimit", "BIGINT", "Custom fields of one project."),
        Column("burndown", "BOOLEAN", "Burndown charts may be used."),
        Column("commentLimit", "BIGINT", "Comments of one issue."),
        Column("componentLimit", "BIGINT", "Categories of one project."),
        Column("fileSharing", "BOOLEAN", "Shared files may be used."),
        Column("gantt", "BOOLEAN", "Gantt charts may be used."),
        Column("git", "BOOLEAN", "Git repositories may be used."),
        Column("grandchildIssueEnabled", "BOOLEAN", "Issues may nest three levels deep.", optional=True),
        Column("issueLimit", "BIGINT", "Issues of the space."),
        Column("nulabAccount", "BOOLEAN", "Users sign in with a Nulab account."),
        Column("parentChildIssue", "BOOLEAN", "Issues may have children."),
        Column("postIssueByMail", "BOOLEAN", "Issues may be made by mail."),
        Column("projectLimit", "BIGINT", "Projects of the space."),
        Column("pullRequestAttachmentLimitPerFile", "BIGINT", "Bytes of one attachment of a pull request."),
        Column("pullRequestAttachmentNumLimit", "BIGINT", "Attachments of one pull request."),
        Column("remoteAddress", "BOOLEAN", "Access may be limited by IP address."),
        Column("remoteAddressLimit", "BIGINT", "IP addresses that may be named."),
        Column("storageLimit", "BIGINT", "Bytes of storage in all."),
        Column("subversion", "BOOLEAN", "Subversion may be used."),
        Column("subversionExternal", "BOOLEAN", "An external Subversion may be used."),
        Column("userLimit", "BIGINT", "Users of the space."),
        Column("versionLimit", "BIGINT", "Versions of one project."),
        Column("wikiAttachment", "BOOLEAN", "Wiki pages may have attachments."),
        Column("wikiAttachmentLimitPerFile", "BIGINT", "Bytes of one attachment of a wiki page."),
        Column("wikiAttachmentNumLimit", "BIGINT", "Attachments of one wiki page."),
    ),
)

RATE_LIMIT = Endpoint(
    name="rate_limit",
    path="/rateLimit",
    doc="How many requests a minute the key's user may send, by class. Each load adds a row a class: history is kept.",
    doc_ja="API のレート制限（種別ごと）。読み込みのたびに 1 種別 1 行を追加し、履歴を残します。",
    docs_page="get-rate-limit",
    group="space",
    key=("class", "_loaded_at"),
    load=Load.HISTORY,
    paging=Paging.ONE,
    columns=(
        Column("class", "VARCHAR", "Class of requests: `read`, `update`, `search` or `icon`."),
        Column("limit", "BIGINT", "Requests a minute."),
        Column("remaining", "BIGINT", "Requests left in the minute of the load."),
        Column("reset", "TIMESTAMPTZ", "When the minute of the load ended."),
    ),
)

PRIORITIES = Endpoint(
    name="priorities",
    path="/priorities",
    doc="The priorities an issue can have, the same in every project. Names are in the language of the key's user.",
    doc_ja="課題の優先度の一覧。全プロジェクト共通で、名前は API キーの利用者の言語です。",
    docs_page="get-priority-list",
    group="space",
    columns=(
        Column("id", "BIGINT", "2 is high, 3 normal, 4 low."),
        Column("name", "VARCHAR", "As shown in the issue form."),
    ),
)

RESOLUTIONS = Endpoint(
    name="resolutions",
    path="/resolutions",
    doc="How an issue can have been resolved, the same in every project. The id 0 (Fixed) is a valid one.",
    doc_ja="課題の完了理由の一覧。全プロジェクト共通です。id 0（対応済み）も有効な値です。",
    docs_page="get-resolution-list",
    group="space",
    columns=(
        Column("id", "BIGINT", "0 Fixed, 1 Won't Fix, 2 Invalid, 3 Duplication, 4 Cannot Reproduce."),
        Column("name", "VARCHAR", "As shown in the issue form, in the language of the key's user."),
    ),
)

SPACE_NOTIFICATION = Endpoint(
    name="space_notification",
    path="/space/notification",
    doc="What the administrators announce to everybody on the dashboard. One row.",
    doc_ja="ダッシュボードに表示されるスペースのお知らせ。1 行です。",
    docs_page="get-space-notification",
    group="space",
    key=(),
    paging=Paging.ONE,
    columns=(
        Column("content", "VARCHAR", "The announcement.", optional=True, doc_ja="お知らせの本文。"),
        Column("updated", "TIMESTAMPTZ", "When it last changed.", optional=True, doc_ja="最終更新日時。"),
    ),
)

ENDPOINTS = (SPACE, LICENCE, RATE_LIMIT, PRIORITIES, RESOLUTIONS, SPACE_NOTIFICATION)
