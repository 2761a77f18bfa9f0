"""BACKLOG_TABLES: which tables are loaded, and of which projects. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from backlog_assets.catalogue import ENDPOINTS, GROUPS, Endpoint
from backlog_assets.catalogue.table import names_of, tables_of
from backlog_assets.errors import Misconfigured

MADE_OF = {"issue_comments": "issues"}
"""Tables that are asked for each row of another one in a way of their own."""

WORD = re.compile(r"(?P<sign>[+-]?)\s*((?P<project>[A-Z0-9_]+)\s*:\s*)?(?P<name>[a-z_]+)")

HOW = "Write groups or tables with - or + before them, comma separated: -wiki,+user_activities,-WEB:project_versions"


@dataclass(frozen=True)
class Word:
    """A part of the setting: these endpoints are loaded, or not (`adds`); of one project, or wherever (None).

    `needed` are the ones for whose rows those are asked: they are loaded too, if they are not anyway.
    """

    endpoints: frozenset[str]
    adds: bool
    project: str | None = None
    needed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """What is loaded: all that is no `opt_in`, or nothing where the setting names `only` what is; then word for word,
    the later ones above the earlier."""

    words: tuple[Word, ...] = ()
    only: bool = False

    def takes(self, endpoint: Endpoint, project: str | None = None) -> bool:
        """Whether an endpoint is loaded, of this project; None: at all. Never without what it is asked for the rows
        of."""
        above = asked_of(endpoint)
        return self._names(endpoint, project) and (above is None or self.takes(above, project))

    def _names(self, endpoint: Endpoint, project: str | None) -> bool:
        taken = anywhere = not endpoint.opt_in and not self.only
        for word in self.words:
            if endpoint.name not in word.endpoints and (anywhere or endpoint.name not in word.needed):
                continue
            anywhere = word.adds or (anywhere and word.project is not None)
            if word.project in (None, project):
                taken = word.adds
        return anywhere if project is None else taken

    @property
    def endpoints(self) -> list[Endpoint]:
        """The endpoints that are loaded, with `projects` where one of them needs it."""
        chosen = {endpoint.name for endpoint in ENDPOINTS if self.takes(endpoint)}
        return with_projects(chosen)

    @property
    def notes(self) -> list[str]:
        """What is left out although nobody said so, and why."""
        found: list[str] = []
        for endpoint in ENDPOINTS:
            above = asked_of(endpoint)
            if above is not None and self._names(endpoint, None) and not self.takes(above):
                found.append(
                    f"{endpoint.name} is left out, because it is asked for the rows of {above.name}, which is not "
                    "loaded (BACKLOG_TABLES)."
                )
        return found

    @property
    def projects(self) -> set[str]:
        """Keys of the projects that the setting names."""
        return {word.project for word in self.words if word.project is not None}

    def but(self, endpoint: Endpoint) -> set[str]:
        """Keys of the projects that the setting names and of which the endpoint is not loaded."""
        return {project for project in self.projects if not self.takes(endpoint, project)} if self.words else set()

    def leaves_out(self, endpoint: Endpoint, project: str) -> bool:
        """Whether an endpoint is not loaded of a project because the setting says so. A table that is not loaded at all
        is loaded where somebody asks for it."""
        return self.takes(endpoint) and not self.takes(endpoint, project)


def choice_from(text: str) -> Choice:
    """What BACKLOG_TABLES says. Raises Misconfigured for what is no group, table or sign."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [_word(part) for part in parts]
    return Choice(tuple(found), any(part[0] not in "+-" for part in parts))


def _word(part: str) -> Word:
    found = WORD.fullmatch(part)
    if found is None:
        raise Misconfigured(f"BACKLOG_TABLES: {part[:60]!r} is not understood. {HOW}.")
    name, project = found["name"], found["project"]
    # A name that is both is the group's: the table of that name is in it.
    chosen = [one for one in ENDPOINTS if one.group == name or (name not in GROUPS and name in names_of(one))]
    if not chosen and name not in GROUPS:
        tables = sorted(known for one in ENDPOINTS for known in names_of(one))
        raise Misconfigured(
            f"BACKLOG_TABLES names {name}, which is no group and no table. Groups: {', '.join(GROUPS)}. "
            f"Tables: {', '.join(tables)}."
        )
    if project is not None:
        chosen = [one for one in chosen if is_by_project(one)]
        if not chosen:
            raise Misconfigured(
                f"BACKLOG_TABLES names {name} of project {project}, but it is not loaded by project. Leave the project "
                "out, or choose the projects of all tables with BACKLOG_PROJECTS."
            )
    adds, names = found["sign"] != "-", frozenset(one.name for one in chosen)
    return Word(names, adds, project, frozenset(needed_for(names)) - names if adds else frozenset())


def with_projects(names: Iterable[str]) -> list[Endpoint]:
    """These endpoints in the order of the catalogue, with `projects` where one of them needs it."""
    chosen = set(names)
    if any(is_by_project(endpoint) for endpoint in ENDPOINTS if endpoint.name in chosen):
        chosen.add("projects")
    return [endpoint for endpoint in ENDPOINTS if endpoint.name in chosen]


def needed_for(names: Iterable[str]) -> set[str]:
    """These endpoints, and those whose rows they are asked for."""
    chosen = set(names)
    for endpoint in ENDPOINTS:
        above = asked_of(endpoint) if endpoint.name in chosen and endpoint.each is not None else None
        if above is not None:
            chosen |= needed_for([above.name])
    return chosen


def asked_of(endpoint: Endpoint) -> Endpoint | None:
    """The endpoint whose rows another one is asked for; None for what is asked for by itself."""
    table = endpoint.each.table if endpoint.each is not None else MADE_OF.get(endpoint.name)
    return next((one for one in ENDPOINTS if table in names_of(one)), None)


def is_by_project(endpoint: Endpoint) -> bool:
    """Whether an endpoint can be loaded of some projects and not of others."""
    if endpoint.each is None:
        return endpoint.per_project
    above = [table for one in ENDPOINTS for table in tables_of(one) if table.name == endpoint.each.table]
    return any(table.per_project for table in above)
