"""What several endpoints ask before they answer: a restricted member, a project named in the query."""

from __future__ import annotations

from backlog_assets.demo.answers import ApiError
from backlog_assets.demo.routes import Call

RESTRICTED = 3
"""Roles from this one on may only add issues or only look at them; some endpoints are closed to them."""


def not_restricted(call: Call) -> None:
    if call.space.users[call.user_id]["roleType"] >= RESTRICTED:
        raise ApiError(403, 5, "You do not have permission to do this.")


def project_asked_for(call: Call) -> int:
    """The id of the project in `projectIdOrKey`, which must be given and which the user may see."""
    named = call.params.text("projectIdOrKey")
    if not named:
        raise ApiError(400, 7, "error.required : projectIdOrKey")
    call.path["project"] = named
    return call.project()
