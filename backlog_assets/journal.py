"""What Backlog has answered to a load that is not over, so that who goes on after a stopped run asks nothing twice.

A journal is a file of lines: a head, which tells on what terms its answers may be used, then an answer a line, each
with its checksum. A load that finds the journal of a stopped one does what that one would have done, only later: what
was asked before is answered from the file, in the same words and order; what was not, is asked.

What a killed process has written is with the operating system, and safe. A machine that goes down may tear the end:
what is torn is dropped. Nothing is forced to the disk; all that is lost by it are the requests of the last seconds.

A journal belongs to whoever holds the lock beside it. The system frees the lock of a process that ends, however it
ends, so two loads never use the same journal, and nobody waits for the dead. Knows no HTTP, no Dagster and no DuckDB.
"""

import hashlib
import logging
import time
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
from filelock import FileLock, Timeout

from backlog_assets.errors import Undefined
from backlog_assets.paging import Params, SeenIds

SUFFIX = ".journal"

VERSION = "1"
"""Of the file's form. A journal of another form is thrown away."""

SPOOL_HOURS = 24.0
"""How long ago a load may have been stopped whose answers are used, unless BACKLOG_SPOOL_HOURS says otherwise."""

FAILURES = 2
"""So often may the tables refuse what came, for no reason known; then it is thrown away, for it might fail for ever."""

HEAD, FAILED = 0, 1
"""Keys of lines that hold no answer: what the file is, and that loading it has failed."""

KEPT = b'{"kept"'
"""How the JSON of a line begins that holds no answer but what was kept."""

FRAME = 26
"""Bytes in front of a line's JSON: its checksum in 8 digits, a space, its key in 16 digits, a space."""


@dataclass(frozen=True)
class Terms:
    """On what terms the answers to a stopped load may be used.

    `scope` names the part that is loaded, where a table may be loaded in parts: each has journals of its own.
    `settings` (name -> value) must be what they were. A load that was stopped more than `hours` ago is done anew; with
    0, none is kept at all.
    """

    hours: float = SPOOL_HOURS
    scope: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    now: Callable[[], float] = time.time
    log: logging.Logger | None = None


class Journal:
    """The answers to one load, with those that an earlier, stopped load was given.

    `began` is the epoch second in which the first of these loads began; `found` is how many answers there were when
    this one did, `replayed` how many of them it has used so far. Made by `open_journal`.
    """

    def __init__(self, path: Path | None = None, lock: FileLock | None = None, began: float = 0.0) -> None:
        self.path = path
        self.began = began
        self.found = 0
        self.replayed = 0
        self._lock = lock
        self._failures = 0
        self._file: BinaryIO | None = None
        self._places = Places()
        self._asked = SeenIds()

    @property
    def name(self) -> str | None:
        """What the files of the load are called, whichever run goes on with it; None where no journal is kept."""
        return self.path.name.removesuffix(SUFFIX) if self.path else None

    def answer(self, unit: str, path: str, params: Params, ask: Callable[[], Any]) -> Any:
        """What Backlog has answered to this before, else what `ask` brings now.

        What is asked for another `unit` of work is another question. A question that is asked again and again gets the
        answers in their order. That Backlog knows no such path is an answer too; no other error is.
        """
        if self._file is None:
            return ask()
        key = self._key(unit, path, params)
        place = self._places.find(key)
        if place is not None:
            self.replayed += 1
            return _meant(self._json_at(place))
        try:
            value = ask()
        except Undefined as error:
            self._append(key, {"undefined": [str(error), error.path, error.status, error.code]})
            raise
        self._append(key, {"value": value})
        return value

    def keep(self, name: str, value: Any) -> Any:
        """`value` as it was when the first of these loads asked for it: a cursor, say, that must not be ahead of the
        answers."""
        if self._file is None:
            return value
        key = self._key("", f"keep {name}", {})
        place = self._places.find(key)
        if place is not None:
            return self._json_at(place)["kept"]
        self._append(key, {"kept": value})
        return value

    def failed(self) -> bool:
        """Notes that the tables have refused what came, for no reason known. True where that was too often."""
        self._failures += 1
        if self._file is not None:
            self._append(FAILED, {})
        return self._failures >= FAILURES

    def release(self) -> None:
        """Leaves everything to the next load."""
        self._close()
        if self._lock is not None:
            self._lock.release()

    def discard(self) -> None:
        """Removes everything: it is in the tables, or nobody wants it any more."""
        self._close()
        if self.path is not None and self._lock is not None:
            _remove(self.path, self._lock)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def begin(self, head: Mapping[str, Any]) -> None:
        """Starts a new file. A kill before the head is whole leaves a file without a head, which is thrown away."""
        assert self.path is not None
        self._file = self.path.open("w+b")
        self._append(HEAD, head)

    def resume(self, whole: "_Whole") -> None:
        """Goes on with a file, behind its last whole line."""
        assert self.path is not None
        self._file = self.path.open("r+b")
        self._file.truncate(whole.end)
        self.found, self._failures, self._places = whole.answers, whole.failures, whole.places

    def _key(self, unit: str, path: str, params: Params) -> int:
        at = 0
        while True:
            asked = orjson.dumps([unit, path, dict(params), at], option=orjson.OPT_SORT_KEYS)
            key = int.from_bytes(hashlib.blake2b(asked, digest_size=8).digest(), "big") >> 1 | 2
            if self._asked.add(key):
                return key
            at += 1

    def _append(self, key: int, entry: Mapping[str, Any]) -> None:
        assert self._file is not None
        try:
            line = _line(key, entry)
        except TypeError:
            return  # what is no proper JSON (a number too large) is not kept, and asked for again
        self._file.seek(0, 2)
        self._file.write(line)
        self._file.flush()

    def _json_at(self, place: int) -> dict[str, Any]:
        assert self._file is not None
        self._file.seek(place)
        return orjson.loads(self._file.readline()[FRAME:])


