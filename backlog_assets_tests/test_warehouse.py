"""The DuckDB file by itself: opening, waiting, transactions, tables. Another process is a real one."""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import duckdb
import pytest

from backlog_assets.errors import Misconfigured, WarehouseBusy
from backlog_assets.warehouse import (
    Warehouse,
    columns_of,
    ensure_schema,
    ensure_table,
    folded,
    holder_of,
    quoted,
)
from backlog_assets_tests.processes import foreign_holder, lets_go, opens


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "space.duckdb"


def filled(file: Path, *values: int) -> Warehouse:
    """A warehouse with a table `numbers`."""
    warehouse = Warehouse(str(file), wait_seconds=5)
    with warehouse.transaction() as connection:
        connection.execute("CREATE TABLE numbers (number BIGINT)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [[value] for value in values])
    return warehouse


def numbers(file: Path) -> list[int]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return [number for [number] in connection.execute("SELECT number FROM numbers ORDER BY 1").fetchall()]


@pytest.mark.parametrize("name", ["issues", 'a "quoted" one', "a b", "select", "課題", ""])
def test_a_quoted_name_is_one_identifier(name):
    assert duckdb.sql(f"SELECT 1 AS {quoted(name or 'x')}").columns == [name or "x"]


def test_names_are_folded_as_duckdb_folds_them():
    assert folded("IssueÄ") == "issueÄ"
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE t ("Ä" INTEGER, "ä" INTEGER)')
        with pytest.raises(duckdb.CatalogException):
            connection.execute('CREATE TABLE u ("A" INTEGER, "a" INTEGER)')


def test_a_transaction_is_committed(file):
    filled(file, 1, 2)
    assert numbers(file) == [1, 2]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_whatever_is_raised_a_transaction_is_rolled_back_and_the_file_let_go(file, error):
    warehouse = filled(file, 1)

    def write() -> None:
        with warehouse.transaction() as connection:
            connection.execute("DELETE FROM numbers")
            connection.execute("CREATE TABLE other (x INTEGER)")
            raise error

    with pytest.raises(error):
        write()
    opens(file)
    assert numbers(file) == [1]
    with warehouse.connection() as connection:
        assert columns_of(connection, "main", "other") == {}


def test_a_failed_statement_undoes_what_came_before_it(file):
    warehouse = filled(file, 1)

    def write() -> None:
        with warehouse.transaction() as connection:
            connection.execute("DELETE FROM numbers")
            connection.execute("INSERT INTO numbers SELECT 'abc'")

    with pytest.raises(duckdb.ConversionException):
        write()
    opens(file)
    assert numbers(file) == [1]


def test_a_caught_error_that_aborted_the_transaction_still_changes_nothing(file):
    warehouse = filled(file, 1)

    def write() -> None:
        with warehouse.transaction() as connection:
            connection.execute("DELETE FROM numbers")
            with contextlib.suppress(duckdb.ConversionException):
                connection.execute("INSERT INTO numbers SELECT 'abc'")
            connection.execute("ROLLBACK")

    with pytest.raises(duckdb.TransactionException):
        write()
    assert numbers(file) == [1]


def test_the_connection_is_closed_after_the_block(file):
    warehouse = filled(file, 1)
    with warehouse.connection() as connection:
        pass
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")


def test_the_clock_of_the_warehouse_is_utc(file):
    with Warehouse(str(file)).connection() as connection:
        found = connection.execute("SELECT TIMESTAMPTZ '2026-01-01 09:00:00+09'::VARCHAR").fetchone()
    assert found == ("2026-01-01 00:00:00+00",)


def test_the_folder_of_the_file_is_made(tmp_path):
    file = tmp_path / "not" / "yet" / "there.duckdb"
    assert not Warehouse(str(file)).exists
    filled(file, 7)
    assert Warehouse(str(file)).exists
    assert numbers(file) == [7]


def test_a_file_with_blanks_and_letters_of_elsewhere_in_its_name_is_fine(tmp_path):
    file = tmp_path / "課題 データ's.duckdb"
    filled(file, 7)
    assert numbers(file) == [7]


def test_a_folder_is_no_warehouse(tmp_path):
    with (
        pytest.raises(Misconfigured, match=r"^BACKLOG_DUCKDB: DuckDB cannot open .*"),
        Warehouse(str(tmp_path), wait_seconds=30).connection(),
    ):
        pass


def test_a_file_in_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(Misconfigured, match="cannot make the folder"),
        Warehouse(str(tmp_path / "file" / "space.duckdb")).connection(),
    ):
        pass


