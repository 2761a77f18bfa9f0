"""No record is lost and none is given twice, whatever happens to the list between two requests."""

import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backlog_assets.catalogue.spec import Paging
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.errors import Unavailable, Undefined, WrongShape
from backlog_assets.paging import PAGE, SeenIds, walk
from backlog_assets_tests.scripted import ScriptedServer


class Space:
    """A list of rows as Backlog keeps it, oldest first. `between` is called before every request."""

    def __init__(self, rows: int, *, inclusive: bool = True, between: Callable[["Space"], None] | None = None) -> None:
        self.ids = [10 * n for n in range(1, rows + 1)]
        self.made = rows
        self.inclusive = inclusive
        self.between = between
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.ever_deleted: set[int] = set()

    def add(self, rows: int) -> None:
        self.ids += [10 * n for n in range(self.made + 1, self.made + rows + 1)]
        self.made += rows

    def delete(self, at: int) -> None:
        if self.ids:
            self.ever_deleted.add(self.ids.pop(at % len(self.ids)))

    def __call__(self, path: str, params: Any) -> Any:
        if self.between and self.asked:
            self.between(self)
        self.asked.append((path, dict(params)))
        if path.endswith("/count"):
            return {"count": len(self.ids)}
        found = self.ids
        if "minId" in params:
            found = [n for n in found if n > params["minId"] or (self.inclusive and n == params["minId"])]
        offset = params.get("offset", 0)
        return [{"id": n} for n in found[offset : offset + params["count"]]]


def ids(pages: Any) -> list[int]:
    return [record["id"] for page in pages for record in page]


def changing(seed: int, most_deleted: int, most_made: int) -> Callable[[Space], None]:
    dice = random.Random(seed)

    def between(space: Space) -> None:
        for _ in range(dice.randint(0, most_deleted)):
            space.delete(dice.randrange(1 << 30))
        space.add(dice.randint(0, most_made))

    return between


CHANGES = given(
    rows=st.integers(0, 450),
    seed=st.integers(0, 10_000),
    most_deleted=st.sampled_from([0, 1, 5, 40]),
    most_made=st.sampled_from([0, 1, 5, 120]),
)


def test_one_object_is_one_page_of_one_record():
    assert list(walk(lambda path, params: {"a": 1}, "/space", Paging.ONE, {})) == [[{"a": 1}]]
    with pytest.raises(WrongShape, match="with a list, not one object"):
        list(walk(lambda path, params: [], "/space", Paging.ONE, {}))


def test_a_whole_list_is_one_page_of_any_length():
    listed = [{"id": n} for n in range(250)]
    assert list(walk(lambda path, params: listed, "/users", Paging.WHOLE, {})) == [listed]
    assert list(walk(lambda path, params: [], "/users", Paging.WHOLE, {})) == [[]]


@pytest.mark.parametrize("answer", [{}, [1], [None], [[{"id": 1}]], ["a"]])
@pytest.mark.parametrize("paging", [Paging.WHOLE, Paging.OFFSET, Paging.BY_ID])
def test_what_is_no_list_of_objects_is_never_an_empty_list(paging, answer):
    with pytest.raises(WrongShape) as raised:
        list(walk(lambda path, params: answer, "/users", paging, {}))
    assert raised.value.path == "/users"


