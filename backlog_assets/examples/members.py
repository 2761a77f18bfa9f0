"""Example queries on who and what takes part in projects: users, administrators, teams, webhooks, disk. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "project_users": (
        Example(
            "Who has joined a project?",
            "プロジェクトの参加ユーザー",
            """\
SELECT name, role_type, last_login_time
FROM backlog.project_users
WHERE project_key = 'WEB' AND _deleted_at IS NULL
ORDER BY name""",
        ),
        Example(
            "Which projects may each person see?",
            "ユーザーごとの参加プロジェクト",
            """\
SELECT name, count(*) AS projects, string_agg(project_key, ', ' ORDER BY project_key) AS keys
FROM backlog.project_users
WHERE _deleted_at IS NULL
GROUP BY id, name ORDER BY projects DESC, name""",
        ),
        Example(
            "Which members have nothing open in their project?",
            "プロジェクトで未完了の課題を持たない参加者",
            """\
SELECT u.project_key, u.name
FROM backlog.project_users u
ANTI JOIN (FROM backlog.issues WHERE status_id <> 4 AND _deleted_at IS NULL) i
     ON i.project_id = u.project_id AND i.assignee_id = u.id
WHERE u._deleted_at IS NULL
ORDER BY u.project_key, u.name""",
        ),
    ),
    "project_administrators": (
        Example(
            "Whom do I ask for access to a project?",
            "プロジェクトごとの管理者",
            """\
SELECT project_key, string_agg(name, ', ' ORDER BY name) AS administrators
FROM backlog.project_administrators
WHERE _deleted_at IS NULL
GROUP BY project_key ORDER BY project_key""",
        ),
        Example(
            "Which projects have fewer than two administrators?",
            "管理者が 2 人未満のプロジェクト",
            """\
SELECT p.project_key, count(a.id) AS administrators
FROM backlog.projects p
LEFT JOIN backlog.project_administrators a ON a.project_id = p.id AND a._deleted_at IS NULL
WHERE NOT p.archived AND p._deleted_at IS NULL
GROUP BY p.project_key HAVING count(a.id) < 2
ORDER BY p.project_key""",
        ),
        Example(
            "When did the administrators last sign in?",
            "プロジェクト管理者の最終ログイン",
            """\
SELECT a.project_key, a.name, u.last_login_time
FROM backlog.project_administrators a JOIN backlog.users u ON u.id = a.id
WHERE a._deleted_at IS NULL
ORDER BY u.last_login_time NULLS FIRST""",
        ),
    ),
    "project_teams": (
        Example(
            "Which teams work on each project?",
            "プロジェクトごとの参加チーム",
            """\
SELECT project_key, string_agg(name, ', ' ORDER BY name) AS teams
FROM backlog.project_teams
WHERE _deleted_at IS NULL
GROUP BY project_key ORDER BY project_key""",
        ),
        Example(
            "Who is in a project through which team?",
            "チーム経由で参加している人",
            """\
SELECT t.project_key, t.name AS team, m.name AS member
FROM backlog.project_teams t JOIN backlog.team_members m ON m.team_id = t.id
WHERE t._deleted_at IS NULL
ORDER BY t.project_key, t.name, m.name""",
        ),
        Example(
            "Who has joined a project without a team?",
            "チームを介さずに参加している人",
            """\
SELECT u.project_key, u.name
FROM backlog.project_users u
ANTI JOIN (FROM backlog.project_teams t JOIN backlog.team_members m ON m.team_id = t.id
           SELECT t.project_id, m.id WHERE t._deleted_at IS NULL) AS via USING (project_id, id)
WHERE u._deleted_at IS NULL
ORDER BY u.project_key, u.name""",
        ),
    ),
    "webhooks": (
        Example(
            "Which hosts does each project tell of what happens in it?",
            "プロジェクトごとの通知先ホスト",
            """\
-- The whole address is often a secret; its host is not.
SELECT project_key, name, regexp_extract(hook_url, '^https?://([^/:]+)', 1) AS host
FROM backlog.webhooks
WHERE _deleted_at IS NULL
ORDER BY project_key, name""",
        ),
        Example(
            "Which webhooks are told of a push (type 12)?",
            "プッシュ（種類 12）を通知する Webhook",
            """\
SELECT project_key, name, all_event
FROM backlog.webhooks
WHERE (all_event OR list_contains(activity_type_ids::INTEGER[], 12)) AND _deleted_at IS NULL
ORDER BY project_key, name""",
        ),
        Example(
            "Which webhooks has nobody touched for longest, and who made them?",
            "最も長く変更されていない Webhook と作成者",
            """\
SELECT project_key, name, created_user_name, updated
FROM backlog.webhooks
WHERE _deleted_at IS NULL
ORDER BY updated LIMIT 10""",
        ),
    ),
    "project_disk_usage": (
        Example(
            "How many megabytes does each project use?",
            "プロジェクトごとの使用量（MB）",
            """\
SELECT project_key, round((issue + wiki + coalesce(document, 0) + file + subversion + git) / 1e6, 1) AS megabytes
FROM backlog.project_disk_usage
WHERE _deleted_at IS NULL
ORDER BY megabytes DESC""",
        ),
        Example(
            "How many kilobytes of attachments has an issue, on average?",
            "課題 1 件あたりの添付ファイルの使用量（KB）",
            """\
SELECT d.project_key, round(d.issue / count(*) / 1e3, 1) AS kilobytes_an_issue
FROM backlog.project_disk_usage d JOIN backlog.issues i ON i.project_id = d.project_id
WHERE d._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY d.project_key, d.issue ORDER BY kilobytes_an_issue DESC""",
        ),
        Example(
            "How much do archived projects still take?",
            "アーカイブ済みプロジェクトの使用量",
            """\
SELECT p.project_key, d.issue, d.file, d.git
FROM backlog.project_disk_usage d JOIN backlog.projects p ON p.id = d.project_id
WHERE p.archived AND d._deleted_at IS NULL
ORDER BY d.issue + d.file + d.git DESC""",
        ),
    ),
}
"""Table -> its example queries."""
