"""Issues, and the tables made of the arrays inside them."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, UPDATED, named, refer, who
from backlog_assets.catalogue.spec import Child, Column, Each, Endpoint, Load, Paging

ISSUE = (
    Column(
        "id",
        "BIGINT",
        "Unique in the space; stays the same when the issue or its project is moved or renamed.",
        doc_ja="スペース内で一意。課題の移動やプロジェクトキーの変更があっても同じです。",
    ),
    PROJECT_ID,
    Column(
        "issueKey",
        "VARCHAR",
        "As people write it, `WEB-1`. Changes when the project is renamed.",
        doc_ja="課題キー（`WEB-1` など）。プロジェクトキーが変わると変わります。",
    ),
    Column("keyId", "BIGINT", "The number in the issue key.", doc_ja="課題キーの番号部分。"),
    *named("issueType", "Kind of issue", "project_issue_types.id", doc_ja="種別"),
    Column("summary", "VARCHAR", "The issue's title.", doc_ja="件名。"),
    Column(
        "description",
        "VARCHAR",
        "The issue's text, in the project's text format.",
        optional=True,
        doc_ja="詳細。書式はプロジェクトのテキスト整形のルールに従います。",
    ),
    *named(
        "resolution",
        "How it was resolved",
        "resolutions.id",
        " 0 is Fixed.",
        optional=True,
        doc_ja="完了理由。0 は対応済み",
    ),
    *named("priority", "How urgent it is", "priorities.id", doc_ja="優先度"),
    *named(
        "status",
        "State it is in",
        "project_statuses.id",
        " With `project_id`, that table's key.",
        doc_ja="状態。`project_id` との組がキー",
    ),
    *who("assignee", "Who works on it", optional=True, doc_ja="担当者"),
    Column("startDate", "DATE", "First day of work.", optional=True, doc_ja="開始日。"),
    Column("dueDate", "DATE", "Day it is due.", optional=True, doc_ja="期限日。"),
    Column(
        "estimatedHours",
        "DECIMAL(9,2)",
        "Hours the work is expected to take.",
        optional=True,
        doc_ja="予定時間（時間）。",
    ),
    Column("actualHours", "DECIMAL(9,2)", "Hours the work has taken.", optional=True, doc_ja="実績時間（時間）。"),
    refer("parentIssueId", "The issue it is a child of", "issues.id", optional=True, doc_ja="親課題"),
    *CREATED,
    *UPDATED,
    Column(
        "childIssueSummary",
        "JSON",
        "How many children are open and closed, where asked for.",
        optional=True,
        doc_ja="未完了・完了の子課題の数（取得した場合のみ）。",
    ),
)

CHOICE = '"fieldTypeId" IN (5, 6, 7, 8)'
DATE_OF_VALUE = "CAST(TRY_CAST(json_extract_string(\"value\", '$') AS TIMESTAMP) + INTERVAL 12 HOURS AS DATE)"
"""Nearest midnight: the day as it was chosen, whether Backlog sends `T00:00:00Z` or the space's own midnight."""

