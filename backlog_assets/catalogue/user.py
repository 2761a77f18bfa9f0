"""People: users, teams, and what Backlog tells the key's own user."""

from backlog_assets.catalogue.columns import CREATED, UPDATED, named, refer, who
from backlog_assets.catalogue.spec import Child, Column, Endpoint, Paging

USER = (
    Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
    Column(
        "userId",
        "VARCHAR",
        "The name the user signs in with; null for Nulab accounts.",
        optional=True,
        doc_ja="ログインに使うユーザー ID。Nulab アカウントでは null。",
    ),
    Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
    Column(
        "roleType",
        "INTEGER",
        "1 administrator, 2 member or guest, 3 may only add issues, 4 may only view; classic plans: 1 administrator, "
        "2 user, 3 reporter, 4 viewer, 5 guest reporter, 6 guest viewer.",
        doc_ja="権限。1 管理者、2 一般ユーザーまたはゲスト、3 課題の追加のみ、4 閲覧のみ。"
        "旧プランでは 1 管理者、2 一般ユーザー、3 レポーター、4 ビューアー、5 ゲストレポーター、6 ゲストビューアー。",
    ),
    Column(
        "lang",
        "VARCHAR",
        "Language chosen by the user, `ja` or `en`; null follows the space.",
        optional=True,
        doc_ja="ユーザーの言語（`ja` か `en`）。null はスペースの言語。",
    ),
    Column(
        "mailAddress",
        "VARCHAR",
        "Null where Backlog does not show it.",
        optional=True,
        doc_ja="メールアドレス。Backlog が表示しない場合は null。",
    ),
    Column("lastLoginTime", "TIMESTAMPTZ", "When the user last signed in.", optional=True, doc_ja="最終ログイン日時。"),
    Column(
        "nulabAccount.nulabId",
        "VARCHAR",
        "Number of the Nulab account.",
        optional=True,
        doc_ja="Nulab アカウントの番号。",
    ),
    Column(
        "nulabAccount.name", "VARCHAR", "Name of the Nulab account.", optional=True, doc_ja="Nulab アカウントの名前。"
    ),
    Column(
        "nulabAccount.uniqueId",
        "VARCHAR",
        "Unique name of the Nulab account.",
        optional=True,
        doc_ja="Nulab アカウントの一意な名前。",
    ),
    Column(
        "nulabAccount.iconUrl",
        "VARCHAR",
        "Picture of the Nulab account.",
        optional=True,
        doc_ja="Nulab アカウントのアイコンの URL。",
    ),
    Column(
        "keyword",
        "VARCHAR",
        "Text Backlog finds the user by (undocumented).",
        optional=True,
        doc_ja="Backlog がユーザー検索に使う文字（文書化されていません）。",
    ),
)

USERS = Endpoint(
    name="users",
    path="/users",
    doc="Everybody in the space. Backlog shows this list to administrators only; `project_users` is there for others.",
    doc_ja="スペースのユーザー一覧。管理者だけが取得できます。権限がない場合は project_users を使ってください。",
    docs_page="get-user-list",
    group="people",
    columns=USER,
)

TEAMS = Endpoint(
    name="teams",
    path="/teams",
    doc="Teams of the space. Backlog shows them to administrators only.",
    doc_ja="チームの一覧。管理者だけが取得できます。",
    docs_page="get-list-of-teams",
    group="people",
    paging=Paging.OFFSET,
    params=(("order", "asc"),),
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意。"),
        Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
        Column("displayOrder", "INTEGER", "Lowest is listed first.", optional=True, doc_ja="表示順（昇順）。"),
        *CREATED,
        *UPDATED,
    ),
    children=(
        Child(
            name="team_members",
            field="members",
            doc="Who is in which team.",
            doc_ja="チームのメンバー。",
            parent="team",
            copy_of="users",
            columns=(
                refer("id", "The user", "users.id", doc_ja="ユーザー"),
                Column(
                    "userId",
                    "VARCHAR",
                    "The name the user signs in with.",
                    optional=True,
                    doc_ja="ログインに使うユーザー ID。",
                ),
                Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="表示名。"),
                Column("roleType", "INTEGER", "As in `users.role_type`.", doc_ja="`users.role_type` と同じ。"),
            ),
        ),
    ),
)

NOTIFICATIONS = Endpoint(
    name="notifications",
    path="/notifications",
    doc="What Backlog has told the key's own user. Nobody else's notifications can be read.",
    doc_ja="API キーの利用者本人へのお知らせ。他人のお知らせは取得できません。",
    docs_page="get-notification",
    group="activity",
    paging=Paging.BY_ID,
    columns=(
        Column(
            "id", "BIGINT", "Unique in the space; ascends with time.", doc_ja="スペース内で一意。時系列で増えます。"
        ),
        Column("alreadyRead", "BOOLEAN", "The notification was seen.", doc_ja="お知らせを確認済みか。"),
        Column("resourceAlreadyRead", "BOOLEAN", "What it is about was opened.", doc_ja="お知らせの対象を開いたか。"),
        Column(
            "reason",
            "INTEGER",
            "1 assigned, 2 commented, 3 issue added, 4 issue updated, 5 file added, 6 added to a project, 9 other, "
            "10 pull request assigned, 11 commented, 12 added, 13 updated, 14 document comment, 15 reply, 17 mention.",
            doc_ja="理由。1 担当者に設定、2 コメント、3 課題の追加、4 課題の更新、5 ファイルの追加、"
            "6 プロジェクトへの招待、9 その他、10〜13 プルリクエストの担当者・コメント・追加・更新、"
            "14 ドキュメントのコメント、15 返信、17 メンション。",
        ),
        refer("project.id", "The project", "projects.id", optional=True, doc_ja="プロジェクト"),
        Column(
            "project.projectKey",
            "VARCHAR",
            "The project's key at the time.",
            optional=True,
            doc_ja="その時点のプロジェクトキー。",
        ),
        refer("issue.id", "The issue", "issues.id", optional=True, doc_ja="課題"),
        Column(
            "issue.issueKey", "VARCHAR", "The issue's key at the time.", optional=True, doc_ja="その時点の課題キー。"
        ),
        Column("comment.id", "BIGINT", "The issue's comment.", optional=True, doc_ja="課題のコメント。"),
        *named("repository", "The Git repository", optional=True, doc_ja="Git リポジトリ"),
        Column("pullRequest.id", "BIGINT", "The pull request.", optional=True, doc_ja="プルリクエスト。"),
        Column(
            "pullRequest.number",
            "BIGINT",
            "Its number in the repository.",
            optional=True,
            doc_ja="リポジトリ内の番号。",
        ),
        Column(
            "pullRequestComment.id",
            "BIGINT",
            "The pull request's comment.",
            optional=True,
            doc_ja="プルリクエストのコメント。",
        ),
        Column("document.id", "VARCHAR", "The document.", optional=True, doc_ja="ドキュメント。"),
        Column(
            "documentComment.id", "VARCHAR", "The document's comment.", optional=True, doc_ja="ドキュメントのコメント。"
        ),
        Column(
            "documentCommentReply.id",
            "VARCHAR",
            "The reply to a document's comment.",
            optional=True,
            doc_ja="ドキュメントのコメントへの返信。",
        ),
        *who("sender", "Who caused it", optional=True, doc_ja="お知らせの原因となったユーザー"),
        Column("created", "TIMESTAMPTZ", "When it was sent.", doc_ja="送信日時。"),
    ),
)

ENDPOINTS = (USERS, TEAMS, NOTIFICATIONS)
