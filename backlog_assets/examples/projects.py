"""Example queries on projects, and on what each of them defines for its issues. Pure data."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "projects": (
        Example(
            "How many issues has each project, and how many are open?",
            "プロジェクトごとの課題数と未完了の課題数",
            """\
SELECT p.project_key, p.name, count(i.id) AS issues, count(i.id) FILTER (i.status_id <> 4) AS open_issues
FROM backlog.projects p LEFT JOIN backlog.issues i ON i.project_id = p.id AND i._deleted_at IS NULL
WHERE NOT p.archived AND p._deleted_at IS NULL
GROUP BY ALL ORDER BY open_issues DESC""",
        ),
        Example(
            "What has each project switched on?",
            "プロジェクトごとに有効な機能",
            """\
SELECT project_key, use_wiki, use_document, use_git, use_subversion, use_file_sharing, chart_enabled
FROM backlog.projects
WHERE NOT archived AND _deleted_at IS NULL
ORDER BY display_order, project_key""",
        ),
        Example(
            "Which projects have fallen silent?",
            "最後の更新が古いプロジェクト",
            """\
SELECT p.project_key, p.archived, max(i.updated) AS last_update
FROM backlog.projects p LEFT JOIN backlog.issues i ON i.project_id = p.id
WHERE p._deleted_at IS NULL
GROUP BY ALL ORDER BY last_update NULLS FIRST""",
        ),
    ),
    "project_versions": (
        Example(
            "How far is each milestone?",
            "マイルストーンごとの進み具合",
            """\
SELECT v.project_key, v.name, v.release_due_date, count(*) AS issues,
       round(100 * count(*) FILTER (i.status_id = 4) / count(*)) AS percent_closed
FROM backlog.project_versions v
JOIN backlog.issue_milestones m ON m.id = v.id
JOIN backlog.issues i ON i.id = m.issue_id
WHERE NOT v.archived AND v._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY v.release_due_date, v.project_key""",
        ),
        Example(
            "Which milestones are past their day with issues still open?",
            "期日を過ぎても未完了の課題が残るマイルストーン",
            """\
SELECT v.project_key, v.name, v.release_due_date, count(*) AS open_issues
FROM backlog.project_versions v
JOIN backlog.issue_milestones m ON m.id = v.id
JOIN backlog.issues i ON i.id = m.issue_id
WHERE v.release_due_date < current_date AND i.status_id <> 4 AND v._deleted_at IS NULL AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY v.release_due_date""",
        ),
        Example(
            "How long do releases take?",
            "プロジェクトごとのバージョンの平均期間",
            """\
SELECT project_key, count(*) AS versions, round(avg(release_due_date - start_date)) AS days
FROM backlog.project_versions
WHERE start_date IS NOT NULL AND release_due_date IS NOT NULL AND _deleted_at IS NULL
GROUP BY project_key ORDER BY days DESC""",
        ),
    ),
    "project_components": (
        Example(
            "Where are the open issues, by category?",
            "カテゴリーごとの未完了の課題数",
            """\
SELECT c.project_key, c.name, count(*) AS open_issues
FROM backlog.project_components c
JOIN backlog.issue_categories ic ON ic.id = c.id
JOIN backlog.issues i ON i.id = ic.issue_id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL AND c._deleted_at IS NULL
GROUP BY ALL ORDER BY open_issues DESC LIMIT 20""",
        ),
        Example(
            "When was each category last used?",
            "カテゴリーごとの最後の利用日",
            """\
SELECT c.project_key, c.name, max(i.created)::DATE AS last_used
FROM backlog.project_components c
LEFT JOIN backlog.issue_categories ic ON ic.id = c.id
LEFT JOIN backlog.issues i ON i.id = ic.issue_id
WHERE c._deleted_at IS NULL
GROUP BY c.id, c.project_key, c.name ORDER BY last_used NULLS FIRST""",
        ),
        Example(
            "Which categories do several projects share by name?",
            "複数のプロジェクトにある同名のカテゴリー",
            """\
