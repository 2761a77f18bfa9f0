"""Texts of the demo space, Japanese and English, plain and odd. Data only."""

from __future__ import annotations

PEOPLE = (
    # name, userId, roleType, language, has a mail address, has a Nulab account
    ("山田 太郎", "yamada", 1, "ja", True, True),
    ("Emily Carter", "emily.carter", 2, "en", True, True),
    ("佐藤 花子", "sato", 2, "ja", True, True),
    ("鈴木 一郎", "suzuki", 2, "ja", True, False),
    ("Olivia Brown", "olivia", 2, "en", False, True),
    ("高橋 健", "takahashi", 2, "ja", True, True),
    ("Liam O'Connor", "liam.oconnor", 2, None, True, True),
    ("田中 美咲", "tanaka", 2, "ja", False, False),
    ("伊藤 翔太", "ito", 3, "ja", True, True),
    ("Noah Müller", "noah", 3, "en", True, True),
    ("渡辺 直子", "watanabe", 4, "ja", False, True),
    ("外部 協力会社 A", "partner-a", 5, "ja", True, False),
    ("Zoë Auditor", "zoe", 6, "en", False, False),
    ("小林 さくら", "kobayashi", 2, "ja", True, True),
)

PROJECTS = (
    ("WEB", "コーポレートサイト"),
    ("APP", "Mobile App"),
    ("OPS", "インフラ運用"),
    ("CRM", "Customer Portal"),
    ("OLD", "旧基幹システム"),
    ("IDEA", "Ideas / アイデア"),
)

TEAMS = ("開発チーム", "Design", "QA チーム", "Operations", "空のチーム")

ISSUE_TYPES = (("タスク", "#7ea800"), ("バグ", "#990000"), ("Request", "#ff9200"), ("その他", "#2779ca"))
CATEGORIES = ("画面", "API", "Database", "インフラ", "Docs, Help", "デザイン", "Billing")
STATUSES = ((1, "未対応", "#ed8077"), (2, "処理中", "#4488c5"), (3, "処理済み", "#5eb5a6"), (4, "完了", "#b0be3c"))
CUSTOM_STATUSES = (("レビュー中", "#eda62a"), ("Waiting for customer", "#868cb7"))
PRIORITIES = ((2, "高"), (3, "中"), (4, "低"))
RESOLUTIONS = ((0, "対応済み"), (1, "対応しない"), (2, "無効"), (3, "重複"), (4, "再現しない"))

AREAS = (
    "ログイン画面",
    "検索API",
    "Checkout",
    "Push notification",
    "請求書PDF",
    "CSVエクスポート",
    "Settings page",
    "バックアップ",
    "Dashboard",
    "会員登録フォーム",
    "Image upload",
    "夜間バッチ",
    "Onboarding e-mail",
    "アクセスログ",
    "Staging server",
    "利用規約ページ",
)

MATTERS = (
    "の表示が崩れる",
    "でエラー500が返る",
    "を改善する",
    "is slow on mobile",
    "crashes after update",
    "needs a test",
    "の文言を修正する",
    "のタイムアウトを調査",
    "should remember the last choice",
    "loses its session",
    "の権限を見直す",
    "returns duplicated rows",
    "のリファクタリング",
    "is not translated",
    "の監視を追加",
    "に新しい項目を追加する",
)

SENTENCES = (
    "お客様からの問い合わせで発覚しました。再現手順は下記のとおりです。",
    "Steps: open the page, wait for the list, press the button twice.",
    "期待する動作：一覧に最新の10件が表示されること。",
    "It happens on Safari 17 and on Chrome 126, not on Firefox.",
    "本番環境では発生せず、ステージング環境でのみ発生します。",
    "We agreed in the weekly meeting to do the small version first.",
    "関連資料は共有フォルダに置いてあります。",
    "The log shows a time-out after 30 seconds; see the attached file.",
    "対応後はテストケースの追加もお願いします。",
    "Please check the numbers with the accounting team before release.",
    "影響範囲が広いため、レビューは二人以上でお願いします。",
    "No change of the database schema is expected.",
)

