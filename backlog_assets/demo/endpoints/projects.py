"""Projects and what each of them files its issues under."""

from __future__ import annotations

from backlog_assets.demo.company import Json
from backlog_assets.demo.options import Options
from backlog_assets.demo.routes import Call, Route


def projects(call: Call) -> list[Json]:
    """`archived` left out gives both kinds; `all` gives an administrator the projects he has not joined as well."""
    space = call.space
    shown = space.visible(call.user_id)
    if call.params.boolean("all") and space.is_admin(call.user_id):
        shown = space.projects.keys() - space.hidden
    archived = call.params.boolean("archived")
    rows = [project for id_, project in space.projects.items() if id_ in shown]
    return [row for row in rows if archived is None or row["archived"] is archived]


def project(call: Call) -> Json:
    return call.space.projects[call.project()]


def versions(call: Call) -> list[Json]:
    return call.space.versions[call.project()]


def categories(call: Call) -> list[Json]:
    return call.space.categories[call.project()]


def issue_types(call: Call) -> list[Json]:
    return call.space.issue_types[call.project()]


def statuses(call: Call) -> list[Json]:
    return call.space.statuses[call.project()]


def custom_fields(call: Call) -> list[Json]:
    return call.space.custom_fields[call.project()]


def members(call: Call) -> list[Json]:
    """`excludeGroupMembers` changes nothing here: everybody has joined in person, nobody by a team alone."""
    project_id = call.project()
    call.params.boolean("excludeGroupMembers")
    return [call.space.users[id_] for id_ in call.space.members[project_id]]


def administrators(call: Call) -> list[Json]:
    return [call.space.users[id_] for id_ in call.space.administrators[call.project()]]


def build_project_routes(options: Options) -> tuple[Route, ...]:
    """`/components` is what categories were called before v2; some host may still serve it instead."""
    filed_under = "components" if options.components_instead_of_categories else "categories"
    return (
        Route("/projects", projects, query=("archived", "all")),
        Route("/projects/{project}", project),
        Route("/projects/{project}/versions", versions),
        Route(f"/projects/{{project}}/{filed_under}", categories),
        Route("/projects/{project}/issueTypes", issue_types),
        Route("/projects/{project}/statuses", statuses),
        Route("/projects/{project}/customFields", custom_fields),
        Route("/projects/{project}/users", members, query=("excludeGroupMembers",)),
        Route("/projects/{project}/administrators", administrators),
    )
