# SPDX-License-Identifier: EUPL-1.2
"""The commands of identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.blocks.identity.site import MACHINE, MARI, PORTAL, Site
from typer.testing import CliRunner

from flagstone.blocks.identity.cli import commands
from flagstone.blocks.identity.contract import ClientInvalid
from flagstone.blocks.identity.model.registration import registration_document
from flagstone.blocks.identity.service.provider import Provider


def run(site: Site, *words: str, text: str = "") -> Any:
    @contextmanager
    def opened() -> Iterator[Provider]:
        yield site.provider

    return CliRunner().invoke(commands(opened), list(words), input=text)


def test_keys_are_rotated_listed_and_revoked(site: Site) -> None:
    assert "ES256: next key" in run(site, "keys", "rotate").output
    shown = run(site, "keys", "list").output
    assert shown.count("current") == 2
    assert shown.count("next") == 2
    current = site.provider.vault.signing_key("ES256", site.clock.now()).id
    assert f"{current} is revoked" in run(site, "keys", "revoke", "ES256", current).output
    assert run(site, "keys", "revoke", "HS256", "x").exit_code == 2


def test_a_client_is_added_with_its_secret_shown_once_and_closed(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(registration_document(MACHINE) | {"id": "another"}))
    added = run(site, "clients", "add", str(file), "--reason", "a new system")
    assert "Secret, shown only now:" in added.output
    assert "another" in run(site, "clients", "list").output
    assert "closed" in run(site, "clients", "close", "another", "--reason", "no longer used").output
    assert "closed" in run(site, "clients", "list").output


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id": "x"}', "[" * 100_000])
def test_a_file_that_is_no_registration_is_refused(site: Site, tmp_path: Path, text: str) -> None:
    (tmp_path / "client.json").write_text(text)
    found = run(site, "clients", "add", str(tmp_path / "client.json"), "--reason", "x")
    assert isinstance(found.exception, ClientInvalid)


def test_a_person_is_signed_out_without_her_code_on_the_command_line(site: Site) -> None:
    site.party(PORTAL).tokens(MARI)
    assert "1 sign-ins ended" in run(site, "sign-out", text=f"{MARI}\n").output
