"""What each rule means and what to do when it fails, in English and Japanese; and the words around it. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "ja"]


@dataclass(frozen=True)
class Rule:
    """`meaning` is what is wrong where the rule fails, `what_to_do` the advice where the evaluation gives none."""

    meaning: str
    what_to_do: str


EN: Mapping[str, Rule] = {
    "key_is_unique": Rule(
        "Rows share a key that must be unique.",
        "Load the table anew (full refresh); if it stays so, somebody else writes to it.",
    ),
    "required_values": Rule(
        "Columns that Backlog always fills are empty.",
        "Open the rows in Backlog; if the values are there, Backlog has changed its API: report it.",
    ),
    "references_resolve": Rule(
        "Rows refer to rows that are not there.",
        "Load the table referred to; what Backlog has deleted stays unresolved.",
    ),
    "matches_backlog": Rule(
        "The table does not hold as many rows as Backlog says it has.",
        "Run the full refresh of this table; if it stays so, the key's user may not see everything.",
    ),
    "no_unknown_fields": Rule(
        "Backlog sends fields that the catalogue does not know. They are kept in the column _extra.",
        "Nothing is lost; add the fields to the catalogue to make columns of them.",
    ),
    "not_shrunk": Rule(
        "The table would have lost more of its rows at once than is allowed. The old rows were kept.",
        "Look in Backlog whether they are really gone; if so, allow it once (allow_shrink in the run's config).",
    ),
    "is_fresh": Rule(
        "The table is older than its schedule allows.",
        "See that the daemon runs and the schedules are on (BACKLOG_SCHEDULES=on), and why the last runs failed.",
    ),
    "quota_is_healthy": Rule(
        "Backlog's rate limit was met, or little of it is left.",
        "Spread the loads, or give the loader a user of its own; BACKLOG_HEADROOM says how much is left to others.",
    ),
    "load_failed": Rule("The table could not be loaded. It keeps the rows it had.", "Open the run, and load it again."),
    "checks_not_done": Rule("Checks could not be carried out.", "Open the run, and run the checks again."),
    "run_failed": Rule("The run ended before any step had failed.", "Open the run, and launch it again."),
}

JA: Mapping[str, Rule] = {
    "key_is_unique": Rule(
        "一意であるべきキーが重複しています。",
        "テーブルを全件読み直してください。直らない場合は、別のプログラムが書き込んでいます。",
    ),
    "required_values": Rule(
        "Backlog が必ず返すはずの列が空です。",
        "Backlog で該当の行を確認してください。値が入っている場合は API の変更が考えられます。ご報告ください。",
    ),
    "references_resolve": Rule(
        "参照先の行が見つかりません。",
        "参照先のテーブルを読み込んでください。Backlog で削除されたものは解決しません。",
    ),
    "matches_backlog": Rule(
        "テーブルの行数が Backlog の件数と一致しません。",
        "このテーブルを全件読み直してください。直らない場合は、API キーの利用者に見えないものがあります。",
    ),
    "no_unknown_fields": Rule(
        "カタログにない項目が Backlog から届いています。値は _extra 列に残しています。",
        "データは失われていません。列にするには、カタログに項目を追加してください。",
    ),
    "not_shrunk": Rule(
        "一度に減る行数が許容範囲を超えたため、読み込みを取りやめ、元の行を残しました。",
        "Backlog で本当に削除されたか確認し、正しければ実行設定の allow_shrink で一度だけ許可してください。",
    ),
    "is_fresh": Rule(
        "テーブルの更新が予定より遅れています。",
        "デーモンとスケジュール（BACKLOG_SCHEDULES=on）が動いているか、直近の実行の失敗を確認してください。",
    ),
    "quota_is_healthy": Rule(
        "Backlog のレート制限に達したか、残りがわずかです。",
        "読み込みを分散するか、専用の利用者の API キーを使ってください。余裕は BACKLOG_HEADROOM で決まります。",
    ),
    "load_failed": Rule(
        "テーブルを読み込めませんでした。元の行は残っています。",
        "実行を開いて原因を確認し、もう一度読み込んでください。",
    ),
    "checks_not_done": Rule(
        "チェックを実施できませんでした。", "実行を開いて原因を確認し、もう一度チェックしてください。"
    ),
    "run_failed": Rule(
        "どのステップも失敗しないうちに、実行が終了しました。",
        "実行を開いて原因を確認し、もう一度起動してください。",
    ),
}

RULES: Mapping[Language, Mapping[str, Rule]] = {"en": EN, "ja": JA}

OTHER: Mapping[Language, Rule] = {
    "en": Rule("An asset check does not pass.", "Open the run and see what the check says."),
    "ja": Rule("アセットチェックに合格していません。", "実行を開いて、チェックの結果を確認してください。"),
}
"""For a check that is not one of this project's."""

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "error": "ERROR",
        "warn": "WARNING",
        "failing:check": "{severity}: {rule} fails in {where}",
        "reminder:check": "{severity}, still: {rule} fails in {where}",
        "recovered:check": "RECOVERED: {rule} in {where}",
        "changed:check": "{severity} no longer: {rule} in {where}",
        "failing:load": "{severity}: {where} not loaded",
        "reminder:load": "{severity}, still: {where} not loaded",
        "recovered:load": "RECOVERED: {where} loaded again",
        "failing:checks": "{severity}: {where} not carried out",
        "reminder:checks": "{severity}, still: {where} not carried out",
        "recovered:checks": "RECOVERED: {where} carried out again",
        "failing:run": "{severity}: run of {where} failed",
        "reminder:run": "{severity}, still: run of {where} failed",
        "recovered:run": "RECOVERED: {where} ran well again",
        "tables": "{count} tables",
        "steps": "{count} sets of checks",
        "jobs": "{count} jobs",
        "and more": " and {count} more",
        "row": "{count} row",
        "rows": "{count} rows",
        "example": "for example: {text}",
        "others": "Failing since before: {names}",
        "severity": "Severity: {severity}",
        "since": "Since: {at}",
        "lasted": "It lasted {span}: from {begin} to {end}.",
        "now": "It fails now with severity {severity}.",
        "what_to_do": "What to do: {text}",
        "run": "Open the run in Dagster",
        "again": "Sent again: it is not known whether the first one arrived.",
        "cut": "(The rest is in Dagster.)",
        "days": "{days} d {hours} h",
        "hours": "{hours} h {minutes} min",
        "minutes": "{minutes} min",
        "seconds": "less than a minute",
        "separator": ", ",
        "pair": " ({names})",
        "colon": ": ",
    },
    "ja": {
        "error": "エラー",
        "warn": "警告",
        "failing:check": "{severity}: {where} の {rule} が不合格です",
        "reminder:check": "{severity}（継続中）: {where} の {rule} が不合格です",
        "recovered:check": "復旧: {where} の {rule} が合格しました",
        "changed:check": "{severity}ではなくなりました: {where} の {rule}",
        "failing:load": "{severity}: {where} を読み込めません",
        "reminder:load": "{severity}（継続中）: {where} を読み込めません",
        "recovered:load": "復旧: {where} を読み込みました",
        "failing:checks": "{severity}: {where} を実施できません",
        "reminder:checks": "{severity}（継続中）: {where} を実施できません",
        "recovered:checks": "復旧: {where} を実施しました",
        "failing:run": "{severity}: {where} の実行が失敗しました",
        "reminder:run": "{severity}（継続中）: {where} の実行が失敗しました",
        "recovered:run": "復旧: {where} の実行が成功しました",
        "tables": "{count} 個のテーブル",
        "steps": "{count} 組のチェック",
        "jobs": "{count} 個のジョブ",
        "and more": "、ほか {count} 件",
        "row": "{count} 行",
        "rows": "{count} 行",
        "example": "例: {text}",
        "others": "以前から継続中: {names}",
        "severity": "重要度: {severity}",
        "since": "発生: {at}",
        "lasted": "継続時間: {span}（{begin} から {end} まで）",
        "now": "現在の重要度: {severity}",
        "what_to_do": "対処: {text}",
        "run": "Dagster で実行を開く",
        "again": "再送: 最初の通知が届いたかどうか分かりません。",
        "cut": "（続きは Dagster をご覧ください。）",
        "days": "{days}日{hours}時間",
        "hours": "{hours}時間{minutes}分",
        "minutes": "{minutes}分",
        "seconds": "1分未満",
        "separator": "、",
        "pair": "（{names}）",
        "colon": ": ",
    },
}
