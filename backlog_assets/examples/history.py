"""Example queries on the history of issues: changes, values over time, ways through the states, as of. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "issue_changes": (
        Example(
            "What is changed most often?",
            "変更の多い項目",
            """\
SELECT coalesce(attribute, field) AS what, count(*) AS changes, count(DISTINCT issue_id) AS issues
FROM backlog.issue_changes
GROUP BY what ORDER BY changes DESC""",
        ),
        Example(
            "The story of one issue, change by change",
            "1 件の課題の変更履歴",
            """\
SELECT c.created, c.created_user_name, c.field, c.old_value, c.new_value
FROM backlog.issue_changes c JOIN backlog.issues i ON i.id = c.issue_id
WHERE i.issue_key = 'WEB-2'
ORDER BY c.created, c.ordinal""",
        ),
        Example(
            "Which due dates were pushed furthest?",
            "期限日が最も大きく延期された変更",
            """\
SELECT i.issue_key, c.created_user_name, c.old_value, c.new_value,
       TRY_CAST(c.new_value AS DATE) - TRY_CAST(c.old_value AS DATE) AS days
FROM backlog.issue_changes c JOIN backlog.issues i ON i.id = c.issue_id
WHERE c.attribute = 'due_date' AND days > 0
ORDER BY days DESC LIMIT 10""",
        ),
    ),
    "issue_field_history": (
        Example(
            "Which issues changed hands most often?",
            "担当者の交代が多い課題",
            """\
SELECT i.issue_key, i.summary, count(*) - 1 AS handovers, string_agg(h.value_text, ' > ' ORDER BY h.sequence) AS hands
FROM backlog.issue_field_history h JOIN backlog.issues i ON i.id = h.issue_id
WHERE h.field = 'assignee' AND h.value_text IS NOT NULL AND i._deleted_at IS NULL
GROUP BY i.id, i.issue_key, i.summary HAVING count(*) > 1 ORDER BY handovers DESC, i.issue_key LIMIT 10""",
        ),
        Example(
            "How far has each due date moved from the first one set?",
            "最初に設定した期限日からの遅れ",
            """\
SELECT i.issue_key, arg_min(h.value_text, h.sequence)::DATE AS first_due, i.due_date, i.due_date - first_due AS days
FROM backlog.issue_field_history h JOIN backlog.issues i ON i.id = h.issue_id
WHERE h.field = 'due_date' AND h.value_text IS NOT NULL AND i._deleted_at IS NULL
GROUP BY i.id, i.issue_key, i.due_date HAVING i.due_date <> first_due
ORDER BY days DESC LIMIT 20""",
        ),
        Example(
            "How many issues stood in each state on the first of each month?",
            "毎月 1 日時点の状態ごとの課題数（累積フロー）",
            """\
SELECT day::DATE AS day, h.value_text AS status, count(*) AS issues
FROM generate_series(DATE '2026-01-01', DATE '2026-06-01', INTERVAL 1 MONTH) AS days(day)
JOIN backlog.issue_field_history h
     ON h.field = 'status' AND h.valid_from <= day AND (h.valid_to > day OR h.valid_to IS NULL)
GROUP BY ALL ORDER BY day, issues DESC""",
        ),
    ),
    "issue_status_transitions": (
        Example(
            "How long do issues stay in each state?",
            "状態ごとの滞在日数（中央値と 90 パーセンタイル）",
            """\
SELECT to_status_name AS status, count(*) AS passages, round(median(seconds_in_status) / 86400, 1) AS days,
       round(quantile_cont(seconds_in_status, 0.9) / 86400, 1) AS days_of_slowest_tenth
FROM backlog.issue_status_transitions
WHERE seconds_in_status IS NOT NULL
GROUP BY to_status_id, to_status_name ORDER BY passages DESC""",
        ),
        Example(
            "Which share of closed issues is opened again?",
            "プロジェクトごとの再オープンの割合",
            """\
SELECT p.project_key, count(DISTINCT t.issue_id) FILTER (t.is_reopen) AS reopened,
       count(DISTINCT t.issue_id) FILTER (t.to_status_id = 4) AS closed, round(100 * reopened / closed, 1) AS percent
FROM backlog.issue_status_transitions t JOIN backlog.projects p ON p.id = t.project_id
GROUP BY p.project_key HAVING closed > 0 ORDER BY percent DESC""",
        ),
        Example(
            "How many issues are closed each week?",
            "週ごとの完了件数",
            """\
SELECT date_trunc('week', entered_at)::DATE AS week, count(DISTINCT issue_id) AS closed
FROM backlog.issue_status_transitions
WHERE to_status_id = 4
GROUP BY week ORDER BY week DESC LIMIT 12""",
        ),
    ),
    "issues_as_of": (
        Example(
            "How many issues were open on a day, by project?",
            "ある日の時点で未完了だった課題数",
            """\
SELECT p.project_key, count(*) AS open_issues
FROM backlog.issues_as_of('2026-05-01 00:00:00+09') i JOIN backlog.projects p ON p.id = i.project_id
WHERE i.status_id <> 4
GROUP BY p.project_key ORDER BY open_issues DESC""",
        ),
        Example(
            "What has become of the issues that were open then?",
            "その時点で未完了だった課題の現在の状態",
            """\
SELECT past.status_name AS status_then, coalesce(i.status_name, '-') AS status_now, count(*) AS issues
FROM backlog.issues_as_of('2026-05-01 00:00:00+09') past
LEFT JOIN backlog.issues i ON i.id = past.id AND i._deleted_at IS NULL
WHERE past.status_id <> 4
GROUP BY ALL ORDER BY issues DESC""",
        ),
        Example(
            "Who had how many hours ahead of them then?",
            "その時点の担当者ごとの予定時間",
            """\
SELECT assignee_name, count(*) AS open_issues, sum(estimated_hours) AS estimated_hours
FROM backlog.issues_as_of('2026-05-01 00:00:00+09')
WHERE status_id <> 4
GROUP BY assignee_id, assignee_name ORDER BY estimated_hours DESC NULLS LAST""",
        ),
    ),
}
"""Table -> its example queries."""
