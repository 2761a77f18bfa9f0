"""Example queries on issues, and on what they are filed under, planned for and connected with. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "issues": (
        Example(
            "Which open issues are overdue, and whose are they?",
            "期限を過ぎた未完了の課題と担当者",
            """\
SELECT issue_key, summary, assignee_name, due_date, current_date - due_date AS days_late
FROM backlog.issues
WHERE status_id <> 4 AND due_date < current_date AND _deleted_at IS NULL
ORDER BY due_date LIMIT 20""",
        ),
        Example(
            "How many issues were made each month, and how many of them are closed?",
            "月ごとの作成数とそのうち完了した数",
            """\
SELECT date_trunc('month', created)::DATE AS month, count(*) AS issues,
       count(*) FILTER (status_id = 4) AS closed, sum(actual_hours) AS actual_hours
FROM backlog.issues
WHERE _deleted_at IS NULL
GROUP BY month ORDER BY month DESC""",
        ),
        Example(
            "How good are estimates? Hours taken for each hour estimated, by assignee",
            "担当者ごとの予定時間に対する実績時間の比率",
            """\
SELECT assignee_name, count(*) AS issues, sum(estimated_hours) AS estimated, sum(actual_hours) AS actual,
       round(sum(actual_hours) / sum(estimated_hours), 2) AS ratio
FROM backlog.issues
WHERE status_id = 4 AND estimated_hours > 0 AND actual_hours > 0 AND _deleted_at IS NULL
GROUP BY assignee_id, assignee_name ORDER BY ratio DESC""",
        ),
    ),
    "issue": (
        Example(
            "Which issues were fetched on demand, and when?",
            "個別に取得した課題と取得日時",
            """\
SELECT issue_key, summary, status_name, _loaded_at
FROM backlog.issue
ORDER BY _loaded_at DESC""",
        ),
        Example(
            "The milestones of an issue out of its JSON",
            "JSON の項目からマイルストーンを取り出す",
            """\
SELECT issue_key, m ->> '$.name' AS milestone, (m ->> '$.releaseDueDate')::TIMESTAMPTZ::DATE AS release_due_date
FROM (SELECT issue_key, unnest(milestone::JSON[]) AS m FROM backlog.issue)
ORDER BY issue_key, milestone""",
        ),
        Example(
            "Which of them were different when the whole list was loaded?",
            "一覧の読み込み時と内容が異なる課題",
            """\
SELECT one.issue_key, one.status_name AS fetched, listed.status_name AS listed,
       one.updated <> listed.updated AS differs
FROM backlog.issue one LEFT JOIN backlog.issues listed USING (id)
ORDER BY one.issue_key""",
        ),
    ),
    "issue_categories": (
        Example(
            "How many open issues has each category?",
            "カテゴリーごとの未完了の課題数",
            """\
SELECT p.project_key, c.name, count(*) AS open_issues
FROM backlog.issue_categories c
JOIN backlog.issues i ON i.id = c.issue_id
JOIN backlog.projects p ON p.id = i.project_id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY open_issues DESC LIMIT 20""",
        ),
        Example(
            "Which open issues are filed under nothing?",
            "カテゴリーのない未完了の課題",
            """\
SELECT i.issue_key, i.summary, i.created_user_name
FROM backlog.issues i ANTI JOIN backlog.issue_categories c ON c.issue_id = i.id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
ORDER BY i.created DESC LIMIT 20""",
        ),
        Example(
            "Which categories go together?",
            "同時に付けられることの多いカテゴリー",
            """\
SELECT a.name AS one, b.name AS other, count(*) AS issues
FROM backlog.issue_categories a JOIN backlog.issue_categories b ON b.issue_id = a.issue_id AND b.id > a.id
GROUP BY a.name, b.name ORDER BY issues DESC LIMIT 10""",
        ),
    ),
    "issue_versions": (
        Example(
            "In which versions were most issues found?",
            "発生バージョンごとの課題数",
            """\
SELECT p.project_key, v.name, count(*) AS issues, count(*) FILTER (i.status_id <> 4) AS open_issues
FROM backlog.issue_versions v
JOIN backlog.issues i ON i.id = v.issue_id
JOIN backlog.projects p ON p.id = i.project_id
WHERE i._deleted_at IS NULL
GROUP BY ALL ORDER BY issues DESC LIMIT 10""",
        ),
        Example(
            "Found in which version, to be mended in which?",
            "発生バージョンと対応予定のマイルストーン",
            """\
SELECT i.issue_key, v.name AS found_in, m.name AS mended_in
FROM backlog.issues i
JOIN backlog.issue_versions v ON v.issue_id = i.id
LEFT JOIN backlog.issue_milestones m ON m.issue_id = i.id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
ORDER BY i.issue_key""",
        ),
        Example(
            "When are issues of a version found, in days from its release (before it: negative)?",
            "リリース日から課題が見つかるまでの日数（リリース前は負）",
            """\
SELECT v.project_key, v.name, count(*) AS issues, median(i.created::DATE - v.release_due_date) AS days
FROM backlog.issue_versions iv
JOIN backlog.project_versions v ON v.id = iv.id
JOIN backlog.issues i ON i.id = iv.issue_id
WHERE i._deleted_at IS NULL AND v.release_due_date IS NOT NULL
GROUP BY ALL ORDER BY v.project_key, v.name""",
        ),
    ),
    "issue_milestones": (
        Example(
            "How much work is left for each milestone?",
            "マイルストーンごとの残り件数と残り時間",
            """\
