# SPDX-License-Identifier: EUPL-1.2
"""A person at a browser: goes from page to page, each of which is judged when she looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from babel.numbers import format_decimal
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.country import Role
from tests.browser.judging import HEIGHT, WIDTHS, addresses_naming, found_by_axe, frame_faults
from tests.browser.words import say

JUDGED: set[tuple[str, ...]] = set()
"""The pages that axe has seen, by language, title and address without what is different each time."""


@dataclass
class Visitor:
    """A browser window in one language; `close` tells what went wrong meanwhile."""

    context: BrowserContext
    page: Page
    url: str
    language: str
    script: bool = True
    met: list[Role] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    clicks: int = 0

    def listen(self) -> None:
        """Begin to note every address asked for and everything the console complains of."""
        self.context.on("request", self._asked)
        self.context.on("console", self._told)
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _asked(self, request: Request) -> None:
        self.addresses.append(request.url)

    def _told(self, message: ConsoleMessage) -> None:
        answer_refused = message.text.startswith("Failed to load resource")
        expected = answer_refused and message.location.get("url") in self.refused
        if message.type in {"error", "warning"} and not expected:
            self.errors.append(f"{message.text} at {message.location.get('url')}")

    def say(self, message: str) -> str:
        """Return a message of the pages in the visitor's language."""
        return say(message, self.language)

    def number(self, value: int) -> str:
        """Return a whole number as the pages write it."""
        return format_decimal(value, locale=self.language)

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to `path`, which must answer with `status`, and look."""
        if status >= 400:
            self.refused.add(self.url + path)
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status, f"{answer.status} at {path}"
        self.look()

    def choose_language(self) -> None:
        """Take the visitor's language from the menu of languages."""
        link = self.page.locator(f".look-languages a[hreflang={self.language}]")
        if link.count():
            link.click()

    def follow(self, place: Locator, *, refused: bool = False) -> None:
        """Press a link or a button and look at the page it leads to."""
        if refused:
            self.refused.add(self._target(place))
        self.clicks += 1
        with self.page.expect_navigation():
            place.click()
        self.look()

    def _target(self, place: Locator) -> str:
        target: str = place.evaluate("place => place.form ? place.form.action : place.href")
        return target

    def press(self, message: str, *, refused: bool = False) -> None:
        """Press the button that says `message` in the visitor's language."""
        self.follow(self.page.get_by_role("button", name=self.say(message), exact=True), refused=refused)

    def heading(self, message: str) -> None:
        """Expect the first heading to say `message` in the visitor's language."""
        expect(self.page.locator("h1")).to_have_text(self.say(message))

    def heading_is(self, words: str) -> None:
        """Expect the first heading to be these words."""
        expect(self.page.locator("h1")).to_have_text(words)

    def look(self) -> None:
        """Judge the page at both widths."""
        faults: list[str] = []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            faults += frame_faults(self.page, self.language)
            if self.script and self._is_new(width):
                faults += found_by_axe(self.page)
        assert not faults, f"{self.page.url}: " + "; ".join(faults)

    def _is_new(self, width: int) -> bool:
        parts = urlsplit(self.page.url)
        kind = (str(width), self.language, parts.path, self.page.title(), *sorted(parse_qs(parts.query)))
        fresh = kind not in JUDGED
        JUDGED.add(kind)
        return fresh

    def close(self) -> None:
        """Leave; nothing may have been complained of, and no address may have named anybody."""
        self.context.close()
        assert not self.errors, self.errors
        names = [name for role in self.met for name in (role.code, *role.name.split()) if len(name) > 3]
        assert not addresses_naming(self.addresses, names)
