"""The walk of the shared files: every folder once, odd names too, and no refusal taken for an empty folder."""

from collections.abc import Callable
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.errors import Denied, WrongShape
from backlog_assets.file_reading import PAGE, shared_file_pages
from backlog_assets.journal import Journal
from backlog_assets.reading import Asking
from backlog_assets.shape import shape_of

ROOT = "/projects/WEB/files/metadata/"
FILES = BY_NAME["shared_files"]


class Folders:
    """Answers as a space whose folders are given: address below the root -> rows; or always the same `answer`."""

    def __init__(self, folders: dict[str, list[dict[str, Any]]], **always: Any) -> None:
        self.folders = folders
        self.always = always
        self.asked: list[tuple[str, int]] = []
        self.on_ask: Callable[[str], None] = lambda _: None

    def get(self, path: str, params: Any, /) -> Any:
        folder = path.removeprefix(ROOT)
        self.asked.append((folder, params["offset"]))
        self.on_ask(folder)
        if "answer" in self.always:
            return self.always["answer"]
        if folder not in self.folders:
            raise Denied(f"Backlog refused GET {path}: 404.", path=path, status=404, code=6)
        rows = self.folders[folder]
        return rows[params["offset"] : params["offset"] + params["count"]]

    def walked(self) -> list[int]:
        asking: Any = self
        return [row["id"] for page in shared_file_pages(asking, FILES, ROOT, {}) for row in page]


def row(id_: int, name: str = "", type_: str = "file") -> dict[str, Any]:
    return {"id": id_, "name": name or f"{id_}.txt", "type": type_}


def folder(id_: int, name: str) -> dict[str, Any]:
    return row(id_, name, "directory")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", None])
def test_a_folder_whose_name_leads_elsewhere_is_refused(name: Any) -> None:
    with pytest.raises(WrongShape, match="folder"):
        Folders({"": [{"id": 1, "name": name, "type": "directory"}]}).walked()


@pytest.mark.parametrize("answer", [{"a": 1}, None, [1], [row(1)] * (PAGE + 1)])
def test_what_is_no_list_of_files_is_refused(answer: Any) -> None:
    space = Folders({}, answer=answer)
    with pytest.raises(WrongShape, match=r"GET /projects/WEB/files/metadata/"):
        space.walked()


def test_a_host_that_ignores_the_offset_is_refused() -> None:
    space = Folders({}, answer=[row(id_) for id_ in range(PAGE)])
    with pytest.raises(WrongShape, match="offset"):
        space.walked()


def test_a_folder_that_is_refused_is_no_empty_one() -> None:
    space = Folders({"": [folder(1, "a"), row(2)]})
    with pytest.raises(Denied):
        space.walked()
    assert space.asked == [("", 0), ("a", 0), ("", 0)]


def test_a_folder_that_goes_while_it_is_walked_takes_its_files_along() -> None:
    space = Folders({"": [folder(1, "a"), row(2)], "a": [folder(3, "b"), row(4)], "a/b": [row(5)]})

    def delete(asked: str) -> None:
        if asked == "a/b":
            space.folders = {"": [row(2)]}

    space.on_ask = delete
    assert space.walked() == [1, 2, 3, 4]


def test_a_folder_of_more_than_a_page_is_read_to_its_end_and_a_file_that_is_moved_comes_once() -> None:
    rows = [row(id_) for id_ in range(1, PAGE + 6)]
    space = Folders({"": [folder(9_001, "a"), *rows], "a": [rows[0], row(9_002)]})
    assert space.walked() == [9_001, *range(1, PAGE + 6), 9_002]
    assert space.asked == [("", 0), ("", PAGE), ("a", 0)]


def test_the_demo_spaces_files_are_all_found_and_every_field_of_them_is_a_column() -> None:
    shape = shape_of(FILES)
    with DemoServer(DemoSpace(issues=0)) as server, BacklogClient(server.url, ApiKey(server.api_key)) as client:
        asking = Asking(client, Journal())
        rows = [one for page in shared_file_pages(asking, FILES, FILES.path.format(project="WEB"), {}) for one in page]
        server.faults.append(Fault("403", path="/projects/WEB/files/metadata/資料/2025"))
        with pytest.raises(Denied):
            list(shared_file_pages(asking, FILES, ROOT, {}))
        assert sorted(one["id"] for one in rows) == sorted(one["id"] for one in server.space.shared_files[5001])
    for one in rows:
        assert shape.extra(one) is None
        assert {column.field for column in FILES.columns if not column.optional and "." not in column.field} <= set(one)
