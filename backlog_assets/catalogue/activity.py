"""What happened in the space."""

from backlog_assets.catalogue.columns import refer, who
from backlog_assets.catalogue.spec import Column, Each, Endpoint, Load, Paging

ACTIVITY = (
    Column("id", "BIGINT", "Unique in the space; ascends with time.", doc_ja="スペース内で一意。時系列で増えます。"),
    refer("project.id", "The project", "projects.id", doc_ja="プロジェクト", optional=True),
    Column(
        "project.projectKey",
        "VARCHAR",
        "The project's key at the time.",
        optional=True,
        doc_ja="その時点のプロジェクトキー。",
    ),
    Column(
        "project.name", "VARCHAR", "The project's name at the time.", optional=True, doc_ja="その時点のプロジェクト名。"
    ),
    Column(
        "type",
        "INTEGER",
        "1 issue created, 2 updated, 3 commented, 4 deleted, 5-7 wiki, 8-10 file, 11 Subversion, 12-13 Git, "
        "14 issues updated together, 15-16 member, 17 notification, 18-21 pull request, 22-24 milestone, "
        "25-26 team, 34 status deleted, 35 dates moved, 36-49 documents and issues created together.",
        doc_ja="1〜4 課題の追加・更新・コメント・削除、5〜7 Wiki、8〜10 ファイル、11 Subversion、12〜13 Git、"
        "14 課題の一括更新、15〜16 参加メンバー、17 お知らせ、18〜21 プルリクエスト、22〜24 マイルストーン、"
        "25〜26 チーム、34 状態の削除、35 日付の一括変更、36〜49 ドキュメントと課題の一括追加。",
    ),
    Column(
        "content",
        "JSON",
        "What happened; its fields depend on `type`.",
        optional=True,
        doc_ja="内容。項目は `type` によって異なります。",
    ),
    Column(
        "notifications",
        "JSON",
        "Always an empty list since 2022.",
        optional=True,
        doc_ja="2022 年以降は常に空のリスト。",
    ),
    *who("createdUser", "Who did it", "操作したユーザー", optional=True),
    Column("created", "TIMESTAMPTZ", "When it happened.", doc_ja="発生日時。"),
)

ACTIVITIES = Endpoint(
    name="activities",
    path="/space/activities",
    doc="Recent updates of the space. Append-only: what Backlog no longer returns stays here.",
    doc_ja="スペースの最近の更新。追記のみで、Backlog が返さなくなった行も残ります。",
    docs_page="get-recent-updates",
    group="activity",
    paging=Paging.BY_ID,
    load=Load.APPEND,
    columns=ACTIVITY,
)

USER_ACTIVITIES = Endpoint(
    name="user_activities",
    path="/users/{id}/activities",
    doc="Recent updates of each user, further back than those of the space. Append-only; one walk a user, so it is "
    "loaded only where it is asked for.",
    doc_ja="ユーザーごとの最近の更新。スペース全体の更新より過去まで取得できます。追記のみで、指定したときだけ読み込みます。",
    docs_page="get-user-recent-updates",
    group="activity",
    paging=Paging.BY_ID,
    load=Load.APPEND,
    each=Each("users", adds=(("userId", "id"),)),
    opt_in=True,
    columns=(refer("userId", "Whose update it is", "users.id", doc_ja="更新したユーザー"), *ACTIVITY),
)

ENDPOINTS = (ACTIVITIES, USER_ACTIVITIES)
