"""Example queries on the space itself: its plan, its limits, its disk, what all projects share. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "space": (
        Example(
            "What is the space called, and whose is it?",
            "スペースの名前とオーナー",
            """\
SELECT s.space_key, s.name, u.name AS owner, s.created::DATE AS since
FROM backlog.space s LEFT JOIN backlog.users u ON u.id = s.owner_id""",
        ),
        Example(
            "The space in one row: projects, people, issues",
            "プロジェクト数・ユーザー数・課題数のまとめ",
            """\
SELECT s.name,
       (SELECT count(*) FROM backlog.projects WHERE _deleted_at IS NULL) AS projects,
       (SELECT count(*) FROM backlog.users WHERE _deleted_at IS NULL) AS users,
       (SELECT count(*) FROM backlog.issues WHERE _deleted_at IS NULL) AS issues
FROM backlog.space s""",
        ),
        Example(
            "The newest issues, on the clock of the space",
            "最新の課題をスペースのタイムゾーンの時刻で表示",
            """\
SELECT i.issue_key, i.summary, i.created AT TIME ZONE s.timezone AS created_there
FROM backlog.issues i, backlog.space s
WHERE i._deleted_at IS NULL
ORDER BY i.created DESC LIMIT 10""",
        ),
    ),
    "licence": (
        Example(
            "When does the contract end, and in how many days?",
            "契約の終了日と残り日数",
            """\
SELECT active, limit_date::DATE AS ends, limit_date::DATE - current_date AS days_left
FROM backlog.licence""",
        ),
        Example(
            "How many users, projects and issues there are, and may be (no limit: null)",
            "ユーザー・プロジェクト・課題の数と上限（無制限は null）",
            """\
SELECT (SELECT count(*) FROM backlog.users WHERE _deleted_at IS NULL) AS users, nullif(user_limit, 0) AS user_limit,
       (SELECT count(*) FROM backlog.projects WHERE _deleted_at IS NULL) AS projects,
       nullif(project_limit, 0) AS project_limit,
       (SELECT count(*) FROM backlog.issues WHERE _deleted_at IS NULL) AS issues,
       nullif(issue_limit, 0) AS issue_limit
FROM backlog.licence""",
        ),
        Example(
            "Which features does the plan include?",
            "契約プランで使える機能",
            """\
SELECT feature, included
FROM (SELECT attribute, burndown, file_sharing, gantt, git, parent_child_issue, subversion FROM backlog.licence)
UNPIVOT (included FOR feature IN (attribute, burndown, file_sharing, gantt, git, parent_child_issue, subversion))
ORDER BY included, feature""",
        ),
    ),
    "rate_limit": (
        Example(
            "The quota a minute at the last load",
            "直近の読み込み時点の 1 分あたりの上限と残り",
            """\
SELECT class, "limit", remaining, _loaded_at
FROM backlog.rate_limit
QUALIFY row_number() OVER (PARTITION BY class ORDER BY _loaded_at DESC) = 1
ORDER BY class""",
        ),
        Example(
            "How tight has it ever been?",
            "残りが最も少なかったときの割合",
            """\
SELECT class, min(round(100 * remaining / "limit", 1)) AS least_percent_left, count(*) AS loads
FROM backlog.rate_limit
GROUP BY class ORDER BY least_percent_left, class""",
        ),
        Example(
            "Since when has each limit been as it is?",
            "上限の値の変遷",
            """\
SELECT class, "limit", min(_loaded_at) AS first_seen, max(_loaded_at) AS last_seen
FROM backlog.rate_limit
GROUP BY class, "limit" ORDER BY class, first_seen""",
        ),
    ),
    "priorities": (
        Example(
            "The priorities, most urgent first",
            "優先度の一覧（高い順）",
            """\
SELECT id, name
FROM backlog.priorities
WHERE _deleted_at IS NULL
ORDER BY id""",
        ),
        Example(
            "How many open issues has each priority?",
            "優先度ごとの未完了の課題数",
            """\
SELECT pr.name, count(i.id) AS open_issues
FROM backlog.priorities pr
LEFT JOIN backlog.issues i ON i.priority_id = pr.id AND i.status_id <> 4 AND i._deleted_at IS NULL
WHERE pr._deleted_at IS NULL
GROUP BY pr.id, pr.name ORDER BY pr.id""",
        ),
        Example(
            "Is what is urgent closed sooner?",
            "優先度ごとの完了までの日数（中央値）",
            """\
SELECT pr.name, median(date_diff('day', i.created, t.entered_at)) AS days_to_close
FROM backlog.issue_status_transitions t
JOIN backlog.issues i ON i.id = t.issue_id
JOIN backlog.priorities pr ON pr.id = i.priority_id
WHERE t.to_status_id = 4 AND t.left_at IS NULL
GROUP BY pr.id, pr.name ORDER BY pr.id""",
        ),
    ),
    "resolutions": (
        Example(
            "The resolutions there are",
            "完了理由の一覧",
            """\
SELECT id, name
FROM backlog.resolutions
WHERE _deleted_at IS NULL
ORDER BY id""",
        ),
        Example(
            "How were closed issues resolved?",
            "完了した課題の完了理由の内訳",
            """\
