"""Users and teams of the space."""

from __future__ import annotations

from backlog_assets.demo.answers import ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.routes import Call, Route


def users(call: Call) -> list[Json]:
    return list(call.space.users.values())


def myself(call: Call) -> Json:
    return call.space.users[call.user_id]


def user(call: Call) -> Json:
    return _found(call.space.users, call.path["user"], "No such user.")


def teams(call: Call) -> list[Json]:
    return [call.space.teams[id_] for id_ in sorted(call.space.teams)]


def team(call: Call) -> Json:
    return _found(call.space.teams, call.path["team"], "No such team.")


def _found(rows: dict[int, Json], id_: str, message: str) -> Json:
    if not id_.isdecimal() or int(id_) not in rows:
        raise ApiError(404, 6, message)
    return rows[int(id_)]


ROUTES = (
    Route("/users", users, role="leader"),
    Route("/users/myself", myself),
    Route("/users/{user}", user),
    Route("/teams", teams, paging="offset", order=True, role="leader"),
    Route("/teams/{team}", team, role="admin"),
)
