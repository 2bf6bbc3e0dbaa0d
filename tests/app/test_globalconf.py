# SPDX-License-Identifier: EUPL-1.2
"""Two sites of a country: the centre plants keys and anchor, the other takes it over and follows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flagstone.app.globalconf import ANCHOR, KEPT, beside
from flagstone.app.site import Site, at_work, claimed, make, served, visited
from flagstone.blocks.exchange.contract.globalconf_faults import AnchorMissing, ConfigurationMissing
from flagstone.blocks.exchange.service.globalconf.anchors import read_anchor
from flagstone.country import Country, load
from flagstone.kernel.clock import SystemClock
from flagstone.platform.http import server
from flagstone.settings.options import ExchangeOptions, Http, Settings
from tests.app.conftest import LANDS

CLOCK = SystemClock()
ANY = ExchangeOptions(client_port=0, server_port=0)


@pytest.fixture
def land(monkeypatch: pytest.MonkeyPatch) -> Country:
    monkeypatch.syspath_prepend(LANDS)
    return load("twin")


def settings(data: Path, site: str, *, centre: str = "", port: int = 0) -> Settings:
    options = replace(ANY, centre=centre)
    return Settings(country="twin", site=site, data=data, exchange=options, http=Http(port=port))


def made(data: Path, site: str, land: Country) -> Settings:
    found = settings(data, site)
    with claimed(found, land, CLOCK) as opened:
        make(opened, lambda _what, _count: None)
    return found


@contextmanager
def answering(data: Path, land: Country) -> Iterator[tuple[str, Site]]:
    """Serve the centre; return its address."""
    with server.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        own = settings(data, "south", port=port)
        with served(own, land, CLOCK) as site, at_work(site, CLOCK) as (web, _jobs):
            running = server.server(web)
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield f"http://localhost:{port}", site
            finally:
                running.should_exit = True
                thread.join()


def test_a_site_follows_the_centre_by_the_anchor_left_beside_it(tmp_path: Path, land: Country) -> None:
    south, north = made(tmp_path, "south", land), made(tmp_path, "north", land)
    left = (beside(south) / "XT-internalconf.xml").read_bytes()
    assert (north.folder / KEPT / ANCHOR).read_bytes() == left
    assert read_anchor(left).instance == "XT"
    assert len(list((south.folder / "keys" / "globalconf").glob("*.pem"))) == 2
    assert not (north.folder / "published").exists()
    with answering(tmp_path, land) as (address, centre):
        assert centre.services.exchange is not None
        with visited(settings(tmp_path, "north", centre=address), land, CLOCK) as site:
            assert site.services.exchange is not None
            configuring = site.services.exchange.configuring
            assert configuring.status().kept is None
            (record,) = configuring.follower.fetch()
            assert record.good, record.verdict.failed
            found = configuring.follower.configuration().own.shared
            assert found is not None
            assert {str(each.id) for each in found.servers} == {"XT/GOV/1/north", "XT/GOV/2/south"}
            status = configuring.status()
        own = centre.services.exchange.configuring
        assert own.publisher is not None
        assert status.publication is None
        assert own.status().publication == own.publisher.published()
        assert own.status().anchors


def test_a_site_that_is_made_before_the_centre_takes_the_anchor_later(tmp_path: Path, land: Country) -> None:
    north = made(tmp_path, "north", land)
    with visited(north, land, CLOCK) as site:
        assert site.services.exchange is not None
        with pytest.raises(AnchorMissing):
            site.services.exchange.configuring.follower.fetch()
        made(tmp_path, "south", land)
        assert site.services.exchange.configuring.anchors().instance == "XT"
        with pytest.raises(ConfigurationMissing):
            site.services.exchange.configuring.follower.configuration()


def test_an_anchor_that_the_settings_name_counts(tmp_path: Path, land: Country) -> None:
    south = made(tmp_path / "one", "south", land)
    north = made(tmp_path / "two", "north", land)
    named = beside(south) / "XT-internalconf.xml"
    own = replace(north, exchange=replace(north.exchange, anchor=named))
    with visited(own, land, CLOCK) as site:
        assert site.services.exchange is not None
        assert site.services.exchange.configuring.anchors.file() == named
        assert site.services.exchange.configuring.status().anchor
