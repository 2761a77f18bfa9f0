"""Example queries on what happened of late, in the space and to the key's own user. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "activities": (
        Example(
            "Who was active in which project, month by month?",
            "月・プロジェクトごとの操作数と操作した人数",
            """\
SELECT date_trunc('month', created)::DATE AS month, project_key, count(*) AS updates,
       count(DISTINCT created_user_id) AS people
FROM backlog.activities
GROUP BY ALL ORDER BY month DESC, updates DESC""",
        ),
        Example(
            "Which issues were deleted, by whom, and when (type 4)?",
            "削除された課題と削除した人（種類 4）",
            """\
SELECT project_key || '-' || (content ->> '$.key_id') AS issue_key, created_user_name, created
FROM backlog.activities
WHERE type = 4
ORDER BY created DESC""",
        ),
        Example(
            "At which hour of the day do people work?",
            "時間帯ごとの操作数（スペースのタイムゾーン）",
            """\
SELECT hour(a.created AT TIME ZONE s.timezone) AS hour_of_day, count(*) AS updates
FROM backlog.activities a, backlog.space s
GROUP BY hour_of_day ORDER BY hour_of_day""",
        ),
    ),
    "user_activities": (
        Example(
            "How many days was each person active in each month?",
            "ユーザーごとの月間の活動日数",
            """\
SELECT u.name, date_trunc('month', a.created)::DATE AS month, count(DISTINCT a.created::DATE) AS days
FROM backlog.user_activities a JOIN backlog.users u ON u.id = a.user_id
GROUP BY ALL ORDER BY month DESC, days DESC""",
        ),
        Example(
            "What does each person do most?",
            "ユーザーごとの操作の内訳",
            """\
SELECT u.name, count(*) FILTER (a.type = 1) AS issues_created, count(*) FILTER (a.type = 2) AS updated,
       count(*) FILTER (a.type = 3) AS commented, count(*) FILTER (a.type BETWEEN 5 AND 7) AS wiki,
       count(*) FILTER (a.type = 12) AS pushes, count(*) FILTER (a.type BETWEEN 18 AND 20) AS pull_requests
FROM backlog.user_activities a JOIN backlog.users u ON u.id = a.user_id
GROUP BY u.id, u.name ORDER BY count(*) DESC""",
        ),
        Example(
            "When was each person last seen, and in which project?",
            "ユーザーごとの最後の操作",
            """\
SELECT u.name, a.project_key, a.created
FROM backlog.user_activities a JOIN backlog.users u ON u.id = a.user_id
QUALIFY row_number() OVER (PARTITION BY a.user_id ORDER BY a.id DESC) = 1
ORDER BY a.created DESC""",
        ),
    ),
    "notifications": (
        Example(
            "What have I not read yet?",
            "未読のお知らせ",
            """\
SELECT n.created, n.sender_name, n.issue_key, i.summary
FROM backlog.notifications n LEFT JOIN backlog.issues i ON i.id = n.issue_id
WHERE NOT n.resource_already_read AND n._deleted_at IS NULL
ORDER BY n.created DESC LIMIT 20""",
        ),
        Example(
            "Who sends me most?",
            "お知らせの多い送信者",
            """\
SELECT sender_name, count(*) AS notifications, count(*) FILTER (reason = 1) AS assignments
FROM backlog.notifications
WHERE _deleted_at IS NULL
GROUP BY sender_id, sender_name ORDER BY notifications DESC""",
        ),
        Example(
            "Which issues was I given that are still open (reason 1)?",
            "自分に割り当てられた未完了の課題（理由 1）",
            """\
SELECT i.issue_key, i.summary, i.due_date, max(n.created) AS notified
FROM backlog.notifications n JOIN backlog.issues i ON i.id = n.issue_id
WHERE n.reason = 1 AND i.status_id <> 4 AND n._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY i.due_date NULLS LAST, i.issue_key""",
        ),
    ),
    "recently_viewed_issues": (
        Example(
            "Back to what I was looking at",
            "最近見た課題",
            """\