def test_a_file_that_is_no_duckdb_file_is_told_and_left_alone(file):
    file.write_text("id,name\n1,one\n" * 1000)
    with (
        pytest.raises(Misconfigured, match="not a valid DuckDB database file"),
        Warehouse(str(file), wait_seconds=30).connection(),
    ):
        pass
    assert file.read_text() == "id,name\n1,one\n" * 1000
    assert list(file.parent.iterdir()) == [file]


def test_an_empty_file_is_a_new_warehouse(file):
    file.touch()
    for left in (".new", ".wal"):
        Path(f"{file}{left}").write_bytes(b"left by a process that was killed")
    filled(file, 7)
    assert numbers(file) == [7]
    assert sorted(one.name for one in file.parent.iterdir()) == ["space.duckdb", "space.duckdb.lock"]


@pytest.mark.parametrize("path", ["", ":memory:", ":memory:named"])
def test_a_database_in_memory_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misconfigured, match="name a file"), Warehouse(path).connection():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_setting_duckdb_does_not_know_is_told(file):
    with (
        pytest.raises(Misconfigured, match="no_such_setting"),
        Warehouse(str(file), config={"no_such_setting": 1}).connection(),
    ):
        pass


def test_settings_are_passed_on(file):
    with Warehouse(str(file), config={"threads": 2, "memory_limit": "1GB"}).connection() as connection:
        assert connection.execute("SELECT current_setting('threads')").fetchone() == (2,)
        assert connection.execute("SELECT current_setting('memory_limit')").fetchone() == ("953.6 MiB",)


def test_a_file_of_another_format_is_opened(file):
    with duckdb.connect(str(file), config={"storage_compatibility_version": "latest"}) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT 3 AS number")
    with Warehouse(str(file)).transaction() as connection:
        connection.execute("INSERT INTO numbers VALUES (4)")
    assert numbers(file) == [3, 4]


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become a user who may not write.")
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_nobody_may_write_is_told(request, there):
    # Not below tmp_path: whoever the child becomes may not even look through the folders of this user's tests.
    place = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(place))
    folder = place / "locked"
    folder.mkdir()
    file = folder / "space.duckdb"
    if there:
        filled(file, 1)
    place.chmod(0o755)
    folder.chmod(0o555)
    script = (
        "import os, sys; from backlog_assets.warehouse import Warehouse; os.setgid(65534); os.setuid(65534)\n"
        "try:\n with Warehouse(sys.argv[1], wait_seconds=30).connection(): pass\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Misconfigured BACKLOG_DUCKDB: cannot make "), done
    assert "Permission denied" in done.stdout


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_a_foreign_program_that_lets_go_in_time_is_waited_for(file, mode):
    warehouse = filled(file, 1)
    with foreign_holder(file, mode) as holder:
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:
                lets_go(holder)

        patient = Warehouse(str(file), wait_seconds=30, sleep=sleep)
        with patient.transaction() as connection:
            connection.execute("INSERT INTO numbers VALUES (2)")
    assert len(waited) == 3
    assert numbers(file) == [1, 2]
    assert warehouse.exists


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_a_foreign_program_that_does_not_let_go_is_named(file, mode):
    filled(file, 1)
    with foreign_holder(file, mode) as holder:
        with pytest.raises(WarehouseBusy) as caught, Warehouse(str(file), wait_seconds=0.3).connection():
            pass
        told = str(caught.value)
        assert f"(PID {holder.pid})" in told
        assert told.startswith(f"{file} is held by ")
        assert "for more than 0.3 s. Nothing was written; close that program and start again." in told
        assert "duckdb.org" not in told


def test_waiting_for_a_foreign_program_is_logged_once_and_is_bounded(file, caplog):
    filled(file, 1)
    seconds = 0.0

    def sleep(pause: float) -> None:
        nonlocal seconds
        seconds += pause

    caplog.set_level(logging.INFO)
    with foreign_holder(file) as holder:
        warehouse = Warehouse(str(file), wait_seconds=60, sleep=sleep, now=lambda: seconds)
        with pytest.raises(WarehouseBusy), warehouse.connection():
            pass
    assert 60 <= seconds < 62
    [said] = [record.getMessage() for record in caplog.records]
    assert f"(PID {holder.pid})" in said
    assert said.endswith("; waiting up to 60 s.")


