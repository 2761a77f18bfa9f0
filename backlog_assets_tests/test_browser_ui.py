"""What a person does in the browser: the graph, a click that loads, two partitions, a check that fails, the alert."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Locator, Page, expect

from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets_tests.browser import MISSING, button, chromium, picture
from backlog_assets_tests.dagster_dev import Dev, checkout_in, dagster_dev, environment
from backlog_assets_tests.mail_receiver import Certificates, MailReceiver, mail_receiver
from backlog_assets_tests.scripted import ScriptedServer

pytestmark = [
    pytest.mark.skipif(MISSING, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.timeout(600),
]


class Desk:
    """A person's desk: the page, the space behind it, and where alerts arrive."""

    def __init__(self, page: Page, dev: Dev, server: DemoServer, hooks: ScriptedServer, mails: MailReceiver) -> None:
        self.page, self.dev, self.server, self.hooks, self.mails = page, dev, server, hooks, mails

    @property
    def database(self) -> Path:
        return self.dev.folder / "space.duckdb"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def runs_to_end(self, count: int) -> None:
        """Waits until so many runs have ended well."""

        def ended() -> bool:
            runs = self.dev.ui.ask("{ runsOrError { ... on Runs { results { status } } } }")["runsOrError"]["results"]
            assert {run["status"] for run in runs} & {"FAILURE", "CANCELED"} == set()
            return sum(run["status"] == "SUCCESS" for run in runs) >= count

        wait_until(ended)

    def sees(self, what: Locator) -> None:
        """Waits until it is to be seen; where it never is, the page is kept as a picture."""
        try:
            expect(what).to_be_visible()
        except AssertionError:
            picture(self.page, "failed")
            raise

    def asset(self, table: str, view: str = "overview") -> None:
        self.page.goto(f"/assets/backlog/{table}?view={view}")
        button(self.page, "Materialize").wait_for()


def wait_until(what: Callable[[], bool], seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = checkout_in(tmp_path_factory.mktemp("desk"))
    certificates = Certificates(folder)
    with (
        DemoServer(DemoSpace(issues=60)) as server,
        ScriptedServer([{}]) as hooks,
        mail_receiver(certificates, user="alerts", password="said-in-confidence") as mails,
    ):
        environ = environment(
            BACKLOG_SPACE=server.url,
            BACKLOG_API_KEY=server.api_key,
            BACKLOG_DUCKDB=str(folder / "space.duckdb"),
            BACKLOG_ALERT_WEBHOOK_URL=f"{hooks.address}/hook",
            BACKLOG_ALERT_SMTP_HOST="127.0.0.1",
            BACKLOG_ALERT_SMTP_PORT=str(mails.port),
            BACKLOG_ALERT_SMTP_USER="alerts",
            BACKLOG_ALERT_SMTP_PASSWORD="said-in-confidence",
            BACKLOG_ALERT_MAIL_FROM="dagster@example.com",
            BACKLOG_ALERT_MAIL_TO="data@example.com",
            SSL_CERT_FILE=str(certificates.path),
        )
        with dagster_dev(folder, environ) as dev, chromium(folder / "profile", dev.ui.address) as page:
            yield Desk(page, dev, server, hooks, mails)


def test_the_graph_lists_the_groups_in_reading_order(desk: Desk) -> None:
    desk.page.goto("/asset-groups")
    button(desk.page, "Materialize all").wait_for()
    desk.sees(desk.page.get_by_text("9_activity", exact=True).locator("visible=true").first)
    picture(desk.page, "groups")
    places = {
        name: desk.page.get_by_text(name, exact=True).locator("visible=true").first.bounding_box()
        for name in ("1_space", "2_people", "3_projects", "4_issues", "5_wiki", "9_activity")
    }
    heights = [box["y"] for box in places.values() if box]
    assert len(heights) == 6
    assert heights == sorted(heights)


def test_projects_are_materialized_by_a_click(desk: Desk) -> None:
    desk.asset("projects")
    button(desk.page, "Materialize").click()
    desk.runs_to_end(1)
    desk.sees(desk.page.get_by_text("Latest check results"))
    picture(desk.page, "projects")
    desk.asset("projects", "events")
    desk.sees(desk.page.get_by_text("rows_inserted"))
    assert desk.rows("SELECT count(*) FROM backlog.projects") == [(6,)]


def test_two_chosen_partitions_are_materialized(desk: Desk) -> None:
    desk.asset("project_versions", "partitions")
    # The sensor adds the partitions of the projects that were just loaded.
    desk.sees(desk.page.get_by_text("Missing (6)"))
    button(desk.page, "Materialize").click()
    desk.page.get_by_text("Select a partition").first.click()
    for key in ("APP", "WEB"):
        desk.page.get_by_role("listbox").or_(desk.page.get_by_role("menu")).get_by_text(key).locator(
            "visible=true"
        ).last.click()
    desk.sees(desk.page.get_by_text("2 partitions", exact=True))
    picture(desk.page, "partitions")
    desk.page.get_by_text("Launch runs to materialize").click()
    button(desk.page, "Launch backfill").click()
    desk.sees(desk.page.get_by_text("Materialized (2)"))
    found = desk.rows("SELECT DISTINCT project_key FROM backlog.project_versions ORDER BY ALL")
    assert found == [("APP",), ("WEB",)]


def test_a_load_of_issues_shows_its_rows_its_picture_and_its_checks(desk: Desk) -> None:
    desk.asset("issues")
    button(desk.page, "Materialize").click()
    for asked in ("Additional assets will be materialized", "activities"):
        desk.page.get_by_role("dialog").filter(has_text=asked).get_by_role("button", name="Confirm").click()
    desk.runs_to_end(3)
    desk.asset("issues", "events")
    desk.sees(desk.page.get_by_text("issues_open"))
    desk.page.get_by_text("[Show Markdown]").click()
    drawn = desk.page.get_by_role("dialog").locator("img[src^='data:image/png']")
    desk.sees(drawn)
    assert drawn.evaluate("image => image.naturalWidth") == 960
    picture(desk.page, "overview")
    desk.asset("issues", "checks")
    expect(desk.page.get_by_text("Succeeded", exact=True)).to_have_count(7)


def test_a_check_that_fails_is_seen_and_told_by_webhook_and_mail(desk: Desk) -> None:
    # Gone without a trace: no activity tells of it, only Backlog's own count does.
    for issue in desk.rows("SELECT id FROM backlog.issues ORDER BY id LIMIT 3"):
        desk.server.space.delete_issue(issue[0], silent=True)
    desk.asset("issues", "checks")
    desk.page.get_by_text("matches_backlog").first.click()
    desk.page.get_by_text("Execute", exact=True).click()
    desk.sees(desk.page.get_by_text("3 are no longer in Backlog").first)
    picture(desk.page, "check")

    wait_until(lambda: bool(desk.hooks.asked) and bool(desk.mails.mails))
    [hook], [mail] = desk.hooks.asked, desk.mails.mails
    assert json.loads(hook.body)["rule"] == "matches_backlog"
    assert mail["To"] == "data@example.com"
    assert "matches_backlog" in str(mail["Subject"])
    text = mail.get_body(("plain",))
    assert text is not None
    run = re.search(r"http://127\.0\.0\.1:3000(/runs/[0-9a-f-]+)", text.get_content())
    assert run
    desk.page.goto(run[1])
    desk.sees(desk.page.get_by_text("issues_matches_backlog").first)
    picture(desk.page, "run")
