# SPDX-License-Identifier: EUPL-1.2
"""Where the sites of a country find each other on one machine."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from flagstone.app.plan import ANSWERING, acquainted, announced, answering, own_settings, ports
from flagstone.country import Country, load
from flagstone.settings.options import Settings
from flagstone.settings.reading import load as read

LANDS = Path(__file__).with_name("lands")


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> Country:
    """A country of two sites."""
    monkeypatch.syspath_prepend(LANDS)
    return load("twin")


def test_ports_follow_the_order_of_the_sites() -> None:
    assert ports(0) == {
        "http.port": 8000,
        "exchange.client_port": 8080,
        "exchange.client_tls_port": 8443,
        "exchange.server_port": 5500,
    }
    assert list(ports(4, 9000).values()) == [9004, 9084, 9447, 6504]
    assert set(ports(3, 0).values()) == {0}


def test_a_sites_own_settings_name_who_signs_in_and_who_governs(twin: Country, tmp_path: Path) -> None:
    north, south = (tomllib.loads(own_settings(twin, site)) for site in ("north", "south"))
    assert "identity" not in north
    assert north["exchange"]["centre"] == "http://localhost:8001"
    assert south["identity"]["issuer"] == "http://localhost:8000"
    assert "centre" not in south["exchange"]
    file = tmp_path / "settings.toml"
    file.write_text(own_settings(twin, "south"))
    loaded = read(None, {}, {"site": "south", "http.port": 9001}, own=file)
    assert loaded.flaws == ()
    assert (loaded.settings.http.port, loaded.settings.exchange.client_port) == (9001, 8081)
    assert loaded.sources["identity.issuer"] == str(file)


def test_sites_that_run_together_know_each_others_ports(twin: Country) -> None:
    bound = [
        replace(
            Settings(country="twin", site=site),
            http=replace(Settings().http, port=port),
            exchange=replace(Settings().exchange, server_port=port + 1),
        )
        for site, port in (("north", 40_000), ("south", 50_000))
    ]
    north, south = acquainted(twin, bound)
    assert (north.issuer, south.issuer) == ("http://localhost:40000", "http://localhost:40000")
    assert (north.exchange.centre, south.exchange.centre) == ("http://localhost:50000", "")
    assert set(north.exchange.peer_addresses) == {
        "XT/GOV/1/north=http://127.0.0.1:40001",
        "XT/GOV/2/south=http://127.0.0.1:50001",
    }


def test_a_site_that_runs_says_at_which_ports(tmp_path: Path) -> None:
    settings = Settings(country="twin", site="north", data=tmp_path)
    settings.folder.mkdir(mode=0o700)
    running = replace(settings, http=replace(settings.http, port=40_000))
    with announced(running):
        assert answering(settings) == running
    assert answering(settings) == settings


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"http.port": "x"}', "null", "{"])
def test_what_cannot_be_read_changes_nothing(tmp_path: Path, text: str) -> None:
    settings = Settings(country="twin", site="north", data=tmp_path)
    settings.folder.mkdir()
    (settings.folder / ANSWERING).write_text(text)
    assert answering(settings) == settings
