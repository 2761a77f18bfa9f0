"""Projects, and what each of them defines: versions, categories, issue types, statuses, custom fields, members."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, UPDATED, refer
from backlog_assets.catalogue.spec import Child, Column, Endpoint, View
from backlog_assets.catalogue.user import USER

ID = Column("id", "BIGINT", "Unique in the space.")
DISPLAY_ORDER = Column("displayOrder", "INTEGER", "Lowest is listed first.")

PROJECTS = Endpoint(
    name="projects",
    path="/projects",
    doc="Projects the key's user has joined, archived ones too. Their keys are the per-project tables' partitions.",
    doc_ja="API キーの利用者が参加しているプロジェクト（アーカイブ済みも含む）。"
    "プロジェクト別テーブルのパーティションの元です。",
    docs_page="get-project-list",
    group="projects",
    columns=(
        Column("id", "BIGINT", "Unique in the space; stays the same when the project is renamed."),
        Column("projectKey", "VARCHAR", "First part of the issue keys. Can be changed by an administrator."),
        Column("name", "VARCHAR", "As shown in Backlog."),
        Column("chartEnabled", "BOOLEAN", "Burndown charts are shown."),
        Column("useResolvedForChart", "BOOLEAN", "Resolved issues count as done in charts.", optional=True),
        Column("subtaskingEnabled", "BOOLEAN", "Issues may have children."),
        Column("grandchildIssueEnabled", "BOOLEAN", "Issues may nest three levels deep.", optional=True),
        Column("projectLeaderCanEditProjectLeader", "BOOLEAN", "Project administrators may name others."),
        Column("useWiki", "BOOLEAN", "The wiki is switched on.", optional=True),
        Column("useDocument", "BOOLEAN", "Documents are switched on.", optional=True),
        Column("useFileSharing", "BOOLEAN", "Shared files are switched on.", optional=True),
        Column("useWikiTreeView", "BOOLEAN", "Wiki pages are shown as a tree.", optional=True),
        Column("useOriginalImageSizeAtWiki", "BOOLEAN", "Wiki pictures are not scaled down.", optional=True),
        Column("useSubversion", "BOOLEAN", "Subversion is switched on.", optional=True),
        Column("useGit", "BOOLEAN", "Git is switched on.", optional=True),
        Column("useDevAttributes", "BOOLEAN", "Development attributes are switched on.", optional=True),
        Column("textFormattingRule", "VARCHAR", "Text format: `backlog` or `markdown`."),
        Column("archived", "BOOLEAN", "The project is archived."),
        Column(
            "displayOrder", "BIGINT", "Lowest is listed first; 2147483646 where nobody has ordered it.", optional=True
        ),
    ),
)

VERSIONS = Endpoint(
    name="project_versions",
    path="/projects/{project}/versions",
    doc="Versions of a project. Backlog's milestones are the same objects.",
    doc_ja="プロジェクトの発生バージョンとマイルストーン（同じものです）。",
    docs_page="get-version-milestone-list",
    group="projects",
    columns=(
        ID,
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown in the issue form."),
        Column("description", "VARCHAR", "What it is about.", optional=True),
        Column("startDate", "DATE", "First day.", optional=True),
        Column("releaseDueDate", "DATE", "Day it is to be released.", optional=True),
        Column("archived", "BOOLEAN", "No longer offered in the issue form."),
        DISPLAY_ORDER,
    ),
)

COMPONENTS = Endpoint(
    name="project_components",
    path="/projects/{project}/categories",
    doc="What a project files its issues under; Backlog's API v2 calls them categories.",
    doc_ja="プロジェクトのカテゴリー（コンポーネント）。API v2 では categories と呼ばれます。",
    docs_page="get-category-list",
    group="projects",
    columns=(ID, PROJECT_ID, Column("name", "VARCHAR", "As shown in the issue form."), DISPLAY_ORDER),
    views=(
        View(
            name="project_categories",
            doc="What project_components holds, under the name API v2 gives it. A view, at no request.",
            doc_ja="project_components と同じ行を API v2 の名前で見るビューです。リクエストは発生しません。",
        ),
    ),
)

ISSUE_TYPES = Endpoint(
    name="project_issue_types",
    path="/projects/{project}/issueTypes",
    doc="Kinds of issue a project has, such as task and bug.",
    doc_ja="プロジェクトの課題の種別（タスク、バグなど）。",
    docs_page="get-issue-type-list",
    group="projects",
    columns=(
        ID,
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown in the issue form."),
        Column("color", "VARCHAR", "Colour of its label, `#rrggbb`."),
        DISPLAY_ORDER,
        Column("templateSummary", "VARCHAR", "Summary a new issue starts with.", optional=True),
        Column("templateDescription", "VARCHAR", "Description a new issue starts with.", optional=True),
    ),
)

STATUSES = Endpoint(
    name="project_statuses",
    path="/projects/{project}/statuses",
    doc="States an issue of a project can be in. The ids 1 to 4 repeat in every project: the key is project and id.",
    doc_ja="プロジェクトの課題の状態。id 1〜4 は全プロジェクト共通のため、キーはプロジェクトと id の組です。",
    docs_page="get-status-list-of-project",
    group="projects",
    key=("project_id", "id"),
    columns=(
        Column("id", "BIGINT", "1 Open, 2 In Progress, 3 Resolved, 4 Closed; others are the project's own."),
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown on the board."),
        Column("color", "VARCHAR", "Colour of its label, `#rrggbb`."),
        DISPLAY_ORDER,
    ),
)

CUSTOM_FIELDS = Endpoint(
    name="project_custom_fields",
    path="/projects/{project}/customFields",
    doc="Custom fields a project has defined for its issues. The choices of list fields are in `items`, "
    "and as rows in `custom_field_items`.",
    doc_ja="プロジェクトのカスタム属性の定義。リスト系の選択肢は items と custom_field_items にあります。",
    docs_page="get-custom-field-list",
    group="projects",
    columns=(
        ID,
        PROJECT_ID,
        Column(
            "typeId",
            "INTEGER",
            "1 text, 2 text area, 3 number, 4 date, 5 single list, 6 multiple list, 7 checkbox, 8 radio.",
        ),
        Column("name", "VARCHAR", "As shown in the issue form."),
        Column("description", "VARCHAR", "Hint shown in the issue form.", optional=True),
        Column("required", "BOOLEAN", "An issue cannot be saved without it."),
        Column("useIssueType", "BOOLEAN", "Only some issue types have it.", optional=True),
        Column("applicableIssueTypes", "JSON", "Ids of the issue types that have it; empty for all.", optional=True),
        Column("displayOrder", "BIGINT", "Lowest is listed first.", optional=True),
        Column("version", "JSON", "Undocumented; as Backlog sends it.", optional=True),
        Column("min", "VARCHAR", "Least number or first day, as sent.", optional=True),
        Column("max", "VARCHAR", "Greatest number or last day, as sent.", optional=True),
        Column("initialValue", "VARCHAR", "Number a new issue starts with, as sent.", optional=True),
        Column("unit", "VARCHAR", "Unit of the number.", optional=True),
        Column("initialDate", "JSON", "Day a new issue starts with: id 1 today, 2 shifted, 3 fixed.", optional=True),
        Column("items", "JSON", "Choices: id, name, displayOrder.", optional=True),
        Column("allowAddItem", "BOOLEAN", "Users may add choices in the issue form.", optional=True),
        Column("allowInput", "BOOLEAN", "Users may type another value.", optional=True),
    ),
    children=(
        Child(
            name="custom_field_items",
            field="items",
            parent="custom_field",
            doc="Choices of each list field, checkbox and radio button.",
            doc_ja="リスト・チェックボックス・ラジオのカスタム属性の選択肢。",
            columns=(
                Column("id", "BIGINT", "Unique in the field.", doc_ja="カスタム属性内で一意。"),
                Column("name", "VARCHAR", "As shown in the issue form.", doc_ja="課題の入力欄での表示名。"),
                Column("displayOrder", "BIGINT", "Lowest is listed first.", optional=True, doc_ja="表示順（昇順）。"),
            ),
        ),
    ),
)

PROJECT_USERS = Endpoint(
    name="project_users",
    path="/projects/{project}/users",
    doc="Who has joined a project, directly or through a team.",
    doc_ja="プロジェクトの参加ユーザー（チーム経由も含む）。",
    docs_page="get-project-user-list",
    group="projects",
    key=("project_id", "id"),
    columns=(PROJECT_ID, *USER),
)

PROJECT_ADMINISTRATORS = Endpoint(
    name="project_administrators",
    path="/projects/{project}/administrators",
    doc="Who administers a project. Administrators of the space may do so without being listed.",
    doc_ja="プロジェクト管理者。スペースの管理者は一覧になくても管理できます。",
    docs_page="get-list-of-project-administrators",
    group="projects",
    key=("project_id", "id"),
    copy_of="users",
    columns=(
        PROJECT_ID,
        refer("id", "The user", "users.id", doc_ja="ユーザー"),
        Column(
            "userId", "VARCHAR", "The name the user signs in with.", optional=True, doc_ja="ログインに使うユーザー ID。"
        ),
        Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
        Column("roleType", "INTEGER", "As in `users.role_type`.", doc_ja="`users.role_type` と同じ。"),
    ),
)

PROJECT_TEAMS = Endpoint(
    name="project_teams",
    path="/projects/{project}/teams",
    doc="Teams that have joined a project.",
    doc_ja="プロジェクトに参加しているチーム。",
    docs_page="get-project-team-list",
    group="projects",
    key=("project_id", "id"),
    columns=(
        PROJECT_ID,
        Column("id", "BIGINT", "The team; unique in the space.", doc_ja="チーム。スペース内で一意。"),
        Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
        Column(
            "members",
            "JSON",
            "Its members as Backlog sent them; `team_members` has them as rows, for administrators' keys.",
            optional=True,
            doc_ja="メンバー（受信したまま）。管理者のキーなら `team_members` に行としてあります。",
        ),
        Column("displayOrder", "INTEGER", "Lowest is listed first.", optional=True, doc_ja="表示順（昇順）。"),
        *CREATED,
        *UPDATED,
    ),
)

WEBHOOKS = Endpoint(
    name="webhooks",
    path="/projects/{project}/webhooks",
    doc="Addresses a project tells of what happens in it. Administrators and the project's administrators only.",
    doc_ja="プロジェクトの Webhook。スペースの管理者とプロジェクト管理者だけが取得できます。",
    docs_page="get-list-of-webhooks",
    group="projects",
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown in the project's settings.", doc_ja="プロジェクト設定での表示名。"),
        Column("description", "VARCHAR", "What it is for.", optional=True, doc_ja="説明。"),
        Column(
            "hookUrl",
            "VARCHAR",
            "Address that is told. Often a secret: who knows it can write there.",
            doc_ja="通知先の URL。知っていれば書き込めるため、秘密として扱ってください。",
        ),
        Column("allEvent", "BOOLEAN", "It is told of everything.", doc_ja="すべての種類を通知するか。"),
        Column(
            "activityTypeIds",
            "JSON",
            "Types it is told of, as in `activities.type`; empty with `all_event`.",
            optional=True,
            doc_ja="通知する種類（`activities.type`）。`all_event` のときは空です。",
        ),
        *CREATED,
        *UPDATED,
    ),
)

ENDPOINTS = (
    PROJECTS,
    VERSIONS,
    COMPONENTS,
    ISSUE_TYPES,
    STATUSES,
    CUSTOM_FIELDS,
    PROJECT_USERS,
    PROJECT_ADMINISTRATORS,
    PROJECT_TEAMS,
    WEBHOOKS,
)
