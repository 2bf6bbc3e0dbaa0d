# SPDX-License-Identifier: EUPL-1.2
"""The pages of an authority in a browser, signed in as an official by the name in the cookie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from tests.blocks.trust.rig import ADDRESS, SECOND, clerk, officer

from flagstone.blocks.trust.service.service import Service
from flagstone.blocks.trust.web.desk import Desk, KeyDesk
from flagstone.blocks.trust.web.status import AUTHORITY_MENU, StatusPage
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal

ROOT = Path(__file__).parents[3]
BLOCKS = ROOT / "src" / "flagstone" / "blocks"
LOOK = ROOT / "countries" / "aralia" / "look"


class SignedIn:
    """Sessions whose cookie names who is signed in."""

    def find(self, token: str) -> Principal | None:
        caller = {"officer": officer(), "second": SECOND, "clerk": clerk()}.get(token)
        return Principal(caller, None, caller.actor.name, token, "form-token") if caller else None


@dataclass
class Browser:
    """A browser at the authority's site."""

    client: TestClient

    def get(self, path: str, who: str = "officer", **params: str) -> Any:
        return self.client.get(path, params=params, headers={"cookie": f"__Host-session={who}"})

    def post(self, path: str, who: str = "officer", **form: str) -> Any:
        headers = {"cookie": f"__Host-session={who}"}
        return self.client.post(path, data={"csrf": "form-token", **form}, headers=headers)


def browser(service: Service) -> Browser:
    """Return a browser at the pages of `service`."""
    languages = Languages(["en", "et", "ar"], [LOCALE, BLOCKS / "trust/locale"])
    pages = Pages(read_look(LOOK), languages, Assets(LOOK), [BLOCKS / "trust/templates"], menu=AUTHORITY_MENU)
    routes = [
        pages.routes(),
        pages.assets.routes(),
        Desk(service, pages).routes(),
        KeyDesk(service.key_service, pages).routes(),
        StatusPage(service, pages, ADDRESS).routes(),
    ]
    app = assemble(
        routes, edge=Edge("Test", "1", hosts=None), keepers=Keepers(pages=pages, sessions=SignedIn())
    )
    return Browser(TestClient(app, base_url="https://testserver", follow_redirects=False))
