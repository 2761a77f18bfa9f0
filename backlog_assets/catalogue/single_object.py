"""Single objects, asked for on demand by their path in the API."""

from backlog_assets.catalogue.spec import Column, Endpoint, Load, Paging

SINGLE_OBJECTS = Endpoint(
    name="single_objects",
    path="/{path}",
    doc="Single objects of any kind, asked for on demand: the run config lists paths of the API such as /users/123. "
    "Rows are added or replaced.",
    doc_ja="必要なときに個別に取得するオブジェクト。実行設定で /users/123 のような API のパスを指定します。",
    docs_page="get-user",
    group="space",
    key=("path",),
    paging=Paging.ONE,
    load=Load.UPSERT,
    columns=(
        Column("path", "VARCHAR", "Path that was asked, below /api/v2.", doc_ja="取得したパス（/api/v2 より後）。"),
        Column("kind", "VARCHAR", "What it is, such as `user`.", doc_ja="オブジェクトの種類（`user` など）。"),
        Column("id", "VARCHAR", "Its id as text.", optional=True, doc_ja="オブジェクトの id（文字列）。"),
        Column("fetchedAt", "TIMESTAMPTZ", "When it was asked for.", doc_ja="取得した日時。"),
        Column("record", "JSON", "The object as Backlog sent it.", doc_ja="受信したオブジェクト。"),
    ),
)

ENDPOINTS = (SINGLE_OBJECTS,)
