# SPDX-License-Identifier: EUPL-1.2
"""The analyst's pages in a browser of the tests: simulations kept in memory, and a law of a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from starlette.testclient import TestClient
from tests.blocks.rules.simulated import simulation

from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.faults import (
    LawUnavailable,
    NotAllowed,
    ReformInvalid,
    SimulationMoved,
    SimulationUnknown,
    SurveyInvalid,
)
from flagstone.blocks.rules.contract.lawbook import Entry, LawPage
from flagstone.blocks.rules.contract.roles import ANALYST
from flagstone.blocks.rules.contract.simulation import Progress, Simulation, SimulationPlan, Survey
from flagstone.blocks.rules.web.simulations.desk import Desk
from flagstone.blocks.rules.web.simulations.planning import Planning
from flagstone.blocks.rules.web.simulations.surveys import Surveys
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal

ROOT = Path(__file__).parents[3]
BLOCKS = ROOT / "src" / "flagstone" / "blocks"
LOOK = ROOT / "countries" / "aralia" / "look"
CSRF = "form-token"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENTRIES = (
    Entry(
        "income_tax.basic_allowance",
        {"en": "Basic allowance of a year", "et": "Aasta maksuvaba tulu"},
        8_160,
        "2026-01-01",
        "XAM/year",
    ),
    Entry("income_tax.scale[1].rate", {"en": "Scale of the income tax"}, 0.275, "2026-01-01", "/1"),
    Entry(
        "child_benefit.third_child", {"en": "Benefit for the third child"}, 120.5, "2023-01-01", "XAM/month"
    ),
    Entry("income_tax.evil", {"en": "<script>alert(1)</script>"}, "=1+1", "2016-01-01"),
    Entry("housing_supplement.old", {"en": "What was once paid"}, None),
)


class SignedIn:
    """Sessions whose cookie names the role of who is signed in."""

    def find(self, token: str) -> Principal | None:
        actor = Actor(ActorKind.OFFICIAL, "60001010001", "Ana Lüüs")
        return Principal(Caller(actor, frozenset({token})), None, "Ana Lüüs", token, CSRF)


def check(terms: Terms) -> None:
    """Know which parameters the law has, and nothing else."""
    known = {each.name for each in ENTRIES}
    flaws = [
        Flaw(f"/parameters/{path}", "The law has no parameter of that name.")
        for path in terms.reform.parameters
        if path not in known
    ]
    flaws += [
        Flaw(f"/neutralized/{place}", "The law has no variable of that name.")
        for place, name in enumerate(terms.reform.neutralized)
        if name != "housing_supplement"
    ]
    if flaws:
        raise ReformInvalid(flaws=tuple(flaws))


class Book:
    """Keeps `LawBook` with a few entries; `away` cannot be opened."""

    def __init__(self) -> None:
        self.away = False

    def page(self, day: date) -> LawPage:
        if self.away:
            raise LawUnavailable
        variables = {
            "salary": {"en": "Pay of a month", "et": "Kuu palk"},
            "income_tax": {"en": "Income tax", "et": "Tulumaks", "ar": "ضريبة الدخل"},
        }
        return LawPage(day, {each.name: each for each in ENTRIES}, variables)


class Kept:
    """Keeps `Simulations` in memory; nothing is computed, `work` brings the same findings to each."""

    def __init__(self) -> None:
        self.held: dict[str, Simulation] = {}
        self.brought: dict[str, Survey] = {}

    def start(self, plan: SimulationPlan, caller: Caller, reason: Reason) -> Simulation:
        _require(caller)
        found = replace(simulation(Progress.WAITING, plan=plan), number=f"S{len(self.held) + 1:05}")
        self.held[found.number] = found
        return found

    def find(self, number: str, caller: Caller) -> Simulation:
        _require(caller)
        if number not in self.held:
            raise SimulationUnknown
        return self.held[number]

    def all(self, caller: Caller) -> Sequence[Simulation]:
        _require(caller)
        return list(reversed(self.held.values()))

    def cancel(self, number: str, caller: Caller, reason: Reason) -> Simulation:
        return self._moved(number, caller, {Progress.WAITING, Progress.RUNNING}, Progress.CANCELLED)

    def resume(self, number: str, caller: Caller, reason: Reason) -> Simulation:
        return self._moved(number, caller, {Progress.CANCELLED, Progress.FAILED}, Progress.WAITING)

    def _moved(self, number: str, caller: Caller, froms: set[Progress], to: Progress) -> Simulation:
        found = self.find(number, caller)
        if found.progress not in froms:
            raise SimulationMoved
        self.held[number] = replace(found, progress=to)
        return self.held[number]

    def bring(self, name: str, content: bytes, caller: Caller, reason: Reason) -> Survey:
        _require(caller)
        if b"bad" in content:
            flaws = (Flaw("line 3, column salary", "This is no number."), Flaw("line 4", "<b>bold</b>"))
            raise SurveyInvalid("2 lines cannot be read", flaws=flaws)
        self.brought[name] = Survey(name, 2, 5, ("salary", "birth_date"), "d" * 64)
        return self.brought[name]

    def surveys(self, caller: Caller) -> Sequence[Survey]:
        _require(caller)
        return list(self.brought.values())

    def work(self) -> bool:
        waiting = next((each for each in self.held.values() if each.progress is Progress.WAITING), None)
        if waiting is not None:
            done = simulation(plan=waiting.plan)
            self.held[waiting.number] = replace(done, number=waiting.number)
        return waiting is not None

    def stop(self) -> None:
        """Nothing runs."""


def _require(caller: Caller) -> None:
    if not caller.holds(ANALYST):
        raise NotAllowed


class Office:
    """The pages, who keeps what they show, and a browser that is signed in as an analyst."""

    def __init__(self) -> None:
        self.kept, self.book = Kept(), Book()
        languages = Languages(["en", "et", "ar"], [LOCALE, *sorted(BLOCKS.glob("*/locale"))])
        assets = Assets(LOOK)
        pages = Pages(read_look(LOOK), languages, assets, sorted(BLOCKS.glob("*/templates")))
        faces = (
            pages.routes(),
            Surveys(self.kept, pages).routes(),
            Planning(self.kept, check, self.book, pages, clock=SetClock(NOW)).routes(),
            Desk(self.kept, self.book, pages, currency="XAM").routes(),
        )
        edge = Edge(title="Test", version="1", hosts=frozenset({"testserver"}))
        self.app = assemble(faces, edge=edge, keepers=Keepers(pages=pages, sessions=SignedIn()))
        self.browser = self.signed_in(ANALYST)

    def signed_in(self, role: str, language: str = "en") -> TestClient:
        """Return a browser of somebody who holds `role`."""
        browser = TestClient(self.app, base_url="https://testserver", follow_redirects=False)
        browser.cookies.set("__Host-session", role)
        browser.cookies.set("__Host-language", language)
        return browser
