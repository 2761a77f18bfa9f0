"""What people watch, and what the key's own user has looked at of late."""

from backlog_assets.catalogue.columns import refer
from backlog_assets.catalogue.spec import Column, Each, Endpoint, Paging

VIEWED = Column("updated", "TIMESTAMPTZ", "When it was last looked at.", doc_ja="最後に見た日時。")

NEWEST_FIRST = (("order", "desc"),)
"""What is looked at meanwhile comes to the front: rows of the other pages then come twice, and none is lost."""

WATCHINGS = Endpoint(
    name="watchings",
    path="/users/{id}/watchings",
    doc="Issues each user watches.",
    doc_ja="各ユーザーがウォッチしている課題。",
    docs_page="get-watching-list",
    group="people",
    paging=Paging.OFFSET,
    params=(("sort", "created"), ("order", "asc")),
    each=Each("users", adds=(("userId", "id"),)),
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        refer("userId", "Who watches", "users.id", doc_ja="ウォッチしているユーザー"),
        Column(
            "resourceAlreadyRead",
            "BOOLEAN",
            "The issue was read since it last changed.",
            doc_ja="最後の更新後に課題が読まれたか。",
        ),
        Column("note", "VARCHAR", "What the user has noted.", optional=True, doc_ja="ウォッチのメモ。"),
        Column("type", "VARCHAR", "What is watched: `issue`.", doc_ja="ウォッチの対象の種類（`issue`）。"),
        refer("issue.id", "The issue", "issues.id", doc_ja="対象の課題", optional=True),
        Column("issue.issueKey", "VARCHAR", "Its key at the time.", optional=True, doc_ja="読み込み時の課題キー。"),
        Column(
            "lastContentUpdated",
            "TIMESTAMPTZ",
            "When the issue last changed.",
            optional=True,
            doc_ja="対象の課題が最後に更新された日時。",
        ),
        Column("created", "TIMESTAMPTZ", "When the watching began.", doc_ja="ウォッチを始めた日時。"),
        Column("updated", "TIMESTAMPTZ", "When the watching last changed.", doc_ja="ウォッチの最終更新日時。"),
    ),
)

VIEWED_ISSUES = Endpoint(
    name="recently_viewed_issues",
    path="/users/myself/recentlyViewedIssues",
    doc="Issues the key's own user has looked at of late. Those that have dropped out of the list are marked deleted.",
    doc_ja="API キーの利用者本人が最近見た課題。一覧から外れた行には削除の印が付きます。",
    docs_page="get-list-of-recently-viewed-issues",
    group="activity",
    key=("issue_id",),
    paging=Paging.OFFSET,
    params=NEWEST_FIRST,
    columns=(
        refer("issue.id", "The issue", "issues.id", doc_ja="課題"),
        Column("issue.issueKey", "VARCHAR", "Its key at the time.", doc_ja="読み込み時の課題キー。"),
        refer("issue.projectId", "Its project", "projects.id", doc_ja="課題のプロジェクト", optional=True),
        Column("issue.summary", "VARCHAR", "Its title at the time.", optional=True, doc_ja="読み込み時の件名。"),
        VIEWED,
    ),
)

VIEWED_PROJECTS = Endpoint(
    name="recently_viewed_projects",
    path="/users/myself/recentlyViewedProjects",
    doc="Projects the key's own user has looked at of late. Those that have dropped out of the list are marked "
    "deleted.",
    doc_ja="API キーの利用者本人が最近見たプロジェクト。一覧から外れた行には削除の印が付きます。",
    docs_page="get-list-of-recently-viewed-projects",
    group="activity",
    key=("project_id",),
    paging=Paging.OFFSET,
    params=NEWEST_FIRST,
    columns=(
        refer("project.id", "The project", "projects.id", doc_ja="プロジェクト"),
        Column("project.projectKey", "VARCHAR", "Its key at the time.", doc_ja="読み込み時のプロジェクトキー。"),
        Column("project.name", "VARCHAR", "Its name at the time.", doc_ja="読み込み時のプロジェクト名。"),
        VIEWED,
    ),
)

VIEWED_WIKIS = Endpoint(
    name="recently_viewed_wikis",
    path="/users/myself/recentlyViewedWikis",
    doc="Wiki pages the key's own user has looked at of late. Those that have dropped out of the list are marked "
    "deleted.",
    doc_ja="API キーの利用者本人が最近見た Wiki ページ。一覧から外れた行には削除の印が付きます。",
    docs_page="get-list-of-recently-viewed-wikis",
    group="activity",
    key=("page_id",),
    paging=Paging.OFFSET,
    params=NEWEST_FIRST,
    columns=(
        Column("page.id", "BIGINT", "The wiki page.", doc_ja="Wiki ページ。"),
        refer("page.projectId", "Its project", "projects.id", doc_ja="ページのプロジェクト", optional=True),
        Column("page.name", "VARCHAR", "Its name at the time.", doc_ja="読み込み時のページ名。"),
        VIEWED,
    ),
)

ENDPOINTS = (WATCHINGS, VIEWED_ISSUES, VIEWED_PROJECTS, VIEWED_WIKIS)
