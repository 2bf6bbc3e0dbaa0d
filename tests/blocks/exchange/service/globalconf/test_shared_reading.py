# SPDX-License-Identifier: EUPL-1.2
"""Shared parameters of others read, and what contradicts itself or is no configuration refused in time."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.exchange.service.globalconf.rig import ON_DISK, SIGNED, Centre, needs_vectors

from flagstone.blocks.exchange.contract.globalconf import CostType
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.blocks.exchange.service.globalconf.shared_writing import write_shared
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.xml import XmlRefused

HEAD = b'<x:conf xmlns:x="http://x-road.eu/xsd/xroad.xsd"><instanceIdentifier>XA</instanceIdentifier>'
TAIL = b"<globalSettings><ocspFreshnessSeconds>60</ocspFreshnessSeconds></globalSettings></x:conf>"
MEMBER = (
    b'<member id="a"><memberClass><code>GOV</code><description>d</description></memberClass>'
    b"<memberCode>1</memberCode><name>n</name></member>"
)
SERVER = b"<securityServer><owner>a</owner><serverCode>s</serverCode></securityServer>"


@needs_vectors
def test_what_others_published() -> None:
    file = next((SIGNED / "V6").glob("*/shared-params.xml"))
    shared = read_shared(file.read_bytes(), 6)
    assert (shared.instance, shared.version, shared.auth_hash) == ("DEV", 6, "SHA-256")
    assert [source.address for source in shared.sources] == ["cs"]
    assert [ca.name for ca in shared.cas] == ["Test CA", "New CA"]
    assert [ca.request_format for ca in shared.cas] == ["", "PEM"]
    assert shared.cas[0].top.responders[0].cost is CostType.FREE
    assert Certificate.read(shared.cas[0].top.certificate).is_ca  # base64 of a PEM text
    assert shared.members[0].clients[1] == ClientId("DEV", "COM", "1234", "TestService")
    assert shared.servers[0].clients[3] == ClientId("DEV", "COM", "4321", "TestClient")
    assert len(shared.servers[0].auth_hashes[0]) == 32
    assert shared.groups[0].members[0] == ClientId("DEV", "COM", "1234")
    assert shared.settings.ocsp_freshness_seconds == 3600


@needs_vectors
@pytest.mark.parametrize("version", [2, 3, 4, 5, 6])
def test_what_others_keep_with_everything_of_old(version: int) -> None:
    file = ON_DISK / f"globalconf_good_v{version}" / "EE" / "shared-params.xml"
    shared = read_shared(file.read_bytes(), version)
    assert read_shared(write_shared(shared), version) == shared
    central = shared.central_services[0]
    assert (central.code, central.service_code) == ("central1", "bazservice")
    assert central.provider == ClientId("EE", "BUSINESS", "foobar")
    if version >= 5:
        assert any(server.maintenance for server in shared.servers)


def test_the_least_that_there_can_be() -> None:
    shared = read_shared(HEAD + MEMBER + SERVER + TAIL, 6)
    assert shared.servers[0].address is None
    assert str(shared.servers[0].id) == "XA/GOV/1/s"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        MEMBER + MEMBER,
        MEMBER + MEMBER.replace(b'"a"', b'"b"'),
        SERVER,
        MEMBER + SERVER.replace(b">a<", b">b<"),
        MEMBER.replace(b"<code>GOV</code>", b""),
        MEMBER.replace(b"<memberCode>1</memberCode>", b"<memberCode/>"),
        MEMBER.replace(b"<name>n</name>", b"<name>n</name><name>m</name>"),
        MEMBER.replace(
            b"</member>", b'<subsystem id="a"><subsystemCode>s</subsystemCode></subsystem></member>'
        ),
        b"<source><address>a</address><internalVerificationCert>***</internalVerificationCert></source>",
        b"<approvedTSA><name>t</name><url>u</url><cert>AA==</cert><costType>DEAR</costType></approvedTSA>",
        b"<instanceIdentifier>XB</instanceIdentifier>",
        b"<globalGroup><groupCode>g</groupCode><description/><groupMember/></globalGroup>",
    ],
)
def test_what_contradicts_itself_is_refused(content: bytes) -> None:
    tail = TAIL if content else b"</x:conf>"
    with pytest.raises(ConfigurationMalformed) as refused:
        read_shared(HEAD + content + tail, 6)
    assert refused.value.detail


@pytest.mark.parametrize("number", ["", "1e3", "9999999999", "٣"])
def test_numbers_are_small_and_whole(number: str) -> None:
    with pytest.raises(ConfigurationMalformed):
        read_shared(HEAD + TAIL.replace(b"60", number.encode()), 6)


def test_other_documents_and_versions_are_refused() -> None:
    for version in (0, 1, 7):
        with pytest.raises(ConfigurationMalformed):
            read_shared(HEAD + TAIL, version)
    with pytest.raises(ConfigurationMalformed):
        read_shared(b"<conf/>", 6)


BOMBS = {
    "entities": b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "external": b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    "depth": b"<a>" * 100_000,
    "closed depth": HEAD + b"<a>" * 5_000 + b"</a>" * 5_000 + TAIL,
    "attributes": b"<a " + b" ".join(b'b%d=""' % at for at in range(100_000)) + b"/>",
    "no XML": b"\x00" * 1000,
    "nothing": b"",
    "another encoding": (HEAD + TAIL).decode().encode("utf-16"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_quickly(name: str) -> None:
    began = time.monotonic()
    with pytest.raises((XmlRefused, ConfigurationMalformed)):
        read_shared(BOMBS[name], 6)
    assert time.monotonic() - began < 2.0


def test_every_cut_and_flip_is_read_or_refused(publishing: Centre) -> None:
    """Bounded fuzz: whatever is done to a good part, a Fault says so or it reads."""
    good = next((publishing.folder / "V6").glob("*/shared-params.xml")).read_bytes()

    @settings(max_examples=150, deadline=1000)
    @given(st.integers(0, len(good) - 1), st.integers(1, 60), st.binary(max_size=10))
    def fuzz(at: int, length: int, put: bytes) -> None:
        with suppress(Fault):
            read_shared(good[:at] + put + good[at + length :], 6)

    fuzz()
