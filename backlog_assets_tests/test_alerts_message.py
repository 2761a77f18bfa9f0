"""The exact words of alerts, in both languages."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from backlog_assets.alerts.message import duration, letter, shortened
from backlog_assets.alerts.state import Event, Finding, Kind, Member, Notice
from backlog_assets.alerts.words import RULES, WORDS, Language
from backlog_assets.credentials import REDACTOR

SINCE = 1_795_302_246.0  # 2026-11-21 23:04:06 UTC
FOUND = Finding(
    "error",
    "run-1",
    description="12 rows of issues have a key that another row has.",
    what_to_do="Load issues anew.",
    rows=12,
    examples=("id = 5; copies = 2", "id = 6; copies = 2", "id = 7; copies = 3", "id = 8; copies = 2"),
    projects=("WEB", "APP"),
)


def notice(*members: Member, event: Event = "failing", kind: Kind = "check", rule: str = "key_is_unique") -> Notice:
    severity = members[0].finding.severity
    return Notice("n1", event, "i1", kind, rule, severity, SINCE, members)


ISSUES = Member("issues", None, SINCE, FOUND)
TOKYO = ZoneInfo("Asia/Tokyo")


def test_a_failing_check_in_english() -> None:
    assert letter(notice(ISSUES)).text() == (
        "ERROR: key_is_unique fails in issues (WEB, APP)\n"
        "\n"
        "Rows share a key that must be unique.\n"
        "issues (WEB, APP): 12 rows\n"
        "  12 rows of issues have a key that another row has.\n"
        "  for example: id = 5; copies = 2\n"
        "  for example: id = 6; copies = 2\n"
        "  for example: id = 7; copies = 3\n"
        "Severity: ERROR\n"
        "Since: 2026-11-21 23:04 UTC\n"
        "What to do: Load issues anew.\n"
        "\n"
        "Open the run in Dagster: http://127.0.0.1:3000/runs/run-1\n"
    )


def test_a_failing_check_in_japanese() -> None:
    text = letter(notice(ISSUES), language="ja", zone=TOKYO, dagster_url="https://dagster.example.com/").text()
    assert text == (
        "エラー: issues（WEB、APP） の key_is_unique が不合格です\n"
        "\n"
        "一意であるべきキーが重複しています。\n"
        "issues（WEB、APP）: 12 行\n"
        "  12 rows of issues have a key that another row has.\n"
        "  例: id = 5; copies = 2\n"
        "  例: id = 6; copies = 2\n"
        "  例: id = 7; copies = 3\n"
        "重要度: エラー\n"
        "発生: 2026-11-22 08:04 JST\n"
        "対処: テーブルを全件読み直してください。直らない場合は、別のプログラムが書き込んでいます。\n"
        "\n"
        "Dagster で実行を開く: https://dagster.example.com/runs/run-1\n"
    )


OVER = replace(ISSUES, ended=SINCE + 7500)


def test_a_recovery_in_both_languages() -> None:
    over = replace(notice(OVER, event="recovered"), others=("wikis",))
    assert letter(over).text() == (
        "RECOVERED: key_is_unique in issues (WEB, APP)\n"
        "\n"
        "Failing since before: wikis\n"
        "Severity: ERROR\n"
        "It lasted 2 h 5 min: from 2026-11-21 23:04 UTC to 2026-11-22 01:09 UTC.\n"
        "\n"
        "Open the run in Dagster: http://127.0.0.1:3000/runs/run-1\n"
    )
    assert letter(over, language="ja", zone=TOKYO).text() == (
        "復旧: issues（WEB、APP） の key_is_unique が合格しました\n"
        "\n"
        "以前から継続中: wikis\n"
        "重要度: エラー\n"
        "継続時間: 2時間5分（2026-11-22 08:04 JST から 2026-11-22 10:09 JST まで）\n"
        "\n"
        "Dagster で実行を開く: http://127.0.0.1:3000/runs/run-1\n"
    )


def test_a_load_that_fails_in_several_projects_names_them() -> None:
    refused = Finding("error", "run-2", description="Backlog refused GET /projects/APP/versions: 403.")
    members = [Member("project_versions", key, SINCE, refused) for key in ("APP", "INF")]
    told = notice(*members, kind="load", rule="load_failed")
    assert letter(told).text() == (
        "ERROR: project_versions (APP, INF) not loaded\n"
        "\n"
        "The table could not be loaded. It keeps the rows it had.\n"
        "project_versions (APP, INF): Backlog refused GET /projects/APP/versions: 403.\n"
        "Severity: ERROR\n"
        "Since: 2026-11-21 23:04 UTC\n"
        "What to do: Open the run, and load it again.\n"
        "\n"
        "Open the run in Dagster: http://127.0.0.1:3000/runs/run-2\n"
    )
    assert letter(told, language="ja").title == "エラー: project_versions（APP、INF） を読み込めません"


def test_a_reminder_and_a_severity_that_changed() -> None:
    assert letter(notice(ISSUES, event="reminder")).title == ("ERROR, still: key_is_unique fails in issues (WEB, APP)")
    changed = letter(notice(OVER, event="changed"))
    assert changed.title == "ERROR no longer: key_is_unique in issues (WEB, APP)"
    assert "It fails now with severity WARNING." in changed.body
    assert letter(notice(OVER, event="changed"), language="ja").title == (
        "エラーではなくなりました: issues（WEB、APP） の key_is_unique"
    )


def test_forty_tables_are_counted_ten_are_told_and_the_rest_named() -> None:
    members = [Member(f"table_{at:02}", None, SINCE, Finding("warn", "r", rows=1)) for at in range(40)]
    told = letter(notice(*members, rule="is_fresh"))
    assert told.title == "WARNING: is_fresh fails in 40 tables"
    assert told.body.split("\n")[:3] == [
        "The table is older than its schedule allows.",
        "table_00: 1 row",
        "table_01: 1 row",
    ]
    assert "\ntable_10, table_11, " in told.body
    assert len(told.body.split("\n")) == 1 + 10 + 1 + 3


def test_many_projects_are_named_up_to_forty() -> None:
    finding = Finding("warn", "r", rows=9, projects=tuple(f"P{at}" for at in range(60)))
    told = letter(notice(Member("issues", None, SINCE, finding), rule="is_fresh"))
    assert told.title == "WARNING: is_fresh fails in issues (P0, P1, P2 and 57 more)"
    assert "P39 and 20 more): 9 rows" in told.body


def test_what_came_from_the_space_stands_on_one_line_and_without_secrets() -> None:
    REDACTOR.hide("api-key-in-a-message-1")
    finding = Finding("error", "r", description="one\n\ntwo \u202e api-key-in-a-message-1", examples=("x" * 900,))
    body = letter(notice(Member("issues", None, SINCE, finding))).body
    assert "issues: one two [secret]\n" in body
    assert max(len(line) for line in body.split("\n")) < 330


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("event", ["failing", "reminder", "recovered", "changed"])
@pytest.mark.parametrize("rule", [*RULES["en"], "somebody_elses_check"])
def test_every_rule_has_words_for_every_event(rule: str, event: Event, language: Language) -> None:
    kind: Kind = "run" if rule == "run_failed" else "load" if rule in ("load_failed", "checks_not_done") else "check"
    told = letter(notice(replace(ISSUES, ended=SINCE + 60), event=event, kind=kind, rule=rule), language=language)
    assert "{" not in told.title + told.body
    assert "issues" in told.title
    assert len(told.title) <= 140


def test_both_languages_have_the_same_words_and_rules() -> None:
    assert set(WORDS["en"]) == set(WORDS["ja"])
    assert set(RULES["en"]) == set(RULES["ja"])


@pytest.mark.parametrize(
    ("seconds", "en", "ja"),
    [
        (5, "less than a minute", "1分未満"),
        (60, "1 min", "1分"),
        (3_700, "1 h 1 min", "1時間1分"),
        (90_000, "1 d 1 h", "1日1時間"),
    ],
)
def test_how_long_it_lasted(seconds: float, en: str, ja: str) -> None:
    assert (duration(seconds), duration(seconds, "ja")) == (en, ja)


def test_a_text_is_cut_at_the_end_of_a_line() -> None:
    assert shortened("a\nb", 3) == "a\nb"
    cut = shortened("\n".join(["0123456789"] * 10), 60)
    assert cut == "0123456789\n0123456789\n0123456789\n(The rest is in Dagster.)"
