"""What is loaded by changes is what a full load brings, whatever happens in the space."""

from __future__ import annotations

from pathlib import Path

import pytest

from backlog_assets_tests.moving_space import STEADY, Follower, Weather, following

NEEDED = {
    "project": "projects",
    "user": "users",
    "version": "project_versions",
    "status": "project_statuses",
    "issue_type": "project_issue_types",
    "category": "project_components",
    "custom_field": "project_custom_fields",
}
"""What a change ends with -> the table that tells of it."""


@pytest.mark.parametrize(
    ("seed", "page", "zone"), [(1, 7, "UTC"), (2, 20, "Pacific/Kiritimati"), (3, 100, "Etc/GMT+12")]
)
def test_after_each_batch_of_changes_the_tables_are_those_of_a_fresh_full_load(
    tmp_path: Path, seed: int, page: int, zone: str
) -> None:
    with following(tmp_path, page=page, server={"updated_since_zone": zone}, issues=60, seed=seed) as follower:
        weather = Weather(follower.server.space, seed)
        follower.sync()
        everything: set[int] = set()
        for batch in range(5):
            done = [weather.blow(STEADY) for _ in range(weather.random.randint(1, 40))]
            needed = {table for kind in done for end, table in NEEDED.items() if kind.endswith(end)}
            follower.load(*sorted(needed & {"projects", "users"}), "activities", "issues")
            follower.load_masters(*(needed - {"projects", "users"}))
            fresh = Follower(tmp_path, follower.server, f"fresh{batch}")
            fresh.load_issues(full=True)
            assert follower.live() == fresh.live(), (batch, weather.done)
            before, everything = everything, {row[0] for row in follower.rows("SELECT id FROM issues")}
            assert before <= everything, "rows are kept"