def test_another_thread_is_waited_for_and_told_of_once(file, caplog, monkeypatch):
    monkeypatch.setattr("backlog_assets.warehouse.QUIET_SECONDS", 0.1)
    caplog.set_level(logging.INFO)
    warehouse = filled(file, 1)
    writes, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with warehouse.transaction() as connection:
            connection.execute("INSERT INTO numbers VALUES (2)")
            writes.set()
            may_end.wait(10)

    thread = threading.Thread(target=write)
    thread.start()
    writes.wait(10)
    threading.Timer(0.5, may_end.set).start()
    with warehouse.transaction() as connection:
        connection.execute("INSERT INTO numbers VALUES (3)")
    thread.join()
    assert numbers(file) == [1, 2, 3]
    assert [record.getMessage() for record in caplog.records] == [
        f"{file} is being written by another run; waiting up to 5 s."
    ]


def test_a_short_wait_is_no_word_in_the_log(file, caplog):
    caplog.set_level(logging.INFO)
    warehouse = filled(file, 1)
    with warehouse.connection(), pytest.raises(WarehouseBusy), Warehouse(str(file), wait_seconds=0.1).connection():
        pass
    assert caplog.records == []


def test_who_waits_too_long_for_another_run_is_told_who_holds_the_file(file):
    warehouse = filled(file, 1)
    hasty = Warehouse(str(file), wait_seconds=0.1)
    with warehouse.connection(), pytest.raises(WarehouseBusy) as caught, hasty.connection():
        pass
    assert str(caught.value) == (
        f"Another run has been writing {file}, or waiting to, for 0.1 s (it is held by this very process, which has "
        f"opened it elsewhere and not closed it). Nothing was written; wait for it to end and start again."
    )


def test_a_file_this_process_has_left_open_is_told(file):
    filled(file, 1)
    with (
        duckdb.connect(str(file)),
        pytest.raises(WarehouseBusy, match="this very process"),
        Warehouse(str(file), wait_seconds=0.1).connection(),
    ):
        pass


def test_by_whatever_path_it_is_one_file_with_one_lock(file, tmp_path, monkeypatch):
    filled(file, 1)
    link = tmp_path / "link.duckdb"
    link.symlink_to(file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (str(link), "space.duckdb", "./space.duckdb", "~/space.duckdb"):
        hasty = Warehouse(path, wait_seconds=0)
        with Warehouse(str(file)).connection(), pytest.raises(WarehouseBusy), hasty.connection():
            pass
        with Warehouse(path).connection() as connection:
            assert connection.execute("FROM numbers").fetchall() == [(1,)]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.duckdb", "space.duckdb", "space.duckdb.lock"]


@pytest.mark.parametrize(
    ("text", "holder"),
    [
        (
            (
                'IO Error: Could not set lock on file "/x/a.duckdb": Conflicting lock is held in /usr/bin/duckdb (PID '
                "12) by user anna. See also https://duckdb.org/docs/stable/connect/concurrency"
            ),
            "/usr/bin/duckdb (PID 12) by user anna",
        ),
        (
            'IO Error: Could not set lock on file "/x/a.duckdb": Conflicting lock is held in PID 0.',
            "PID 0",
        ),
        ('IO Error: Cannot open file "C:\\a.duckdb": it is being used by another process.', "another program"),
        (
            (
                "Connection Error: Can't open a connection to same database file with a different configuration than "
                "existing connections"
            ),
            "this very process, which has opened it elsewhere and not closed it",
        ),
        ('IO Error: The file "/x/a.duckdb" exists, but it is not a valid DuckDB database file!', None),
    ],
)
def test_the_holder_is_read_from_duckdbs_error(text, holder):
    assert holder_of(text) == holder


def test_a_table_grows_by_new_columns_and_keeps_the_old_ones(file):
    with Warehouse(str(file)).transaction() as connection:
        ensure_schema(connection, "s")
        ensure_table(connection, "s", "t", [("id", "BIGINT"), ("Name", "VARCHAR")])
        ensure_table(connection, "s", "t", [("NAME", "VARCHAR"), ("select", "DATE"), ('a "b"', "JSON")])
        assert columns_of(connection, "s", "t") == {
            "id": "BIGINT",
            "Name": "VARCHAR",
            "select": "DATE",
            'a "b"': "JSON",
        }


def test_tables_are_found_in_whatever_case(file):
    with Warehouse(str(file)).transaction() as connection:
        ensure_table(connection, "Sales", "Orders", [("id", "BIGINT")])
        ensure_table(connection, "sales", "ORDERS", [("ID", "BIGINT"), ("day", "DATE")])
        assert columns_of(connection, "SALES", "orders") == {"id": "BIGINT", "day": "DATE"}
        assert columns_of(connection, "sales", "order") == {}
