"""How a demo server behaves where Backlog's own behaviour is unknown or differs from host to host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    accept_header_key: bool = True
    """False: a key in the `Backlog-API-Key` header is ignored, as old hosts do; it must come in the query."""
    components_instead_of_categories: bool = False
    """True: `/projects/{p}/components` serves the list and `/categories` is an undefined resource."""
    id_paging: Literal["exclusive", "inclusive"] = "exclusive"
    """Whether the rows with exactly `minId` and `maxId` are part of the page."""
    updated_since_zone: str = "UTC"
    """The time zone in which `createdSince`, `updatedSince` and their like are read."""
    related_issues: bool = True
    """False: `/issues/{i}/relatedIssues` is an undefined resource, as on hosts from before the middle of 2026."""
