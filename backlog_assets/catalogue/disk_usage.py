"""How many bytes of the space are used, in all and by each project. Administrators only."""

from backlog_assets.catalogue.columns import PROJECT_ID
from backlog_assets.catalogue.spec import Column, Endpoint, Paging

ISSUE = Column("issue", "BIGINT", "Bytes of issues' attachments.", doc_ja="課題の添付ファイルのバイト数。")
WIKI = Column("wiki", "BIGINT", "Bytes of the wiki's attachments.", doc_ja="Wiki の添付ファイルのバイト数。")
DOCUMENT = Column(
    "document", "BIGINT", "Bytes of documents; null on older hosts.", optional=True, doc_ja="ドキュメントのバイト数。"
)
FILE = Column("file", "BIGINT", "Bytes of shared files.", doc_ja="共有ファイルのバイト数。")
SUBVERSION = Column("subversion", "BIGINT", "Bytes of Subversion.", doc_ja="Subversion のバイト数。")
GIT = Column("git", "BIGINT", "Bytes of Git repositories.", doc_ja="Git リポジトリのバイト数。")
GIT_LFS = Column(
    "gitLFS",
    "BIGINT",
    "Bytes of Git LFS; null on older hosts.",
    optional=True,
    doc_ja="Git LFS のバイト数。",
)
USED = (ISSUE, WIKI, DOCUMENT, FILE, SUBVERSION, GIT, GIT_LFS)

SPACE_DISK_USAGE = Endpoint(
    name="space_disk_usage",
    path="/space/diskUsage",
    doc="Bytes used by the whole space, and how many it may use. One row; administrators only.",
    doc_ja="スペース全体のディスク使用量と上限（バイト）。1 行です。管理者だけが取得できます。",
    docs_page="get-space-disk-usage",
    group="space",
    key=(),
    paging=Paging.ONE,
    columns=(
        Column("capacity", "BIGINT", "Bytes the plan allows.", doc_ja="契約プランの上限バイト数。"),
        *USED,
        Column(
            "details",
            "JSON",
            "The same of each project, as Backlog sent it; `space_disk_usage_projects` has it as rows.",
            optional=True,
            doc_ja="プロジェクトごとの内訳（受信したまま）。行としては `space_disk_usage_projects` にあります。",
        ),
    ),
)

SPACE_DISK_USAGE_PROJECTS = Endpoint(
    name="space_disk_usage_projects",
    path="/space/diskUsage",
    doc="Bytes used by each project of the space, those not joined too, in one request. Administrators only.",
    doc_ja="スペースの全プロジェクト（未参加を含む）のディスク使用量。リクエストは 1 回で、管理者だけが取得できます。",
    docs_page="get-space-disk-usage",
    group="space",
    key=("project_id",),
    paging=Paging.ONE,
    columns=(PROJECT_ID, *USED),
)

PROJECT_DISK_USAGE = Endpoint(
    name="project_disk_usage",
    path="/projects/{project}/diskUsage",
    doc="Bytes used by a project, asked of it alone. Administrators only.",
    doc_ja="プロジェクトごとに取得したディスク使用量（バイト）。管理者だけが取得できます。",
    docs_page="get-project-disk-usage",
    group="projects",
    key=("project_id",),
    paging=Paging.ONE,
    columns=(PROJECT_ID, *USED),
)

ENDPOINTS = (SPACE_DISK_USAGE, SPACE_DISK_USAGE_PROJECTS, PROJECT_DISK_USAGE)
