"""People: users, teams, and what Backlog tells the key's own user."""

from backlog_assets.catalogue.columns import CREATED, UPDATED, named, refer, who
from backlog_assets.catalogue.spec import Child, Column, Endpoint, Paging

USER = (
    Column("id", "BIGINT", "Unique in the space."),
    Column("userId", "VARCHAR", "The name the user signs in with; null for Nulab accounts.", optional=True),
    Column("name", "VARCHAR", "As shown in Backlog."),
    Column(
        "roleType",
        "INTEGER",
        "1 administrator, 2 member or guest, 3 may only add issues, 4 may only view; classic plans: 1 administrator, "
        "2 user, 3 reporter, 4 viewer, 5 guest reporter, 6 guest viewer.",
    ),
    Column("lang", "VARCHAR", "Language chosen by the user, `ja` or `en`; null follows the space.", optional=True),
    Column("mailAddress", "VARCHAR", "Null where Backlog does not show it.", optional=True),
    Column("lastLoginTime", "TIMESTAMPTZ", "When the user last signed in.", optional=True),
    Column("nulabAccount.nulabId", "VARCHAR", "Number of the Nulab account.", optional=True),
    Column("nulabAccount.name", "VARCHAR", "Name of the Nulab account.", optional=True),
    Column("nulabAccount.uniqueId", "VARCHAR", "Unique name of the Nulab account.", optional=True),
    Column("nulabAccount.iconUrl", "VARCHAR", "Picture of the Nulab account.", optional=True),
    Column("keyword", "VARCHAR", "Text Backlog finds the user by (undocumented).", optional=True),
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
        Column("id", "BIGINT", "Unique in the space."),
        Column("name", "VARCHAR", "As shown in Backlog."),
        Column("displayOrder", "INTEGER", "Lowest is listed first.", optional=True),
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
                refer("id", "The user", "users.id"),
                Column("userId", "VARCHAR", "The name the user signs in with.", optional=True),
                Column("name", "VARCHAR", "As shown in Backlog."),
                Column("roleType", "INTEGER", "As in `users.role_type`."),
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
        Column("id", "BIGINT", "Unique in the space; ascends with time."),
        Column("alreadyRead", "BOOLEAN", "The notification was seen."),
        Column("resourceAlreadyRead", "BOOLEAN", "What it is about was opened."),
        Column(
            "reason",
            "INTEGER",
            "1 assigned, 2 commented, 3 issue added, 4 issue updated, 5 file added, 6 added to a project, 9 other, "
            "10 pull request assigned, 11 commented, 12 added, 13 updated, 14 document comment, 15 reply, 17 mention.",
        ),
        refer("project.id", "The project", "projects.id", optional=True),
        Column("project.projectKey", "VARCHAR", "The project's key at the time.", optional=True),
        refer("issue.id", "The issue", "issues.id", optional=True),
        Column("issue.issueKey", "VARCHAR", "The issue's key at the time.", optional=True),
        Column("comment.id", "BIGINT", "The issue's comment.", optional=True),
        *named("repository", "The Git repository", optional=True),
        Column("pullRequest.id", "BIGINT", "The pull request.", optional=True),
        Column("pullRequest.number", "BIGINT", "Its number in the repository.", optional=True),
        Column("pullRequestComment.id", "BIGINT", "The pull request's comment.", optional=True),
        Column("document.id", "VARCHAR", "The document.", optional=True),
        Column("documentComment.id", "VARCHAR", "The document's comment.", optional=True),
        Column("documentCommentReply.id", "VARCHAR", "The reply to a document's comment.", optional=True),
        *who("sender", "Who caused it", optional=True),
        Column("created", "TIMESTAMPTZ", "When it was sent."),
    ),
)

ENDPOINTS = (USERS, TEAMS, NOTIFICATIONS)
