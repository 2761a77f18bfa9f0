"""Example queries on people: users, teams, stars, what is watched. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "users": (
        Example(
            "Who administers the space?",
            "スペースの管理者",
            """\
SELECT name, user_id, mail_address
FROM backlog.users
WHERE role_type = 1 AND _deleted_at IS NULL
ORDER BY name""",
        ),
        Example(
            "Who has not signed in for longest?",
            "最後のログインが古いユーザー",
            """\
SELECT name, role_type, last_login_time
FROM backlog.users
WHERE _deleted_at IS NULL
ORDER BY last_login_time NULLS FIRST LIMIT 10""",
        ),
        Example(
            "How many open issues has each user, and how many hours of work are left in them?",
            "ユーザーごとの未完了の課題数と残り時間",
            """\
SELECT u.name, count(i.id) AS open_issues,
       sum(greatest(i.estimated_hours - coalesce(i.actual_hours, 0), 0)) AS hours_left
FROM backlog.users u
LEFT JOIN backlog.issues i ON i.assignee_id = u.id AND i.status_id <> 4 AND i._deleted_at IS NULL
WHERE u._deleted_at IS NULL
GROUP BY u.id, u.name ORDER BY open_issues DESC""",
        ),
    ),
    "teams": (
        Example(
            "How large is each team?",
            "チームごとの人数",
            """\
SELECT t.name, count(m.id) AS members
FROM backlog.teams t LEFT JOIN backlog.team_members m ON m.team_id = t.id
WHERE t._deleted_at IS NULL
GROUP BY t.id, t.name ORDER BY members DESC""",
        ),
        Example(
            "Which projects has each team joined?",
            "チームごとの参加プロジェクト",
            """\
SELECT t.name, string_agg(p.project_key, ', ' ORDER BY p.project_key) AS projects
FROM backlog.teams t
LEFT JOIN backlog.project_teams p ON p.id = t.id AND p._deleted_at IS NULL
WHERE t._deleted_at IS NULL
GROUP BY t.id, t.name ORDER BY t.name""",
        ),
        Example(
            "How many open issues has each team on its table?",
            "チームごとの未完了の課題数",
            """\
SELECT t.name, count(*) AS open_issues, count(*) FILTER (i.due_date < current_date) AS overdue
FROM backlog.teams t
JOIN backlog.team_members m ON m.team_id = t.id
JOIN backlog.issues i ON i.assignee_id = m.id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL AND t._deleted_at IS NULL
GROUP BY t.id, t.name ORDER BY open_issues DESC""",
        ),
    ),
    "team_members": (
        Example(
            "Who is in which team?",
            "チームとメンバーの一覧",
            """\
SELECT t.name AS team, m.name AS member
FROM backlog.team_members m JOIN backlog.teams t ON t.id = m.team_id
WHERE t._deleted_at IS NULL
ORDER BY t.name, m.name""",
        ),
        Example(
            "How many teams is each person in, none included?",
            "ユーザーごとの所属チーム数（無所属も含む）",
            """\
SELECT u.name, count(t.id) AS teams, string_agg(t.name, ', ' ORDER BY t.name) AS names
FROM backlog.users u
LEFT JOIN backlog.team_members m ON m.id = u.id
LEFT JOIN backlog.teams t ON t.id = m.team_id AND t._deleted_at IS NULL
WHERE u._deleted_at IS NULL
GROUP BY u.id, u.name ORDER BY teams DESC, u.name""",
        ),
        Example(
            "When was each team last here?",
            "チームごとの最終ログイン",
            """\
SELECT t.name, max(u.last_login_time) AS last_login, count(*) FILTER (u.last_login_time IS NULL) AS never
FROM backlog.team_members m
JOIN backlog.teams t ON t.id = m.team_id
JOIN backlog.users u ON u.id = m.id
WHERE t._deleted_at IS NULL
GROUP BY t.id, t.name ORDER BY last_login NULLS FIRST""",
        ),
    ),
    "user_stars": (
        Example(
            "Whose work is starred most?",
            "スターを多くもらった人",
            """\
SELECT u.name, count(*) AS stars, count(DISTINCT s.presenter_id) AS given_by
FROM backlog.user_stars s JOIN backlog.users u ON u.id = s.user_id
GROUP BY u.id, u.name ORDER BY stars DESC LIMIT 10""",
        ),
        Example(
            "What was starred most?",
            "スターの多いもの",
            """\
SELECT title, url, count(*) AS stars
FROM backlog.user_stars
GROUP BY title, url ORDER BY stars DESC LIMIT 10""",
        ),
        Example(
            "Who thanks whom?",
            "スターを付けた人ともらった人の組み合わせ",
            """\
SELECT s.presenter_name AS given_by, u.name AS given_to, count(*) AS stars
FROM backlog.user_stars s JOIN backlog.users u ON u.id = s.user_id
GROUP BY s.presenter_name, u.name ORDER BY stars DESC LIMIT 10""",
        ),
    ),
    "watchings": (
        Example(
            "Which issues are watched by most people?",
            "ウォッチの多い課題",
            """\
SELECT i.issue_key, i.summary, i.status_name, count(*) AS watchers
FROM backlog.watchings w JOIN backlog.issues i ON i.id = w.issue_id
WHERE w._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY watchers DESC, i.issue_key LIMIT 10""",
        ),
        Example(
            "How much of what people watch have they not read since it changed?",
            "ウォッチ中の課題のうち未読のもの",
            """\
SELECT u.name, count(*) AS watched, count(*) FILTER (NOT w.resource_already_read) AS unread
FROM backlog.watchings w JOIN backlog.users u ON u.id = w.user_id
WHERE w._deleted_at IS NULL
GROUP BY u.id, u.name ORDER BY unread DESC""",
        ),
        Example(
            "Which watched issues are closed, so that the watch could go?",
            "完了済みの課題へのウォッチ",
            """\
SELECT u.name, i.issue_key, i.summary, i.updated
FROM backlog.watchings w
JOIN backlog.issues i ON i.id = w.issue_id
JOIN backlog.users u ON u.id = w.user_id
WHERE i.status_id = 4 AND w._deleted_at IS NULL
ORDER BY i.updated LIMIT 20""",
        ),
    ),
}
"""Table -> its example queries."""
