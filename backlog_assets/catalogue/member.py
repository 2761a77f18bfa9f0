"""Who takes part in a project, and who is told of what happens in it: members, administrators, teams, webhooks."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, UPDATED, refer
from backlog_assets.catalogue.spec import Column, Endpoint
from backlog_assets.catalogue.user import USER

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

ENDPOINTS = (PROJECT_USERS, PROJECT_ADMINISTRATORS, PROJECT_TEAMS, WEBHOOKS)
