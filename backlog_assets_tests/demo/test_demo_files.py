"""Shared files in their folders, and the contents of files: as many bytes as the lists say, the same each time."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest

from backlog_assets.demo import Fault

from .conftest import Api

ROOT = "/projects/WEB/files/metadata/"


def walk(api: Api, key: str, path: str = "/") -> list[dict[str, Any]]:
    """All that is in a folder and in those in it."""
    rows = api.json(f"/projects/{key}/files/metadata/{quote(path.strip('/'))}")
    inner = [row for row in rows if row["type"] == "directory"]
    return rows + [row for one in inner for row in walk(api, key, f"{path}{one['name']}/")]


@pytest.mark.parametrize("path", ["nowhere", "資料/2024", "screenshot.png"])
def test_a_folder_that_is_not_there_is_an_error(api: Api, path: str):
    assert api.error(ROOT + path)[:2] == (404, 6)


def test_a_page_is_a_thousand_rows_at_most(api: Api):
    assert api.error(ROOT, {"count": 1_001})[:2] == (400, 7)
    assert api.error(ROOT, {"sort": "name"})[:2] == (400, 7)
    rows = api.json(ROOT, {"order": "asc"})
    assert api.json(ROOT) == rows[::-1]
    assert api.json(ROOT, {"order": "asc", "offset": 1, "count": 2}) == rows[1:3]


def test_the_walk_finds_every_file_once_in_the_folder_it_says(api: Api):
    rows = walk(api, "WEB")
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in api.space.shared_files[5001])
    assert {row["dir"] for row in rows if row["type"] == "file"} == {
        "/",
        "/資料/",
        "/資料/2025/",
        "/100% & more #1?/",
    }
    assert api.json(f"{ROOT}{quote('空のフォルダ')}") == []
    assert {row["size"] is None for row in rows if row["type"] == "directory"} == {True}


def test_a_file_that_an_issue_links_is_the_one_in_the_folder(api: Api):
    there = {row["id"]: row for row in walk(api, "APP")}
    linked = [file for issue in api.space.by_project[5002] for file in issue.json()["sharedFiles"]]
    assert linked
    assert all(there[file["id"]] == file for file in linked)


@pytest.mark.parametrize("key", ["WEB", "IDEA"])
def test_a_file_has_as_many_bytes_as_its_row_says_and_its_name(api: Api, key: str):
    for row in walk(api, key):
        path = f"/projects/{key}/files/{row['id']}"
        if row["type"] == "directory":
            assert api.error(path)[:2] == (404, 6)
            continue
        response = api.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert len(response.content) == row["size"]
        shown = response.headers["Content-Disposition"]
        name = unquote(shown.split("UTF-8''")[-1]) if "UTF-8''" in shown else shown.split('"')[1]
        assert name == row["name"]
        assert api.get(path).content == response.content


def test_an_issues_attachment_can_be_fetched_by_those_who_see_the_issue(api: Api, member: Api):
    issue = next(issue for issue in api.space.by_project[5001] if issue.json()["attachments"])
    [file, *_] = issue.json()["attachments"]
    path = f"/issues/{issue.id}/attachments/{file['id']}"
    assert len(api.get(path).content) == file["size"]
    assert api.error(f"/issues/{issue.id}/attachments/1")[:2] == (404, 6)
    hidden = next(issue for issue in api.space.ordered if issue.project_id not in api.space.visible(api.space.member))
    assert member.error(f"/issues/{hidden.id}/attachments/1")[:2] == (404, 6)


def test_faults_happen_to_files_too(small: Api):
    path = "/projects/WEB/files/500102"
    small.server.faults.append(Fault("bad_json", path=path, times=1))
    assert len(small.get(path).content) == 30_727 // 2
    assert len(small.get(path).content) == 30_727


def test_a_large_file_is_made_while_it_is_sent(small: Api):
    row = small.space.add_shared_file("WEB", "/新しい/フォルダ/", "動画.mp4", 40_000_000)
    with small.get(f"/projects/WEB/files/{row['id']}", stream=True) as response:
        assert response.headers["Content-Length"] == "40000000"
        assert sum(len(chunk) for chunk in response.iter_content(1 << 20)) == 40_000_000
    assert [one["name"] for one in small.json(f"{ROOT}{quote('新しい/フォルダ')}")] == ["動画.mp4"]


def test_a_deleted_file_leaves_its_folder_and_the_issues_and_an_activity_tells_of_it(small: Api):
    issue = next(issue for issue in small.space.by_project[5001] if issue.json()["sharedFiles"])
    [file, *others] = issue.json()["sharedFiles"]
    updated = issue.json()["updated"]
    small.space.delete_shared_file(file["id"])
    assert small.error(f"/projects/WEB/files/{file['id']}")[:2] == (404, 6)
    assert file["id"] not in {row["id"] for row in walk(small, "WEB")}
    row = small.json(f"/issues/{issue.id}")
    assert (row["sharedFiles"], row["updated"]) == (others, updated)
    [told] = small.json("/space/activities", {"count": 1})
    assert (told["type"], told["content"]["id"], told["content"]["dir"]) == (10, file["id"], file["dir"])
