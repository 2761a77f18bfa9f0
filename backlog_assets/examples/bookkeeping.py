"""Example queries on the bookkeeping in schema `backlog_ops`: what loads did and cost, what may be read. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "loads": (
        Example(
            "How fresh is each table?",
            "テーブルごとの最後の読み込み",
            """\
SELECT table_name, max(loaded_at) AS last_load, arg_max(rows, loaded_at) AS rows
FROM backlog_ops.loads
GROUP BY table_name ORDER BY last_load""",
        ),
        Example(
            "What changed day by day?",
            "日ごとの追加・更新・削除の行数",
            """\
SELECT loaded_at::DATE AS day, table_name, sum(inserted) AS inserted, sum(updated) AS updated, sum(deleted) AS deleted
FROM backlog_ops.loads
GROUP BY ALL HAVING sum(inserted) + sum(updated) + sum(deleted) > 0
ORDER BY day DESC, table_name""",
        ),
        Example(
            "Which tables take longest to load, and how much of it is waiting for the rate limit?",
            "読み込みに時間のかかるテーブルと待ち時間",
            """\
SELECT table_name, count(*) AS loads, round(avg(seconds), 1) AS seconds, round(avg(waited_seconds), 1) AS waited
FROM backlog_ops.loads
GROUP BY table_name ORDER BY seconds DESC LIMIT 10""",
        ),
    ),
    "requests": (
        Example(
            "How many requests does each run send, by class?",
            "実行ごと・種別ごとのリクエスト数",
            """\
SELECT run_id, max(loaded_at) AS ended, class, sum(requests) AS requests, sum(bytes) AS bytes
FROM backlog_ops.requests
GROUP BY run_id, class ORDER BY ended DESC, class""",
        ),
        Example(
            "Which tables cost most requests?",
            "リクエスト数の多いテーブル",
            """\
SELECT table_name, sum(requests) AS requests, round(sum(bytes) / 1e6, 1) AS megabytes
FROM backlog_ops.requests
GROUP BY table_name ORDER BY requests DESC LIMIT 10""",
        ),
        Example(
            "Did Backlog ever say Too Many Requests (429)?",
            "リクエスト過多（429）の回数と待ち時間",
            """\
SELECT class, sum(too_many) AS answers_429, round(sum(waited_seconds)) AS waited_seconds, sum(requests) AS requests
FROM backlog_ops.requests
GROUP BY class ORDER BY class""",
        ),
    ),
    "permissions": (
        Example(
            "What may the key not read, and since when?",
            "API キーで取得できないもの",
            """\
SELECT table_name, project_key, since, code, status
FROM backlog_ops.permissions
WHERE NOT readable
ORDER BY table_name, project_key""",
        ),
        Example(
            "Which rights were lost?",
            "失われた権限",
            """\
SELECT table_name, project_key, since
FROM backlog_ops.permissions
WHERE was_readable AND NOT readable
ORDER BY since DESC""",
        ),
        Example(
            "Of how many projects may each table be read?",
            "テーブルごとの取得できるプロジェクト数",
            """\
SELECT table_name, count(*) FILTER (readable) AS readable, count(*) FILTER (NOT readable) AS refused
FROM backlog_ops.permissions
WHERE project_key IS NOT NULL
GROUP BY table_name ORDER BY table_name""",
        ),
    ),
}
"""Table -> its example queries."""