SELECT name, count(*) AS projects, string_agg(project_key, ', ' ORDER BY project_key) AS keys
FROM backlog.project_components
WHERE _deleted_at IS NULL
GROUP BY name HAVING count(*) > 1
ORDER BY projects DESC, name""",
        ),
    ),
    "project_categories": (
        Example(
            "The categories of a project, in the order of the issue form",
            "プロジェクトのカテゴリー（表示順）",
            """\
SELECT id, name
FROM backlog.project_categories
WHERE project_key = 'WEB' AND _deleted_at IS NULL
ORDER BY display_order""",
        ),
        Example(
            "How many hours went into each category?",
            "カテゴリーごとの実績時間",
            """\
SELECT c.project_key, c.name, sum(i.actual_hours) AS hours
FROM backlog.project_categories c
JOIN backlog.issue_categories ic ON ic.id = c.id
JOIN backlog.issues i ON i.id = ic.issue_id
WHERE i._deleted_at IS NULL
GROUP BY ALL HAVING sum(i.actual_hours) > 0 ORDER BY hours DESC LIMIT 10""",
        ),
        Example(
            "How many categories has each project?",
            "プロジェクトごとのカテゴリー数",
            """\
SELECT p.project_key, count(c.id) AS categories
FROM backlog.projects p
LEFT JOIN backlog.project_categories c ON c.project_id = p.id AND c._deleted_at IS NULL
WHERE p._deleted_at IS NULL
GROUP BY p.project_key ORDER BY categories DESC""",
        ),
    ),
    "project_issue_types": (
        Example(
            "What share of each project's issues is of each type?",
            "プロジェクトごとの種別の割合",
            """\
SELECT t.project_key, t.name, count(i.id) AS issues,
       round(100 * count(i.id) / sum(count(i.id)) OVER (PARTITION BY t.project_key), 1) AS percent
FROM backlog.project_issue_types t
LEFT JOIN backlog.issues i ON i.issue_type_id = t.id AND i._deleted_at IS NULL
WHERE t._deleted_at IS NULL
GROUP BY t.id, t.project_key, t.name ORDER BY t.project_key, issues DESC""",
        ),
        Example(
            "Which types have a template?",
            "テンプレートの有無",
            """\
SELECT project_key, name, template_summary IS NOT NULL OR template_description IS NOT NULL AS has_template
FROM backlog.project_issue_types
WHERE _deleted_at IS NULL
ORDER BY project_key, display_order""",
        ),
        Example(
            "How many days does an issue of each type take to close?",
            "種別ごとの完了までの日数（中央値）",
            """\
SELECT ty.name, count(*) AS closed, median(date_diff('day', i.created, tr.entered_at)) AS days
FROM backlog.issue_status_transitions tr
JOIN backlog.issues i ON i.id = tr.issue_id
JOIN backlog.project_issue_types ty ON ty.id = i.issue_type_id
WHERE tr.to_status_id = 4 AND tr.left_at IS NULL AND i._deleted_at IS NULL
GROUP BY ty.name ORDER BY closed DESC""",
        ),
    ),
    "project_statuses": (
        Example(
            "The board of a project: how many issues stand in each column?",
            "プロジェクトのボード：状態ごとの課題数",
            """\
SELECT s.name, count(i.id) AS issues
FROM backlog.project_statuses s
LEFT JOIN backlog.issues i ON i.project_id = s.project_id AND i.status_id = s.id AND i._deleted_at IS NULL
WHERE s.project_key = 'WEB' AND s._deleted_at IS NULL
GROUP BY s.id, s.name, s.display_order ORDER BY s.display_order""",
        ),
        Example(
            "Which projects have states of their own?",
            "独自の状態を持つプロジェクト",
            """\
