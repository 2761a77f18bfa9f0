"""The shared files of projects, in their folders, and what becomes of them after the space was built. Knows no HTTP."""

from __future__ import annotations

from typing import Any

from backlog_assets.demo.company import Json, ProjectPlan
from backlog_assets.demo.project_changes import ChangeableProjects
from backlog_assets.demo.times import START, stamp

FILE_ADDED, FILE_DELETED = 8, 10
"""Types of the activities that tell of a shared file."""

DIRECTORIES = ("/資料/", "/資料/2025/", "/100% & more #1?/", "/空のフォルダ/")
"""Folders of every project, those above before those below: one with an odd name, one with nothing in it."""

MORE_FILES = (
    ("/資料/", "議事録 第1回 [final].docx", 0),
    ("/100% & more #1?/", "a+b=c; d.csv", 3_000),
    ("/100% & more #1?/", "絵文字 🚀.png", 5_001),
)
"""Files of every project that no issue links: folder, name, bytes."""


class ChangeableFiles(ChangeableProjects):
    """The part of `DemoSpace` that has shared files."""

    def __init__(self, **made: Any) -> None:
        super().__init__(**made)
        self.shared_files: dict[int, list[Json]] = {
            int(plan.project["id"]): self._shared_files(plan) for plan in self.company.projects
        }
        """By project id: files and directories, oldest first."""
        self.shared_files_made = 40
        """Place of the last one made since the space was built; ids of deleted ones are not given again."""

    def _shared_files(self, plan: ProjectPlan) -> list[Json]:
        project_id, people = int(plan.project["id"]), self.company.users
        rows = [dict(row) for row in plan.shared_files]
        for dir_ in DIRECTORIES:
            above, name = _split(dir_)
            rows.append(self._shared_file(project_id, 10 + len(rows), "directory", above, name, None, people[0], START))
        for dir_, name, size in MORE_FILES:
            rows.append(
                self._shared_file(project_id, 10 + len(rows), "file", dir_, name, size, people[1], START + len(rows))
            )
        return rows

    def _shared_file(
        self, project_id: int, place: int, type_: str, dir_: str, name: str, size: int | None, who: Json, at: int
    ) -> Json:
        return {
            "id": project_id * 100 + place,
            "projectId": project_id,
            "type": type_,
            "dir": dir_,
            "name": name,
            "size": size,
            "createdUser": who,
            "created": stamp(at),
            "updatedUser": None,
            "updated": stamp(at),
        }

    def directory(self, project_id: int, path: str) -> list[Json] | None:
        """What is in a folder such as `/資料/`; None where there is no such folder."""
        rows = self.shared_files.get(project_id, [])
        folders = {f"{row['dir']}{row['name']}/" for row in rows if row["type"] == "directory"}
        if path != "/" and path not in folders:
            return None
        return [row for row in rows if row["dir"] == path]

    def add_shared_file(self, project_key: str, dir_: str, name: str, size: int) -> Json:
        """A file in a folder such as `/資料/`, which is made where it is not there."""
        with self.changing():
            project_id, moment = self.project_id(project_key), self.moment()
            rows, who = self.shared_files.setdefault(project_id, []), self.users[self.owner]
            parts = dir_.strip("/").split("/") if dir_ != "/" else []
            for depth in range(1, len(parts) + 1):
                path = f"/{'/'.join(parts[:depth])}/"
                if self.directory(project_id, path) is None:
                    rows.append(
                        self._shared_file(
                            project_id, self._shared_file_place(), "directory", *_split(path), None, who, moment
                        )
                    )
            row = self._shared_file(project_id, self._shared_file_place(), "file", dir_, name, size, who, moment)
            rows.append(row)
            self.add_activity(FILE_ADDED, project_id, _told(row), at=moment)
            return row

    def delete_shared_file(self, file_id: int) -> None:
        """Takes it from the issues that link it too, without moving their `updated`."""
        with self.changing():
            row = self.shared_file(file_id)
            self.shared_files[row["projectId"]].remove(row)
            for issue in self.by_project[row["projectId"]]:
                if any(linked["id"] == file_id for linked in issue.json()["sharedFiles"]):
                    self.rewrite(
                        issue,
                        lambda one: one.update(sharedFiles=[x for x in one["sharedFiles"] if x["id"] != file_id]),
                    )
            self.add_activity(FILE_DELETED, row["projectId"], _told(row))

    def shared_file(self, file_id: int) -> Json:
        """KeyError where there is no such file."""
        for rows in self.shared_files.values():
            for row in rows:
                if row["id"] == file_id and row["type"] == "file":
                    return row
        raise KeyError(f"there is no shared file {file_id}")

    def delete_project(self, key: str) -> None:
        with self.changing():
            self.shared_files.pop(self.project_id(key), None)
            super().delete_project(key)

    def _shared_file_place(self) -> int:
        self.shared_files_made += 1
        return self.shared_files_made


def _split(directory: str) -> tuple[str, str]:
    """`/資料/2025/` -> (`/資料/`, `2025`)."""
    above, _, name = directory.rstrip("/").rpartition("/")
    return f"{above}/", name


def _told(row: Json) -> Json:
    """A file as activities tell of it."""
    return {name: row[name] for name in ("id", "dir", "name", "size")}
