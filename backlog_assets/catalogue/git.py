"""Git repositories, and their pull requests with comments, changes, attachments and stars."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, UPDATED, named, refer, who
from backlog_assets.catalogue.comment import COMMENT_STARS, NOTIFICATIONS
from backlog_assets.catalogue.issue import ATTACHMENTS, STARS
from backlog_assets.catalogue.spec import Child, Column, Each, Endpoint, Paging

ID = Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意の id。")

REPOSITORIES = Endpoint(
    name="git_repositories",
    path="/projects/{project}/git/repositories",
    doc="Git repositories of each project. Commits and files in them are not part of the API.",
    doc_ja="プロジェクトの Git リポジトリ。コミットやファイルの内容は API にはありません。",
    docs_page="get-list-of-git-repositories",
    group="git",
    feature="use_git",
    columns=(
        ID,
        PROJECT_ID,
        Column("name", "VARCHAR", "Name, as in its addresses.", doc_ja="リポジトリ名（URL に使われる名前）。"),
        Column("description", "VARCHAR", "What it is for.", optional=True, doc_ja="説明。"),
        Column(
            "hookUrl", "VARCHAR", "Address that is told of pushes.", optional=True, doc_ja="プッシュを通知する URL。"
        ),
        Column("httpUrl", "VARCHAR", "Address to clone it by HTTPS.", doc_ja="HTTPS でクローンする URL。"),
        Column("sshUrl", "VARCHAR", "Address to clone it by SSH.", doc_ja="SSH でクローンする URL。"),
        Column("displayOrder", "INTEGER", "Lowest is listed first.", doc_ja="表示順。小さいものが先です。"),
        Column("pushedAt", "TIMESTAMPTZ", "When it was last pushed to.", optional=True, doc_ja="最後のプッシュ日時。"),
        *CREATED,
        *UPDATED,
    ),
)

COMMIT = "Full hash of the commit"

PULL_REQUEST = (
    ID,
    PROJECT_ID,
    refer("repositoryId", "The repository", "git_repositories.id", doc_ja="リポジトリ"),
    Column("number", "BIGINT", "Number, unique in the repository.", doc_ja="リポジトリ内で一意の番号。"),
    Column("summary", "VARCHAR", "Title.", doc_ja="件名。"),
    Column(
        "description",
        "VARCHAR",
        "Text, in the project's text format.",
        optional=True,
        doc_ja="本文（プロジェクトの書式）。",
    ),
    Column("base", "VARCHAR", "Branch it is to be merged into.", doc_ja="マージ先のブランチ。"),
    Column("branch", "VARCHAR", "Branch that is to be merged.", doc_ja="マージするブランチ。"),
    *named("status", "State it is in", None, " 1 Open, 2 Closed, 3 Merged.", doc_ja="状態（Open、Closed、Merged）"),
    *who("assignee", "Who is to look at it", optional=True, doc_ja="担当者"),
    refer("issue.id", "The issue it belongs to", "issues.id", optional=True, doc_ja="関連する課題"),
    Column(
        "baseCommit",
        "VARCHAR",
        f"{COMMIT} of `base` that it was merged into; null before that.",
        optional=True,
        doc_ja="マージ時の `base` のコミット。マージ前は null。",
    ),
    Column(
        "branchCommit",
        "VARCHAR",
        f"{COMMIT} of `branch` that was merged; null before that.",
        optional=True,
        doc_ja="マージ時の `branch` のコミット。マージ前は null。",
    ),
    Column(
        "mergeCommit",
        "VARCHAR",
        f"{COMMIT} that the merge has made; null before that.",
        optional=True,
        doc_ja="マージコミット。マージ前は null。",
    ),
    Column("closeAt", "TIMESTAMPTZ", "When it was closed.", optional=True, doc_ja="クローズ日時。"),
    Column("mergeAt", "TIMESTAMPTZ", "When it was merged.", optional=True, doc_ja="マージ日時。"),
    *CREATED,
    *UPDATED,
)

PULL_REQUESTS = Endpoint(
    name="pull_requests",
    path="/projects/{project_id}/git/repositories/{id}/pullRequests",
    doc="Pull requests of every repository, as their list shows them. At least one request a repository.",
    doc_ja="すべてのリポジトリのプルリクエスト（一覧の内容）。リポジトリごとに 1 回以上取得します。",
    docs_page="get-pull-request-list",
    group="git",
    paging=Paging.OFFSET,
    each=Each("git_repositories", adds=(("repositoryId", "id"), ("projectId", "project_id"))),
    columns=PULL_REQUEST,
)

ONE = "/projects/{project_id}/git/repositories/{repository_id}/pullRequests/{number}"

PULL_REQUEST_ATTACHMENTS = Child(
    name="pull_request_attachments",
    field="attachments",
    parent="pullRequest",
    doc="Files attached to each pull request; their contents are not loaded.",
    doc_ja="プルリクエストの添付ファイルの情報（ファイル本体は含みません）。",
    columns=ATTACHMENTS.columns,
)
PULL_REQUEST_STARS = Child(
    name="pull_request_stars",
    field="stars",
    parent="pullRequest",
    doc="Stars given to each pull request.",
    doc_ja="プルリクエストに付けられたスター。",
    columns=STARS.columns,
)

DETAILS = Endpoint(
    name="pull_request_details",
    path=ONE,
    doc="Pull requests as each is shown alone: with its attachments and stars, which the list leaves out, and more of "
    "its issue. One request for each that was updated since.",
    doc_ja="個別に取得したプルリクエスト。一覧にない添付ファイル・スター・課題の情報を含みます。"
    "更新されたものだけを 1 件ずつ取得します。",
    docs_page="get-pull-request",
    group="git",
    paging=Paging.ONE,
    each=Each("pull_requests", adds=(("id", "id"),), moved="updated"),
    columns=(
        *PULL_REQUEST,
        Column(
            "issue.issueKey", "VARCHAR", "The issue's key at the time.", optional=True, doc_ja="課題キー（取得時点）。"
        ),
        Column(
            "issue.summary",
            "VARCHAR",
            "The issue's title at the time.",
            optional=True,
            doc_ja="課題の件名（取得時点）。",
        ),
    ),
    children=(PULL_REQUEST_ATTACHMENTS, PULL_REQUEST_STARS),
)

CHANGES = Child(
    name="pull_request_changes",
    field="changeLog",
    parent="comment",
    doc="What was changed with each comment of a pull request, one row a field.",
    doc_ja="プルリクエストのコメントごとの変更内容。変更された項目ごとに 1 行です。",
    columns=(
        Column(
            "id",
            "BIGINT",
            "Counts the changes of a comment from 1 on, by field and values; Backlog gives them no id.",
            # Backlog's items have no id. Numbered in an order of their own, so that a second load finds the same.
            sql='row_number() OVER (PARTITION BY _parent ORDER BY "field", "newValue", "originalValue")',
            doc_ja="コメント内の変更の連番（Backlog に id はありません）。",
        ),
        Column(
            "field",
            "VARCHAR",
            "What was changed: `status`, `summary`, `assigner`, `dependentIssue`.",
            doc_ja="変更された項目。",
        ),
        Column(
            "newValue", "VARCHAR", "Value after it, as people read it.", optional=True, doc_ja="変更後の値（表示名）。"
        ),
        Column(
            "originalValue",
            "VARCHAR",
            "Value before it, as people read it.",
            optional=True,
            doc_ja="変更前の値（表示名）。",
        ),
    ),
)
COMMENT_NOTIFICATIONS = Child(
    name="pull_request_comment_notifications",
    field="notifications",
    parent="comment",
    doc="Who was notified of each comment of a pull request.",
    doc_ja="プルリクエストのコメントのお知らせ先。",
    columns=NOTIFICATIONS.columns,
)
STARS_OF_COMMENTS = Child(
    name="pull_request_comment_stars",
    field="stars",
    parent="comment",
    doc="Stars given to each comment of a pull request.",
    doc_ja="プルリクエストのコメントに付けられたスター。",
    columns=COMMENT_STARS.columns,
)

COMMENTS = Endpoint(
    name="pull_request_comments",
    path=f"{ONE}/comments",
    doc="Every comment of every pull request; a change without words is a comment too. At least one request for each "
    "pull request that was updated since.",
    doc_ja="すべてのプルリクエストのコメント。文章のない変更も 1 件です。更新されたプルリクエストだけを取得します。",
    docs_page="get-pull-request-comment",
    group="git",
    paging=Paging.BY_ID,
    each=Each(
        "pull_requests",
        adds=(("pullRequestId", "id"), ("repositoryId", "repository_id"), ("projectId", "project_id")),
        moved="updated",
    ),
    columns=(
        ID,
        PROJECT_ID,
        refer("repositoryId", "The repository", "git_repositories.id", doc_ja="リポジトリ"),
        refer("pullRequestId", "The pull request", "pull_requests.id", doc_ja="プルリクエスト"),
        Column(
            "content",
            "VARCHAR",
            "The text; null where only fields were changed.",
            optional=True,
            doc_ja="本文。項目の変更だけの場合は null。",
        ),
        *who("createdUser", "Who wrote it", optional=True, doc_ja="投稿者"),
        Column("created", "TIMESTAMPTZ", "When it was written.", doc_ja="投稿日時。"),
        Column("updated", "TIMESTAMPTZ", "When its text was last edited.", doc_ja="最終編集日時。"),
    ),
    children=(CHANGES, COMMENT_NOTIFICATIONS, STARS_OF_COMMENTS),
)

ENDPOINTS = (REPOSITORIES, PULL_REQUESTS, DETAILS, COMMENTS)
