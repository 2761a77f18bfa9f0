"""The webhooks of the made-up company's projects. Knows no rights and no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backlog_assets.demo import words
from backlog_assets.demo.company import Json, ProjectPlan
from backlog_assets.demo.register import mix
from backlog_assets.demo.times import DAY, START, stamp

WEBHOOK_BASE = 600_000
HOOKS = "https://hooks.example.com"
"""What the made-up addresses begin with; nothing is ever sent there."""

HOW_MANY = (3, 1, 0, 2)
"""Webhooks of the first project, the second, and so on, over and over."""


def build_webhooks(plans: Sequence[ProjectPlan], users: Mapping[int, Json]) -> dict[int, list[Json]]:
    """Webhooks by project id; made by the project's first administrator."""
    return {
        int(plan.project["id"]): [_founded(plan, place, users) for place in range(HOW_MANY[plan.index % len(HOW_MANY)])]
        for plan in plans
    }


def _founded(plan: ProjectPlan, place: int, users: Mapping[int, Json]) -> Json:
    name, description, path, types = words.WEBHOOKS[place]
    # The last part of such an address is what keeps strangers from writing there.
    secret = f"{mix(plan.index, place):08x}{mix(place, plan.index):08x}"
    at = START - 20 * DAY + plan.index * 3_600 + place
    return webhook(
        WEBHOOK_BASE + plan.index * 10 + place,
        name=name,
        description=description,
        hook_url=f"{HOOKS}/{path}/{secret}",
        types=types,
        user=users[plan.administrators[0]],
        at=at,
    )


def webhook(id_: int, *, name: str, description: str, hook_url: str, types: Sequence[int], user: Json, at: int) -> Json:
    """A webhook as the API shows it; without `types` it is told of everything."""
    return {
        "id": id_,
        "name": name,
        "description": description,
        "hookUrl": hook_url,
        "allEvent": not types,
        "activityTypeIds": list(types),
        "createdUser": user,
        "created": stamp(at),
        "updatedUser": user,
        "updated": stamp(at),
    }
