"""What is kept of a load that is not over: answered from it, taken over, thrown away."""

import logging
import os
import random
import re
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from backlog_assets.errors import Denied, Undefined
from backlog_assets.journal import FAILURES, Journal, Places, Terms, open_journal

SETTINGS = {"space": "demo", "user": "0123456789abcdef0123456789abcdef", "choice of projects": "WEB"}


class Backlog:
    """Counts what it is asked, and answers each time something else."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, journal: Journal, path: str, unit: str = "", **params: Any) -> Any:
        def ask() -> Any:
            self.asked.append(path)
            return [{"path": path, "at": len(self.asked), "text": 'line\nbreak "絵" \u2028'}]

        return journal.answer(unit, path, params, ask)


@pytest.fixture
def backlog() -> Backlog:
    return Backlog()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "demo" / "issues"


def opened(place: Path, run: str = "run", **terms: Any) -> Journal:
    return open_journal(place, run, Terms(**{"settings": SETTINGS, **terms}))


def stopped(place: Path, backlog: Backlog, paths: str = "abc", **terms: Any) -> Path:
    """The file of a load that asked for these paths, and was stopped."""
    journal = opened(place, "stopped", **terms)
    for path in paths:
        backlog.answer(journal, path)
    journal.release()
    backlog.asked.clear()
    assert journal.path is not None
    return journal.path


def test_what_was_asked_before_is_answered_as_it_was_and_the_rest_is_asked(place: Path, backlog: Backlog) -> None:
    first = opened(place)
    answers = [backlog.answer(first, path, count=100) for path in "abc"]
    first.release()
    second = opened(place, "another run")
    assert (second.found, second.replayed) == (3, 0)
    assert [backlog.answer(second, path, count=100) for path in "abc"] == answers
    assert backlog.asked == ["a", "b", "c"]
    backlog.answer(second, "d")
    second.release()
    third = opened(place, "a third")
    assert (third.found, third.began, third.path) == (4, first.began, first.path)
    assert backlog.answer(third, "d")[0]["at"] == 4
    third.discard()
    assert list(place.iterdir()) == []


def test_a_question_asked_again_is_answered_in_the_order_of_the_answers(place: Path, backlog: Backlog) -> None:
    first = opened(place)
    answers = [backlog.answer(first, "/issues/count") for _ in range(3)]
    first.release()
    second = opened(place)
    assert [backlog.answer(second, "/issues/count") for _ in range(4)] == [
        *answers,
        [{**answers[0][0], "at": 4}],
    ]
    second.discard()


def test_the_same_question_for_another_unit_of_work_or_of_another_page_is_another_question(
    place: Path, backlog: Backlog
) -> None:
    first = opened(place)
    backlog.answer(first, "/a", unit="1", count=100)
    first.release()
    second = opened(place)
    backlog.answer(second, "/a", unit="2", count=100)
    backlog.answer(second, "/a", unit="1", count=100, minId=5)
    assert (second.replayed, len(backlog.asked)) == (0, 3)
    backlog.answer(second, "/a", unit="1", count=100)
    assert (second.replayed, len(backlog.asked)) == (1, 3)
    second.discard()


def test_a_path_that_is_unknown_stays_unknown_and_what_was_denied_is_asked_again(place: Path) -> None:
    asked: list[str] = []

    def failing(error: Exception) -> Callable[[], Any]:
        def ask() -> Any:
            asked.append(type(error).__name__)
            raise error

        return ask

    for _ in range(2):
        journal = opened(place)
        with pytest.raises(Undefined, match=r"^no such path$") as raised:
            journal.answer("", "/categories", {}, failing(Undefined("no such path", path="/x", status=400, code=6)))
        assert (raised.value.path, raised.value.status, raised.value.code) == ("/x", 400, 6)
        with pytest.raises(Denied):
            journal.answer("", "/versions", {}, failing(Denied("no")))
        journal.release()
    assert asked == ["Undefined", "Denied", "Denied"]


def test_a_cursor_stays_what_it_was_when_the_load_began(place: Path) -> None:
    first = opened(place)
    assert first.keep("activity", 5) == 5
    first.release()
    second = opened(place)
    assert second.keep("activity", 9) == 5
    second.discard()
    third = opened(place)
    assert third.keep("activity", 9) == 9
    third.discard()


def test_a_journal_that_is_in_use_is_left_alone(place: Path, backlog: Backlog) -> None:
    stopped(place, backlog)
    first, second, third = opened(place, "1"), opened(place, "2"), opened(place, "2")
    assert (first.found, second.found, third.found) == (3, 0, 0)
    assert first.path != second.path
    assert third.path is None, "the same run, twice at once: the second time nothing is kept"
    for journal in (first, second, third):
        journal.discard()
    assert list(place.iterdir()) == []


def test_a_load_that_has_ended_while_another_looked_leaves_nothing(place: Path, backlog: Backlog) -> None:
    path = stopped(place, backlog)
    path.unlink()
    journal = opened(place)
    assert journal.found == 0
    journal.discard()


Damage = Callable[[Path, dict[str, Any]], Any]


def changed(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def older(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def set_to(name: str) -> Damage:
    return lambda path, terms: terms.update(settings={**SETTINGS, name: "another"})


REASONS: Mapping[str, tuple[Damage, str]] = {
    "too old": (lambda path, terms: older(path, 24.1), r"more than 24 hours ago \(BACKLOG_SPOOL_HOURS\)"),
    "older than was set": (lambda path, terms: (older(path, 2.1), terms.update(hours=2)), "more than 2 hours ago"),
    "of another space": (set_to("space"), "it is of another space"),
    "of another user": (set_to("user"), "it is of another user"),
    "of other projects": (set_to("choice of projects"), "it is of another choice of projects"),
    "of a new kind of setting": (set_to("something"), "it is of another something"),
    "damaged in the head": (lambda path, terms: changed(path, 3), "it is damaged"),
    "damaged in the middle": (lambda path, terms: changed(path, path.stat().st_size // 2), "it is damaged"),
    "empty": (lambda path, terms: path.write_bytes(b""), "it is damaged"),
    "no journal at all": (lambda path, terms: path.write_bytes(b"\x00" * 5000 + b"\n" + b"x" * 40), "it is damaged"),
}


@pytest.mark.parametrize(("damage", "reason"), REASONS.values(), ids=REASONS)
def test_what_may_not_be_used_is_thrown_away_with_a_word(
    place: Path, backlog: Backlog, caplog: pytest.LogCaptureFixture, damage: Damage, reason: str
) -> None:
    path = stopped(place, backlog, paths="abcdefgh")
    beside = path.with_name(path.name.replace(".journal", ".issues.ndjson"))
    beside.write_bytes(b"half a spool")
    terms: dict[str, Any] = {}
    damage(path, terms)
    with caplog.at_level(logging.WARNING):
        journal = opened(place, "new", **terms)
    [told] = caplog.messages
    assert told.startswith("What a stopped load of issues had read was thrown away: ")
    assert told.endswith(". It is read anew.")
    assert re.search(reason, told), told
    assert (journal.found, path.exists(), beside.exists()) == (0, False, False)
    backlog.answer(journal, "a")
    assert backlog.asked == ["a"]
    journal.discard()


def test_what_the_tables_refuse_again_and_again_is_thrown_away(place: Path, backlog: Backlog) -> None:
    stopped(place, backlog)
    told = []
    for _ in range(FAILURES):
        journal = opened(place)
        assert journal.found == 3
        told.append(journal.failed())
        journal.release()
    assert told == [False] * (FAILURES - 1) + [True]
    journal = opened(place)
    assert journal.found == 0
    journal.discard()


def test_a_torn_end_is_dropped_wherever_it_is_torn(place: Path, backlog: Backlog) -> None:
    path = stopped(place, backlog)
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in (last, *range(last + 1, len(whole), 7), len(whole) - 1):
        for tear in (whole[:end], whole[:end] + b"\0" * (len(whole) - end)):
            path.write_bytes(tear)
            journal = opened(place)
            assert journal.found == 2
            assert backlog.answer(journal, "b")[0]["at"] == 2
            assert journal.replayed == 1
            backlog.answer(journal, "c")
            journal.release()
            again = opened(place)
            assert again.found == 3, "what is written behind a torn end is whole"
            again.release()
    assert set(backlog.asked) == {"c"}


def test_parts_of_a_table_have_journals_of_their_own(place: Path, backlog: Backlog) -> None:
    stopped(place, backlog, scope="A,B")
    other = opened(place, scope="C")
    assert other.found == 0
    other.discard()
    same = opened(place, scope="A,B")
    assert same.found == 3
    same.release()


def test_old_journals_of_any_part_are_thrown_away(place: Path, backlog: Backlog) -> None:
    older(stopped(place, backlog, scope="A,B"), 25)
    opened(place, scope="C").discard()
    assert list(place.iterdir()) == []


def test_with_no_hours_nothing_is_kept(place: Path, backlog: Backlog) -> None:
    journal = opened(place, hours=0)
    assert [backlog.answer(journal, path)[0]["at"] for path in "aa"] == [1, 2]
    assert journal.path is None
    assert not place.exists()
    journal.release()
    journal.discard()


def test_what_is_no_json_is_not_kept_and_asked_again(place: Path) -> None:
    for _ in range(2):
        journal = opened(place)
        assert journal.found == 0
        assert journal.answer("", "/a", {}, lambda: [{"id": 2**70}]) == [{"id": 2**70}]
        assert journal.answer("", "/b", {}, lambda: ["\ud83d"]) == ["\ud83d"]
        journal.release()


def test_nothing_of_the_settings_can_be_read_in_it(place: Path, backlog: Backlog) -> None:
    content = stopped(place, backlog).read_text()
    assert not [value for value in SETTINGS.values() if value in content]


def test_many_answers_are_found_in_little_memory() -> None:
    chance = random.Random(20260505)
    keys = array("q", [chance.getrandbits(62) | 2 for _ in range(30_000)])
    places = Places()
    for at, key in enumerate(keys):
        places.put(key, at)
    assert all(places.find(key) == at for at, key in enumerate(keys))
    assert places.find(keys[0] ^ 4) is None
    assert places.nbytes / len(keys) < 48
