"""How an endpoint is declared and found. Knows no endpoint by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import orjson

from backlog_assets.demo.answers import Answer, ApiError, JsonRows, Params, dumped, id_page, offset_page
from backlog_assets.demo.company import Json
from backlog_assets.demo.options import Options
from backlog_assets.demo.rates import Rates
from backlog_assets.demo.space import DemoSpace
from backlog_assets.demo.store import Issue

Paging = Literal["none", "offset", "id"]
Role = Literal["all", "admin", "leader"]
"""Who may ask: everybody, the space's administrator, or also a project's administrator."""


@dataclass
class Call:
    """One request to one endpoint."""

    space: DemoSpace
    options: Options
    rates: Rates
    user_id: int
    path: dict[str, str]
    """The parts of the path that stand in braces in the route."""
    params: Params
    more_rows: int = 0
    """How many rows too many a faulty page has."""

    def project(self) -> int:
        """The id of the project in the path, which the user may see."""
        project_id = self.space.find_project(self.path["project"])
        if project_id is None or project_id not in self.space.visible(self.user_id):
            raise ApiError(404, 6, "No project.")
        self.not_refused(project_id)
        return project_id

    def issue(self) -> Issue:
        """The issue in the path, which the user may see."""
        issue = self.space.find_issue(self.path["issue"])
        if issue is None or issue.project_id not in self.space.visible(self.user_id):
            raise ApiError(404, 6, "No issue.")
        self.not_refused(issue.project_id)
        return issue

    def not_refused(self, project_id: int) -> None:
        """Raises what `DemoSpace.refuse_project` was told to answer."""
        if project_id in self.space.refused:
            status, code = self.space.refused[project_id]
            raise ApiError(status, code, "You do not have permission to do this.")

    def unfit_role(self, role: Role) -> bool:
        admin = self.space.is_admin(self.user_id)
        return not (role == "all" or admin or (role == "leader" and self.space.leads(self.user_id)))


@dataclass(frozen=True)
class Route:
    """One endpoint. `handler` gives a JSON value, or all rows in ascending order, of which `paging` takes the page.

    A handler of files gives a whole `Answer`.
    """

    path: str
    """Below `/api/v2`, with names in braces: `/projects/{project}/versions`. `{name*}` takes in what is below, too."""
    handler: Callable[[Call], Any]
    query: tuple[str, ...] = ()
    """Every parameter beyond paging; one that is not named here is refused. `customField_*` names a family."""
    paging: Paging = "none"
    order: bool = False
    """Whether offset paging has `order`; id paging always has it."""
    rate: str = "read"
    role: Role = "all"
    method: Literal["GET", "POST", "PATCH"] = "GET"
    """What is no GET has its parameters in the form of its body, and counts in the class `update`."""
    status: int = 200
    """Of the answer to a request that was done."""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        pattern = re.sub(r"\\\{(\w+)\\\*\\\}", r"(?P<\1>.*)", pattern)
        object.__setattr__(self, "pattern", re.compile(pattern + r"\Z"))

    @property
    def parameters(self) -> tuple[str, ...]:
        if self.paging == "id":
            return (*self.query, "minId", "maxId", "count", "order")
        if self.paging == "offset":
            return (*self.query, "offset", "count", *(("order",) if self.order else ()))
        return self.query

    def answer(self, call: Call) -> Answer:
        """Raises `ApiError` where there is an error instead."""
        if call.unfit_role(self.role):
            raise ApiError(403, 5, "You do not have permission to do this.")
        for name in call.params.query:
            if not self.takes(name):
                raise ApiError(400, 7, f"error.unknownParameter : {name}")
        given = self.handler(call)
        return given if isinstance(given, Answer) else Answer(self.status, self._body(call, given))

    def _body(self, call: Call, given: Any) -> bytes:
        if isinstance(given, bytes):
            return given
        if self.paging == "none":
            return orjson.dumps(given)
        rows: Any = JsonRows(cast("list[Json]", given)) if isinstance(given, list) else given
        if self.paging == "id":
            inclusive = call.options.id_paging == "inclusive"
            return dumped(id_page(rows, call.params, inclusive=inclusive, more=call.more_rows))
        return dumped(offset_page(rows, call.params, order=self.order, more=call.more_rows))

    def takes(self, name: str) -> bool:
        if name in self.parameters:
            return True
        return "customField_*" in self.query and bool(re.fullmatch(r"customField_\d+(_min|_max|\[\d*\])?", name))


class Routes:
    """All routes; a fixed path is found before one with braces (`/users/myself` before `/users/{user}`)."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = sorted(routes, key=lambda route: route.path.count("{"))

    def find(self, path: str, method: str = "GET") -> tuple[Route, dict[str, str]] | None:
        for route in self.routes:
            match = route.pattern.match(path)
            if match and route.method == method:
                return route, match.groupdict()
        return None
