"""What was read, what is failing and what has to be sent, in one SQLite file. Knows no Dagster and no network.

Position, memory and deliveries change in one transaction: a tick that dies has either noticed a failure and put its
messages into the outbox, or it has noticed nothing. Each delivery is marked before it is sent and noted afterwards. One
that died in between may have arrived: it is sent again with the same id and marked so, for losing it is worse.
"""

import sqlite3
import uuid
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from filelock import Timeout as LockTimeout
from pydantic import TypeAdapter

from backlog_assets.alerts.state import (
    LOOK_BACK_SECONDS,
    Memory,
    Notice,
    Observation,
    Policy,
    Position,
    Reading,
    Severity,
    advance,
    channels_for,
)

FIRST_BACKOFF_SECONDS = 30.0
LONGEST_BACKOFF_SECONDS = 3600.0
GIVE_UP_SECONDS = 3 * 86400.0
"""After this long an alert is no news; the next reminder tells what still fails."""

KEPT_SECONDS = 30 * 86400.0
"""How long what was sent is kept, for people who look into the file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS observed (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notices (
    id TEXT PRIMARY KEY, incident TEXT NOT NULL, made_at REAL NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY, place INTEGER NOT NULL, notice TEXT NOT NULL REFERENCES notices, channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'lost')), tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0, again INTEGER NOT NULL DEFAULT 0, made_at REAL NOT NULL, detail TEXT);
CREATE TABLE IF NOT EXISTS troubles (channel TEXT PRIMARY KEY, tries INTEGER NOT NULL, next_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS remembered (
    channel TEXT NOT NULL, incident TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (channel, incident));
"""

POSITION, MEMORY = TypeAdapter(Position), TypeAdapter(Memory)
NOTICE, OBSERVATION = TypeAdapter(Notice), TypeAdapter(Observation)


@dataclass(frozen=True)
class Delivery:
    """A notice on its way to a channel. `again`: an earlier try may have arrived."""

    id: str
    channel: str
    notice: Notice
    tries: int
    again: bool
    made_at: float


