"""Example queries on Git repositories and pull requests. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "git_repositories": (
        Example(
            "Which repositories are worked on, and which sleep?",
            "最後のプッシュが新しい順のリポジトリ",
            """\
SELECT project_key, name, pushed_at
FROM backlog.git_repositories
WHERE _deleted_at IS NULL
ORDER BY pushed_at DESC NULLS LAST""",
        ),
        Example(
            "Commands to clone every repository",
            "全リポジトリをクローンするコマンド",
            """\
SELECT 'git clone ' || ssh_url || ' ' || project_key || '/' || name AS command
FROM backlog.git_repositories
WHERE _deleted_at IS NULL
ORDER BY project_key, display_order""",
        ),
        Example(
            "How many pull requests are open in each repository?",
            "リポジトリごとのオープンなプルリクエスト数",
            """\
SELECT r.project_key, r.name, count(pr.id) AS pull_requests, count(pr.id) FILTER (pr.status_id = 1) AS open
FROM backlog.git_repositories r
LEFT JOIN backlog.pull_requests pr ON pr.repository_id = r.id AND pr._deleted_at IS NULL
WHERE r._deleted_at IS NULL
GROUP BY r.id, r.project_key, r.name ORDER BY open DESC""",
        ),
    ),
    "pull_requests": (
        Example(
            "Which open pull requests have waited longest?",
            "最も長くオープンのままのプルリクエスト",
            """\
SELECT r.name AS repository, pr.number, pr.summary, pr.assignee_name, pr.created
FROM backlog.pull_requests pr JOIN backlog.git_repositories r ON r.id = pr.repository_id
WHERE pr.status_id = 1 AND pr._deleted_at IS NULL
ORDER BY pr.created LIMIT 20""",
        ),
        Example(
            "How many hours from opening to merging, month by month?",
            "月ごとのマージまでの時間（中央値）",
            """\
SELECT date_trunc('month', merge_at)::DATE AS month, count(*) AS merged,
       round(median(date_diff('minute', created, merge_at)) / 60, 1) AS hours
FROM backlog.pull_requests
WHERE status_id = 3 AND _deleted_at IS NULL
GROUP BY month ORDER BY month DESC""",
        ),
        Example(
            "Which issues are closed while a pull request of theirs is still open?",
            "課題が完了しているのにオープンのままのプルリクエスト",
            """\
SELECT i.issue_key, i.status_name, pr.number, pr.summary, pr.branch
FROM backlog.pull_requests pr JOIN backlog.issues i ON i.id = pr.issue_id
WHERE pr.status_id = 1 AND i.status_id = 4 AND pr._deleted_at IS NULL AND i._deleted_at IS NULL
ORDER BY i.issue_key""",
        ),
    ),
    "pull_request_details": (
        Example(
            "Which pull requests belong to which issue?",
            "課題ごとのプルリクエスト",
            """\
SELECT issue_key, issue_summary, number, summary, status_name
FROM backlog.pull_request_details
WHERE issue_key IS NOT NULL AND _deleted_at IS NULL
ORDER BY issue_key, number""",
        ),
        Example(
            "What was merged into a branch of late, as a change log?",
            "ブランチに最近マージされたもの（変更履歴用）",
            """\
SELECT merge_at::DATE AS merged, coalesce(issue_key || ' ', '') || summary AS change, left(merge_commit, 8) AS commit
FROM backlog.pull_request_details
WHERE status_id = 3 AND base IN ('main', 'master') AND _deleted_at IS NULL
ORDER BY merge_at DESC LIMIT 20""",
        ),
        Example(
            "Which pull requests name no issue?",
            "課題が関連付けられていないプルリクエスト",
            """\
SELECT r.name AS repository, d.number, d.summary, d.created_user_name
FROM backlog.pull_request_details d JOIN backlog.git_repositories r ON r.id = d.repository_id
WHERE d.issue_id IS NULL AND d._deleted_at IS NULL
ORDER BY d.created DESC""",
        ),
    ),
    "pull_request_attachments": (
        Example(
            "Which files are attached to open pull requests?",
            "オープンなプルリクエストの添付ファイル",
            """\