CATEGORIES = Child(
    name="issue_categories",
    field="category",
    parent="issue",
    copy_of="project_components",
    doc="Categories of each issue.",
    doc_ja="課題のカテゴリー。",
    columns=(
        refer("id", "The category", "project_components.id", doc_ja="カテゴリー"),
        Column("name", "VARCHAR", "Its name when the issue was loaded.", doc_ja="課題を読み込んだ時点の名前。"),
    ),
)
VERSIONS = Child(
    name="issue_versions",
    field="versions",
    parent="issue",
    copy_of="project_versions",
    doc="Versions in which each issue occurs.",
    doc_ja="課題の発生バージョン。",
    columns=(
        refer("id", "The version", "project_versions.id", doc_ja="発生バージョン"),
        Column("name", "VARCHAR", "Its name when the issue was loaded.", doc_ja="課題を読み込んだ時点の名前。"),
    ),
)
MILESTONES = Child(
    name="issue_milestones",
    field="milestone",
    parent="issue",
    copy_of="project_versions",
    doc="Milestones of each issue.",
    doc_ja="課題のマイルストーン。",
    columns=(
        refer("id", "The milestone", "project_versions.id", doc_ja="マイルストーン"),
        Column("name", "VARCHAR", "Its name when the issue was loaded.", doc_ja="課題を読み込んだ時点の名前。"),
    ),
)
CUSTOM_FIELD_VALUES = Child(
    name="issue_custom_field_values",
    field="customFields",
    parent="issue",
    doc="Custom field values of each issue, one row a field that applies to the issue's type, empty ones included.",
    doc_ja="課題のカスタム属性の値。課題の種別に適用される属性ごとに 1 行で、未入力も含みます。",
    columns=(
        refer("id", "The custom field", "project_custom_fields.id", doc_ja="カスタム属性"),
        Column(
            "fieldTypeId",
            "INTEGER",
            "As in `project_custom_fields.type_id`.",
            doc_ja="`project_custom_fields.type_id` と同じ。",
        ),
        Column(
            "name",
            "VARCHAR",
            "The field's name when the issue was loaded.",
            doc_ja="課題を読み込んだ時点のカスタム属性名。",
        ),
        Column("value", "JSON", "The value as Backlog sent it.", optional=True, doc_ja="値（受信したまま）。"),
        Column(
            "valueText",
            "VARCHAR",
            "The value as a person reads it; several choices joined by a comma and a space.",
            optional=True,
            sql="""CASE
                WHEN "fieldTypeId" IN (5, 8) THEN json_extract_string("value", '$.name')
                WHEN "fieldTypeId" IN (6, 7)
                THEN nullif(array_to_string(json_extract_string("value", '$[*].name'), ', '), '')
                WHEN "fieldTypeId" = 4 THEN CAST("""
            + DATE_OF_VALUE
            + """ AS VARCHAR)
                ELSE json_extract_string("value", '$') END""",
            doc_ja="値を文字で表したもの。複数の選択肢はカンマと空白で区切ります。",
        ),
        Column(
            "valueNumber",
            "DOUBLE",
            "The value of a number field.",
            optional=True,
            sql='CASE WHEN "fieldTypeId" = 3 THEN TRY_CAST(json_extract_string("value", \'$\') AS DOUBLE) END',
            doc_ja="数値属性の値。",
        ),
        Column(
            "valueDate",
            "DATE",
            "The value of a date field.",
            optional=True,
            sql=f'CASE WHEN "fieldTypeId" = 4 THEN {DATE_OF_VALUE} END',
            doc_ja="日付属性の値。",
        ),
        Column(
            "valueChoice",
            "JSON",
            "The choice (5, 8) or list of choices (6, 7): id, name, displayOrder.",
            optional=True,
            sql=f'CASE WHEN {CHOICE} THEN "value" END',
            doc_ja="選択肢（5、8）または選択肢のリスト（6、7）。id、name、displayOrder を含みます。",
        ),
        Column(
            "otherValue",
            "VARCHAR",
            "Text typed beside the choices (7, 8).",
            optional=True,
            doc_ja="選択肢とは別に入力された文字（7、8）。",
        ),
    ),
)
ATTACHMENTS = Child(
    name="issue_attachments",
    field="attachments",
    parent="issue",
    doc="Files attached to each issue; their contents are not loaded.",
    doc_ja="課題の添付ファイルの情報（ファイル本体は含みません）。",
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        Column("name", "VARCHAR", "File name.", doc_ja="ファイル名。"),
        Column("size", "BIGINT", "Bytes.", doc_ja="バイト数。"),
        *who("createdUser", "Who attached it", optional=True, doc_ja="添付したユーザー"),
        Column("created", "TIMESTAMPTZ", "When it was attached.", optional=True, doc_ja="添付日時。"),
    ),
)
SHARED_FILES = Child(
    name="issue_shared_files",
    field="sharedFiles",
    parent="issue",
    doc="Shared files linked to each issue; their contents are not loaded.",
    doc_ja="課題にリンクされた共有ファイルの情報（ファイル本体は含みません）。",
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        refer(
            "projectId",
            "The project whose file it is",
            "projects.id",
            optional=True,
            doc_ja="ファイルのあるプロジェクト",
        ),
        Column(
            "type",
            "VARCHAR",
            "`file` or `directory`.",
            optional=True,
            doc_ja="`file`（ファイル）か `directory`（フォルダ）。",
        ),
        Column("dir", "VARCHAR", "Folder, such as `/docs/`.", doc_ja="置かれているフォルダ。例 `/docs/`。"),
        Column("name", "VARCHAR", "File name.", doc_ja="ファイル名。"),
        Column("size", "BIGINT", "Bytes; null for a directory.", optional=True, doc_ja="バイト数。フォルダでは null。"),
        *CREATED,
        *who("updatedUser", "Who changed it last", optional=True, doc_ja="最終更新者"),
        Column("updated", "TIMESTAMPTZ", "When it last changed.", optional=True, doc_ja="最終更新日時。"),
    ),
)
STARS = Child(
    name="issue_stars",
    field="stars",
    parent="issue",
    doc="Stars given to each issue.",
    doc_ja="課題に付けられたスター。",
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        Column("comment", "VARCHAR", "What was said with it.", optional=True, doc_ja="スターに添えられた言葉。"),
        Column("url", "VARCHAR", "Address of what was starred.", doc_ja="スターの対象の URL。"),
        Column("title", "VARCHAR", "Title of what was starred.", doc_ja="スターの対象のタイトル。"),
        *who("presenter", "Who gave it", doc_ja="スターを付けたユーザー"),
        Column("created", "TIMESTAMPTZ", "When it was given.", doc_ja="スターが付けられた日時。"),
    ),
)
EXTERNAL_LINKS = Child(
    name="issue_external_links",
    field="externalFileLinks",
    parent="issue",
    doc="Files outside Backlog that each issue links to, on Google Drive and the like. Nulab does not document them.",
    doc_ja="課題にリンクされた外部ファイル（Google ドライブなど）。Nulab の文書にはない項目です。",
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        Column("type", "VARCHAR", "Where the file is, such as `GoogleDrive`.", optional=True, doc_ja="保存先の種類。"),
        Column("url", "VARCHAR", "Address of the file.", optional=True, doc_ja="ファイルの URL。"),
        Column("title", "VARCHAR", "Its title when it was linked.", optional=True, doc_ja="リンク時のタイトル。"),
        *CREATED,
        *UPDATED,
    ),
)

