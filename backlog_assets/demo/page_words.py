"""Texts of wiki pages and documents, Japanese and English, plain and odd. Data only."""

from __future__ import annotations

from typing import NamedTuple

TAGS = ("手順", "設計", "meeting", "Release notes", "絵文字 🏷️", "a, b & c")

LONG = "とても長いページです。A very long page, line after line. 🐘\n"
"""Repeated `LONG_TIMES` times where a text is `LONG_TEXT`."""

LONG_TIMES = 1_500
LONG_TEXT = LONG * LONG_TIMES

ODD_TEXT = (
    "# 見出し 🚀\r\n\r\n| a | b |\n|---|---|\n| \"1\" | '2' |\n\n```sql\nSELECT 1; -- 💥\n```\n"
    "U+2028:\u2028, U+00A0:\u00a0, BOM:\ufeff, 𠮷野家, </script>\t&amp;"
)


class OldPage(NamedTuple):
    """A wiki page from before the space's recent updates begin. `tags`: places in `TAGS`; the others: how many."""

    name: str
    content: str
    versions: int
    tags: tuple[int, ...] = ()
    attachments: int = 0
    shared_files: int = 0
    stars: int = 0


OLD_PAGES = (
    OldPage("設計/データベース", "テーブル一覧。\n\n- users\n- orders\n", 3, (1,), attachments=2, stars=1),
    OldPage("設計/画面/ログイン", "画面遷移と文言。", 2, (1, 0), attachments=1, shared_files=2),
    OldPage("Style guide", "Use short sentences. Say what happened, then what to do.", 1, (2,), stars=2),
    OldPage("変更履歴", "- 変更点をここに追記する。\n", 30, (3,)),
    OldPage("長い議事録のまとめ", LONG_TEXT, 2, (2, 3)),
    OldPage("絵文字 🎉👨‍👩‍👧 & \"quotes\" 'n' <tags>", ODD_TEXT, 2, (4, 5), attachments=1, shared_files=1, stars=3),
    OldPage("空のページ", "", 1),
)

MANY_VERSIONS = 120
"""Versions of the page of changes in the first project: more than one page of the API holds."""


class OldDocument(NamedTuple):
    """A document from before the space's recent updates begin. `parent`: a place in `OLD_DOCUMENTS`."""

    title: str
    plain: str
    emoji: str | None = None
    parent: int | None = None
    trashed: bool = False
    tags: tuple[int, ...] = ()
    attachments: int = 0
    comments: int = 0


OLD_DOCUMENTS = (
    OldDocument("設計", "設計資料の入口。", "📐", tags=(1,), comments=2),
    OldDocument("API 仕様", "GET /items returns the newest ten.", None, 0, tags=(1, 3), attachments=2, comments=1),
    OldDocument("エラーコード / error codes", "E001: タイムアウト\nE002: not found", "🚨", 1),
    OldDocument("Onboarding", "Welcome!\n\n1. Get an account.\n2. Read the wiki.", None, tags=(2,), comments=3),
    OldDocument("無題", ""),
    OldDocument("とても長い題名" * 30, LONG_TEXT, "", 3),
    OldDocument("🎉👨‍👩‍👧 リリース祝い", ODD_TEXT, "🎉", 3, tags=(4, 5), attachments=1),
    OldDocument("旧仕様", "使わないこと。", "🗑️", trashed=True),
    OldDocument("旧仕様の付録", "同上。", None, 7, trashed=True, attachments=1),
    OldDocument("</script> \"double\" 'single' \\ \u2028 NULL", "'; DROP TABLE documents; --", None, 0),
)

PARENT_OF_REVIEWS = 0
"""The last of the documents that recent updates tell of lies under this old one, where the project has old ones."""

BODIES = (
    "目的と範囲を決めました。",
    "Agreed: small steps, one release a month.",
    "参加者：山田、佐藤、Emily\n\n決定事項は下記のとおり。",
    "Timeline:\n09:12 alert\n09:30 rollback\n10:05 recovered",
    "数字を最新のものに差し替えました。",
    "",
)

REMARKS = (
    "ここはもう少し詳しくお願いします。",
    "Is this number still right?",
    "👍",
    "リンクが切れています。",
    "Thanks, fixed.",
    "承知しました。\n来週までに直します。",
)

FILES = ("構成図.png", "notes (old).txt", "仕様書_最終版.pdf", "data.csv")