SELECT pr.number, pr.summary, a.name, a.size
FROM backlog.pull_request_attachments a JOIN backlog.pull_requests pr ON pr.id = a.pull_request_id
WHERE pr.status_id = 1 AND pr._deleted_at IS NULL
ORDER BY pr.created DESC""",
        ),
        Example(
            "Which attachments are largest?",
            "サイズの大きいプルリクエストの添付ファイル",
            """\
SELECT r.name AS repository, pr.number, a.name, a.size
FROM backlog.pull_request_attachments a
JOIN backlog.pull_requests pr ON pr.id = a.pull_request_id
JOIN backlog.git_repositories r ON r.id = pr.repository_id
ORDER BY a.size DESC LIMIT 10""",
        ),
        Example(
            "Who attaches what kind of file?",
            "添付した人と拡張子ごとの件数",
            """\
SELECT created_user_name, lower(regexp_extract(name, '[.]([^.]+)$', 1)) AS extension, count(*) AS files
FROM backlog.pull_request_attachments
GROUP BY ALL ORDER BY files DESC, extension""",
        ),
    ),
    "pull_request_stars": (
        Example(
            "Which pull requests have most stars?",
            "スターの多いプルリクエスト",
            """\
SELECT pr.number, pr.summary, pr.created_user_name, count(*) AS stars
FROM backlog.pull_request_stars s JOIN backlog.pull_requests pr ON pr.id = s.pull_request_id
WHERE pr._deleted_at IS NULL
GROUP BY pr.id, pr.number, pr.summary, pr.created_user_name ORDER BY stars DESC LIMIT 10""",
        ),
        Example(
            "Whose pull requests are starred most?",
            "プルリクエストへのスターを多くもらった人",
            """\
SELECT pr.created_user_name, count(*) AS stars
FROM backlog.pull_request_stars s JOIN backlog.pull_requests pr ON pr.id = s.pull_request_id
GROUP BY pr.created_user_id, pr.created_user_name ORDER BY stars DESC""",
        ),
        Example(
            "Who gives stars to pull requests?",
            "プルリクエストにスターを付けた人",
            """\
SELECT presenter_name, count(*) AS stars, max(created) AS last_given
FROM backlog.pull_request_stars
GROUP BY presenter_id, presenter_name ORDER BY stars DESC""",
        ),
    ),
    "pull_request_comments": (
        Example(
            "Who reviews? Comments on pull requests of others",
            "他の人のプルリクエストへのコメント数（レビューの多い人）",
            """\
SELECT c.created_user_name, count(*) AS comments, count(DISTINCT c.pull_request_id) AS pull_requests
FROM backlog.pull_request_comments c JOIN backlog.pull_requests pr ON pr.id = c.pull_request_id
WHERE c.content IS NOT NULL AND c.created_user_id <> pr.created_user_id AND c._deleted_at IS NULL
GROUP BY c.created_user_id, c.created_user_name ORDER BY comments DESC""",
        ),
        Example(
            "How many hours until somebody else first comments, by repository?",
            "他の人が最初にコメントするまでの時間（リポジトリごとの中央値）",
            """\
SELECT name, count(*) AS pull_requests, round(median(minutes) / 60, 1) AS hours
FROM (SELECT r.name, date_diff('minute', pr.created, min(c.created)) AS minutes
      FROM backlog.pull_request_comments c
      JOIN backlog.pull_requests pr ON pr.id = c.pull_request_id AND pr.created_user_id <> c.created_user_id
      JOIN backlog.git_repositories r ON r.id = pr.repository_id
      WHERE c.content IS NOT NULL AND c._deleted_at IS NULL GROUP BY r.name, pr.id, pr.created)
GROUP BY name ORDER BY hours""",
        ),
        Example(
            "Which open pull requests has nobody commented on?",
            "コメントのないオープンなプルリクエスト",
            """\
SELECT pr.number, pr.summary, pr.created_user_name, pr.created
FROM backlog.pull_requests pr
ANTI JOIN (FROM backlog.pull_request_comments WHERE content IS NOT NULL AND _deleted_at IS NULL) c
     ON c.pull_request_id = pr.id