def open_journal(place: Path, name: str, terms: Terms) -> Journal:
    """The journal of a stopped load in folder `place`, if there is one that may be used; else a new one of this `name`.

    What may not be used is thrown away, and the log told why. What a living load is using is left alone.
    """
    if terms.hours <= 0:
        return Journal()
    place.mkdir(parents=True, exist_ok=True)
    part = _digest(terms.scope)
    for path in sorted(place.glob(f"*{SUFFIX}"), key=_written_at, reverse=True):
        is_ours = path.name.endswith(f".{part}{SUFFIX}")
        if is_ours or _is_old(path, terms):
            found = _taken(path, terms)
            if found is not None:
                return found
    path = place / f"{name}.{part}{SUFFIX}"
    lock = _lock(path)
    if lock is None:  # the same run does the same load twice at once
        return Journal()
    journal = Journal(path, lock, terms.now())
    journal.begin({"began": journal.began, "settings": _settings(terms)})
    return journal


def _taken(path: Path, terms: Terms) -> Journal | None:
    """The stopped load's journal, taken over; None where it is in use, or may not be used and was thrown away."""
    lock = _lock(path)
    if lock is None:
        return None
    if not path.exists():  # its load has just ended
        _remove(path, lock)
        return None
    log, table = terms.log or logging.getLogger(__name__), path.parent.name
    whole = _read(path)
    problem = _problem(path, whole, terms)
    if whole is None or problem:
        log.warning("What a stopped load of %s had read was thrown away: %s. It is read anew.", table, problem)
        _remove(path, lock)
        return None
    journal = Journal(path, lock, whole.head["began"])
    journal.resume(whole)
    if whole.torn:
        log.warning("The end of what a stopped load of %s had read is torn; it was dropped.", table)
    log.info("A load of %s was stopped; it goes on, and %d requests are not sent again.", table, whole.answers)
    return journal


def _problem(path: Path, whole: "_Whole | None", terms: Terms) -> str:
    """Why a journal may not be used; empty where it may."""
    if whole is None:
        return "it is damaged"
    if _is_old(path, terms):
        return f"that was more than {terms.hours:g} hours ago (BACKLOG_SPOOL_HOURS)"
    if whole.failures >= FAILURES:
        return f"loading it has failed {whole.failures} times"
    kept, now = whole.head.get("settings", {}), _settings(terms)
    differs = [name for name in sorted({*kept, *now}) if kept.get(name) != now.get(name)]
    return f"it is of another {', '.join(differs)}" if differs else ""


