# SPDX-License-Identifier: EUPL-1.2
"""Clients registered by file: taken when new, refused when anybody else could have written them."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.blocks.identity.site import BANK, BY, MACHINE, SHOP, WHY, made_keys, terms

from flagstone.blocks.identity.contract import Client, ClientInvalid, ClientUnknown
from flagstone.blocks.identity.model.metadata import metadata_of
from flagstone.blocks.identity.service.filed import Filed, write_registration
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.store import SCHEMA
from flagstone.platform.crypto.keys import KeyFileUnusable

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

JUSTICE = replace(
    BANK,
    id="portal-justice",
    redirect_uris=("http://localhost:8001/sign-in/return",),
    scopes=frozenset({"openid", "profile", "personal_code", "roles"}),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "registrations"


@pytest.fixture
def provider(open_database: OpenDatabase, tmp_path: Path, folder: Path, clock: SetClock) -> Provider:
    shutil.copytree(made_keys(), tmp_path / "keys")
    known = terms(personal_code_clients=frozenset({"portal", "portal-justice"}))
    return Provider(open_database(SCHEMA), tmp_path / "keys", known, clock, registrations=folder)


def test_a_client_is_known_as_soon_as_its_file_is_there(provider: Provider, folder: Path) -> None:
    with pytest.raises(ClientUnknown):
        provider.clients.find("portal-justice")
    write_registration(folder, JUSTICE)
    assert provider.clients.find("portal-justice") == JUSTICE
    moved = replace(JUSTICE, redirect_uris=("http://localhost:9001/sign-in/return",))
    write_registration(folder, moved)
    assert provider.clients.find("portal-justice") == moved


def test_registering_is_audited_once(provider: Provider, folder: Path) -> None:
    write_registration(folder, JUSTICE)
    for _ in range(3):
        provider.clients.find("portal-justice")
    write_registration(folder, JUSTICE)  # the same again, as at each start
    provider.clients.find("portal-justice")
    entries = provider.clients._database.journal.entries(0, 100)
    made = [each for each in entries if each.table == "client"]
    assert [each.reason.purpose for each in made] == ["its site registered it by file"]
    assert made[0].actor.id == "registration-by-file"


def test_a_client_that_was_closed_by_hand_stays_closed(provider: Provider, folder: Path) -> None:
    write_registration(folder, JUSTICE)
    provider.clients.find("portal-justice")
    provider.clients.close("portal-justice", BY, WHY)
    write_registration(folder, replace(JUSTICE, name={"en": "Again"}))
    with pytest.raises(ClientUnknown):
        provider.clients.find("portal-justice")


def test_a_client_with_a_secret_is_not_replaced_by_a_file(provider: Provider, folder: Path) -> None:
    provider.clients.add(SHOP, BY, WHY)
    write_registration(folder, replace(BANK, id="shop"))
    assert provider.clients.find("shop") == SHOP


def test_whom_the_settings_do_not_name_gets_no_personal_code(provider: Provider, folder: Path) -> None:
    write_registration(folder, replace(JUSTICE, id="portal-strange"))
    with pytest.raises(ClientUnknown):
        provider.clients.find("portal-strange")


@pytest.mark.parametrize(
    "client",
    [SHOP, MACHINE, replace(BANK, id_token_claims=True), replace(BANK, id="a:b"), replace(BANK, id="../x")],
)
def test_only_what_a_file_can_say_is_written(folder: Path, client: Client) -> None:
    with pytest.raises(ClientInvalid):
        write_registration(folder, client)
    assert not list(folder.glob("*")) if folder.exists() else True


def test_a_folder_that_others_may_enter_is_refused(provider: Provider, folder: Path) -> None:
    write_registration(folder, JUSTICE)
    folder.chmod(0o755)
    with pytest.raises(ClientUnknown):
        provider.clients.find("portal-justice")
    with pytest.raises(KeyFileUnusable):
        write_registration(folder, JUSTICE)


def test_a_file_that_others_may_write_or_that_leads_elsewhere_is_refused(folder: Path) -> None:
    write_registration(folder, JUSTICE)
    path = folder / "portal-justice.json"
    path.chmod(0o666)
    assert Filed(folder).news_of("portal-justice") is None
    path.chmod(0o600)
    path.rename(folder.parent / "elsewhere.json")
    path.symlink_to(folder.parent / "elsewhere.json")
    assert Filed(folder).news_of("portal-justice") is None


def changed(**changes: Any) -> bytes:
    return json.dumps({**metadata_of(JUSTICE), **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 10_000,
        b"{" + b" " * 20_000 + b"}",
        changed(client_id="portal"),
        changed(redirect_uris=["http://evil.example/"]),
        changed(redirect_uris=["http://localhost:8001/#x"]),
        changed(redirect_uris=[f"http://localhost:8001/{n}" for n in range(21)]),
        changed(token_endpoint_auth_method="none"),
        changed(scope="openid registrar"),
    ],
)
def test_a_file_with_anything_else_changes_nothing(folder: Path, content: bytes) -> None:
    write_registration(folder, JUSTICE)
    path = folder / "portal-justice.json"
    path.write_bytes(content)
    filed = Filed(folder)
    assert filed.news_of("portal-justice") is None
    write_registration(folder, JUSTICE)
    assert filed.news_of("portal-justice") == JUSTICE


def test_only_plain_names_are_looked_for(folder: Path) -> None:
    write_registration(folder, JUSTICE)
    for name in ("../registrations/portal-justice", "portal-justice.json/..", "", ".", "a" * 51, "a\0b"):
        assert Filed(folder).news_of(name) is None


def test_a_file_is_read_once_until_it_changes(folder: Path) -> None:
    filed = Filed(folder)
    write_registration(folder, JUSTICE)
    assert filed.news_of("portal-justice") is not None
    assert filed.news_of("portal-justice") is None
    os.utime(folder / "portal-justice.json", ns=(1, 1))
    assert filed.news_of("portal-justice") is not None
