"""Changes of what issues are filed under: names of statuses, types, categories, people and fields. Knows no HTTP.

Issues carry copies of all of it. A change shows in every issue at once and moves no issue's `updated`; whether Backlog
itself moves it is not documented.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from backlog_assets.demo.company import Json
from backlog_assets.demo.space import DemoSpace


def rename_status(space: DemoSpace, key: str, status_id: int, name: str) -> None:
    _rename(space, key, space.statuses, status_id, name, ("status",))


def rename_issue_type(space: DemoSpace, key: str, type_id: int, name: str) -> None:
    _rename(space, key, space.issue_types, type_id, name, ("issueType",))


def rename_category(space: DemoSpace, key: str, category_id: int, name: str) -> None:
    _rename(space, key, space.categories, category_id, name, ("category",))


def delete_category(space: DemoSpace, key: str, category_id: int) -> None:
    """Takes it from every issue too; nothing tells of it."""
    with space.changing():
        project_id = space.project_id(key)
        space.categories[project_id] = [row for row in space.categories[project_id] if row["id"] != category_id]
        _rewrite(
            space,
            project_id,
            lambda row: row.update(category=[one for one in row["category"] if one["id"] != category_id]),
        )


def delete_status(space: DemoSpace, key: str, status_id: int, substitute_id: int) -> None:
    """Its issues get another status; an activity of type 34 links them."""
    with space.changing():
        project_id = space.project_id(key)
        rows = {row["id"]: row for row in space.statuses[project_id]}
        deleted, substitute = rows[status_id], rows[substitute_id]
        space.statuses[project_id] = [row for row in space.statuses[project_id] if row["id"] != status_id]
        links: list[Json] = []
        for issue in space.by_project[project_id]:
            row = issue.json()
            if row["status"]["id"] == status_id:
                space.rewrite(issue, lambda row: row.update(status=substitute))
                links.append({"id": issue.id, "key_id": row["keyId"], "title": row["summary"]})
        space.add_activity(34, project_id, {"deletedStatus": {"name": deleted["name"]}, "link": links})


def rename_user(space: DemoSpace, user_id: int, name: str) -> None:
    """The user is called so everywhere: in issues, their files and stars, and in the lists of users."""
    with space.changing():
        for row in (space.users[user_id], *(one for team in space.teams.values() for one in team["members"])):
            if row["id"] == user_id:
                row["name"] = name

        def renamed(value: Any) -> None:
            if isinstance(value, list):
                for one in cast("list[Any]", value):
                    renamed(one)
            elif isinstance(value, dict):
                found = cast("Json", value)
                if found.get("id") == user_id and "roleType" in found:
                    found["name"] = name
                for one in found.values():
                    renamed(one)

        for project_id in space.projects:
            _rewrite(space, project_id, renamed)


def rename_custom_field(space: DemoSpace, key: str, field_id: int, name: str) -> None:
    with space.changing():
        project_id = space.project_id(key)
        for field in space.custom_fields[project_id]:
            if field["id"] == field_id:
                field["name"] = name

        def renamed(row: Json) -> None:
            for field in row["customFields"]:
                if field["id"] == field_id:
                    field["name"] = name

        _rewrite(space, project_id, renamed)


def add_custom_field(space: DemoSpace, key: str, name: str) -> int:
    """A text field of every issue type, empty in every issue at once; returns its id."""
    with space.changing():
        project_id = space.project_id(key)
        field_id = max([row["id"] for rows in space.custom_fields.values() for row in rows], default=0) + 100_000
        field: Json = {
            "id": field_id,
            "projectId": project_id,
            "typeId": 1,
            "name": name,
            "description": "",
            "required": False,
            "useIssueType": False,
            "applicableIssueTypes": [],
            "displayOrder": len(space.custom_fields[project_id]),
            "version": 1,
        }
        space.custom_fields[project_id].append(field)
        empty: Json = {"id": field_id, "fieldTypeId": 1, "name": name, "value": None}
        _rewrite(space, project_id, lambda row: row["customFields"].append(dict(empty)))
        return field_id


def delete_custom_field(space: DemoSpace, key: str, field_id: int) -> None:
    """With its values in every issue."""
    with space.changing():
        project_id = space.project_id(key)
        space.custom_fields[project_id] = [row for row in space.custom_fields[project_id] if row["id"] != field_id]
        _rewrite(
            space,
            project_id,
            lambda row: row.update(customFields=[one for one in row["customFields"] if one["id"] != field_id]),
        )


def _rename(
    space: DemoSpace, key: str, table: dict[int, list[Json]], id_: int, name: str, fields: tuple[str, ...]
) -> None:
    with space.changing():
        project_id = space.project_id(key)
        table[project_id] = [{**row, "name": name} if row["id"] == id_ else row for row in table[project_id]]

        def renamed(row: Json) -> None:
            for field in fields:
                for one in row[field] if isinstance(row[field], list) else [row[field]]:
                    if one["id"] == id_:
                        one["name"] = name

        _rewrite(space, project_id, renamed)


def _rewrite(space: DemoSpace, project_id: int, change: Callable[[Json], None]) -> None:
    for issue in space.by_project[project_id]:
        space.rewrite(issue, change)
