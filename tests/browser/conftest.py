# SPDX-License-Identifier: EUPL-1.2
"""A country that runs, a browser, and visitors to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.country import sites_of, up
from tests.browser.judging import HEIGHT, WIDTHS
from tests.browser.visitor import Visitor
from tests.made import furnish

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MILLISECONDS_MAX = 30_000
expect.set_options(timeout=WAIT_MILLISECONDS_MAX)


class Visit(Protocol):
    def __call__(self, language: str = "en", *, script: bool = True, **options: Any) -> Visitor: ...


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program."""
    if not CHROMIUM.exists():
        pytest.skip("component missing: Chromium")
    return CHROMIUM


@pytest.fixture(scope="session")
def country_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the country of these tests is made."""
    folder = tmp_path_factory.mktemp("country")
    furnish(folder / "data", tmp_path_factory)
    return folder


@pytest.fixture(scope="session")
def country(chromium: Path, country_folder: Path) -> Iterator[str]:
    """The address of a country that was made and started for these tests alone."""
    with up(country_folder) as address:
        yield address


@pytest.fixture(scope="session")
def agencies(country: str, country_folder: Path) -> dict[str, str]:
    """The addresses of the sites other than the one that signs persons in, by their codes."""
    return sites_of(country_folder)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A browser for one module: what drives it holds the thread's event loop, which other tests need."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(country: str, browser: Browser) -> Iterator[Visit]:
    """Open windows; when the test is over each must have gone without complaint."""
    opened: list[Visitor] = []

    def visit(language: str = "en", *, script: bool = True, **options: Any) -> Visitor:
        options = {"viewport": {"width": WIDTHS[-1], "height": HEIGHT}, **options}
        context = browser.new_context(locale="en-GB", java_script_enabled=script, **options)
        context.set_default_timeout(WAIT_MILLISECONDS_MAX)
        visitor = Visitor(context, context.new_page(), country, language, script=script)
        visitor.listen()
        opened.append(visitor)
        return visitor

    yield visit
    for visitor in opened:
        visitor.close()
