"""Example queries on the wiki: pages, their texts and versions, tags, files, stars. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "wikis": (
        Example(
            "Which pages has nobody touched for longest?",
            "長く更新されていないページ",
            """\
SELECT project_key, name, updated, updated_user_name
FROM backlog.wikis
WHERE _deleted_at IS NULL
ORDER BY updated LIMIT 20""",
        ),
        Example(
            "How many pages has each project, and when did one last change?",
            "プロジェクトごとのページ数と最終更新",
            """\
SELECT project_key, count(*) AS pages, max(updated) AS last_update
FROM backlog.wikis
WHERE _deleted_at IS NULL
GROUP BY project_key ORDER BY pages DESC""",
        ),
        Example(
            "Which parts has a project's wiki? Pages are put under others by a slash",
            "Wiki の最上位の階層ごとのページ数（スラッシュ区切り）",
            """\
SELECT split_part(name, '/', 1) AS part, count(*) AS pages
FROM backlog.wikis
WHERE project_key = 'WEB' AND _deleted_at IS NULL
GROUP BY part ORDER BY pages DESC, part""",
        ),
    ),
    "wiki_page_tags": (
        Example(
            "Which pages carry which tags?",
            "ページとそのタグ",
            """\
SELECT w.project_key, w.name, string_agg(t.name, ', ' ORDER BY t.name) AS tags
FROM backlog.wiki_page_tags t JOIN backlog.wikis w ON w.id = t.wiki_id
WHERE w._deleted_at IS NULL
GROUP BY w.id, w.project_key, w.name ORDER BY w.project_key, w.name""",
        ),
        Example(
            "Which tags are used most?",
            "よく使われるタグ",
            """\
SELECT t.name, count(*) AS pages, count(DISTINCT w.project_id) AS projects
FROM backlog.wiki_page_tags t JOIN backlog.wikis w ON w.id = t.wiki_id
WHERE w._deleted_at IS NULL
GROUP BY t.name ORDER BY pages DESC""",
        ),
        Example(
            "Which pages have no tag?",
            "タグのないページ",
            """\
SELECT w.project_key, w.name
FROM backlog.wikis w ANTI JOIN backlog.wiki_page_tags t ON t.wiki_id = w.id
WHERE w._deleted_at IS NULL
ORDER BY w.project_key, w.name""",
        ),
    ),
    "wiki_contents": (
        Example(
            "Which pages mention a word?",
            "本文に語句を含むページ",
            """\
SELECT p.project_key, w.name, w.updated
FROM backlog.wiki_contents w JOIN backlog.projects p ON p.id = w.project_id
WHERE w.content ILIKE '%log%' AND w._deleted_at IS NULL
ORDER BY w.updated DESC""",
        ),
        Example(
            "Which pages are longest, and which are empty?",
            "ページごとの文字数",
            """\
SELECT p.project_key, w.name, length(coalesce(w.content, '')) AS characters
FROM backlog.wiki_contents w JOIN backlog.projects p ON p.id = w.project_id
WHERE w._deleted_at IS NULL
ORDER BY characters DESC""",
        ),
        Example(
            "How many issues does each page mention by their keys?",
            "本文に書かれた課題キーの数",
            """\
SELECT p.project_key, w.name, len(list_distinct(regexp_extract_all(w.content, '[A-Z][A-Z0-9_]+-[0-9]+'))) AS issues
FROM backlog.wiki_contents w JOIN backlog.projects p ON p.id = w.project_id
WHERE w._deleted_at IS NULL
ORDER BY issues DESC NULLS LAST LIMIT 10""",
        ),
    ),
    "wiki_attachments": (
        Example(
            "Which pages hold the largest files?",
            "サイズの大きい Wiki の添付ファイル",
            """\
SELECT w.project_key, w.name AS page, a.name AS file, a.size
FROM backlog.wiki_attachments a JOIN backlog.wikis w ON w.id = a.wiki_id
WHERE w._deleted_at IS NULL
ORDER BY a.size DESC LIMIT 10""",
        ),
        Example(
            "How many bytes are attached to each project's wiki?",
            "プロジェクトごとの Wiki の添付ファイルの合計",
            """\
SELECT w.project_key, count(*) AS files, sum(a.size) AS bytes
FROM backlog.wiki_attachments a JOIN backlog.wikis w ON w.id = a.wiki_id
WHERE w._deleted_at IS NULL
GROUP BY w.project_key ORDER BY bytes DESC""",
        ),
        Example(
            "Which files were attached last, and by whom?",
            "最近 Wiki に添付されたファイル",
            """\
SELECT w.project_key, w.name AS page, a.name AS file, a.created_user_name, a.created
FROM backlog.wiki_attachments a JOIN backlog.wikis w ON w.id = a.wiki_id
WHERE w._deleted_at IS NULL
ORDER BY a.created DESC LIMIT 10""",
        ),
    ),
    "wiki_shared_files": (
        Example(
            "Which shared files do pages link to?",
            "ページからリンクされている共有ファイル",
            """\
