"""The credentials are nowhere: not in logs at DEBUG, messages, events, metadata, spools, tables or Dagster's files."""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from backlog_assets.definitions import build_definitions
from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.partitions import RANGE_END, RANGE_START
from backlog_assets.resources import BacklogResource
from backlog_assets_tests.conftest import World

ROOT = Path(__file__).parent.parent
FAULTS = ("reset", "truncate", "500", "html", "wrong_shape", "redirect", "401", "403", "bad_value", "429")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A run history on disk, as `dagster.yaml` of the project makes it."""
    (tmp_path / "home").mkdir()
    text = (ROOT / "dagster.yaml").read_text(encoding="utf-8").replace(".dagster", str(tmp_path / "home" / "kept"))
    (tmp_path / "home" / "dagster.yaml").write_text(text, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
        yield instance


def holds(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("sent_in", "kinds"),
    [("header", FAULTS[:2]), ("query", FAULTS[::5]), ("auto", FAULTS[1:])],
    ids=["header", "query", "auto"],
)
def test_a_failing_run_at_debug_level_tells_the_key_nowhere(
    tmp_path: Path,
    home: dg.DagsterInstance,
    no_waiting: list[float],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    sent_in: str,
    kinds: Sequence[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    with DemoServer(DemoSpace(issues=120), accept_header_key=sent_in != "auto") as server:
        environ = {
            "BACKLOG_SPACE": server.url,
            "BACKLOG_API_KEY": server.api_key,
            "BACKLOG_API_KEY_IN": sent_in,
            "BACKLOG_DUCKDB": str(tmp_path / "home" / "x.duckdb"),
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path / "home")
        job = build_definitions(environ).resolve_implicit_global_asset_job_def()

        def run(*tables: str, tags: dict[str, str] | None = None) -> bool:
            return job.execute_in_process(
                instance=home,
                asset_selection=[dg.AssetKey(["backlog", table]) for table in tables],
                run_config={"loggers": {"console": {"config": {"log_level": "DEBUG"}}}},
                raise_on_error=False,
                tags=tags,
            ).success

        assert run("projects", "priorities")
        home.add_dynamic_partitions("projects", ["WEB", "APP"])
        for kind in kinds:
            server.faults[:] = [Fault(kind, path="/users"), Fault(kind, path="/projects/APP/statuses")]
            assert not run("users") or kind == "403"  # what may not be read is a warning
            assert not run("project_statuses", tags={RANGE_START: "WEB", RANGE_END: "APP"}) or kind in (
                "bad_value",
                "403",
            )
        secret = server.api_key
    printed = capfd.readouterr()
    assert "STEP_FAILURE" in printed.err
    assert secret not in printed.out + printed.err
    assert secret not in caplog.text
    assert len(list((tmp_path / "home").rglob("*.db"))) > 5
    assert holds(tmp_path, secret) == []


def test_a_bearer_token_and_a_client_secret_are_as_hidden(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    backlog = BacklogResource(
        space="http://127.0.0.1:9", access_token="token-5e1f", client_secret="secret-77aa", api_key="key-31"
    )
    assert not any(secret in repr(backlog) + str(backlog) for secret in ("token-5e1f", "secret-77aa", "key-31"))


def test_the_error_a_run_raises_carries_no_key_in_any_chained_exception(
    build_world: Callable[..., World], no_waiting: list[float]
) -> None:
    world = build_world(settings={"api_key_in": "query"})
    world.server.faults.append(Fault("reset", path="/priorities"))
    job = world.definitions.resolve_implicit_global_asset_job_def()
    with pytest.raises(dg.Failure) as caught:
        job.execute_in_process(instance=world.instance, asset_selection=[dg.AssetKey(["backlog", "priorities"])])
    told = "".join(traceback.format_exception(caught.value))
    chain: list[Any] = [caught.value]
    while chain[-1] is not None:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    told += "".join(repr(one) + repr(getattr(one, "__dict__", "")) for one in chain)
    assert "GET /priorities" in told
    assert world.server.api_key not in told


def test_the_launchpad_sees_the_variables_name_and_not_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLOG_API_KEY", "key-in-the-environment-1")
    definitions = build_definitions(
        {"BACKLOG_SPACE": "example.backlog.com", "BACKLOG_API_KEY": "key-in-the-environment-1"}
    )
    schema = definitions.get_repository_def().get_top_level_resources()["backlog"].config_schema
    assert "key-in-the-environment-1" not in repr(schema.default_value)
    assert schema.default_value["api_key"] == {"env": "BACKLOG_API_KEY"}
