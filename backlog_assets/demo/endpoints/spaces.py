"""The space itself: its row, its licence, its rate limit, and the two lists that every project shares."""

from __future__ import annotations

from typing import Any

from backlog_assets.demo.company import LICENCE, Json
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.shapes import PRIORITIES, RESOLUTIONS


def space(call: Call) -> Json:
    return call.space.space


def licence(_: Call) -> Json:
    return LICENCE


def rate_limit(call: Call) -> Any:
    return {"rateLimit": call.rates.state(call.user_id)}


def priorities(_: Call) -> list[Json]:
    return list(PRIORITIES.values())


def resolutions(_: Call) -> list[Json]:
    return list(RESOLUTIONS.values())


ROUTES = (
    Route("/space", space),
    Route("/space/licence", licence),
    Route("/rateLimit", rate_limit),
    Route("/priorities", priorities),
    Route("/resolutions", resolutions),
)
