"""Projects, and what each defines for its issues: versions, categories, issue types, statuses, custom fields."""

from backlog_assets.catalogue.columns import PROJECT_ID
from backlog_assets.catalogue.spec import Child, Column, Endpoint, View

ID = Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。")
DISPLAY_ORDER = Column("displayOrder", "INTEGER", "Lowest is listed first.", doc_ja="表示順（昇順）。")

PROJECTS = Endpoint(
    name="projects",
    path="/projects",
    doc="Projects the key's user has joined, archived ones too. Their keys are the per-project tables' partitions.",
    doc_ja="API キーの利用者が参加しているプロジェクト（アーカイブ済みも含む）。"
    "プロジェクト別テーブルのパーティションの元です。",
    docs_page="get-project-list",
    group="projects",
    columns=(
        Column(
            "id",
            "BIGINT",
            "Unique in the space; stays the same when the project is renamed.",
            doc_ja="スペース内で一意。プロジェクトキーが変わっても同じです。",
        ),
        Column(
            "projectKey",
            "VARCHAR",
            "First part of the issue keys. Can be changed by an administrator.",
            doc_ja="プロジェクトキー。課題キーの前半で、管理者が変更できます。",
        ),
        Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
        Column("chartEnabled", "BOOLEAN", "Burndown charts are shown.", doc_ja="バーンダウンチャートを表示するか。"),
        Column(
            "useResolvedForChart",
            "BOOLEAN",
            "Resolved issues count as done in charts.",
            optional=True,
            doc_ja="チャートで処理済みの課題を完了とみなすか。",
        ),
        Column("subtaskingEnabled", "BOOLEAN", "Issues may have children.", doc_ja="親子課題を使えるか。"),
        Column(
            "grandchildIssueEnabled",
            "BOOLEAN",
            "Issues may nest three levels deep.",
            optional=True,
            doc_ja="孫課題（3 階層）を使えるか。",
        ),
        Column(
            "projectLeaderCanEditProjectLeader",
            "BOOLEAN",
            "Project administrators may name others.",
            doc_ja="プロジェクト管理者が他の管理者を設定できるか。",
        ),
        Column("useWiki", "BOOLEAN", "The wiki is switched on.", optional=True, doc_ja="Wiki を使うか。"),
        Column("useDocument", "BOOLEAN", "Documents are switched on.", optional=True, doc_ja="ドキュメントを使うか。"),
        Column(
            "useFileSharing", "BOOLEAN", "Shared files are switched on.", optional=True, doc_ja="共有ファイルを使うか。"
        ),
        Column(
            "useWikiTreeView",
            "BOOLEAN",
            "Wiki pages are shown as a tree.",
            optional=True,
            doc_ja="Wiki ページをツリーで表示するか。",
        ),
        Column(
            "useOriginalImageSizeAtWiki",
            "BOOLEAN",
            "Wiki pictures are not scaled down.",
            optional=True,
            doc_ja="Wiki の画像を元のサイズで表示するか。",
        ),
        Column("useSubversion", "BOOLEAN", "Subversion is switched on.", optional=True, doc_ja="Subversion を使うか。"),
        Column("useGit", "BOOLEAN", "Git is switched on.", optional=True, doc_ja="Git を使うか。"),
        Column(
            "useDevAttributes",
            "BOOLEAN",
            "Development attributes are switched on.",
            optional=True,
            doc_ja="開発用の属性を使うか。",
        ),
        Column(
            "textFormattingRule",
            "VARCHAR",
            "Text format: `backlog` or `markdown`.",
            doc_ja="テキスト整形のルール（`backlog` か `markdown`）。",
        ),
        Column("archived", "BOOLEAN", "The project is archived.", doc_ja="アーカイブ済みか。"),
        Column(
            "displayOrder",
            "BIGINT",
            "Lowest is listed first; 2147483646 where nobody has ordered it.",
            optional=True,
            doc_ja="表示順（昇順）。並べ替えていない場合は 2147483646。",
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
        Column("name", "VARCHAR", "As shown in the issue form.", doc_ja="課題の入力欄での表示名。"),
        Column("description", "VARCHAR", "What it is about.", optional=True, doc_ja="説明。"),
        Column("startDate", "DATE", "First day.", optional=True, doc_ja="開始日。"),
        Column("releaseDueDate", "DATE", "Day it is to be released.", optional=True, doc_ja="リリース予定日。"),
        Column(
            "archived",
            "BOOLEAN",
            "No longer offered in the issue form.",
            doc_ja="アーカイブ済み（課題の入力欄に表示されない）か。",
        ),
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
    columns=(
        ID,
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown in the issue form.", doc_ja="課題の入力欄での表示名。"),
        DISPLAY_ORDER,
    ),
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
        Column("name", "VARCHAR", "As shown in the issue form.", doc_ja="課題の入力欄での表示名。"),
        Column("color", "VARCHAR", "Colour of its label, `#rrggbb`.", doc_ja="ラベルの色（`#rrggbb`）。"),
        DISPLAY_ORDER,
        Column(
            "templateSummary",
            "VARCHAR",
            "Summary a new issue starts with.",
            optional=True,
            doc_ja="新しい課題の件名のテンプレート。",
        ),
        Column(
            "templateDescription",
            "VARCHAR",
            "Description a new issue starts with.",
            optional=True,
            doc_ja="新しい課題の詳細のテンプレート。",
        ),
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
        Column(
            "id",
            "BIGINT",
            "1 Open, 2 In Progress, 3 Resolved, 4 Closed; others are the project's own.",
            doc_ja="1 未対応、2 処理中、3 処理済み、4 完了。ほかはプロジェクト独自の状態。",
        ),
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown on the board.", doc_ja="ボードでの表示名。"),
        Column("color", "VARCHAR", "Colour of its label, `#rrggbb`.", doc_ja="ラベルの色（`#rrggbb`）。"),
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
            doc_ja="1 文字列、2 文章、3 数値、4 日付、5 単一リスト、6 複数リスト、7 チェックボックス、8 ラジオ。",
        ),
        Column("name", "VARCHAR", "As shown in the issue form.", doc_ja="課題の入力欄での表示名。"),
        Column(
            "description", "VARCHAR", "Hint shown in the issue form.", optional=True, doc_ja="課題の入力欄での説明。"
        ),
        Column("required", "BOOLEAN", "An issue cannot be saved without it.", doc_ja="必須か。"),
        Column(
            "useIssueType",
            "BOOLEAN",
            "Only some issue types have it.",
            optional=True,
            doc_ja="一部の種別だけで使うか。",
        ),
        Column(
            "applicableIssueTypes",
            "JSON",
            "Ids of the issue types that have it; empty for all.",
            optional=True,
            doc_ja="使う種別の id。空はすべての種別。",
        ),
        Column("displayOrder", "BIGINT", "Lowest is listed first.", optional=True, doc_ja="表示順（昇順）。"),
        Column(
            "version",
            "JSON",
            "Undocumented; as Backlog sends it.",
            optional=True,
            doc_ja="文書化されていない項目（受信したまま）。",
        ),
        Column(
            "min",
            "VARCHAR",
            "Least number or first day, as sent.",
            optional=True,
            doc_ja="最小値または最初の日（受信したまま）。",
        ),
        Column(
            "max",
            "VARCHAR",
            "Greatest number or last day, as sent.",
            optional=True,
            doc_ja="最大値または最後の日（受信したまま）。",
        ),
        Column(
            "initialValue",
            "VARCHAR",
            "Number a new issue starts with, as sent.",
            optional=True,
            doc_ja="新しい課題での初期値（受信したまま）。",
        ),
        Column("unit", "VARCHAR", "Unit of the number.", optional=True, doc_ja="数値の単位。"),
        Column(
            "initialDate",
            "JSON",
            "Day a new issue starts with: id 1 today, 2 shifted, 3 fixed.",
            optional=True,
            doc_ja="新しい課題での初期日付。id は 1 当日、2 当日からの日数、3 指定日。",
        ),
        Column(
            "items",
            "JSON",
            "Choices: id, name, displayOrder.",
            optional=True,
            doc_ja="選択肢。id、name、displayOrder を含みます。",
        ),
        Column(
            "allowAddItem",
            "BOOLEAN",
            "Users may add choices in the issue form.",
            optional=True,
            doc_ja="課題の入力欄で選択肢を追加できるか。",
        ),
        Column(
            "allowInput", "BOOLEAN", "Users may type another value.", optional=True, doc_ja="「その他」を入力できるか。"
        ),
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

ENDPOINTS = (PROJECTS, VERSIONS, COMPONENTS, ISSUE_TYPES, STATUSES, CUSTOM_FIELDS)