SELECT p.project_key, m.name, count(*) AS open_issues, sum(i.estimated_hours) AS estimated_hours
FROM backlog.issue_milestones m
JOIN backlog.issues i ON i.id = m.issue_id
JOIN backlog.projects p ON p.id = i.project_id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY p.project_key, m.name""",
        ),
        Example(
            "Which issues are due after their milestone's release?",
            "期限日がマイルストーンの期日より後の課題",
            """\
SELECT i.issue_key, i.due_date, v.name AS milestone, v.release_due_date
FROM backlog.issue_milestones m
JOIN backlog.project_versions v ON v.id = m.id
JOIN backlog.issues i ON i.id = m.issue_id
WHERE i.due_date > v.release_due_date AND i.status_id <> 4 AND i._deleted_at IS NULL
ORDER BY i.due_date - v.release_due_date DESC""",
        ),
        Example(
            "How many open issues of each project are planned for no milestone?",
            "マイルストーンが未設定の未完了の課題数",
            """\
SELECT p.project_key, count(*) AS unplanned
FROM backlog.issues i
JOIN backlog.projects p ON p.id = i.project_id
ANTI JOIN backlog.issue_milestones m ON m.issue_id = i.id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
GROUP BY p.project_key ORDER BY unplanned DESC""",
        ),
    ),
    "issue_custom_field_values": (
        Example(
            "One field of every open issue that has it filled in",
            "未完了の課題のカスタム属性の値",
            """\
SELECT i.issue_key, i.summary, v.value_text AS customer
FROM backlog.issue_custom_field_values v JOIN backlog.issues i ON i.id = v.issue_id
WHERE v.name = '顧客名' AND v.value_text <> '' AND i.status_id <> 4 AND i._deleted_at IS NULL
ORDER BY customer, i.issue_key""",
        ),
        Example(
            "Total, mean and greatest value of each number field",
            "数値属性の合計・平均・最大",
            """\
SELECT v.name, count(v.value_number) AS issues, sum(v.value_number) AS total,
       round(avg(v.value_number)) AS mean, max(v.value_number) AS greatest
FROM backlog.issue_custom_field_values v JOIN backlog.issues i ON i.id = v.issue_id
WHERE v.field_type_id = 3 AND i._deleted_at IS NULL
GROUP BY v.id, v.name ORDER BY total DESC""",
        ),
        Example(
            "What is asked for next? Dates people have chosen, month by month",
            "日付属性の月ごとの件数",
            """\
SELECT v.name, date_trunc('month', v.value_date)::DATE AS month, count(*) AS issues
FROM backlog.issue_custom_field_values v JOIN backlog.issues i ON i.id = v.issue_id
WHERE v.value_date IS NOT NULL AND i._deleted_at IS NULL
GROUP BY v.name, month ORDER BY v.name, month""",
        ),
    ),
    "issue_participants": (
        Example(
            "Which issues does it take most people to settle?",
            "参加者の多い課題",
            """\
SELECT i.issue_key, i.summary, count(*) AS people
FROM backlog.issue_participants p JOIN backlog.issues i ON i.id = p.issue_id
WHERE p._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY people DESC, i.issue_key LIMIT 10""",
        ),
        Example(
            "Who takes part in most issues that are not their own?",
            "自分が担当でない課題に最も多く参加している人",
            """\
SELECT p.name, count(*) AS issues
FROM backlog.issue_participants p JOIN backlog.issues i ON i.id = p.issue_id
WHERE p.id IS DISTINCT FROM i.assignee_id AND p._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY p.id, p.name ORDER BY issues DESC""",
        ),
        Example(
            "Who works with whom?",
            "同じ課題に参加することの多い 2 人",
            """\
SELECT a.name AS one, b.name AS other, count(*) AS issues
FROM backlog.issue_participants a JOIN backlog.issue_participants b ON b.issue_id = a.issue_id AND b.id > a.id
WHERE a._deleted_at IS NULL AND b._deleted_at IS NULL
GROUP BY a.name, b.name ORDER BY issues DESC LIMIT 10""",
        ),
    ),
    "issue_related_issues": (
        Example(
            "Each pair of related issues, once",
            "関連課題の組（重複なし）",
            """\
SELECT i.issue_key, i.summary, r.issue_key AS related_key, r.summary AS related_summary
FROM backlog.issue_related_issues r JOIN backlog.issues i ON i.id = r.issue_id
WHERE r.issue_id < r.id AND r._deleted_at IS NULL
ORDER BY i.id, r.id""",
        ),
        Example(
            "Which open issues have a relative that is closed already?",
            "関連課題が完了済みの未完了の課題",
            """\
SELECT i.issue_key, i.status_name, other.issue_key AS related_key, other.resolution_name
FROM backlog.issue_related_issues r
JOIN backlog.issues i ON i.id = r.issue_id
JOIN backlog.issues other ON other.id = r.id
WHERE i.status_id <> 4 AND other.status_id = 4 AND r._deleted_at IS NULL AND i._deleted_at IS NULL
ORDER BY i.issue_key""",
        ),
        Example(
            "Which issues have most relatives?",
            "関連課題の多い課題",
            """\
SELECT i.issue_key, i.summary, count(*) AS related
FROM backlog.issue_related_issues r JOIN backlog.issues i ON i.id = r.issue_id
WHERE r._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY related DESC, i.issue_key LIMIT 10""",
        ),
    ),
}
"""Table -> its example queries."""
