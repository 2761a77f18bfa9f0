"""What happened in the space."""

from backlog_assets.catalogue.columns import refer, who
from backlog_assets.catalogue.spec import Column, Endpoint, Load, Paging

ACTIVITIES = Endpoint(
    name="activities",
    path="/space/activities",
    doc="Recent updates of the space. Append-only: what Backlog no longer returns stays here.",
    doc_ja="スペースの最近の更新。追記のみで、Backlog が返さなくなった行も残ります。",
    docs_page="get-recent-updates",
    group="activity",
    paging=Paging.BY_ID,
    load=Load.APPEND,
    columns=(
        Column("id", "BIGINT", "Unique in the space; ascends with time."),
        refer("project.id", "The project", "projects.id", optional=True),
        Column("project.projectKey", "VARCHAR", "The project's key at the time.", optional=True),
        Column("project.name", "VARCHAR", "The project's name at the time.", optional=True),
        Column(
            "type",
            "INTEGER",
            "1 issue created, 2 updated, 3 commented, 4 deleted, 5-7 wiki, 8-10 file, 11 Subversion, 12-13 Git, "
            "14 issues updated together, 15-16 member, 17 notification, 18-21 pull request, 22-24 milestone, "
            "25-26 team, 34 status deleted, 35 dates moved, 36-49 documents and issues created together.",
        ),
        Column("content", "JSON", "What happened; its fields depend on `type`.", optional=True),
        Column("notifications", "JSON", "Always an empty list since 2022.", optional=True),
        *who("createdUser", "Who did it", optional=True),
        Column("created", "TIMESTAMPTZ", "When it happened."),
    ),
)

ENDPOINTS = (ACTIVITIES,)