WHERE pr.status_id = 1 AND pr._deleted_at IS NULL
ORDER BY pr.created""",
        ),
    ),
    "pull_request_changes": (
        Example(
            "What is changed in pull requests?",
            "プルリクエストで変更された項目",
            """\
SELECT field, count(*) AS changes
FROM backlog.pull_request_changes
GROUP BY field ORDER BY changes DESC""",
        ),
        Example(
            "Who merges, and who closes?",
            "マージ・クローズした人",
            """\
SELECT c.created_user_name, ch.new_value AS status, count(*) AS times
FROM backlog.pull_request_changes ch JOIN backlog.pull_request_comments c ON c.id = ch.comment_id
WHERE ch.field = 'status' AND c._deleted_at IS NULL
GROUP BY ALL ORDER BY times DESC""",
        ),
        Example(
            "The story of each pull request, change by change",
            "プルリクエストごとの変更履歴",
            """\
SELECT pr.number, pr.branch, c.created, c.created_user_name, ch.field, ch.original_value, ch.new_value
FROM backlog.pull_request_changes ch
JOIN backlog.pull_request_comments c ON c.id = ch.comment_id
JOIN backlog.pull_requests pr ON pr.id = c.pull_request_id
ORDER BY pr.repository_id, pr.number, c.created LIMIT 50""",
        ),
    ),
    "pull_request_comment_notifications": (
        Example(
            "Who is asked for their view most, and reads how much of it?",
            "お知らせの多い人と既読の割合",
            """\
SELECT user_name, count(*) AS notified, round(100 * avg(resource_already_read::INTEGER)) AS percent_read
FROM backlog.pull_request_comment_notifications
GROUP BY user_id, user_name ORDER BY notified DESC""",
        ),
        Example(
            "Which open pull requests wait for somebody who has not read the comment?",
            "お知らせ先がコメントを読んでいないオープンなプルリクエスト",
            """\
SELECT n.user_name, pr.number, pr.summary, c.created
FROM backlog.pull_request_comment_notifications n
JOIN backlog.pull_request_comments c ON c.id = n.comment_id
JOIN backlog.pull_requests pr ON pr.id = c.pull_request_id
WHERE NOT n.resource_already_read AND pr.status_id = 1 AND c._deleted_at IS NULL
ORDER BY c.created""",
        ),
        Example(
            "Who calls on whom?",
            "誰が誰にお知らせしているか",
            """\
SELECT c.created_user_name AS sender, n.user_name AS receiver, count(*) AS notifications
FROM backlog.pull_request_comment_notifications n JOIN backlog.pull_request_comments c ON c.id = n.comment_id
GROUP BY ALL ORDER BY notifications DESC LIMIT 10""",
        ),
    ),
    "pull_request_comment_stars": (
        Example(
            "Which comments on pull requests were starred?",
            "スターの付いたプルリクエストのコメント",
            """\
SELECT pr.number, c.created_user_name, c.content, count(*) AS stars
FROM backlog.pull_request_comment_stars s
JOIN backlog.pull_request_comments c ON c.id = s.comment_id
JOIN backlog.pull_requests pr ON pr.id = c.pull_request_id
WHERE c._deleted_at IS NULL
GROUP BY c.id, pr.number, c.created_user_name, c.content ORDER BY stars DESC LIMIT 10""",
        ),
        Example(
            "Whose reviews are thanked for?",
            "レビューコメントへのスターを多くもらった人",
            """\
SELECT c.created_user_name, count(*) AS stars
FROM backlog.pull_request_comment_stars s JOIN backlog.pull_request_comments c ON c.id = s.comment_id
GROUP BY c.created_user_id, c.created_user_name ORDER BY stars DESC""",
        ),
        Example(
            "How many stars a month?",
            "月ごとのスター数",
            """\
SELECT date_trunc('month', created)::DATE AS month, count(*) AS stars
FROM backlog.pull_request_comment_stars
GROUP BY month ORDER BY month DESC""",
        ),
    ),
}
"""Table -> its example queries."""
