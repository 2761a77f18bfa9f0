"""Example queries on shared files. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "shared_files": (
        Example(
            "Which folders take the most space?",
            "フォルダごとのファイル数とサイズ",
            """\
SELECT project_key, dir, count(*) AS files, sum(size) AS bytes
FROM backlog.shared_files
WHERE type = 'file' AND _deleted_at IS NULL
GROUP BY project_key, dir ORDER BY bytes DESC LIMIT 20""",
        ),
        Example(
            "Which files has nobody changed for longest?",
            "長く更新されていないファイル",
            """\
SELECT project_key, dir || name AS path, size, coalesce(updated, created) AS last_change
FROM backlog.shared_files
WHERE type = 'file' AND _deleted_at IS NULL
ORDER BY last_change LIMIT 20""",
        ),
        Example(
            "Which files does no issue link to?",
            "どの課題からもリンクされていないファイル",
            """\
SELECT f.project_key, f.dir || f.name AS path, f.size
FROM backlog.shared_files f ANTI JOIN backlog.issue_shared_files l ON l.id = f.id
WHERE f.type = 'file' AND f._deleted_at IS NULL
ORDER BY f.size DESC""",
        ),
    ),
}
"""Table -> its example queries."""
