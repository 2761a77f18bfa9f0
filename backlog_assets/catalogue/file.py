"""Shared files. Their contents are in no table: `backlog-assets files` fetches them."""

from backlog_assets.catalogue.columns import CREATED, PROJECT_ID, who
from backlog_assets.catalogue.spec import Column, Endpoint

SHARED_FILES = Endpoint(
    name="shared_files",
    path="/projects/{project}/files/metadata/",
    doc="Shared files and folders of each project, read folder by folder; their contents are not loaded. At least one "
    "request a folder.",
    doc_ja="プロジェクトの共有ファイルとフォルダの情報（ファイル本体は含みません）。"
    "フォルダごとに 1 回以上取得します。",
    docs_page="get-list-of-shared-files",
    group="files",
    feature="use_file_sharing",
    opt_in=True,
    columns=(
        Column("id", "BIGINT", "Unique in the space; folders have one too.", doc_ja="スペース内で一意の id。"),
        PROJECT_ID,
        Column("type", "VARCHAR", "`file` or `directory`.", doc_ja="`file`（ファイル）か `directory`（フォルダ）。"),
        Column("dir", "VARCHAR", "Folder it is in, such as `/docs/`.", doc_ja="置かれているフォルダ。例 `/docs/`。"),
        Column("name", "VARCHAR", "Name of the file or folder.", doc_ja="ファイル名またはフォルダ名。"),
        Column("size", "BIGINT", "Bytes; null for a folder.", optional=True, doc_ja="バイト数。フォルダでは null。"),
        *CREATED,
        *who("updatedUser", "Who changed it last; null where nobody has", optional=True, doc_ja="最終更新者"),
        Column("updated", "TIMESTAMPTZ", "When it last changed.", optional=True, doc_ja="最終更新日時。"),
    ),
)

ENDPOINTS = (SHARED_FILES,)
