"""Documents: their list with their texts, their tree, their comments."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, UPDATED
from backlog_assets.catalogue.issue import ATTACHMENTS
from backlog_assets.catalogue.spec import Child, Column, Each, Endpoint, Paging

ID = Column(
    "id", "VARCHAR", "Unique in the space: 32 hexadecimal digits.", doc_ja="スペース内で一意の ID（16 進 32 桁）。"
)
STATUS_ID = Column("statusId", "INTEGER", "State it is in; 1 in use.", optional=True, doc_ja="状態の番号。1 は使用中。")
EMOJI = Column("emoji", "VARCHAR", "Emoji before the title.", optional=True, doc_ja="題名の前の絵文字。")

REMARK = (
    Column(
        "documentId", "VARCHAR", "The document; `documents.id`.", refers="documents.id", doc_ja="ドキュメントの ID。"
    ),
    Column(
        "content",
        "VARCHAR",
        "The text as the editor keeps it: ProseMirror's JSON.",
        optional=True,
        doc_ja="エディターの形式（ProseMirror の JSON）での本文。",
    ),
    Column("plain", "VARCHAR", "The text without any format.", optional=True, doc_ja="書式なしの本文。"),
    Column(
        "createdUserId",
        "BIGINT",
        "Who wrote it; `users.id`.",
        optional=True,
        refers="users.id",
        doc_ja="書いたユーザーの ID。",
    ),
    Column(
        "createdUser.name",
        "VARCHAR",
        "Its name when the row was loaded.",
        optional=True,
        doc_ja="取得した時点のユーザーの名前。",
    ),
    Column("created", "TIMESTAMPTZ", "When it was written.", doc_ja="書かれた日時。"),
    Column(
        "updatedUserId",
        "BIGINT",
        "Who edited it last; `users.id`.",
        optional=True,
        refers="users.id",
        doc_ja="最後に編集したユーザーの ID。",
    ),
    Column("updated", "TIMESTAMPTZ", "When it was last edited.", optional=True, doc_ja="最後に編集された日時。"),
)
"""What a comment and a reply have in common. The writer inside is no User as elsewhere; `users` has the whole one."""

DOCUMENTS = Endpoint(
    name="documents",
    path="/documents",
    doc="Documents of every project the key's user has joined, with their texts; those in the trash are not listed.",
    doc_ja="参加しているすべてのプロジェクトのドキュメントと、その本文（ごみ箱の中は含みません）。",
    docs_page="get-document-list",
    group="documents",
    paging=Paging.OFFSET,
    params=(("sort", "created"), ("order", "asc")),
    columns=(
        ID,
        PROJECT_ID,
        Column("title", "VARCHAR", "Title of the document.", doc_ja="ドキュメントの題名。"),
        Column("plain", "VARCHAR", "The text without any format.", optional=True, doc_ja="書式なしの本文。"),
        Column(
            "json",
            "VARCHAR",
            "The text as the editor keeps it: ProseMirror's JSON.",
            optional=True,
            doc_ja="エディターの形式（ProseMirror の JSON）での本文。",
        ),
        STATUS_ID,
        EMOJI,
        Column(
            "childDocumentIds",
            "JSON",
            "Documents right under it, where Backlog tells; see `document_tree`.",
            optional=True,
            doc_ja="直下のドキュメントの ID（返された場合のみ）。階層は document_tree にあります。",
        ),
        *CREATED,
        *UPDATED,
    ),
    children=(
        Child(
            name="document_attachments",
            field="attachments",
            parent="document",
            parent_type="VARCHAR",
            doc="Files attached to each document; their contents are not loaded.",
            doc_ja="ドキュメントの添付ファイルの情報（ファイル本体は含みません）。",
            columns=ATTACHMENTS.columns,
        ),
        Child(
            name="document_tags",
            field="tags",
            parent="document",
            parent_type="VARCHAR",
            doc="Tags of each document.",
            doc_ja="ドキュメントに付いているタグ。",
            columns=(
                Column("id", "BIGINT", "The tag.", doc_ja="タグの ID。"),
                Column(
                    "name", "VARCHAR", "Its name when the document was loaded.", doc_ja="取得した時点のタグの名前。"
                ),
            ),
        ),
    ),
)

DOCUMENT_TREE = Endpoint(
    name="document_tree",
    path="/documents/tree",
    doc="Where each document of a project lies, one row a document, those in the trash included. Projects that have "
    "documents switched off are not asked for.",
    doc_ja="プロジェクトのドキュメントの階層（ごみ箱の中も含む）。1 件のドキュメントが 1 行です。"
    "ドキュメントを使わないプロジェクトは取得しません。",
    docs_page="get-document-tree",
    group="documents",
    paging=Paging.ONE,
    params=(("projectIdOrKey", "{project}"),),
    feature="use_document",
    columns=(
        ID,
        PROJECT_ID,
        Column(
            "parentId",
            "VARCHAR",
            "The document it lies under; `document_tree.id`. Null at the top.",
            optional=True,
            refers="document_tree.id",
            doc_ja="親ドキュメントの ID。最上位では null。",
        ),
        Column("name", "VARCHAR", "Title of the document.", optional=True, doc_ja="ドキュメントの題名。"),
        Column(
            "path",
            "VARCHAR",
            "Titles from the top down to its own, joined by slashes.",
            doc_ja="最上位からの題名をスラッシュでつないだもの。",
        ),
        Column(
            "depth", "INTEGER", "How many documents it lies under; 0 at the top.", doc_ja="階層の深さ。最上位は 0。"
        ),
        Column(
            "position", "INTEGER", "Place among its siblings, from 0.", doc_ja="兄弟の中での順番。0 から始まります。"
        ),
        Column("inTrash", "BOOLEAN", "It lies in the trash.", doc_ja="ごみ箱の中にあるか。"),
        STATUS_ID,
        EMOJI,
        Column("emojiType", "VARCHAR", "Kind of the emoji.", optional=True, doc_ja="絵文字の種類。"),
        Column("updated", "TIMESTAMPTZ", "When it last changed.", optional=True, doc_ja="最後に更新された日時。"),
    ),
)

DOCUMENT_COMMENTS = Endpoint(
    name="document_comments",
    path="/documents/{id}/comments",
    doc="Comments on each document. One request a document at each load: whether a comment moves the document's own "
    "time of change is not documented.",
    doc_ja="ドキュメントのコメント。毎回、ドキュメント 1 件につき 1 リクエストで取得します。",
    docs_page="get-document-comment",
    group="documents",
    each=Each("documents", adds=(("documentId", "id"), ("projectId", "project_id"))),
    columns=(
        Column("id", "VARCHAR", "Unique in the space: 32 hexadecimal digits.", doc_ja="コメントの ID（16 進 32 桁）。"),
        PROJECT_ID,
        *REMARK,
        Column("statusId", "INTEGER", "State of the comment.", optional=True, doc_ja="コメントの状態の番号。"),
        Column("commentType", "VARCHAR", "Kind of comment.", optional=True, doc_ja="コメントの種類。"),
    ),
    children=(
        Child(
            name="document_comment_replies",
            field="replies",
            parent="documentComment",
            parent_type="VARCHAR",
            doc="Replies to each comment on a document.",
            doc_ja="ドキュメントのコメントへの返信。",
            columns=(
                Column(
                    "id", "VARCHAR", "Unique in the space: 32 hexadecimal digits.", doc_ja="返信の ID（16 進 32 桁）。"
                ),
                Column(
                    "commentId",
                    "VARCHAR",
                    "The comment as the reply names it; the same.",
                    optional=True,
                    doc_ja="返信に書かれたコメントの ID。",
                ),
                *REMARK,
            ),
        ),
    ),
)

ENDPOINTS = (DOCUMENTS, DOCUMENT_TREE, DOCUMENT_COMMENTS)