@dataclass
class _Whole:
    """What is whole of a file: its head, where the last whole line ends, and where each answer is."""

    head: dict[str, Any]
    end: int
    answers: int
    failures: int
    places: "Places"
    torn: bool


def _read(path: Path) -> _Whole | None:
    """None for a file that has no head, or whole lines behind a broken one: that is no torn end but a damage."""
    places = Places()
    head: dict[str, Any] | None = None
    end = answers = failures = 0
    broken = False
    with path.open("rb") as file:
        for line in file:
            key = _key_of(line)
            if key is None:
                broken = True
                continue
            if broken:
                return None
            if key == HEAD:
                head = orjson.loads(line[FRAME:])
            elif key == FAILED:
                failures += 1
            else:
                places.put(key, end)
                answers += not line.startswith(KEPT, FRAME)
            end += len(line)
    return None if head is None else _Whole(head, end, answers, failures, places, broken)


def _line(key: int, entry: Mapping[str, Any]) -> bytes:
    rest = b"%016x %b" % (key, orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
    return b"%08x %b" % (zlib.crc32(rest), rest)


def _key_of(line: bytes) -> int | None:
    """The key of a line; None where the line is not as it was written."""
    try:
        is_whole = line.endswith(b"\n") and int(line[:8], 16) == zlib.crc32(memoryview(line)[9:])
        return int(line[9 : FRAME - 1], 16) if is_whole else None
    except ValueError:
        return None


def _meant(entry: dict[str, Any]) -> Any:
    if "undefined" in entry:
        message, path, status, code = cast("list[Any]", entry["undefined"])
        raise Undefined(message, path=path, status=status, code=code)
    return entry["value"]


class Places:
    """Key -> place in the file, in 24 to 48 bytes each: an open hash table in two arrays. Keys are above 1."""

    def __init__(self) -> None:
        self._size = 0
        self._keys = array("q", [0]) * 256
        self._places = array("q", [0]) * 256

    @property
    def nbytes(self) -> int:
        """What the two arrays take."""
        return len(self._keys) * self._keys.itemsize * 2

    def put(self, key: int, place: int) -> None:
        at = self._slot(key)
        if not self._keys[at]:
            self._size += 1
        self._keys[at], self._places[at] = key, place
        if self._size * 3 > len(self._keys) * 2:
            self._grow()

    def find(self, key: int) -> int | None:
        at = self._slot(key)
        return self._places[at] if self._keys[at] else None

    def _slot(self, key: int) -> int:
        """Where the key is, or the free place for it. Keys are hashes: their low digits are as good as any."""
        mask = len(self._keys) - 1
        at = key >> 2 & mask
        while self._keys[at] and self._keys[at] != key:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        full: Iterator[tuple[int, int]] = zip(self._keys, self._places, strict=True)
        self._keys = array("q", [0]) * (len(self._keys) * 2)
        self._places = array("q", [0]) * len(self._keys)
        for key, place in full:
            if key:
                at = self._slot(key)
                self._keys[at], self._places[at] = key, place


def _settings(terms: Terms) -> dict[str, str]:
    """The settings as fingerprints: enough to compare, and nothing of them can be read."""
    return {name: _digest(value) for name, value in {**terms.settings, "version": VERSION}.items()}


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _is_old(path: Path, terms: Terms) -> bool:
    return terms.now() - _written_at(path) > terms.hours * 3600


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _lock(path: Path) -> FileLock | None:
    """The lock of a journal, held; None where a living load holds it."""
    lock = FileLock(f"{path}.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


def _remove(path: Path, lock: FileLock) -> None:
    """Removes a journal that is held, the spool files of its load and, last, its lock."""
    for left in path.parent.glob(f"{path.name.removesuffix(SUFFIX)}.*.ndjson"):
        left.unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
