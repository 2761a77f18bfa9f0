"""All endpoints of the demo server, grouped by subject. To add one: a function and a `Route` in its group's table."""

from __future__ import annotations

from backlog_assets.demo.endpoints import (
    details,
    documents,
    feeds,
    files,
    git,
    issue_changes,
    issue_parts,
    issues,
    people,
    person,
    projects,
    spaces,
    wikis,
)
from backlog_assets.demo.options import Options
from backlog_assets.demo.routes import Routes


def build_routes(options: Options) -> Routes:
    """The route table of a server with those options."""
    groups = (
        spaces.ROUTES,
        people.ROUTES,
        projects.build_project_routes(options),
        issues.ROUTES,
        issue_changes.ROUTES,
        git.ROUTES,
        files.ROUTES,
        feeds.ROUTES,
        wikis.ROUTES,
        documents.ROUTES,
        details.ROUTES,
        person.ROUTES,
        issue_parts.build_issue_part_routes(options),
    )
    return Routes(route for group in groups for route in group)