SELECT project_key, string_agg(name, ', ' ORDER BY display_order) AS statuses
FROM backlog.project_statuses
WHERE id > 4 AND _deleted_at IS NULL
GROUP BY project_key ORDER BY project_key""",
        ),
        Example(
            "Where does work get stuck? Hours spent in each state of a project",
            "状態ごとの滞在時間（中央値）",
            """\
SELECT s.name, count(*) AS passages, round(median(t.seconds_in_status) / 3600, 1) AS hours
FROM backlog.project_statuses s
JOIN backlog.issue_status_transitions t ON t.project_id = s.project_id AND t.to_status_id = s.id
WHERE s.project_key = 'WEB' AND s.id <> 4 AND t.seconds_in_status IS NOT NULL
GROUP BY s.id, s.name, s.display_order ORDER BY s.display_order""",
        ),
    ),
    "project_custom_fields": (
        Example(
            "Which custom fields has each project, and which must be filled in?",
            "プロジェクトごとのカスタム属性と必須の有無",
            """\
SELECT project_key, name, type_id, required, unit
FROM backlog.project_custom_fields
WHERE _deleted_at IS NULL
ORDER BY project_key, display_order, id""",
        ),
        Example(
            "How often is each custom field filled in?",
            "カスタム属性の入力率",
            """\
SELECT f.project_key, f.name, count(*) AS issues, round(100 * count(v.value_text) / count(*)) AS percent_filled
FROM backlog.project_custom_fields f JOIN backlog.issue_custom_field_values v ON v.id = f.id
WHERE f._deleted_at IS NULL
GROUP BY f.id, f.project_key, f.name ORDER BY percent_filled""",
        ),
        Example(
            "The sum of each number field, in its unit",
            "数値属性の合計と単位",
            """\
SELECT f.project_key, f.name, sum(v.value_number) AS total, f.unit
FROM backlog.project_custom_fields f
JOIN backlog.issue_custom_field_values v ON v.id = f.id
JOIN backlog.issues i ON i.id = v.issue_id
WHERE f.type_id = 3 AND i._deleted_at IS NULL
GROUP BY f.id, f.project_key, f.name, f.unit ORDER BY f.project_key, f.name""",
        ),
    ),
    "custom_field_items": (
        Example(
            "The choices of each list, in order",
            "リスト属性の選択肢（表示順）",
            """\
SELECT f.project_key, f.name AS field, string_agg(c.name, ', ' ORDER BY c.display_order) AS choices
FROM backlog.custom_field_items c JOIN backlog.project_custom_fields f ON f.id = c.custom_field_id
WHERE f._deleted_at IS NULL
GROUP BY f.id, f.project_key, f.name ORDER BY f.project_key, f.name""",
        ),
        Example(
            "How often is each choice of a single list taken?",
            "単一リストの選択肢ごとの課題数",
            """\
SELECT f.project_key, f.name AS field, c.name, count(v.issue_id) AS issues
FROM backlog.custom_field_items c
JOIN backlog.project_custom_fields f ON f.id = c.custom_field_id AND f.type_id IN (5, 8)
LEFT JOIN backlog.issue_custom_field_values v ON v.id = f.id AND (v.value_choice ->> '$.id')::BIGINT = c.id
GROUP BY f.id, f.project_key, f.name, c.id, c.name ORDER BY f.project_key, f.name, issues DESC""",
        ),
        Example(
            "The same for multiple lists and checkboxes",
            "複数リスト・チェックボックスの選択肢ごとの課題数",
            """\
SELECT f.project_key, f.name AS field, c.name, count(v.issue_id) AS issues
FROM backlog.custom_field_items c
JOIN backlog.project_custom_fields f ON f.id = c.custom_field_id AND f.type_id IN (6, 7)
LEFT JOIN backlog.issue_custom_field_values v
     ON v.id = f.id AND list_contains((v.value_choice -> '$[*].id')::BIGINT[], c.id)
GROUP BY f.id, f.project_key, f.name, c.id, c.name ORDER BY f.project_key, f.name, issues DESC""",
        ),
    ),
}
"""Table -> its example queries."""
