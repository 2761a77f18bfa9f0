"""Wiki pages: who may read them, how they are listed, and that they are what recent updates tell of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backlog_assets.demo import FIRST_DAY, DemoSpace

from .catalogued import assert_known
from .conftest import Api

LISTED = {"id", "projectId", "name", "tags", "createdUser", "created", "updatedUser", "updated"}
HANGING = {"attachments", "sharedFiles", "stars"}


def pages_of(api: Api, project: str) -> list[dict[str, Any]]:
    return api.json("/wikis", {"projectIdOrKey": project})


@pytest.fixture(scope="module")
def pages(api: Api) -> list[dict[str, Any]]:
    """Every page of the space, by itself."""
    keys = [project["projectKey"] for project in api.json("/projects")]
    return [api.json(f"/wikis/{page['id']}") for key in keys for page in pages_of(api, key)]


def page_with(pages: list[dict[str, Any]], field: str) -> dict[str, Any]:
    return next(page for page in pages if page[field])


@pytest.mark.parametrize("path", ["/wikis", "/wikis/count", "/wikis/tags"])
def test_a_list_is_that_of_a_project_that_the_user_may_see(api: Api, member: Api, path: str):
    assert api.error(path) == (400, 7, "error.required : projectIdOrKey")
    assert api.error(path, {"projectIdOrKey": "NONE"}) == (404, 6, "No project.")
    assert member.error(path, {"projectIdOrKey": "OPS"}) == (404, 6, "No project.")
    assert api.error(path, {"projectIdOrKey": "WEB", "count": 5}) == (400, 7, "error.unknownParameter : count")


@pytest.mark.parametrize("rest", ["", "/history", "/attachments", "/attachments/1", "/sharedFiles", "/stars"])
def test_a_page_is_not_there_for_who_has_not_joined_its_project(api: Api, member: Api, rest: str):
    page = pages_of(api, "OPS")[0]
    assert member.error(f"/wikis/{page['id']}{rest}") == (404, 6, "No wiki page.")
    for unknown in ("1", "500199", "x", "99999999"):
        assert api.error(f"/wikis/{unknown}{rest}") == (404, 6, "No wiki page.")


def test_a_refused_project_refuses_its_pages(small: Api):
    page = pages_of(small, "APP")[0]
    small.space.refuse_project("APP")
    assert small.error("/wikis", {"projectIdOrKey": "APP"})[:2] == (403, 5)
    assert small.error(f"/wikis/{page['id']}")[:2] == (403, 5)


def test_a_project_without_a_wiki_has_no_pages(small: Api):
    assert pages_of(small, "IDEA") == []
    assert small.json("/wikis/count", {"projectIdOrKey": "IDEA"}) == {"count": 0}
    assert small.json("/wikis/tags", {"projectIdOrKey": "IDEA"}) == []
    page = pages_of(small, "WEB")[0]
    small.space.projects[5001]["useWiki"] = False
    assert pages_of(small, "WEB") == []
    assert small.error(f"/wikis/{page['id']}")[:2] == (404, 6)


def test_shared_files_of_a_page_are_closed_to_restricted_members(api: Api, pages: list[dict[str, Any]]):
    page = page_with(pages, "sharedFiles")
    members = api.space.members[page["projectId"]]
    reporter = next(id_ for id_ in members if api.space.users[id_]["roleType"] == 3)
    api.server.keys["reporter-key"] = reporter
    client = Api(api.server, "reporter-key")
    assert client.json(f"/wikis/{page['id']}") == page
    assert client.error(f"/wikis/{page['id']}/sharedFiles")[:2] == (403, 5)


def test_the_list_is_whole_and_has_no_texts(api: Api):
    rows = pages_of(api, "WEB")
    assert len(rows) == 12
    assert {frozenset(row) for row in rows} == {frozenset(LISTED)}
    assert {row["projectId"] for row in rows} == {5001}
    assert api.json("/wikis/count", {"projectIdOrKey": "5001"}) == {"count": len(rows)}
    assert [row["name"] for row in rows if "FAQ" in row["name"]] == ["FAQ"]
    assert [row["name"] for row in api.json("/wikis", {"projectIdOrKey": "WEB", "keyword": "FAQ"})] == ["FAQ"]
    assert api.server.requests[-1].rate_class == "search"


def test_a_page_by_itself_has_its_text_and_what_hangs_on_it(api: Api, pages: list[dict[str, Any]]):
    listed = {row["id"]: row for key in ("WEB", "APP", "OPS", "CRM", "OLD") for row in pages_of(api, key)}
    for page in pages:
        assert set(page) == LISTED | HANGING | {"content"}
        assert {name: page[name] for name in LISTED} == listed[page["id"]]
    assert len(listed) == len(pages)
    for field in HANGING:
        page = page_with(pages, field)
        assert api.json(f"/wikis/{page['id']}/{field}") == page[field]


def test_pages_are_as_odd_as_real_ones(pages: list[dict[str, Any]]):
    for field in (*HANGING, "tags", "content"):
        assert {bool(page[field]) for page in pages} == {True, False}, field
    assert max(len(page["content"]) for page in pages) > 50_000
    texts = "".join(page["name"] + page["content"] for page in pages)
    assert all(odd in texts for odd in ("🚀", "\u2028", "\r\n", "</script>", '"', "'", "👨‍👩‍👧"))
    stars = [star["id"] for page in pages for star in page["stars"]]
    files = [file["id"] for page in pages for file in page["attachments"]]
    assert (len(set(stars)), len(set(files))) == (len(stars), len(files))


def test_tags_of_a_project_are_those_of_its_pages(api: Api):
    used = {tag["id"]: tag for page in pages_of(api, "APP") for tag in page["tags"]}
    assert api.json("/wikis/tags", {"projectIdOrKey": "APP"}) == [used[id_] for id_ in sorted(used)]
    assert len(used) > 3


@pytest.mark.parametrize("style", ["exclusive", "inclusive"])
def test_a_history_is_paged_by_version(served: Callable[..., Api], style: str):
    api = served(id_paging=style)
    page = max(pages_of(api, "WEB"), key=lambda one: len(api.space.wikis.pages(5001)[one["id"]].versions))
    path = f"/wikis/{page['id']}/history"
    assert [row["version"] for row in api.json(path)] == list(range(120, 100, -1))
    first = api.json(path, {"order": "asc", "count": 100})
    assert [row["version"] for row in first] == list(range(1, 101))
    rest = api.json(path, {"order": "asc", "count": 100, "minId": 100})
    assert [row["version"] for row in rest] == list(range(100 if style == "inclusive" else 101, 121))
    assert set(first[0]) == {"pageId", "version", "name", "content", "createdUser", "created"}


def test_every_told_version_is_in_the_history_and_every_later_one_is_told(api: Api, pages: list[dict[str, Any]]):
    told = {
        (row["content"]["id"], row["content"]["version"]): row for row in api.space.activities if row["type"] in (5, 6)
    }
    begun = min(row["created"] for row in api.space.activities)
    kept: set[tuple[int, int]] = set()
    for page in pages:
        history = [
            row
            for before in ({}, {"maxId": 21})
            for row in api.json(f"/wikis/{page['id']}/history", {"count": 100, **before})
        ][::-1]
        assert (history[-1]["content"], history[-1]["created"]) == (page["content"], page["updated"])
        assert history[-1]["createdUser"] == page["updatedUser"]
        assert (history[0]["createdUser"], history[0]["created"]) == (page["createdUser"], page["created"])
        for row in history:
            activity = told.get((page["id"], row["version"]))
            assert (activity is None) == (row["created"] < begun)
            if activity:
                kept.add((page["id"], row["version"]))
                assert activity["project"]["id"] == page["projectId"]
                assert activity["created"] == row["created"]
                assert activity["createdUser"] == row["createdUser"]
                assert {name: activity["content"][name] for name in ("name", "content")} == {
                    name: row[name] for name in ("name", "content")
                }
    assert kept == told.keys()
    assert {row["type"] for row in told.values()} == {5, 6}


def test_a_later_date_only_adds_versions():
    before, after = DemoSpace(issues=5), DemoSpace(issues=5, date=FIRST_DAY + timedelta(days=14))
    moved = 0
    for project_id in before.projects:
        assert before.wikis.pages(project_id).keys() == after.wikis.pages(project_id).keys()
        for id_, page in before.wikis.pages(project_id).items():
            later = after.wikis.pages(project_id)[id_]
            assert later.versions[: len(page.versions)] == page.versions
            assert later.stars[: len(page.stars)] == page.stars
            moved += len(later.versions) > len(page.versions)
    assert moved


def test_an_attachment_is_exactly_as_long_as_its_line_says(api: Api, member: Api, pages: list[dict[str, Any]]):
    for page in (one for one in pages if one["attachments"]):
        for file in page["attachments"]:
            path = f"/wikis/{page['id']}/attachments/{file['id']}"
            response = api.get(path)
            assert response.headers["Content-Type"] == "application/octet-stream"
            assert response.headers["Content-Disposition"].startswith("attachment; filename=")
            assert int(response.headers["X-RateLimit-Remaining"]) > 0
            assert len(response.content) == file["size"]
            assert api.get(path).content == response.content
    assert api.error(f"/wikis/{pages[0]['id']}/attachments/1") == (404, 6, "No attachment.")


def test_a_page_comes_changes_and_goes_with_its_activities(small: Api):
    space = small.space
    made = space.create_wiki(
        "WEB", "新しいページ", "一行目", author=1002, at="2026-09-01T01:02:03Z", tags=["設計", "新"]
    )
    assert small.json(f"/wikis/{made['id']}") == made
    assert (made["created"], made["createdUser"]["id"]) == ("2026-09-01T01:02:03Z", 1002)
    changed = space.update_wiki(made["id"], content="二行目", tags=["新"])
    assert changed["updated"] > made["updated"]
    assert (changed["name"], changed["content"]) == ("新しいページ", "二行目")
    assert [row["content"] for row in small.json(f"/wikis/{made['id']}/history")] == ["二行目", "一行目"]
    space.star_wiki(made["id"])
    assert small.json(f"/wikis/{made['id']}")["updated"] == changed["updated"]
    assert len(small.json(f"/wikis/{made['id']}/stars")) == 1
    assert {tag["name"] for tag in small.json("/wikis/tags", {"projectIdOrKey": "WEB"})} > {"新"}
    space.delete_wiki(made["id"])
    assert small.error(f"/wikis/{made['id']}")[:2] == (404, 6)
    told = small.json("/projects/WEB/activities", {"count": 3})
    assert [(row["type"], row["content"]["id"], row["content"]["version"]) for row in told] == [
        (7, made["id"], 2),
        (6, made["id"], 2),
        (5, made["id"], 1),
    ]
    assert len({row["id"] for row in told}) == 3


def test_a_told_page_can_be_changed_and_deleted_and_a_new_project_has_none(small: Api):
    page = pages_of(small, "WEB")[0]
    last = small.json(f"/wikis/{page['id']}/history", {"count": 1})[0]["version"]
    small.space.update_wiki(page["id"], name="改名")
    assert pages_of(small, "WEB")[0]["name"] == "改名"
    assert small.json(f"/wikis/{page['id']}/history", {"count": 1})[0]["version"] == last + 1
    small.space.delete_wiki(page["id"])
    assert page["id"] not in {row["id"] for row in pages_of(small, "WEB")}
    with pytest.raises(KeyError, match="there is no wiki page"):
        small.space.delete_wiki(page["id"])
    small.space.add_project("NEW", "新しいプロジェクト")
    assert pages_of(small, "NEW") == []


def test_the_catalogue_knows_every_field_of_wiki_pages(api: Api, pages: list[dict[str, Any]]):
    assert_known("wikis", (row for key in ("WEB", "OLD") for row in pages_of(api, key)))
    assert_known("wiki_contents", pages)
    assert_known("wiki_tags", api.json("/wikis/tags", {"projectIdOrKey": "WEB"}), added=["projectId"])
    versions = [row for page in pages for row in api.json(f"/wikis/{page['id']}/history", {"count": 100})]
    assert_known("wiki_history", versions, added=["projectId"])
