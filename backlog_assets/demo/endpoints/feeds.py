"""What happened: activities of the space and of a project, and the user's own notifications."""

from __future__ import annotations

from dataclasses import dataclass

from backlog_assets.demo.activities import ActivityRows
from backlog_assets.demo.answers import invalid
from backlog_assets.demo.company import Json
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.space import DemoSpace
from backlog_assets.demo.timeline import NOTIFICATION_BASE

HIGHEST_TYPE = 49
"""The last activity type that Backlog takes as a filter."""


@dataclass(frozen=True)
class NotificationRows:
    """Some of a user's notifications, oldest first; each is written only when it is asked for."""

    space: DemoSpace
    user_id: int
    places: list[int]

    def __len__(self) -> int:
        return len(self.places)

    def id_at(self, place: int) -> int:
        return NOTIFICATION_BASE + self.space.notified[self.user_id][self.places[place]][0]

    def row(self, place: int) -> Json:
        return self.space.notification(self.user_id, self.places[place])


def space_activities(call: Call) -> ActivityRows:
    space = call.space
    return space.activity_writer.rows(space.open_projects(call.user_id), types_of(call))


def project_activities(call: Call) -> ActivityRows:
    return call.space.activity_writer.rows(frozenset({call.project()}), types_of(call))


def types_of(call: Call) -> frozenset[int] | None:
    """The types of activities that were asked for; None for all."""
    types = call.params.numbers("activityTypeId[]")
    for number in types or ():
        if not 1 <= number <= HIGHEST_TYPE:
            raise invalid("activityTypeId[]", str(number))
    return None if types is None else frozenset(types)


def notifications(call: Call) -> NotificationRows:
    """Only those of projects that the user may see; `senderId` narrows them to one sender."""
    sender_id = call.params.number("senderId", 0)
    return NotificationRows(call.space, call.user_id, call.space.notification_places(call.user_id, sender_id))


def notifications_count(call: Call) -> Json:
    read, resource_read = call.params.boolean("alreadyRead"), call.params.boolean("resourceAlreadyRead")
    rows = notifications(call)
    shown = [rows.row(place) for place in range(len(rows))] if (read, resource_read) != (None, None) else None
    if shown is None:
        return {"count": len(rows)}
    fits = [
        row
        for row in shown
        if read in (None, row["alreadyRead"]) and resource_read in (None, row["resourceAlreadyRead"])
    ]
    return {"count": len(fits)}


ROUTES = (
    Route("/space/activities", space_activities, query=("activityTypeId[]",), paging="id"),
    Route("/projects/{project}/activities", project_activities, query=("activityTypeId[]",), paging="id"),
    Route("/notifications", notifications, query=("senderId",), paging="id"),
    Route("/notifications/count", notifications_count, query=("alreadyRead", "resourceAlreadyRead")),
)
