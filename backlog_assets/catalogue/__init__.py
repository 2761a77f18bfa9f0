"""What Backlog offers and what becomes of it: one entry an endpoint, one line a column. Pure data, no logic."""

from backlog_assets.catalogue import (
    activity,
    comment,
    disk_usage,
    document,
    file,
    git,
    issue,
    member,
    project,
    single_object,
    space,
    star,
    user,
    watching,
    wiki,
)
from backlog_assets.catalogue.spec import Child, Column, Each, Endpoint, Load, Paging, View

ENDPOINTS: tuple[Endpoint, ...] = (
    *space.ENDPOINTS,
    *disk_usage.ENDPOINTS,
    *single_object.ENDPOINTS,
    *user.ENDPOINTS,
    *project.ENDPOINTS,
    *member.ENDPOINTS,
    *issue.ENDPOINTS,
    *comment.ENDPOINTS,
    *wiki.ENDPOINTS,
    *document.ENDPOINTS,
    *file.ENDPOINTS,
    *git.ENDPOINTS,
    *activity.ENDPOINTS,
    *star.ENDPOINTS,
    *watching.ENDPOINTS,
)
"""Every endpoint, in the order in which the tables are listed."""

GROUPS = ("space", "people", "projects", "issues", "wiki", "documents", "files", "git", "activity")
"""The groups of endpoints, in the order in which one reads them."""

BY_NAME: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS}

__all__ = ["BY_NAME", "ENDPOINTS", "GROUPS", "Child", "Column", "Each", "Endpoint", "Load", "Paging", "View"]
