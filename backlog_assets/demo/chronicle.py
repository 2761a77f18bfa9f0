"""What happens in a project beside its issues: wiki, files, git, pull requests, milestones, documents, members.

A pure function of (seed, project, week). Knows no ids of activities and no HTTP.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

from backlog_assets.demo import words
from backlog_assets.demo.company import ARCHIVED_PROJECT, ARCHIVED_WEEK, Company, Json, ProjectPlan
from backlog_assets.demo.times import DAY, START, WORK_DAY, day_of_field, day_text


class Happening(NamedTuple):
    """One activity without its envelope; `at` in epoch seconds, `type` as Backlog numbers activities."""

    at: int
    type: int
    project: int
    author: int
    content: Json


class Chronicle:
    """Tells any week of any project."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company = company
        self.seed = seed
        self.week = lru_cache(maxsize=4_096)(self._week)

    def _week(self, project: int, week: int) -> list[Happening]:
        plan = self.company.projects[project]
        monday = START + week * 7 * DAY
        told: list[tuple[int, int, Json]] = []
        told += [
            (born + project % 600, 22, _milestone(version))
            for born, version in plan.versions
            if monday <= born < monday + 7 * DAY
        ]
        if week == 0:
            told += self._founding(plan, monday)
        if not (project == ARCHIVED_PROJECT and week >= ARCHIVED_WEEK) and (project < 6 or (project + week) % 5 == 0):
            told += self._ordinary(plan, week, monday)
        rng = Random(f"{self.seed}/{project}/{week}")
        rows = [Happening(at, type_, project, rng.choice(plan.members), content) for at, type_, content in told]
        return sorted(rows, key=lambda row: (row.at, row.type))

    def _founding(self, plan: ProjectPlan, monday: int) -> list[tuple[int, int, Json]]:
        people = {user["id"]: user for user in self.company.users}
        joined: Json = {
            "users": [people[id_] for id_ in plan.members],
            "group_project_activities": [],
            "comment": "",
        }
        told: list[tuple[int, int, Json]] = [(monday + plan.index % 600, 15, joined)]
        if plan.project["useGit"]:
            told.append((monday + plan.index % 600 + 1, 13, {"repository": repository(plan)}))
        return told

    def _ordinary(self, plan: ProjectPlan, week: int, monday: int) -> list[tuple[int, int, Json]]:
        rng = Random(f"{self.seed}:{plan.index}:{week}")

        def moment() -> int:
            return monday + rng.randrange(5) * DAY + rng.randrange(700, WORK_DAY)

        told: list[tuple[int, int, Json]] = []
        if plan.project["useGit"]:
            told += [(moment(), 12, _push(plan, rng)) for _ in range(rng.randrange(4))]
            told += [(moment(), rng.choice((18, 19, 20)), _pull_request(plan, week)) for _ in range(rng.randrange(2))]
        if plan.project["useWiki"] and rng.random() < 0.5:
            kind = 5 if week < len(words.WIKI_PAGES) else 6
            told.append((moment(), kind, _wiki(plan, week, rng)))
        if plan.project["useDocument"] and rng.random() < 0.4:
            told.append((moment(), 36 if week < len(words.DOCUMENTS) else rng.choice((38, 39)), _document(plan, week)))
        if rng.random() < 0.2:
            file = plan.shared_files[week % len(plan.shared_files)]
            shown = {name: file[name] for name in ("id", "dir", "name", "size")}
            told.append((moment(), 8 if week < 4 else 9, shown))
        return told


def repository(plan: ProjectPlan) -> Json:
    """The one git repository of a project, as activities name it."""
    return {"id": plan.project["id"] * 10, "name": plan.key.lower(), "description": None}


def push(plan: ProjectPlan, number: int) -> Json:
    """The content of the push of that number."""
    return _push(plan, Random(number))


def _push(plan: ProjectPlan, rng: Random) -> Json:
    revisions = [
        {"rev": f"{rng.getrandbits(160):040x}", "comment": rng.choice(words.COMMENTS)}
        for _ in range(rng.randrange(1, 4))
    ]
    return {
        "repository": repository(plan),
        "change_type": "update",
        "revision_type": "commit",
        "ref": f"refs/heads/{rng.choice(('main', 'develop', 'feature/検索'))}",
        "revision_count": len(revisions),
        "revisions": revisions,
    }


def _pull_request(plan: ProjectPlan, week: int) -> Json:
    return {
        "id": plan.project["id"] * 1_000 + week,
        "number": week + 1,
        "summary": f"{words.AREAS[week % len(words.AREAS)]} の修正",
        "description": words.SENTENCES[week % len(words.SENTENCES)],
        "comment": None,
        "changes": [],
        "issue": None,
        "repository": repository(plan),
    }


def _milestone(version: Json) -> Json:
    def day(field: str) -> str | None:
        number = day_of_field(version[field])
        return None if number is None else day_text(number)

    return {
        "id": version["id"],
        "name": version["name"],
        "start_date": day("startDate"),
        "reference_date": day("releaseDueDate"),
        "description": version["description"] or "",
    }


def _wiki(plan: ProjectPlan, week: int, rng: Random) -> Json:
    place = week % len(words.WIKI_PAGES)
    return {
        "id": plan.project["id"] * 100 + place,
        "name": words.WIKI_PAGES[place],
        "content": rng.choice(words.SENTENCES),
        "diff": None if week < len(words.WIKI_PAGES) else "1c1\n< 旧\n---\n> 新",
        "version": week // len(words.WIKI_PAGES) + 1,
        "attachments": [],
        "shared_files": [],
    }


def _document(plan: ProjectPlan, week: int) -> Json:
    place = week % len(words.DOCUMENTS)
    return {"id": f"{plan.project['id'] * 100 + place:032x}", "title": words.DOCUMENTS[place]}