ISSUES = Endpoint(
    name="issues",
    path="/issues",
    doc="Every issue the key's user can see, with every field of the API's Issue; its lists are tables of their own.",
    doc_ja="参照できるすべての課題。リスト項目（カテゴリー、添付など）は別テーブルです。",
    docs_page="get-issue-list",
    group="issues",
    paging=Paging.COUNTED,
    load=Load.CHANGES,
    params=(("sort", "created"),),
    columns=ISSUE,
    children=(CATEGORIES, VERSIONS, MILESTONES, CUSTOM_FIELD_VALUES, ATTACHMENTS, SHARED_FILES, STARS, EXTERNAL_LINKS),
)

LISTS = tuple(
    Column(
        child.field,
        "JSON",
        f"As in `{child.name}`, as Backlog sent it.",
        True,
        doc_ja=f"`{child.name}` の内容（受信したまま）。",
    )
    for child in ISSUES.children
)

ISSUE_ON_DEMAND = Endpoint(
    name="issue",
    path="/issues/{issueIdOrKey}",
    doc="Single issues, asked for on demand: the run config lists ids or keys. Rows are added or replaced.",
    doc_ja="必要なときに個別に取得する課題。実行設定で id またはキーを指定します。",
    docs_page="get-issue",
    group="issues",
    paging=Paging.ONE,
    load=Load.UPSERT,
    columns=(*ISSUE, *LISTS),
)

ISSUE_PARTICIPANTS = Endpoint(
    name="issue_participants",
    path="/issues/{id}/participants",
    doc="Who has taken part in each issue: wrote it, worked on it, commented on it. One request an issue, again when "
    "the issue is updated; so it is loaded only where it is asked for.",
    doc_ja="課題の参加者。課題ごとに 1 リクエストかかるため、指定したときだけ読み込みます（更新された課題は再取得）。",
    docs_page="get-issue-participant-list",
    group="issues",
    key=("issue_id", "id"),
    each=Each("issues", adds=(("issueId", "id"),), moved="updated"),
    opt_in=True,
    copy_of="users",
    columns=(
        refer("issueId", "The issue", "issues.id", doc_ja="課題"),
        refer("id", "Who took part", "users.id", doc_ja="参加者"),
        Column(
            "userId", "VARCHAR", "The name the user signs in with.", optional=True, doc_ja="ログインに使うユーザー ID。"
        ),
        Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
        Column("roleType", "INTEGER", "As in `users.role_type`.", doc_ja="`users.role_type` と同じ。"),
    ),
)

ISSUE_RELATED_ISSUES = Endpoint(
    name="issue_related_issues",
    path="/issues/{id}/relatedIssues",
    doc="Issues that each issue is related to; a pair has a row from either side. One request an issue, again when the "
    "issue is updated; so it is loaded only where it is asked for. Not every host knows related issues.",
    doc_ja="関連課題。双方の課題に 1 行ずつあります。課題ごとに 1 リクエストかかり、指定したときだけ読み込みます。",
    docs_page="get-list-of-related-issues",
    group="issues",
    key=("issue_id", "id"),
    each=Each("issues", adds=(("issueId", "id"),), moved="updated"),
    opt_in=True,
    copy_of="issues",
    columns=(
        refer("issueId", "The issue", "issues.id", doc_ja="課題"),
        refer("id", "The issue it is related to", "issues.id", doc_ja="関連する課題"),
        Column("type", "VARCHAR", "How: `RELATES`.", optional=True, doc_ja="関連の種類（`RELATES`）。"),
        refer("projectId", "The related issue's project", "projects.id", doc_ja="関連する課題のプロジェクト"),
        Column(
            "issueKey", "VARCHAR", "The related issue's key at the time.", doc_ja="関連する課題のキー（読み込み時）。"
        ),
        Column("summary", "VARCHAR", "Its title at the time.", doc_ja="関連する課題の件名（読み込み時）。"),
    ),
)

ENDPOINTS = (ISSUES, ISSUE_ON_DEMAND, ISSUE_PARTICIPANTS, ISSUE_RELATED_ISSUES)
