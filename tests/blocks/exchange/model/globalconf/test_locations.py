# SPDX-License-Identifier: EUPL-1.2
"""Where a configuration is looked for, in which order, and where its parts may be."""

from __future__ import annotations

import pytest

from flagstone.blocks.exchange.contract.globalconf import Anchor, AnchorSource, Audience, Source
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.model.globalconf.locations import (
    LOCATIONS_MAX,
    Location,
    candidates,
    names_version,
    part_address,
    versioned,
)

ANCHOR = Anchor(
    "XA",
    (
        AnchorSource("http://a.test/internalconf", (b"a",)),
        AnchorSource("https://a.test/internalconf", (b"a",)),
    ),
)
SOURCES = (Source("one.test", (b"i",), (b"e",)), Source("two.test:8443", (b"i",)), Source("", (b"i",)))


def urls(audience: Audience = Audience.INTERNAL, last: str = "") -> list[str]:
    found = candidates(SOURCES, ANCHOR, audience, last=last, shuffle=list.reverse)
    return [each.url for each in found]


def test_published_sources_come_before_the_anchor_and_https_before_http() -> None:
    assert urls() == [
        "https://two.test:8443/internalconf",
        "https://one.test/internalconf",
        "http://two.test:8443/internalconf",
        "http://one.test/internalconf",
        "https://a.test/internalconf",
        "http://a.test/internalconf",
    ]


def test_each_audience_has_its_own_keys() -> None:
    found = candidates(SOURCES, ANCHOR, Audience.EXTERNAL, last="", shuffle=lambda _: None)
    assert found[0] == Location("https://one.test/externalconf", (b"e",))
    assert len(found) == 4


@pytest.mark.parametrize("last", ["http://one.test/internalconf?version=6", "http://one.test/internalconf"])
def test_what_did_well_last_comes_first(last: str) -> None:
    assert urls(last=last)[0] == "http://one.test/internalconf"
    assert sorted(urls(last=last)) == sorted(urls())


def test_there_is_an_end_to_the_places() -> None:
    many = tuple(Source(f"h{at}.test", (b"i",)) for at in range(100))
    found = candidates(many, ANCHOR, Audience.INTERNAL, last="", shuffle=lambda _: None)
    assert len(found) == LOCATIONS_MAX


def test_versions_in_addresses() -> None:
    assert versioned("http://c/internalconf", 6) == "http://c/internalconf?version=6"
    assert versioned("http://c/i?a=b", 2) == "http://c/i?a=b&version=2"
    assert names_version("http://c/i?version=3")
    assert not names_version("http://c/version/i?v=3")


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("/V6/1/shared-params.xml", "http://c:81/V6/1/shared-params.xml"),
        ("1/shared-params.xml", "http://c:81/conf/1/shared-params.xml"),
        ("http://c:81/V6/x.xml", "http://c:81/V6/x.xml"),
        ("/x.xml?a=b", "http://c:81/x.xml?a=b"),
    ],
)
def test_where_parts_are(location: str, address: str) -> None:
    assert part_address("http://c:81/conf/internalconf?version=6", location) == address


@pytest.mark.parametrize("location", ["http://d/x", "https://c:81/x", "//d/x", "/../x", "../x", "file:///x"])
def test_where_parts_may_not_be(location: str) -> None:
    with pytest.raises(ConfigurationMalformed):
        part_address("http://c:81/conf/internalconf", location)
