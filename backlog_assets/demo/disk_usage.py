"""How many bytes the space and its projects take. What is there is summed; the rest grows by the week. No HTTP."""

from __future__ import annotations

from backlog_assets.demo.company import LICENCE, Json
from backlog_assets.demo.details import ChangeableDetails
from backlog_assets.demo.register import mix
from backlog_assets.demo.times import DAY, START

USED = ("issue", "wiki", "document", "file", "subversion", "git", "gitLFS")
SPACE_USED = tuple(name for name in USED if name != "document")
"""What the space's own sums have; documents are told by project only."""

LFS_PROJECT = 0
"""Place of the one project that keeps large files in Git."""


def space_usage(space: ChangeableDetails) -> Json:
    """The answer of `/space/diskUsage`: sums, and every project in `details`."""
    details = [project_usage(space, id_) for id_ in space.projects if id_ not in space.hidden]
    sums = {name: sum(row[name] for row in details) for name in SPACE_USED}
    return {"capacity": LICENCE["storageLimit"], **sums, "details": details}


def project_usage(space: ChangeableDetails, project_id: int) -> Json:
    """The answer of `/projects/{p}/diskUsage`."""
    project = space.projects[project_id]
    seed, weeks = space.register.seed, max(0, space.until - START) // (7 * DAY)

    def grown(feature: str, least: int, most: int, salt: int) -> int:
        """Bytes that grew by the same amount every week, where the project has that feature."""
        return weeks * (least + mix(seed + salt, project_id) % (most - least)) if project[feature] else 0

    git = grown("useGit", 40_000, 900_000, 61)
    plan = next((plan for plan in space.company.projects if plan.project["id"] == project_id), None)
    return {
        "projectId": project_id,
        "issue": attached_bytes(space).get(project_id, 0),
        "wiki": grown("useWiki", 2_000, 30_000, 67),
        "document": grown("useDocument", 3_000, 50_000, 71),
        "file": sum(file["size"] for file in plan.shared_files) if plan else 0,
        "subversion": 0,
        "git": git,
        "gitLFS": git * 7 if plan is not None and plan.index == LFS_PROJECT else 0,
    }


def attached_bytes(space: ChangeableDetails) -> dict[int, int]:
    """Bytes of all attachments of the issues that are there, by project id."""

    def sums() -> dict[int, int]:
        return {
            project_id: sum(
                file["size"]
                for issue in issues
                if b'"attachments":[]' not in issue.raw
                for file in issue.json()["attachments"]
            )
            for project_id, issues in space.by_project.items()
        }

    return space.worked_out("attached bytes", sums)
