"""BACKLOG_TABLES: what a word of it means, what is refused, and what follows from what is left out."""

from __future__ import annotations

import pytest

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint
from backlog_assets.choice import Choice, choice_from
from backlog_assets.errors import Misconfigured
from backlog_assets.jobs import DETAILS, FULL_REFRESH, ISSUES, PROJECTS_JOB, SPACE, THEN, build_jobs, job_endpoints
from backlog_assets.schedules import build_schedules
from backlog_assets.sensors import build_sensors
from backlog_assets_tests.made_up import LIKES, MEMOS, NOTES, PAGES, VERSIONS, with_catalogue


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with_catalogue(monkeypatch, PAGES, NOTES, VERSIONS, LIKES, MEMOS)


def names(text: str) -> list[str]:
    return [endpoint.name for endpoint in choice_from(text).endpoints]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("-wikis", "names wikis, which is no group and no table. Groups: space, people, projects"),
        ("+nothing", "names nothing, which is no group"),
        ("*", "'\\*' is not understood. Write groups or tables"),
        ("-web:pages", "'-web:pages' is not understood"),
        ("-AAA:memos", "names memos of project AAA, but it is not loaded by project"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        choice_from(text)


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ("", ["projects", "pages", "page_notes", "page_versions", "memos"]),
        ("+note_likes", ["projects", "pages", "page_notes", "page_versions", "note_likes", "memos"]),
        ("-page_notes", ["projects", "pages", "page_versions", "memos"]),
        ("-pages", ["projects", "memos"]),
        ("-wiki,+page_notes", ["projects", "pages", "page_notes", "memos"]),
        ("-people, -wiki", ["projects"]),
        ("memos", ["memos"]),
        ("page_versions", ["projects", "pages", "page_versions"]),
        ("page_note_stars", ["projects", "pages", "page_notes"]),
        ("-projects", ["projects", "pages", "page_notes", "page_versions", "memos"]),
    ],
)
def test_a_word_takes_or_leaves_a_group_or_a_table_and_what_is_asked_for_its_rows(text: str, loaded: list[str]) -> None:
    assert names(text) == loaded


def test_what_is_left_out_with_what_it_is_asked_for_is_told() -> None:
    assert choice_from("-pages").notes == [
        f"{name} is left out, because it is asked for the rows of pages, which is not loaded (BACKLOG_TABLES)."
        for name in ("page_notes", "page_versions")
    ]
    assert choice_from("-wiki").notes == []


@pytest.mark.parametrize(
    ("text", "endpoint", "left_out"),
    [
        ("-AAA:pages", PAGES, {"AAA"}),
        ("-AAA:pages", NOTES, {"AAA"}),
        ("-AAA:page_notes", PAGES, set()),
        ("-AAA:wiki,+AAA:pages", NOTES, {"AAA"}),
        ("-pages,+AAA:page_notes", NOTES, set()),
    ],
)
def test_a_word_may_be_about_one_project(text: str, endpoint: Endpoint, left_out: set[str]) -> None:
    choice = choice_from(text)
    assert choice.but(endpoint) == left_out
    assert choice.takes(endpoint)
    assert choice.leaves_out(endpoint, "BBB") is (text == "-pages,+AAA:page_notes")


def test_jobs_schedules_and_sensors_are_of_what_is_chosen() -> None:
    everything = {job: [one.name for one in found] for job, found in job_endpoints().items()}
    assert everything == {
        SPACE: ["projects", "memos"],
        PROJECTS_JOB: ["pages"],
        DETAILS: ["page_notes", "page_versions"],
        FULL_REFRESH: ["projects", "memos"],
    }
    choice = choice_from("memos")
    assert [job.name for job in build_jobs((), choice)] == [SPACE, FULL_REFRESH]
    [full_refresh] = [job for job in build_jobs((), choice) if job.name == FULL_REFRESH]
    assert THEN not in (full_refresh.tags or {})
    assert [one.name for one in build_schedules({}, choice)] == [
        "masters_daily",
        "full_refresh_weekly",
        "checks_hourly",
    ]
    assert [one.name for one in build_sensors({}, choice)] == ["first_load", "lost_runs"]


def test_the_real_catalogue_is_chosen_whole_but_for_what_is_opt_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert set(Choice().endpoints) == {one for one in ENDPOINTS if not one.opt_in}
    assert ISSUES in job_endpoints()
    without = [one.name for one in choice_from("-issues").endpoints]
    assert "issue_comments" not in without
    assert "activities" in without
    assert BY_NAME["issues"].group == "issues"
