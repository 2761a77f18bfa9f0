"""Example queries on documents: their texts, places, tags, files and comments. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "documents": (
        Example(
            "Which documents mention a word?",
            "本文に語句を含むドキュメント",
            """\
SELECT p.project_key, d.title, d.updated
FROM backlog.documents d JOIN backlog.projects p ON p.id = d.project_id
WHERE d.plain ILIKE '%page%' AND d._deleted_at IS NULL
ORDER BY d.updated DESC""",
        ),
        Example(
            "Which documents has nobody touched for longest?",
            "長く更新されていないドキュメント",
            """\
SELECT p.project_key, d.title, d.updated, d.updated_user_name
FROM backlog.documents d JOIN backlog.projects p ON p.id = d.project_id
WHERE d._deleted_at IS NULL
ORDER BY d.updated LIMIT 10""",
        ),
        Example(
            "Who writes documents, and how much?",
            "ドキュメントの作成者と文字数",
            """\
SELECT created_user_name, count(*) AS documents, sum(length(plain)) AS characters
FROM backlog.documents
WHERE _deleted_at IS NULL
GROUP BY created_user_id, created_user_name ORDER BY documents DESC""",
        ),
    ),
    "document_attachments": (
        Example(
            "Which documents hold the largest files?",
            "サイズの大きいドキュメントの添付ファイル",
            """\
SELECT d.title, a.name, a.size
FROM backlog.document_attachments a JOIN backlog.documents d ON d.id = a.document_id
WHERE d._deleted_at IS NULL
ORDER BY a.size DESC LIMIT 10""",
        ),
        Example(
            "How many bytes are attached to the documents of each project?",
            "プロジェクトごとのドキュメントの添付ファイルの合計",
            """\
SELECT p.project_key, count(*) AS files, sum(a.size) AS bytes
FROM backlog.document_attachments a
JOIN backlog.documents d ON d.id = a.document_id
JOIN backlog.projects p ON p.id = d.project_id
WHERE d._deleted_at IS NULL
GROUP BY p.project_key ORDER BY bytes DESC""",
        ),
        Example(
            "Which files are attached more than once, under one name?",
            "同じ名前で 2 回以上添付されたファイル",
            """\
SELECT a.name, count(*) AS times, string_agg(DISTINCT d.title, ', ') AS documents
FROM backlog.document_attachments a JOIN backlog.documents d ON d.id = a.document_id
WHERE d._deleted_at IS NULL
GROUP BY a.name HAVING count(*) > 1 ORDER BY times DESC""",
        ),
    ),
    "document_tags": (
        Example(
            "Which documents carry a tag?",
            "タグの付いたドキュメント",
            """\
SELECT t.name AS tag, string_agg(d.title, ', ' ORDER BY d.title) AS documents
FROM backlog.document_tags t JOIN backlog.documents d ON d.id = t.document_id
WHERE d._deleted_at IS NULL
GROUP BY t.name ORDER BY t.name""",
        ),
        Example(
            "Which tags are used most in each project?",
            "プロジェクトごとによく使われるタグ",
            """\
SELECT p.project_key, t.name AS tag, count(*) AS documents
FROM backlog.document_tags t
JOIN backlog.documents d ON d.id = t.document_id
JOIN backlog.projects p ON p.id = d.project_id
WHERE d._deleted_at IS NULL
GROUP BY ALL ORDER BY p.project_key, documents DESC""",
        ),
        Example(
            "Which documents have no tag?",
            "タグのないドキュメント",
            """\
SELECT d.title, d.created_user_name
FROM backlog.documents d ANTI JOIN backlog.document_tags t ON t.document_id = d.id
WHERE d._deleted_at IS NULL
ORDER BY d.title""",
        ),
    ),
    "document_tree": (
        Example(
            "The table of contents of a project's documents",
            "プロジェクトのドキュメントの目次",
            """\
SELECT repeat('  ', depth) || name AS title, updated
FROM backlog.document_tree
WHERE project_key = 'WEB' AND NOT in_trash AND _deleted_at IS NULL
ORDER BY path""",
        ),
        Example(
            "What lies in the trash?",
            "ごみ箱の中のドキュメント",
            """\
SELECT project_key, path, updated
FROM backlog.document_tree
WHERE in_trash AND _deleted_at IS NULL
ORDER BY project_key, path""",
        ),
        Example(
            "Which documents have most others directly under them?",
            "直下の子が多いドキュメント",
            """\
SELECT parent.project_key, parent.path, count(*) AS children
FROM backlog.document_tree child JOIN backlog.document_tree parent ON parent.id = child.parent_id
WHERE NOT child.in_trash AND child._deleted_at IS NULL
GROUP BY ALL ORDER BY children DESC, parent.path LIMIT 10""",
        ),
    ),
    "document_comments": (
        Example(
            "Which documents are talked about most?",
            "コメントの多いドキュメント",
            """\
SELECT d.title, count(*) AS comments, max(c.created) AS last_comment
FROM backlog.document_comments c JOIN backlog.documents d ON d.id = c.document_id
WHERE c._deleted_at IS NULL AND d._deleted_at IS NULL
GROUP BY d.id, d.title ORDER BY comments DESC LIMIT 10""",
        ),
        Example(
            "Which comments has nobody replied to?",
            "返信のないコメント",
            """\
SELECT d.title, c.created_user_name, c.created, c.plain
FROM backlog.document_comments c
JOIN backlog.documents d ON d.id = c.document_id
ANTI JOIN backlog.document_comment_replies r ON r.document_comment_id = c.id
WHERE c._deleted_at IS NULL
ORDER BY c.created""",
        ),
        Example(
            "Who comments on documents that others have written?",
            "他の人のドキュメントにコメントする人",
            """\
SELECT c.created_user_name, count(*) AS comments
FROM backlog.document_comments c JOIN backlog.documents d ON d.id = c.document_id
WHERE c.created_user_id <> d.created_user_id AND c._deleted_at IS NULL
GROUP BY c.created_user_id, c.created_user_name ORDER BY comments DESC""",
        ),
    ),
    "document_comment_replies": (
        Example(
            "The longest discussions",
            "返信の多いコメント",
            """\
SELECT d.title, c.plain AS comment, count(*) AS replies
FROM backlog.document_comment_replies r
JOIN backlog.document_comments c ON c.id = r.document_comment_id
JOIN backlog.documents d ON d.id = c.document_id
WHERE c._deleted_at IS NULL
GROUP BY c.id, c.plain, d.title ORDER BY replies DESC LIMIT 10""",
        ),
        Example(
            "How soon comes the first reply?",
            "最初の返信までの時間（中央値）",
            """\
SELECT count(*) AS comments, round(median(hours), 1) AS hours
FROM (SELECT date_diff('minute', c.created, min(r.created)) / 60 AS hours
      FROM backlog.document_comment_replies r JOIN backlog.document_comments c ON c.id = r.document_comment_id
      GROUP BY c.id, c.created)""",
        ),
        Example(
            "Who answers whom?",
            "誰が誰のコメントに返信しているか",
            """\
SELECT r.created_user_name AS answers, c.created_user_name AS asked, count(*) AS replies
FROM backlog.document_comment_replies r JOIN backlog.document_comments c ON c.id = r.document_comment_id
GROUP BY ALL ORDER BY replies DESC LIMIT 10""",
        ),
    ),
}
"""Table -> its example queries."""
