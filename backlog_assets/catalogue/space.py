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
        Column(
            "spaceKey",
            "VARCHAR",
            "The first part of the space's host name.",
            doc_ja="スペース ID（ホスト名の最初の部分）。",
        ),
        Column(
            "name", "VARCHAR", "The organisation's name as shown in Backlog.", doc_ja="Backlog に表示される組織名。"
        ),
        refer("ownerId", "The user who owns the space", "users.id", doc_ja="スペースのオーナー"),
        Column("lang", "VARCHAR", "Language of the space: `ja` or `en`.", doc_ja="スペースの言語（`ja` か `en`）。"),
        Column(
            "timezone",
            "VARCHAR",
            "Time zone of the space, such as `Asia/Tokyo`.",
            doc_ja="スペースのタイムゾーン（`Asia/Tokyo` など）。",
        ),
        Column(
            "reportSendTime",
            "VARCHAR",
            "Time of day at which the daily report mail is sent, HH:mm:ss.",
            doc_ja="日次レポートのメールを送る時刻（HH:mm:ss）。",
        ),
        Column(
            "textFormattingRule",
            "VARCHAR",
            "Default text format of new projects: `backlog` or `markdown`.",
            doc_ja="新しいプロジェクトのテキスト整形のルール（`backlog` か `markdown`）。",
        ),
        Column("created", "TIMESTAMPTZ", "When the space was made.", doc_ja="作成日時。"),
        Column("updated", "TIMESTAMPTZ", "When its settings last changed.", doc_ja="設定の最終更新日時。"),
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
        Column("active", "BOOLEAN", "Whether the contract is in force.", doc_ja="契約が有効か。"),
        Column("licenceTypeId", "BIGINT", "Backlog's number of the plan.", doc_ja="プランの番号。"),
        Column("startedOn", "TIMESTAMPTZ", "When the contract began.", optional=True, doc_ja="契約の開始日時。"),
        Column("limitDate", "TIMESTAMPTZ", "When the contract ends.", optional=True, doc_ja="契約の終了日時。"),
        Column("attachmentLimit", "BIGINT", "Bytes of attachments in all.", doc_ja="添付ファイル全体の上限バイト数。"),
        Column(
            "attachmentLimitPerFile", "BIGINT", "Bytes of one attachment.", doc_ja="添付ファイル 1 件の上限バイト数。"
        ),
        Column("attachmentNumLimit", "BIGINT", "Attachments of one issue.", doc_ja="1 課題の添付ファイル数の上限。"),
        Column("attribute", "BOOLEAN", "Custom fields may be used.", doc_ja="カスタム属性を使えるか。"),
        Column(
            "attributeLimit", "BIGINT", "Custom fields of one project.", doc_ja="1 プロジェクトのカスタム属性数の上限。"
        ),
        Column("burndown", "BOOLEAN", "Burndown charts may be used.", doc_ja="バーンダウンチャートを使えるか。"),
        Column("commentLimit", "BIGINT", "Comments of one issue.", doc_ja="1 課題のコメント数の上限。"),
        Column("componentLimit", "BIGINT", "Categories of one project.", doc_ja="1 プロジェクトのカテゴリー数の上限。"),
        Column("fileSharing", "BOOLEAN", "Shared files may be used.", doc_ja="共有ファイルを使えるか。"),
        Column("gantt", "BOOLEAN", "Gantt charts may be used.", doc_ja="ガントチャートを使えるか。"),
        Column("git", "BOOLEAN", "Git repositories may be used.", doc_ja="Git を使えるか。"),
        Column(
            "grandchildIssueEnabled",
            "BOOLEAN",
            "Issues may nest three levels deep.",
            optional=True,
            doc_ja="孫課題（3 階層）を使えるか。",
        ),
        Column("issueLimit", "BIGINT", "Issues of the space.", doc_ja="スペースの課題数の上限。"),
        Column(
            "nulabAccount",
            "BOOLEAN",
            "Users sign in with a Nulab account.",
            doc_ja="Nulab アカウントでログインするか。",
        ),
        Column("parentChildIssue", "BOOLEAN", "Issues may have children.", doc_ja="親子課題を使えるか。"),
        Column("postIssueByMail", "BOOLEAN", "Issues may be made by mail.", doc_ja="メールで課題を追加できるか。"),
        Column("projectLimit", "BIGINT", "Projects of the space.", doc_ja="スペースのプロジェクト数の上限。"),
        Column(
            "pullRequestAttachmentLimitPerFile",
            "BIGINT",
            "Bytes of one attachment of a pull request.",
            doc_ja="プルリクエストの添付ファイル 1 件の上限バイト数。",
        ),
        Column(
            "pullRequestAttachmentNumLimit",
            "BIGINT",
            "Attachments of one pull request.",
            doc_ja="1 プルリクエストの添付ファイル数の上限。",
        ),
        Column(
            "remoteAddress",
            "BOOLEAN",
            "Access may be limited by IP address.",
            doc_ja="IP アドレスによるアクセス制限を使えるか。",
        ),
        Column(
            "remoteAddressLimit", "BIGINT", "IP addresses that may be named.", doc_ja="指定できる IP アドレス数の上限。"
        ),
        Column("storageLimit", "BIGINT", "Bytes of storage in all.", doc_ja="ストレージ全体の上限バイト数。"),
        Column("subversion", "BOOLEAN", "Subversion may be used.", doc_ja="Subversion を使えるか。"),
        Column(
            "subversionExternal",
            "BOOLEAN",
            "An external Subversion may be used.",
            doc_ja="外部の Subversion を使えるか。",
        ),
        Column("userLimit", "BIGINT", "Users of the space.", doc_ja="スペースのユーザー数の上限。"),
        Column("versionLimit", "BIGINT", "Versions of one project.", doc_ja="1 プロジェクトの発生バージョン数の上限。"),
        Column(
            "wikiAttachment",
            "BOOLEAN",
            "Wiki pages may have attachments.",
            doc_ja="Wiki ページにファイルを添付できるか。",
        ),
        Column(
            "wikiAttachmentLimitPerFile",
            "BIGINT",
            "Bytes of one attachment of a wiki page.",
            doc_ja="Wiki ページの添付ファイル 1 件の上限バイト数。",
        ),
        Column(
            "wikiAttachmentNumLimit",
            "BIGINT",
            "Attachments of one wiki page.",
            doc_ja="1 Wiki ページの添付ファイル数の上限。",
        ),
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
        Column(
            "class",
            "VARCHAR",
            "Class of requests: `read`, `update`, `search` or `icon`.",
            doc_ja="リクエストの種別（`read`、`update`、`search`、`icon`）。",
        ),
        Column("limit", "BIGINT", "Requests a minute.", doc_ja="1 分あたりの上限。"),
        Column("remaining", "BIGINT", "Requests left in the minute of the load.", doc_ja="読み込み時点の残り回数。"),
        Column(
            "reset", "TIMESTAMPTZ", "When the minute of the load ended.", doc_ja="読み込み時点の 1 分間が終わる時刻。"
        ),
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
        Column("id", "BIGINT", "2 is high, 3 normal, 4 low.", doc_ja="2 高、3 中、4 低。"),
        Column("name", "VARCHAR", "As shown in the issue form.", doc_ja="課題の入力欄での表示名。"),
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
        Column(
            "id",
            "BIGINT",
            "0 Fixed, 1 Won't Fix, 2 Invalid, 3 Duplication, 4 Cannot Reproduce.",
            doc_ja="0 対応済み、1 対応しない、2 無効、3 重複、4 再現しない。",
        ),
        Column(
            "name",
            "VARCHAR",
            "As shown in the issue form, in the language of the key's user.",
            doc_ja="課題の入力欄での表示名（API キーの利用者の言語）。",
        ),
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
