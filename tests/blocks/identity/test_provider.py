# SPDX-License-Identifier: EUPL-1.2
"""The provider as a whole: what it refuses to start with, and a sign-in over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.blocks.identity.site import MARI, PORTAL, Site, hidden, terms
from tests.platform.http.conftest import served

from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.store import SCHEMA
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto.keys import KeyFileUnusable
from flagstone.platform.http.bounds import Bounds

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "id.example",
        "http://id.example",
        "https://id.example/",
        "https://id.example/path",
        "https://id.example?x",
        "https://u@id.example",
        "https://",
        "ftp://127.0.0.1",
        "http://127.0.0.1.example",
    ],
)
def test_an_unsafe_issuer_is_refused(
    open_database: OpenDatabase, tmp_path: Path, clock: SetClock, issuer: str
) -> None:
    with pytest.raises(SettingsFault):
        Provider(open_database(SCHEMA), tmp_path / "keys", terms(issuer=issuer), clock)


def test_keys_that_others_can_read_are_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "keys" / "pairwise.key").chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        Provider(site.database, tmp_path / "keys", terms(), site.clock)


def test_a_restart_keeps_sessions_and_keys(site: Site, tmp_path: Path) -> None:
    site.party(PORTAL).tokens()
    again = Provider(site.database, tmp_path / "keys", terms(), site.clock)
    assert again.sessions.find(site.browser.cookies["provider-8080"]) is not None
    assert again.vault.jwks(site.clock.now()) == site.provider.vault.jwks(site.clock.now())


def test_a_sign_in_over_a_real_socket(site: Site) -> None:
    party = site.party(PORTAL)
    with served(site.browser.app, Bounds()) as port:  # type: ignore[arg-type]
        browser = httpx2.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=False)
        asked = browser.get("/authorize", params=party.asked())
        page = browser.get(asked.headers["location"])
        form = hidden(page.text) | {"choice": MARI}
        chosen = browser.post("/authenticate/test/choose", data=form)
        code = party.answered(chosen)["code"]
        exchange = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "portal",
            "redirect_uri": PORTAL.redirect_uris[0],
            "code_verifier": party.verifier,
        }
        found = browser.post("/oauth/token", data=exchange).json()
        told = browser.get("/oidc/userinfo", headers={"Authorization": f"Bearer {found['access_token']}"})
        browser.close()
    assert told.json()["personal_code"] == MARI
    assert party.verified(found["id_token"], found["access_token"])["amr"] == ["test"]