SELECT w.project_key, w.name AS page, f.dir || f.name AS path
FROM backlog.wiki_shared_files f JOIN backlog.wikis w ON w.id = f.wiki_id
WHERE w._deleted_at IS NULL
ORDER BY w.project_key, page, path""",
        ),
        Example(
            "Which shared files do most pages link to?",
            "最も多くのページからリンクされている共有ファイル",
            """\
SELECT f.dir || f.name AS path, count(DISTINCT f.wiki_id) AS pages
FROM backlog.wiki_shared_files f JOIN backlog.wikis w ON w.id = f.wiki_id
WHERE w._deleted_at IS NULL
GROUP BY f.id, path ORDER BY pages DESC LIMIT 10""",
        ),
        Example(
            "Who looks after the files that pages rely on?",
            "ページが参照する共有ファイルの作成者",
            """\
SELECT f.created_user_name, count(DISTINCT f.id) AS files, count(DISTINCT f.wiki_id) AS pages
FROM backlog.wiki_shared_files f
GROUP BY f.created_user_id, f.created_user_name ORDER BY files DESC""",
        ),
    ),
    "wiki_stars": (
        Example(
            "Which pages have most stars?",
            "スターの多いページ",
            """\
SELECT w.project_key, w.name, count(*) AS stars
FROM backlog.wiki_stars s JOIN backlog.wikis w ON w.id = s.wiki_id
WHERE w._deleted_at IS NULL
GROUP BY w.id, w.project_key, w.name ORDER BY stars DESC, w.name LIMIT 10""",
        ),
        Example(
            "Whose pages are starred most?",
            "作成したページへのスターが多い人",
            """\
SELECT w.created_user_name, count(*) AS stars
FROM backlog.wiki_stars s JOIN backlog.wikis w ON w.id = s.wiki_id
GROUP BY w.created_user_id, w.created_user_name ORDER BY stars DESC""",
        ),
        Example(
            "Who gives stars to wiki pages, and when last?",
            "Wiki にスターを付けた人",
            """\
SELECT presenter_name, count(*) AS stars, max(created) AS last_given
FROM backlog.wiki_stars
GROUP BY presenter_id, presenter_name ORDER BY stars DESC""",
        ),
    ),
    "wiki_tags": (
        Example(
            "The tags of each project's wiki",
            "プロジェクトごとの Wiki のタグ",
            """\
SELECT project_key, string_agg(name, ', ' ORDER BY name) AS tags
FROM backlog.wiki_tags
WHERE _deleted_at IS NULL
GROUP BY project_key ORDER BY project_key""",
        ),
        Example(
            "How many pages has each tag, the unused ones included?",
            "タグごとのページ数（未使用も含む）",
            """\
SELECT t.project_key, t.name, count(w.id) AS pages
FROM backlog.wiki_tags t
LEFT JOIN backlog.wiki_page_tags pt ON pt.id = t.id
LEFT JOIN backlog.wikis w ON w.id = pt.wiki_id AND w.project_id = t.project_id AND w._deleted_at IS NULL
WHERE t._deleted_at IS NULL
GROUP BY t.project_id, t.project_key, t.id, t.name ORDER BY pages, t.project_key, t.name""",
        ),
        Example(
            "Which tags do several projects share by name?",
            "複数のプロジェクトにある同名のタグ",
            """\
SELECT name, count(*) AS projects, string_agg(project_key, ', ' ORDER BY project_key) AS keys
FROM backlog.wiki_tags
WHERE _deleted_at IS NULL
GROUP BY name HAVING count(*) > 1 ORDER BY projects DESC, name""",
        ),
    ),
    "wiki_history": (
        Example(
            "Which pages are edited most, and by how many people?",
            "編集回数の多いページ",
            """\
SELECT w.project_key, w.name, count(*) AS versions, count(DISTINCT h.created_user_id) AS people
FROM backlog.wiki_history h JOIN backlog.wikis w ON w.id = h.page_id
WHERE w._deleted_at IS NULL
GROUP BY w.id, w.project_key, w.name ORDER BY versions DESC LIMIT 10""",
        ),
        Example(
            "What did the pages say on a day?",
            "ある日の時点のページの本文",
            """\
SELECT p.project_key, h.name, h.version, h.content
FROM backlog.wiki_history h JOIN backlog.projects p ON p.id = h.project_id
WHERE h.created <= TIMESTAMPTZ '2026-05-01 00:00:00+09'
QUALIFY row_number() OVER (PARTITION BY h.page_id ORDER BY h.version DESC) = 1
ORDER BY p.project_key, h.name""",
        ),
        Example(
            "Who wrote how much? Characters added from version to version",
            "編集者ごとの追加文字数",
            """\
SELECT created_user_name, count(*) AS edits, sum(greatest(added, 0)) AS characters_added
FROM (SELECT created_user_name,
             length(content) - coalesce(length(lag(content) OVER (PARTITION BY page_id ORDER BY version)), 0) AS added
      FROM backlog.wiki_history)
GROUP BY created_user_name ORDER BY characters_added DESC NULLS LAST""",
        ),
    ),
}
"""Table -> its example queries."""
