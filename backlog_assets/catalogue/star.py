"""Stars that people were given."""

from backlog_assets.catalogue.columns import refer, who
from backlog_assets.catalogue.spec import Column, Each, Endpoint, Load, Paging

USER_STARS = Endpoint(
    name="user_stars",
    path="/users/{id}/stars",
    doc="Stars given to what each user has written. Append-only: a star that was taken back stays here.",
    doc_ja="各ユーザーが受け取ったスター。追記のみで、取り消されたスターも残ります。",
    docs_page="get-received-star-list",
    group="people",
    paging=Paging.BY_ID,
    load=Load.APPEND,
    each=Each("users", adds=(("userId", "id"),)),
    columns=(
        Column(
            "id", "BIGINT", "Unique in the space; ascends with time.", doc_ja="スペース内で一意。時系列で増えます。"
        ),
        refer("userId", "Whose work was starred", "users.id", doc_ja="スターを受け取ったユーザー"),
        Column("comment", "VARCHAR", "What was said with it.", optional=True, doc_ja="スターに添えられた言葉。"),
        Column("url", "VARCHAR", "Address of what was starred.", doc_ja="スターの対象の URL。"),
        Column("title", "VARCHAR", "Title of what was starred.", doc_ja="スターの対象のタイトル。"),
        *who("presenter", "Who gave it", "スターを付けたユーザー"),
        Column("created", "TIMESTAMPTZ", "When it was given.", doc_ja="スターが付けられた日時。"),
    ),
)

ENDPOINTS = (USER_STARS,)