COMMENTS = (
    "確認しました。",
    "Thanks, I'll have a look this afternoon.",
    "再現できませんでした。詳しい手順を教えてください。",
    "Reproduced on staging.",
    "修正してプルリクエストを出しました。レビューお願いします。",
    "Looks good to me 👍",
    "お客様に確認中です。回答があり次第、続けます。",
    "Moved to the next release, see the plan.",
    "対応ありがとうございます！",
    "Could you add a screenshot?",
    "テスト環境に反映しました。\n確認をお願いします。",
    "I split this into two tasks.",
)

ODD_SUMMARIES = (
    "絵文字 🚀👨‍👩‍👧 と サロゲートペア 𠮷野家",
    "\"double\" and 'single' quotes, 100% \\ backslash \\n",
    "line\u2028separator and\u2029paragraph",
    "tab\there and  two  spaces ",
    "</script>",
    "=1+1",
    "NULL",
    "ﾊﾝｶｸ カナ と か゛ and Cafe\u0301",
    "'; DROP TABLE issues; --",
    "שלום RTL ‏ mark",
)

ODD_DESCRIPTIONS = (
    "",
    "行1\n行2\r\n行3\n\n- 箇条書き\n\t- 入れ子",
    "</script>",
    "| a | b |\n|---|---|\n| \"1\" | '2' |\n\n```sql\nSELECT 1; -- 💥\n```",
    "U+2028:\u2028, U+2029:\u2029, U+00A0:\u00a0, U+200B:\u200b, BOM:\ufeff, U+FFFD:\ufffd",
    '{"json": [1, 2, null]}',
)

LONG_DESCRIPTION = "とても長い説明文です。A very long description. 🐘\n"
"""Repeated until the description is some 30,000 characters long."""

CUSTOM_FIELDS = (
    # typeId, name, description, required
    (1, "顧客名", "請求先の名称", False),
    (2, "再現手順", "", False),
    (3, "見積金額", "税抜き、円", True),
    (4, "リリース希望日", "", False),
    (5, "環境", "どこで起きたか", False),
    (6, "Browsers", "More than one may be chosen", False),
    (7, "チェックリスト", "", False),
    (8, "原因", "分かる範囲で", False),
)

CHOICES = {
    5: ("本番", "ステージング", "開発", "local"),
    6: ("Chrome", "Safari", "Firefox", "Edge"),
    7: ("設計", "レビュー", "テスト", "リリースノート"),
    8: ("実装", "仕様", "環境", "Unknown"),
}

TEXT_VALUES = ("株式会社サンプル", "Acme, Inc.", "O'Neil & Söhne", "", "合同会社「例」", "𠮷田商店 🍣")
OTHER_VALUES = ("外部サービスの障害", "see comment", 'その他："要確認"')
FILES = ("screenshot.png", "エラーログ.txt", "estimate (final) v2.xlsx", "設計書_最終版.pdf", "trace.har")

ANNOUNCEMENTS = (
    "今月の定例メンテナンスは最終金曜日の 22:00 からです。",
    "新しいメンバーが加わりました。よろしくお願いします！",
    "Please fill in your actual hours before the end of the month.",
    "",
    "夏季休業中の連絡先は Wiki の Home にあります。",
)

WATCH_NOTES = (None, "", "あとで確認する", "blocks our release", "お客様に報告済み")

WEBHOOKS = (
    # name, description, path of its address, types of activities (none: all)
    ("Chat 通知", "開発チャンネルへ", "services/T00000000/B00000001", ()),
    ("CI", "Starts the build on every push", "ci/backlog", (12, 18, 19)),
    ("課題の集計", "", "sheets/collect", (1, 2, 3, 4, 14)),
)

WIKI_PAGES = ("Home", "開発環境/セットアップ", "リリース手順", "Meeting notes", "FAQ")
DOCUMENTS = ("プロジェクト憲章", "Roadmap 2026", "議事録", "Incident review")
