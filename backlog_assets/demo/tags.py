"""Tags of wiki pages or of documents: a name with an id, each project's own."""

from __future__ import annotations

from collections.abc import Iterable

from backlog_assets.demo.company import Json
from backlog_assets.demo.page_words import TAGS

NEW_TAG = 100
"""What a tag made later has as its place, at least; others have their place in `TAGS`."""


class Tags:
    """Gives a name its id, and keeps it."""

    def __init__(self) -> None:
        self._ids: dict[int, dict[str, int]] = {}

    def ids(self, project_id: int) -> dict[str, int]:
        return self._ids.setdefault(project_id, {name: project_id * 100 + at for at, name in enumerate(TAGS)})

    def rows(self, project_id: int, names: Iterable[str]) -> list[Json]:
        """As the API shows tags of these names."""
        ids = self.ids(project_id)
        return [{"id": ids.setdefault(name, self._new(project_id)), "name": name} for name in names]

    def _new(self, project_id: int) -> int:
        return project_id * 1_000_000 + NEW_TAG + len(self._ids[project_id])
