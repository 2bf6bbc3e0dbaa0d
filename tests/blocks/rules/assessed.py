# SPDX-License-Identifier: EUPL-1.2
"""The pages of assessments: a person signed in, registers in memory, a law that computes here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from starlette.testclient import TestClient
from tests.blocks.rules.here import Here, InHand, fast_law
from tests.blocks.rules.registers import InMemory

from aralia.assessment import assessment
from aralia.definitions import definitions
from flagstone.blocks.rules.contract.decision import Decisions
from flagstone.blocks.rules.contract.engine import Engine
from flagstone.blocks.rules.service.assessment import Assessing
from flagstone.blocks.rules.service.drawing import Drawing
from flagstone.blocks.rules.web.assessment import MyAssessment, RegisterTold
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Application, Edge, Keepers, assemble
from flagstone.platform.http.asking import Asking, AskingBounds
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal

ROOT = Path(__file__).parents[3]
RULES = ROOT / "src" / "flagstone" / "blocks" / "rules"
LOOK = ROOT / "countries" / "aralia" / "look"
SECONDS_MAX = 60


class SignedIn:
    """Sessions whose cookie is the personal code of who is signed in; a machine's begins with a letter."""

    def find(self, token: str) -> Principal | None:
        caller = Caller(Actor(ActorKind.PERSON, token, "Somebody"), frozenset({"signed-in", "clerk"}))
        person = PersonCode(token) if token.isdigit() else None
        return Principal(caller, person, "Somebody", token, "form-token")


@dataclass
class Assessed:
    """The pages, the browser, and what stands behind them."""

    browser: TestClient
    assessing: Assessing
    registers: InMemory
    engine: Here
    decisions: InHand
    application: Application

    def get(self, path: str, who: str, **headers: str) -> Any:
        return self.browser.get(path, headers={"cookie": f"__Host-session={who}", **headers})

    def post(self, path: str, who: str, form: dict[str, str] | None = None) -> Any:
        headers = {"cookie": f"__Host-session={who}"}
        return self.browser.post(path, data={"csrf": "form-token", **(form or {})}, headers=headers)


@contextmanager
def assessed(registers: InMemory, clock: SetClock) -> Iterator[Assessed]:
    """Serve the pages until the block is left."""
    plan = assessment()
    with fast_law(plan.law) as law:
        engine = Here(law)
        decisions = InHand(engine, clock)
        asking = Asking(AskingBounds(failures_max=10_000))
        drawing = Drawing(plan, registers, asking, seconds_max=SECONDS_MAX)
        assessing = Assessing(plan, drawing, cast(Engine, engine), cast(Decisions, decisions), clock=clock)
        languages = Languages(["en", "et", "ar"], [LOCALE, RULES / "locale"])
        pages = Pages(read_look(LOOK), languages, Assets(LOOK), [RULES / "templates"])
        told = {one.code: RegisterTold(one.title, one.owner_name) for one in definitions()}
        routes = [pages.routes(), pages.assets.routes(), MyAssessment(assessing, pages, told).routes()]
        app = assemble(
            routes, edge=Edge("Test", "1", hosts=None), keepers=Keepers(pages=pages, sessions=SignedIn())
        )
        browser = TestClient(app, base_url="https://testserver", follow_redirects=False)
        yield Assessed(browser, assessing, registers, engine, decisions, app)


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's assessment form."""
    form = page.split('id="assessment"', 1)[-1].split("</form>", 1)[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))


def text_of(page: str) -> str:
    """Return what a reader sees of a page's main part, blanks as one."""
    main = page.split("<main", 1)[-1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", main))
