# SPDX-License-Identifier: EUPL-1.2
"""The tracker's pages in a browser: signed in as a person or an official, with agencies well and unwell."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from tests.blocks.tracker.agency import Agency, official, person

from flagstone.blocks.tracker.client import Client
from flagstone.blocks.tracker.contract import Period, Question, Tracker, Usage, UsagePage
from flagstone.blocks.tracker.service.agencies import Agency as Asked
from flagstone.blocks.tracker.service.agencies import EveryAgency
from flagstone.blocks.tracker.web.routes import DESK_MENU, PERSON_MENU, agency_routes, person_routes
from flagstone.kernel.audit import Caller
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.asking import Asking, AskingBounds
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.client import Answer, SiteUnreachable
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal

ROOT = Path(__file__).parents[3]
BLOCKS = ROOT / "src" / "flagstone" / "blocks"
LOOK = ROOT / "countries" / "aralia" / "look"
SECONDS_MAX = 0.4


class SignedIn:
    """Sessions whose cookie names who is signed in: a personal code, or a role."""

    def find(self, token: str) -> Principal | None:
        caller = person(token) if token.isdigit() else official(token)
        return Principal(caller, PersonCode(caller.actor.id), caller.actor.name, token, "form-token")


@dataclass
class FakeTracker:
    """An agency that knows what it is given; `trouble` is raised or waited for."""

    usages: tuple[Usage, ...] = ()
    hidden: int = 0
    trouble: Exception | threading.Event | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def find_usage(
        self,
        caller: Caller,
        person: PersonCode,
        period: Period,
        *,
        offset: int = 0,
        limit: int = 1_000,
        **_: Any,
    ) -> UsagePage:
        assert caller.actor.id == person
        self._trouble()
        found = [u for u in self.usages if period.start is None or u.logtime >= period.start]
        return UsagePage(tuple(found[offset : offset + limit]), len(found), self.hidden)

    def questions_of(self, caller: Caller, person: PersonCode) -> tuple[Question, ...]:
        self._trouble()
        return ()

    def ask_why(self, caller: Caller, person: PersonCode, usage_id: str, text: str) -> Question:
        self._trouble()
        self.asked.append((usage_id, text))
        return Question("q", self.usages[0], text, self.usages[0].logtime)

    def usage_period(self) -> Period:
        return Period()

    def heartbeat(self) -> None:
        self._trouble()

    def _trouble(self) -> None:
        if isinstance(self.trouble, threading.Event):
            self.trouble.wait(10)
        elif self.trouble is not None:
            raise self.trouble


class SaysNonsense:
    """A way to a site that answers whatever it was given."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body, self.status = body, status

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        return Answer(self.status, {}, self.body)


def unreachable() -> SiteUnreachable:
    return SiteUnreachable()


def mad(body: bytes, status: int = 200) -> Client:
    """Return the client of an agency that answers `body` to everything."""
    return Client(SaysNonsense(body, status))


@dataclass
class Site:
    """The pages, the browser, and the agencies that they ask."""

    browser: TestClient
    asking: Asking
    every: EveryAgency

    def get(self, path: str, who: str, **params: str) -> Any:
        return self.browser.get(path, params=params, headers={"cookie": f"__Host-session={who}"})

    def post(self, path: str, who: str, **form: str) -> Any:
        headers = {"cookie": f"__Host-session={who}"}
        return self.browser.post(path, data={"csrf": "form-token", **form}, headers=headers)


def make_site(own: Agency, others: Mapping[str, Tracker]) -> Site:
    """Return a site of the agency `own` whose pages also ask `others`."""
    languages = Languages(["en", "et", "ar"], [LOCALE, BLOCKS / "tracker/locale"])
    pages = Pages(
        read_look(LOOK),
        languages,
        Assets(LOOK),
        [BLOCKS / "tracker/templates"],
        menu=(*PERSON_MENU, *DESK_MENU),
    )
    asking = Asking(AskingBounds(seconds_max=SECONDS_MAX))
    agencies = [Asked("interior", {"en": "Ministry of the Interior", "et": "Siseministeerium"}, own.tracker)]
    agencies += [Asked(code, {"en": f"Agency {code}"}, tracker) for code, tracker in others.items()]
    every = EveryAgency(agencies, asking, own.clock, seconds_max=SECONDS_MAX)
    routes = [
        pages.routes(),
        pages.assets.routes(),
        *agency_routes(own.tracker, own.tracker, pages, instance="XA"),
        *person_routes(every, pages, own.clock),
    ]
    app = assemble(
        routes, edge=Edge("Test", "1", hosts=None), keepers=Keepers(pages=pages, sessions=SignedIn())
    )
    browser = TestClient(app, base_url="https://testserver", follow_redirects=False)
    return Site(browser, asking, every)


def text_of(page: str) -> str:
    """Return what a reader sees of a page's main part, blanks as one."""
    main = page.split("<main", 1)[-1].split("</main>", 1)[0]
    plain = re.sub(r"<[^>]+>", "", main)
    return re.sub(r"\s+", " ", plain)