@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 200, 350])
@pytest.mark.parametrize("paging", [Paging.OFFSET, Paging.BY_ID, Paging.COUNTED])
def test_a_still_list_comes_whole_once_and_with_few_requests(paging, rows):
    space = Space(rows)
    assert sorted(ids(walk(space, "/things", paging, {"projectId": [1]}))) == space.ids
    pages = -(-rows // PAGE)
    assert len(space.asked) <= (max(1, pages) if paging is Paging.COUNTED else pages) + 1
    assert all(params["projectId"] == [1] for _, params in space.asked)


def test_a_counted_list_of_no_rows_is_still_asked_for_its_first_page():
    space = Space(0)
    assert list(walk(space, "/issues", Paging.COUNTED, {})) == []
    assert [path for path, _ in space.asked] == ["/issues/count", "/issues"]


def test_a_counted_list_is_read_from_the_end_and_counted_without_the_words_of_paging():
    space = Space(250)
    told: list[int] = []
    pages = list(walk(space, "/issues", Paging.COUNTED, {"sort": "created", "projectId": [1]}, on_total=told.append))
    assert [len(page) for page in pages] == [50, 100, 100]
    assert space.asked[0] == ("/issues/count", {"projectId": [1]})
    assert [params["offset"] for _, params in space.asked[1:]] == [200, 100, 0]
    assert all(params["order"] == "asc" and params["sort"] == "created" for _, params in space.asked[1:])
    assert told == [250]


@settings(deadline=None, max_examples=150)
@CHANGES
def test_a_counted_walk_loses_no_row_that_was_there_throughout(rows, seed, most_deleted, most_made):
    space = Space(rows, between=changing(seed, most_deleted, most_made))
    before = set(space.ids)
    came: list[int] = []
    try:
        for page in walk(space, "/issues", Paging.COUNTED, {}):
            came += [record["id"] for record in page]
    except Unavailable:
        assert most_deleted > 0
        assert most_made > 0
        return
    assert len(came) == len(set(came))
    assert before - space.ever_deleted <= set(came)
    assert len(space.asked) <= 60


@pytest.mark.parametrize("inclusive", [True, False])
@settings(deadline=None, max_examples=100)
@CHANGES
def test_a_walk_by_id_loses_no_row_that_was_there_throughout(inclusive, rows, seed, most_deleted, most_made):
    space = Space(rows, inclusive=inclusive, between=changing(seed, most_deleted, min(most_made, 5)))
    before = set(space.ids)
    came = ids(walk(space, "/activities", Paging.BY_ID, {}))
    assert came == sorted(set(came))
    assert before - space.ever_deleted <= set(came)


@settings(deadline=None, max_examples=100)
@CHANGES
def test_where_nothing_can_be_counted_no_row_is_lost_either(rows, seed, most_deleted, most_made):
    space = Space(rows, between=changing(seed, most_deleted, min(most_made, 5)))
    before = set(space.ids)

    def get(path: str, params: Any) -> Any:
        if path.endswith("/count"):
            raise Undefined("no such path")
        return space(path, params)

    came = ids(walk(get, "/issues", Paging.COUNTED, {"sort": "created"}))
    assert len(came) == len(set(came))
    assert before - space.ever_deleted <= set(came)


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("rows", [5, 100, 101, 199, 300])
def test_a_walk_since_an_id_gives_only_later_rows(inclusive, rows):
    space = Space(rows, inclusive=inclusive)
    assert ids(walk(space, "/activities", Paging.BY_ID, {}, since_id=30)) == space.ids[3:]
    assert ids(walk(space, "/activities", Paging.BY_ID, {}, since_id=space.ids[-1])) == []
    first = space.asked[0][1]
    assert (first["order"], first["count"], first["minId"]) == ("asc", 100, 30)


LAWLESS: dict[str, tuple[Paging, Callable[[Any], list[int]]]] = {
    "ignores the offset": (Paging.OFFSET, lambda params: list(range(1, 101))),
    "ignores minId": (Paging.BY_ID, lambda params: list(range(1, 101))),
    "ignores order": (Paging.BY_ID, lambda params: list(range(100, 0, -1))),
    "gives newest first above minId": (Paging.BY_ID, lambda params: [n + params.get("minId", 0) for n in (1, 3, 2)]),
    "gives an id twice in a page": (Paging.BY_ID, lambda params: [1, 1]),
    "repeats more than the last row": (
        Paging.BY_ID,
        lambda params: list(range(1, 101)) if "minId" not in params else list(range(99, 199)),
    ),
    "gives more than a page": (Paging.OFFSET, lambda params: list(range(1, 102))),
    "gives more than a page by id": (Paging.BY_ID, lambda params: list(range(1, 102))),
    "turns in a circle": (
        Paging.OFFSET,
        lambda params: list(range(params["offset"] % 300, params["offset"] % 300 + 100)),
    ),
    "counts, and ignores the offset": (Paging.COUNTED, lambda params: list(range(1, 101))),
    "counts, and gives more than a page": (Paging.COUNTED, lambda params: list(range(1, 102))),
}


@pytest.mark.parametrize("law", LAWLESS)
def test_a_server_that_breaks_the_rules_of_paging_is_found_out(law):
    paging, answer = LAWLESS[law]
    asked: list[str] = []

    def get(path: str, params: Any) -> Any:
        asked.append(path)
        assert len(asked) < 20
        return {"count": 250} if path.endswith("/count") else [{"id": n} for n in answer(params)]

    with pytest.raises(WrongShape):
        list(walk(get, "/things", paging, {}))


def test_a_page_of_rows_deleted_at_once_is_not_taken_for_a_broken_server():
    def between(space: Space) -> None:
        if len(space.asked) == 2:
            del space.ids[100:200]

    space = Space(250, between=between)
    assert sorted(ids(walk(space, "/issues", Paging.COUNTED, {}))) == sorted(space.ids)


@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": True}, {"id": 1.5}, {"id": "7"}])
def test_a_walk_by_id_needs_whole_ids(record):
    with pytest.raises(WrongShape, match="without a whole id"):
        list(walk(lambda path, params: [record], "/activities", Paging.BY_ID, {}))


@pytest.mark.parametrize(
    "count", [[], {}, {"count": None}, {"count": -1}, {"count": "7"}, {"count": True}, {"count": 1.0}]
)
def test_a_count_that_is_none_is_wrong(count):
    with pytest.raises(WrongShape, match="/issues/count without a count"):
        list(walk(lambda path, params: count, "/issues", Paging.COUNTED, {}))


def test_records_without_an_id_are_told_apart_by_whole_pages():
    def seen(n: int) -> dict[str, object]:
        return {"issue": {"id": n}, "updated": "2026-01-01T00:00:00Z"}

    def get(path: str, params: Any) -> Any:
        return [seen(n) for n in range(params["offset"], min(params["offset"] + 100, 150))]

    path = "/users/myself/recentlyViewedIssues"
    assert [len(page) for page in walk(get, path, Paging.OFFSET, {})] == [100, 50]
    with pytest.raises(WrongShape, match="ignores `offset`"):
        list(walk(lambda path, params: [seen(1)] * 100, path, Paging.OFFSET, {}))


def test_a_list_that_gives_fewer_rows_than_it_counts_is_read_again_and_then_given_up():
    def get(path: str, params: Any) -> Any:
        return {"count": 3} if path.endswith("/count") else [{"id": 1}, {"id": 2}]

    came: list[int] = []

    def read() -> None:
        came.extend(record["id"] for page in walk(get, "/issues", Paging.COUNTED, {}) for record in page)

    with pytest.raises(Unavailable, match="the space changed while it was read"):
        read()
    assert came == [1, 2]


def test_a_row_that_was_missed_comes_with_the_second_reading():
    readings: list[int] = []

    def get(path: str, params: Any) -> Any:
        if path.endswith("/count"):
            return {"count": 3}
        readings.append(1)
        return [{"id": n} for n in ([1, 2] if len(readings) == 1 else [1, 2, 3])]

    assert list(walk(get, "/issues", Paging.COUNTED, {})) == [[{"id": 1}, {"id": 2}], [{"id": 3}]]


def test_pages_go_over_the_wire_as_backlog_spells_them():
    def script(asked: Any) -> Any:
        if asked.path.endswith("/count"):
            return {"count": 101}
        return [{"id": n} for n in range(int(asked.one("offset")) + 1, 102)][:100]

    with ScriptedServer(script) as server, BacklogClient(server.address, ApiKey("some-secret-key")) as client:
        pages = list(client.pages("/issues", Paging.COUNTED, {"sort": "created", "projectId": [7, 8]}))
    assert [len(page) for page in pages] == [1, 100]
    assert server.asked[0].query == [("projectId[]", "7"), ("projectId[]", "8")]
    assert server.asked[1].query[-3:] == [("order", "asc"), ("count", "100"), ("offset", "100")]


@given(st.lists(st.one_of(st.integers(-5, 300), st.integers(2**62, 2**64), st.text(max_size=3)), max_size=800))
def test_seen_ids_are_a_set(found):
    seen, plain = SeenIds(), set[object]()
    for one in found:
        assert (one in seen) == (one in plain)
        assert seen.add(one) == (one not in plain)
        plain.add(one)
    assert len(seen) == len(plain)


def test_seen_ids_cost_little_memory():
    tracemalloc.start()
    seen = SeenIds()
    for n in range(50_000):
        seen.add(n * 1000 + 7)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen) == 50_000
    assert most < 50_000 * 48
