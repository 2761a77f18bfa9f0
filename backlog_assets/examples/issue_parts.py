"""Example queries on what hangs on issues: files, stars, links, comments. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "issue_attachments": (
        Example(
            "Which attachments are largest?",
            "サイズの大きい添付ファイル",
            """\
SELECT i.issue_key, a.name, round(a.size / 1e6, 1) AS megabytes, a.created_user_name
FROM backlog.issue_attachments a JOIN backlog.issues i ON i.id = a.issue_id
WHERE i._deleted_at IS NULL
ORDER BY a.size DESC LIMIT 10""",
        ),
        Example(
            "Which kinds of file are attached?",
            "拡張子ごとの添付ファイルの数とサイズ",
            """\
SELECT lower(regexp_extract(name, '[.]([^.]+)$', 1)) AS extension, count(*) AS files, sum(size) AS bytes
FROM backlog.issue_attachments
GROUP BY extension ORDER BY bytes DESC""",
        ),
        Example(
            "How much was attached each month?",
            "月ごとの添付ファイルの数とサイズ",
            """\
SELECT date_trunc('month', created)::DATE AS month, count(*) AS files, round(sum(size) / 1e6, 1) AS megabytes
FROM backlog.issue_attachments
GROUP BY month ORDER BY month DESC""",
        ),
    ),
    "issue_shared_files": (
        Example(
            "Which shared files do most issues link to?",
            "最も多くの課題からリンクされている共有ファイル",
            """\
SELECT f.dir || f.name AS path, count(*) AS issues
FROM backlog.issue_shared_files f JOIN backlog.issues i ON i.id = f.issue_id
WHERE i._deleted_at IS NULL
GROUP BY f.id, path ORDER BY issues DESC LIMIT 10""",
        ),
        Example(
            "Which files does the work that is open rely on?",
            "未完了の課題が参照する共有ファイル",
            """\
SELECT i.issue_key, i.due_date, f.dir || f.name AS path, f.updated
FROM backlog.issue_shared_files f JOIN backlog.issues i ON i.id = f.issue_id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
ORDER BY i.issue_key""",
        ),
        Example(
            "Which files have changed since the closed issue that links to them?",
            "課題の完了後に更新された共有ファイル",
            """\
SELECT i.issue_key, f.dir || f.name AS path, i.updated AS issue_updated, f.updated > i.updated AS changed_since
FROM backlog.issue_shared_files f JOIN backlog.issues i ON i.id = f.issue_id
WHERE i.status_id = 4 AND i._deleted_at IS NULL
ORDER BY changed_since DESC, i.issue_key""",
        ),
    ),
    "issue_stars": (
        Example(
            "Which issues have most stars?",
            "スターの多い課題",
            """\
SELECT i.issue_key, i.summary, count(*) AS stars
FROM backlog.issue_stars s JOIN backlog.issues i ON i.id = s.issue_id
WHERE i._deleted_at IS NULL
GROUP BY ALL ORDER BY stars DESC, i.issue_key LIMIT 10""",
        ),
        Example(
            "Who gives stars to issues?",
            "課題にスターを付けた人",
            """\
SELECT presenter_name, count(*) AS stars, max(created) AS last_given
FROM backlog.issue_stars
GROUP BY presenter_id, presenter_name ORDER BY stars DESC""",
        ),
        Example(
            "How many stars a month, in each project?",
            "プロジェクト・月ごとのスター数",
            """\
SELECT p.project_key, date_trunc('month', s.created)::DATE AS month, count(*) AS stars
FROM backlog.issue_stars s
JOIN backlog.issues i ON i.id = s.issue_id
JOIN backlog.projects p ON p.id = i.project_id
GROUP BY ALL ORDER BY month DESC, stars DESC""",
        ),
    ),
    "issue_external_links": (
        Example(
            "Where do the files lie that issues link to?",
            "外部ファイルの保存先ごとの件数",
            """\
SELECT type, count(*) AS links, count(DISTINCT issue_id) AS issues
FROM backlog.issue_external_links
GROUP BY type ORDER BY links DESC""",
        ),
        Example(
            "Which open issues depend on a file outside Backlog?",
            "外部ファイルにリンクしている未完了の課題",
            """\
SELECT i.issue_key, i.summary, l.title, l.url
FROM backlog.issue_external_links l JOIN backlog.issues i ON i.id = l.issue_id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
ORDER BY i.issue_key""",
        ),
        Example(
            "Who links to files outside?",
            "外部ファイルをリンクした人",
            """\
