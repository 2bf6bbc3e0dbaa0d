# SPDX-License-Identifier: EUPL-1.2
"""A small site with the exchange's pages and machine routes, and the officials who use it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import unescape
from pathlib import Path

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.blocks.exchange.web.memory import NOW, OTHER, MemoryExchange
from tests.blocks.exchange.web.memory_onboarding import MemoryOnboarding

from flagstone.blocks.exchange.contract.status import Breaker, PathStatus, PeerStatus
from flagstone.blocks.exchange.web.console.console import console_routes
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.blocks.exchange.web.onboarding.routes import onboarding_routes
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.routes import Routes

ROOT = Path(__file__).parents[4]
EXCHANGE = ROOT / "src/flagstone/blocks/exchange"
LOOK = ROOT / "countries/aralia/look"
CLOCK = SetClock(NOW)
STATUS = PathStatus(
    "plain", running=True, peers=(PeerStatus(OTHER, "http://127.0.0.1:5504", False, Breaker.OPEN, NOW),)
)


class Officials:
    """Sessions whose cookie names the role, and bearer tokens likewise."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language

    def find(self, token: str) -> Principal | None:
        if token not in {"operator", "auditor", "clerk"}:
            return None
        actor = Actor(ActorKind.OFFICIAL, "48001010002", "Kadri Kask", "XA/GOV/10000001")
        caller = Caller(actor, frozenset({token, "signed-in"}))
        return Principal(caller, PersonCode(actor.id), actor.name, token, f"csrf-{token}", self.language)


@cache
def pages() -> tuple[Pages, Assets]:
    """Return pages in Aralia's look and three languages."""
    languages = Languages(["en", "et", "ar"], [EXCHANGE / "locale", LOCALE])
    assets = Assets(LOOK)
    return Pages(read_look(LOOK), languages, assets, [EXCHANGE / "templates"]), assets


def desk_of(exchange: MemoryExchange, shown: Pages) -> Desk:
    """Return the desk of an operator over `exchange`."""
    return Desk(
        exchange,
        exchange,
        shown,
        CLOCK,
        is_centre=exchange.is_centre,
        status=lambda: STATUS,
        checked_at=lambda: NOW,
    )


def site(routes: Sequence[Routes], *, language: str | None = None, shown: Pages | None = None) -> FastAPI:
    """Return an application with `routes` and officials who may be signed in."""
    edge = Edge("Aralia", "0.1", frozenset({"testserver", "127.0.0.1"}))
    officials = Officials(language)
    return assemble(routes, edge=edge, keepers=Keepers(pages=shown, sessions=officials, bearers=officials))


def console(
    exchange: MemoryExchange, *, language: str | None = None, onboarding: MemoryOnboarding | None = None
) -> FastAPI:
    """Return an application with the console and the wizard."""
    shown, assets = pages()
    desk = desk_of(exchange, shown)
    wizard = onboarding_routes(desk, onboarding or MemoryOnboarding(exchange))
    routes = [assets.routes(), shown.routes(), console_routes(desk), wizard]
    return site(routes, language=language, shown=shown)


def browser(app: FastAPI, role: str = "operator") -> TestClient:
    """Return a browser in which an official with `role` is signed in; forms carry their token by header."""
    return TestClient(
        app,
        cookies={"session": role, "__Host-session": role},
        headers={"X-CSRF-Token": f"csrf-{role}", "Accept": "text/html"},
    )


def text_of(page: httpx2.Response) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())