SELECT coalesce(r.name, '-') AS resolution, count(*) AS issues
FROM backlog.issues i LEFT JOIN backlog.resolutions r ON r.id = i.resolution_id
WHERE i.status_id = 4 AND i._deleted_at IS NULL
GROUP BY r.name ORDER BY issues DESC""",
        ),
        Example(
            "Which projects close most issues without fixing them?",
            "対応せずに完了した課題の割合が高いプロジェクト",
            """\
SELECT p.project_key, round(100 * count(*) FILTER (r.id <> 0) / count(*), 1) AS percent_not_fixed
FROM backlog.issues i
JOIN backlog.resolutions r ON r.id = i.resolution_id
JOIN backlog.projects p ON p.id = i.project_id
WHERE i._deleted_at IS NULL
GROUP BY p.project_key ORDER BY percent_not_fixed DESC""",
        ),
    ),
    "space_notification": (
        Example(
            "What is announced at present?",
            "現在のお知らせ",
            """\
SELECT content, updated
FROM backlog.space_notification""",
        ),
        Example(
            "How old is the announcement?",
            "お知らせが更新されてからの日数",
            """\
SELECT date_diff('day', updated, now()) AS days_old, content
FROM backlog.space_notification""",
        ),
        Example(
            "Who has not signed in since it was announced?",
            "お知らせの後にログインしていないユーザー",
            """\
SELECT u.name, u.last_login_time
FROM backlog.users u, backlog.space_notification n
WHERE u._deleted_at IS NULL AND coalesce(u.last_login_time < n.updated, true)
ORDER BY u.last_login_time NULLS FIRST""",
        ),
    ),
    "space_disk_usage": (
        Example(
            "How full is the disk?",
            "ディスクの使用率",
            """\
SELECT capacity, issue + wiki + coalesce(document, 0) + file + subversion + git + coalesce(git_lfs, 0) AS used,
       round(100 * used / capacity, 1) AS percent_used
FROM backlog.space_disk_usage""",
        ),
        Example(
            "What takes the most of it?",
            "用途ごとの使用量（多い順）",
            """\
SELECT kind, round(bytes / 1e9, 2) AS gigabytes
FROM backlog.space_disk_usage
UNPIVOT (bytes FOR kind IN (issue, wiki, document, file, subversion, git, git_lfs))
ORDER BY bytes DESC""",
        ),
        Example(
            "How much of the bytes of issues is in attachments of issues that are still there?",
            "課題の使用量のうち、現存する課題の添付ファイルの分",
            """\
SELECT d.issue AS bytes_used, sum(a.size) AS bytes_attached
FROM backlog.space_disk_usage d, backlog.issue_attachments a
JOIN backlog.issues i ON i.id = a.issue_id
WHERE i._deleted_at IS NULL
GROUP BY d.issue""",
        ),
    ),
    "space_disk_usage_projects": (
        Example(
            "Which projects take the most space?",
            "使用量の多いプロジェクト",
            """\
SELECT p.project_key,
       d.issue + d.wiki + coalesce(d.document, 0) + d.file + d.subversion + d.git + coalesce(d.git_lfs, 0) AS bytes
FROM backlog.space_disk_usage_projects d LEFT JOIN backlog.projects p ON p.id = d.project_id
WHERE d._deleted_at IS NULL
ORDER BY bytes DESC LIMIT 10""",
        ),
        Example(
            "How large are the Git repositories of each project?",
            "プロジェクトごとの Git の使用量",
            """\
SELECT p.project_key, d.git, d.git_lfs
FROM backlog.space_disk_usage_projects d JOIN backlog.projects p ON p.id = d.project_id
WHERE d._deleted_at IS NULL AND d.git > 0
ORDER BY d.git DESC""",
        ),
        Example(
            "How much is taken by projects that are archived, or that the key cannot see?",
            "アーカイブ済み・未参加のプロジェクトの使用量",
            """\
SELECT CASE WHEN p.id IS NULL THEN 'not joined' WHEN p.archived THEN 'archived' ELSE 'active' END AS state,
       count(*) AS projects, sum(d.issue + d.file + d.git) AS bytes
FROM backlog.space_disk_usage_projects d LEFT JOIN backlog.projects p ON p.id = d.project_id
WHERE d._deleted_at IS NULL
GROUP BY state ORDER BY bytes DESC""",
        ),
    ),
    "single_objects": (
        Example(
            "What was asked for, and when?",
            "個別に取得したオブジェクトと取得日時",
            """\
SELECT path, kind, fetched_at
FROM backlog.single_objects
ORDER BY fetched_at DESC""",
        ),
        Example(
            "Fields out of an object",
            "オブジェクトの項目を取り出す",
            """\
SELECT record ->> '$.name' AS name, record ->> '$.mailAddress' AS mail_address
FROM backlog.single_objects
WHERE kind = 'user'""",
        ),
        Example(
            "How many of each kind, and how old?",
            "種類ごとの件数と最も古い取得日時",
            """\
SELECT kind, count(*) AS objects, min(fetched_at) AS oldest
FROM backlog.single_objects
GROUP BY kind ORDER BY kind""",
        ),
    ),
}
"""Table -> its example queries."""