SELECT created_user_name, count(*) AS links, max(created) AS last_linked
FROM backlog.issue_external_links
GROUP BY created_user_id, created_user_name ORDER BY links DESC""",
        ),
    ),
    "issue_comments": (
        Example(
            "Which issues are talked about most?",
            "コメントの多い課題",
            """\
SELECT i.issue_key, i.summary, count(c.content) AS comments, max(c.created) AS last_comment
FROM backlog.issue_comments c JOIN backlog.issues i ON i.id = c.issue_id
WHERE c._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY comments DESC LIMIT 10""",
        ),
        Example(
            "How long does it take until somebody else answers an issue?",
            "起票者以外の最初のコメントまでの時間（中央値）",
            """\
WITH answered AS (
    SELECT i.project_id, date_diff('minute', i.created, min(c.created)) AS minutes
    FROM backlog.issues i JOIN backlog.issue_comments c ON c.issue_id = i.id AND c.created_user_id <> i.created_user_id
    WHERE c.content IS NOT NULL AND c._deleted_at IS NULL GROUP BY i.id, i.project_id, i.created
)
SELECT p.project_key, count(*) AS issues, round(median(minutes) / 60, 1) AS hours
FROM answered a JOIN backlog.projects p ON p.id = a.project_id
GROUP BY p.project_key ORDER BY hours""",
        ),
        Example(
            "A word in the comments",
            "コメントの本文を検索",
            """\
SELECT i.issue_key, c.created_user_name, c.created, c.content
FROM backlog.issue_comments c JOIN backlog.issues i ON i.id = c.issue_id
WHERE c.content ILIKE '%screenshot%' AND c._deleted_at IS NULL
ORDER BY c.created DESC LIMIT 20""",
        ),
    ),
    "issue_comment_notifications": (
        Example(
            "Who is notified most, and how much of it do they read?",
            "お知らせの多い人と既読の割合",
            """\
SELECT user_name, count(*) AS notified, round(100 * avg(resource_already_read::INTEGER)) AS percent_read
FROM backlog.issue_comment_notifications
GROUP BY user_id, user_name ORDER BY notified DESC""",
        ),
        Example(
            "Which comments has somebody not read who was notified of them?",
            "お知らせ先がまだ読んでいないコメント",
            """\
SELECT n.user_name, i.issue_key, c.created_user_name AS written_by, c.created
FROM backlog.issue_comment_notifications n
JOIN backlog.issue_comments c ON c.id = n.comment_id
JOIN backlog.issues i ON i.id = c.issue_id
WHERE NOT n.resource_already_read AND i.status_id <> 4 AND c._deleted_at IS NULL
ORDER BY c.created LIMIT 20""",
        ),
        Example(
            "Who calls on whom?",
            "誰が誰にお知らせしているか",
            """\
SELECT c.created_user_name AS sender, n.user_name AS receiver, count(*) AS notifications
FROM backlog.issue_comment_notifications n JOIN backlog.issue_comments c ON c.id = n.comment_id
WHERE c._deleted_at IS NULL
GROUP BY ALL ORDER BY notifications DESC LIMIT 10""",
        ),
    ),
    "issue_comment_stars": (
        Example(
            "Which comments have most stars?",
            "スターの多いコメント",
            """\
SELECT i.issue_key, c.created_user_name, c.content, count(*) AS stars
FROM backlog.issue_comment_stars s
JOIN backlog.issue_comments c ON c.id = s.comment_id
JOIN backlog.issues i ON i.id = c.issue_id
WHERE c._deleted_at IS NULL
GROUP BY c.id, i.issue_key, c.created_user_name, c.content ORDER BY stars DESC LIMIT 10""",
        ),
        Example(
            "Whose comments are starred most?",
            "コメントへのスターを多くもらった人",
            """\
SELECT c.created_user_name, count(*) AS stars, count(DISTINCT c.id) AS comments
FROM backlog.issue_comment_stars s JOIN backlog.issue_comments c ON c.id = s.comment_id
GROUP BY c.created_user_id, c.created_user_name ORDER BY stars DESC""",
        ),
        Example(
            "How soon after a comment comes a star?",
            "コメントからスターまでの時間（中央値）",
            """\
SELECT count(*) AS stars, round(median(date_diff('minute', c.created, s.created)) / 60, 1) AS hours
FROM backlog.issue_comment_stars s JOIN backlog.issue_comments c ON c.id = s.comment_id""",
        ),
    ),
}
"""Table -> its example queries."""
