"""A real Chromium, driven by Playwright, that looks at a real `dagster dev`. Knows nothing of the product."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
"""Where Debian's package puts it."""

MISSING = not CHROMIUM.exists() and "BACKLOG_BROWSER_REQUIRED" not in os.environ
"""Whether the tests are to be skipped; where a browser is required, its absence is a failure."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

ARTIFACTS = Path(__file__).parent.parent / "artifacts"
"""Screenshots of the last run."""

PATIENCE_MS = 60_000
COLOURS = 128
"""Of a screenshot's palette: a page of text looks the same and is a third as large."""


@contextmanager
def chromium(profile: Path, address: str) -> Iterator[Page]:
    """A page of a browser with a profile of its own; paths are those of `address`."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=FLAGS,
            viewport={"width": 1280, "height": 860},
            base_url=address,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        try:
            yield page
        except BaseException:
            picture(page, "failed")
            raise
        finally:
            context.close()


def picture(page: Page, name: str) -> None:
    """Keeps what is to be seen as `artifacts/<name>.png`."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{name}.png"
    page.screenshot(path=path)
    with Image.open(path) as shot:
        small = shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def button(page: Page, name: str) -> Locator:
    """The first button that says so."""
    return page.get_by_role("button", name=name).first