class Outbox(AbstractContextManager["Outbox"]):
    """The file, held by this process alone until it is closed. Raises TimeoutError where another one holds it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(str(path.with_name(path.name + ".lock")), timeout=0)
        held = True
        try:
            self._lock.acquire()
        except LockTimeout:
            held = False
        if not held:
            raise TimeoutError(f"{path.name} is held by another tick.")
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(SCHEMA)
            # The process that was sending these is gone, or this one would not hold the lock.
            self._db.execute("UPDATE deliveries SET state = 'waiting', again = 1 WHERE state = 'sending'")
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()
        self._lock.release()

    @property
    def position(self) -> Position:
        kept = self._kept("position")
        return Position() if kept is None else POSITION.validate_json(kept)

    @property
    def memory(self) -> Memory:
        kept = self._kept("memory")
        return Memory() if kept is None else MEMORY.validate_json(kept)

    def take(
        self,
        reading: Reading,
        policy: Policy,
        now: float,
        routes: Mapping[Severity, tuple[str, ...]],
        channels: Iterable[str],
    ) -> list[Notice]:
        """Keeps what was read, and puts the messages it makes into the outbox; returns them.

        As long as a reading is behind, it is only kept: what failed may have recovered in what is still to be read.
        """
        channels = tuple(channels)
        with self._transaction():
            last = self._kept("ticked_at")
            is_start = last is None or now - float(last) > LOOK_BACK_SECONDS or self._kept("starting") == "yes"
            values = [(OBSERVATION.dump_json(one).decode(),) for one in reading.observations]
            self._db.executemany("INSERT INTO observed (value) VALUES (?)", values)
            self._keep("position", POSITION.dump_json(reading.position).decode())
            self._keep("ticked_at", repr(now))
            self._keep("starting", "yes" if is_start and reading.behind else "no")
            if reading.behind:
                return []
            observed = [OBSERVATION.validate_json(v) for (v,) in self._db.execute("SELECT value FROM observed")]
            memory, notices = advance(
                self.memory, observed, policy, now, lambda: uuid.uuid4().hex, tell_brief=not is_start
            )
            self._db.execute("DELETE FROM observed")
            self._keep("memory", MEMORY.dump_json(memory).decode())
            for notice in notices:
                self._put(notice, channels_for(notice.severity, routes, channels))
            self._forget(now)
        return notices

    def _put(self, notice: Notice, channels: Iterable[str]) -> None:
        row = (notice.id, notice.incident, notice.at, NOTICE.dump_json(notice).decode())
        self._db.execute("INSERT INTO notices VALUES (?, ?, ?, ?)", row)
        for channel in channels:
            self._db.execute(
                "INSERT INTO deliveries (id, place, notice, channel, state, made_at) "
                "SELECT ?, coalesce(max(place), 0) + 1, ?, ?, 'waiting', ? FROM deliveries",
                (uuid.uuid4().hex, notice.id, channel, notice.at),
            )

    def waiting(self) -> int:
        [(count,)] = self._db.execute("SELECT count(*) FROM deliveries WHERE state = 'waiting'")
        return int(count)

    def due(self, channels: Iterable[str], now: float) -> list[Delivery]:
        """What may be sent now, oldest first. Of one incident a channel gets one message after the other."""
        found: list[Delivery] = []
        held: set[tuple[str, str]] = set()
        named = set(channels)
        in_trouble = {name for name, at in self._db.execute("SELECT channel, next_at FROM troubles") if at > now}
        rows = self._db.execute(
            "SELECT d.id, d.channel, n.value, d.tries, d.again, d.made_at, d.next_at FROM deliveries d "
            "JOIN notices n ON n.id = d.notice WHERE d.state = 'waiting' ORDER BY d.place"
        )
        for id_, channel, value, tries, again, made_at, next_at in rows:
            notice = NOTICE.validate_json(value)
            before = (channel, notice.incident)
            if channel in named and channel not in in_trouble and next_at <= now and before not in held:
                found.append(Delivery(id_, channel, notice, tries, bool(again), made_at))
            held.add(before)
        return found

    def sending(self, delivery: Delivery) -> str | None:
        """Notes that it is about to be sent; returns what the channel remembers of the incident."""
        with self._transaction():
            self._db.execute("UPDATE deliveries SET state = 'sending', tries = tries + 1 WHERE id = ?", (delivery.id,))
        row = self._db.execute(
            "SELECT value FROM remembered WHERE channel = ? AND incident = ?",
            (delivery.channel, delivery.notice.incident),
        ).fetchone()
        return None if row is None else str(row[0])

    def sent(self, delivery: Delivery, detail: str, remember: str | None) -> None:
        with self._transaction():
            self._db.execute("UPDATE deliveries SET state = 'sent', detail = ? WHERE id = ?", (detail, delivery.id))
            self._db.execute("DELETE FROM troubles WHERE channel = ?", (delivery.channel,))
            if remember is not None:
                row = (delivery.channel, delivery.notice.incident, remember)
                self._db.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", row)

    def failed(
        self, delivery: Delivery, reason: str, now: float, *, again: bool, is_message: bool, wait_seconds: float
    ) -> bool:
        """Notes when it is tried next; whether it is given up instead."""
        lost = now - delivery.made_at >= GIVE_UP_SECONDS
        with self._transaction():
            [(tries,)] = self._db.execute(
                "SELECT coalesce(max(tries), 0) + 1 FROM troubles WHERE channel = ?", (delivery.channel,)
            ).fetchall()
            tries = delivery.tries + 1 if is_message else tries
            next_at = now + max(backoff(tries), min(wait_seconds, LONGEST_BACKOFF_SECONDS))
            if not is_message:
                row = (delivery.channel, tries, next_at)
                self._db.execute("INSERT OR REPLACE INTO troubles VALUES (?, ?, ?)", row)
            self._db.execute(
                "UPDATE deliveries SET state = ?, again = max(again, ?), next_at = ?, detail = ? WHERE id = ?",
                ("lost" if lost else "waiting", int(again), next_at if is_message else 0.0, reason, delivery.id),
            )
        return lost

    def _forget(self, now: float) -> None:
        old = (now - KEPT_SECONDS,)
        self._db.execute("DELETE FROM deliveries WHERE made_at < ? AND state IN ('sent', 'lost')", old)
        self._db.execute("DELETE FROM notices WHERE made_at < ? AND id NOT IN (SELECT notice FROM deliveries)", old)
        open_ids = [incident.id for incident in self.memory.incidents]
        marks = ", ".join("?" * len(open_ids))
        self._db.execute(
            "DELETE FROM remembered WHERE incident NOT IN (SELECT incident FROM notices) "
            f"AND incident NOT IN ({marks})",
            open_ids,
        )

    def _kept(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _keep(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def backoff(tries: int) -> float:
    """Seconds until the next try, after that many failed ones."""
    return min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(tries - 1, 20))
