"""What the IO manager holds when processes are killed, write at once, or somebody else has the file. All are real."""

import random
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from backlog_assets_tests.processes import (
    LETTERS,
    ROWS,
    foreign_holder,
    forked,
    heard,
    lets_go,
    manager_of,
    opens,
    run_both_tables,
    write_generation,
    write_until_killed,
)

KILLS = 12


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "space.duckdb")


def rows(database: str, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(database) as connection:
        return connection.execute(sql).fetchall()


GENERATIONS = "SELECT p, generation, count(*), count(DISTINCT row) FROM s.t GROUP BY ALL ORDER BY ALL"


@pytest.mark.parametrize("partition", [None, LETTERS[1]], ids=["a whole table", "a partition"])
def test_a_writer_killed_at_any_moment_leaves_the_old_rows_or_the_new_ones(database, partition):
    chance = random.Random(20260505)
    manager = manager_of(database, wait_seconds=1)
    neighbour = [(LETTERS[0], -1, 10, 10)] if partition else []
    if partition:
        write_generation(manager, LETTERS[0], -1, rows=10)
    write_generation(manager, partition, 0)
    began = time.monotonic()
    write_generation(manager, partition, 1)
    duration = time.monotonic() - began
    generation, old, new = 1, 0, 0
    for _ in range(KILLS):
        writer, told = forked(write_until_killed, database, partition, generation + 1)
        done = heard(told)
        time.sleep(chance.uniform(0, 1.5 * duration))
        writer.kill()
        writer.join()
        while told.poll():
            try:
                done = told.recv()
            except EOFError:
                break
        found = rows(database, GENERATIONS)
        key = partition or LETTERS[0]
        assert found in [[*neighbour, (key, one, ROWS, ROWS)] for one in (done, done + 1)]
        old, new = old + (found[-1][1] == done), new + (found[-1][1] == done + 1)
        # The lock of a dead process is no lock: one second of patience is enough.
        generation = done + 2
        write_generation(manager, partition, generation)
        assert rows(database, GENERATIONS) == [*neighbour, (key, generation, ROWS, ROWS)]
    assert old + new == KILLS


def test_a_writer_killed_while_it_makes_the_file_leaves_nothing_in_the_way(tmp_path):
    chance = random.Random(20260505)
    for attempt in range(8):
        database = str(tmp_path / f"{attempt}.duckdb")
        writer, _ = forked(write_until_killed, database, None, 1)
        time.sleep(chance.uniform(0.005, 0.08))
        writer.kill()
        writer.join()
        write_generation(manager_of(database, wait_seconds=1), None, 0, rows=5)
        assert rows(database, GENERATIONS) == [(LETTERS[0], 0, 5, 5)]


def test_eight_runs_at_once_lose_nothing(database):
    rounds = 3
    writers = [forked(run_both_tables, database, letter, rounds) for letter in LETTERS]
    assert [heard(told) for _, told in writers] == ["ready"] * 8
    for _, told in writers:
        told.send("go")
    assert [[heard(told) for _ in range(rounds)] for _, told in writers] == [[True] * rounds] * 8
    for writer, _ in writers:
        writer.join()
    last = rounds - 1
    assert rows(database, 'SELECT p, "at", count(*) FROM public.shared GROUP BY ALL ORDER BY ALL') == [
        (letter, last, 3) for letter in LETTERS
    ]
    for own in range(len(LETTERS)):
        assert rows(database, f'SELECT "at" FROM public.own_{own} ORDER BY 1') == [(turn,) for turn in range(rounds)]


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_a_write_waits_for_somebody_elses_program(database, mode):
    manager = manager_of(database)
    write_generation(manager, None, 1, rows=5)
    with foreign_holder(Path(database), mode) as holder:
        timer = threading.Timer(0.5, lets_go, [holder])
        timer.start()
        write_generation(manager, None, 2, rows=7)
        timer.join()
    assert rows(database, GENERATIONS) == [(LETTERS[0], 2, 7, 7)]


def test_a_run_that_has_written_leaves_the_file_to_others(database):
    write_generation(manager_of(database), None, 1, rows=5)
    opens(Path(database))
    assert [one.name for one in Path(database).parent.iterdir() if one.suffix == ".wal"] == []