SELECT issue_key, issue_summary, updated
FROM backlog.recently_viewed_issues
WHERE _deleted_at IS NULL
ORDER BY updated DESC LIMIT 10""",
        ),
        Example(
            "Which of them have changed since I looked?",
            "見た後に更新された課題かどうか",
            """\
SELECT v.issue_key, i.status_name, v.updated AS looked, i.updated AS changed, i.updated > v.updated AS is_news
FROM backlog.recently_viewed_issues v JOIN backlog.issues i ON i.id = v.issue_id
WHERE v._deleted_at IS NULL AND i._deleted_at IS NULL
ORDER BY is_news DESC, i.updated DESC""",
        ),
        Example(
            "Where has my attention gone, by project?",
            "最近見た課題のプロジェクト別の件数",
            """\
SELECT p.project_key, count(*) AS issues, max(v.updated) AS last_look
FROM backlog.recently_viewed_issues v JOIN backlog.projects p ON p.id = v.issue_project_id
WHERE v._deleted_at IS NULL
GROUP BY p.project_key ORDER BY issues DESC""",
        ),
    ),
    "recently_viewed_projects": (
        Example(
            "The projects I was in last",
            "最近見たプロジェクト",
            """\
SELECT project_key, project_name, updated
FROM backlog.recently_viewed_projects
WHERE _deleted_at IS NULL
ORDER BY updated DESC""",
        ),
        Example(
            "Which projects have I joined, and when did I last look at them?",
            "参加プロジェクトと最後に見た日時（見ていないものも含む）",
            """\
SELECT p.project_key, p.name, v.updated AS last_look
FROM backlog.projects p LEFT JOIN backlog.recently_viewed_projects v ON v.project_id = p.id AND v._deleted_at IS NULL
WHERE p._deleted_at IS NULL AND NOT p.archived
ORDER BY last_look NULLS LAST, p.project_key""",
        ),
        Example(
            "How many open issues wait for somebody in the projects I look at?",
            "最近見たプロジェクトの未完了・担当者なしの課題数",
            """\
SELECT v.project_key, count(i.id) AS open_issues, count(i.id) FILTER (i.assignee_id IS NULL) AS unassigned
FROM backlog.recently_viewed_projects v
LEFT JOIN backlog.issues i ON i.project_id = v.project_id AND i.status_id <> 4 AND i._deleted_at IS NULL
WHERE v._deleted_at IS NULL
GROUP BY v.project_key ORDER BY open_issues DESC""",
        ),
    ),
    "recently_viewed_wikis": (
        Example(
            "Back to the pages I was reading",
            "最近見た Wiki ページ",
            """\
SELECT p.project_key, v.page_name, v.updated
FROM backlog.recently_viewed_wikis v JOIN backlog.projects p ON p.id = v.page_project_id
WHERE v._deleted_at IS NULL
ORDER BY v.updated DESC LIMIT 10""",
        ),
        Example(
            "Which of them were edited since I read them?",
            "見た後に編集されたページかどうか",
            """\
SELECT w.project_key, w.name, v.updated AS read, w.updated AS edited, w.updated > v.updated AS is_news
FROM backlog.recently_viewed_wikis v JOIN backlog.wikis w ON w.id = v.page_id
WHERE v._deleted_at IS NULL AND w._deleted_at IS NULL
ORDER BY is_news DESC, edited DESC""",
        ),
        Example(
            "Whom could I ask about what I read?",
            "最近見たページを最後に編集した人",
            """\
SELECT w.name, w.updated_user_name, w.updated
FROM backlog.recently_viewed_wikis v JOIN backlog.wikis w ON w.id = v.page_id
WHERE v._deleted_at IS NULL
ORDER BY v.updated DESC""",
        ),
    ),
}
"""Table -> its example queries."""
