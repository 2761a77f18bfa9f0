"""Projects, and what each of them defines: versions, categories, issue types, statuses, custom fields, members."""

from backlog_assets.catalogue.columns import PROJECT_ID
from backlog_assets.catalogue.spec import Column, Endpoint, View
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
    doc="Custom fields a project has defined for its issues. The choices of list fields are in `items`.",
    doc_ja="プロジェクトのカスタム属性の定義。リスト系の選択肢は items にあります。",
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

ENDPOINTS = (PROJECTS, VERSIONS, COMPONENTS, ISSUE_TYPES, STATUSES, CUSTOM_FIELDS, PROJECT_USERS)
