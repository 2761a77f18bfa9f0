"""Wiki pages: their list, their texts and what hangs on them, their tags and their history."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, UPDATED
from backlog_assets.catalogue.issue import ATTACHMENTS, SHARED_FILES, STARS
from backlog_assets.catalogue.spec import Child, Column, Each, Endpoint, Load, Paging

NAME = Column(
    "name", "VARCHAR", "Title of the page; slashes make a tree.", doc_ja="ページ名。スラッシュで階層になります。"
)
CONTENT = Column(
    "content",
    "VARCHAR",
    "The page's text, in the project's text format.",
    optional=True,
    doc_ja="ページの本文。書式はプロジェクトのテキスト整形のルールに従います。",
)

PAGE_TAGS = Child(
    name="wiki_page_tags",
    field="tags",
    parent="wiki",
    doc="Tags of each wiki page.",
    doc_ja="Wiki ページに付いているタグ。",
    columns=(
        Column("id", "BIGINT", "The tag; `wiki_tags.id`.", refers="wiki_tags.id", doc_ja="タグの ID。"),
        Column("name", "VARCHAR", "Its name when the page was loaded.", doc_ja="取得した時点のタグの名前。"),
    ),
)

WIKIS = Endpoint(
    name="wikis",
    path="/wikis",
    doc="Wiki pages of a project, without their texts. Projects that have the wiki switched off are not asked for.",
    doc_ja="プロジェクトの Wiki ページの一覧（本文は wiki_contents にあります）。"
    "Wiki を使わないプロジェクトは取得しません。",
    docs_page="get-wiki-page-list",
    group="wiki",
    params=(("projectIdOrKey", "{project}"),),
    feature="use_wiki",
    columns=(
        Column("id", "BIGINT", "Unique in the space.", doc_ja="スペース内で一意の ID。"),
        PROJECT_ID,
        NAME,
        *CREATED,
        *UPDATED,
    ),
    children=(PAGE_TAGS,),
)

WIKI_CONTENTS = Endpoint(
    name="wiki_contents",
    path="/wikis/{id}",
    doc="The text of each wiki page, with its files and stars. One request a page the first time; after that only "
    "pages that were changed are asked for, so a star given since then is not there yet.",
    doc_ja="Wiki ページの本文と、添付ファイル・共有ファイル・スター。"
    "2 回目からは更新されたページだけを取得するため、その後に付いたスターは含まれません。",
    docs_page="get-wiki-page",
    group="wiki",
    paging=Paging.ONE,
    load=Load.CHANGES,
    each=Each(
        "wikis",
        adds=(
            ("id", "id"),
            ("projectId", "project_id"),
        ),
        moved="updated",
    ),
    columns=(
        Column("id", "BIGINT", "The page; `wikis.id`.", refers="wikis.id", doc_ja="ページの ID。"),
        PROJECT_ID,
        NAME,
        CONTENT,
        Column(
            "tags",
            "JSON",
            "The page's tags when its text was loaded; `wiki_page_tags` is fresher.",
            optional=True,
            doc_ja="本文を取得した時点のタグ。最新のものは wiki_page_tags にあります。",
        ),
        *CREATED,
        *UPDATED,
    ),
    children=(
        Child(
            name="wiki_attachments",
            field="attachments",
            parent="wiki",
            doc="Files attached to each wiki page; their contents are not loaded.",
            doc_ja="Wiki ページの添付ファイルの情報（ファイル本体は含みません）。",
            columns=ATTACHMENTS.columns,
        ),
        Child(
            name="wiki_shared_files",
            field="sharedFiles",
            parent="wiki",
            doc="Shared files linked to each wiki page; their contents are not loaded.",
            doc_ja="Wiki ページにリンクされた共有ファイルの情報（ファイル本体は含みません）。",
            columns=SHARED_FILES.columns,
        ),
        Child(
            name="wiki_stars",
            field="stars",
            parent="wiki",
            doc="Stars given to each wiki page.",
            doc_ja="Wiki ページに付けられたスター。",
            columns=STARS.columns,
        ),
    ),
)

WIKI_TAGS = Endpoint(
    name="wiki_tags",
    path="/wikis/tags",
    doc="Tags that a project's wiki pages have.",
    doc_ja="プロジェクトの Wiki で使われているタグ。",
    docs_page="get-wiki-page-tag-list",
    group="wiki",
    params=(("projectIdOrKey", "{project}"),),
    feature="use_wiki",
    key=("project_id", "id"),
    columns=(
        Column("id", "BIGINT", "Unique in the project.", doc_ja="プロジェクト内で一意の ID。"),
        PROJECT_ID,
        Column("name", "VARCHAR", "As shown in Backlog.", doc_ja="タグの名前。"),
    ),
)

WIKI_HISTORY = Endpoint(
    name="wiki_history",
    path="/wikis/{id}/history",
    doc="Every version of every wiki page, with its whole text. Only pages that were changed are asked for again; "
    "nothing is forgotten, not even with its page.",
    doc_ja="Wiki ページのすべての版と、その全文。更新されたページだけを取得し、ページが削除されても残ります。",
    docs_page="get-wiki-page-history",
    group="wiki",
    paging=Paging.BY_ID,
    load=Load.APPEND,
    each=Each("wikis", adds=(("pageId", "id"), ("projectId", "project_id")), moved="updated"),
    key=("page_id", "version"),
    columns=(
        Column("pageId", "BIGINT", "The page; `wikis.id`.", refers="wikis.id", doc_ja="ページの ID。"),
        PROJECT_ID,
        Column("version", "BIGINT", "Ascends with time; a page begins with 1.", doc_ja="版の番号。1 から始まります。"),
        Column("name", "VARCHAR", "Title of the page in that version.", doc_ja="その版のページ名。"),
        CONTENT,
        *CREATED,
    ),
)

ENDPOINTS = (WIKIS, WIKI_CONTENTS, WIKI_TAGS, WIKI_HISTORY)
