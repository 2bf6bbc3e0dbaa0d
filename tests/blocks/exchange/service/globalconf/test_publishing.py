# SPDX-License-Identifier: EUPL-1.2
"""What a centre publishes: every version in both directories, the same parts in place, anchors that fit."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import SERVER, Centre, certificate, directory

from flagstone.blocks.exchange.contract.globalconf import PRIVATE, SHARED, Audience
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.model.globalconf.directory import SignedDirectory, read_directory
from flagstone.blocks.exchange.service.globalconf.anchors import read_anchor
from flagstone.blocks.exchange.service.globalconf.publishing import EXPIRY_SECONDS, VERSIONS, read_index
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.signing import SoftKey


def signed(publishing: Centre, version: int, audience: Audience) -> SignedDirectory:
    return read_directory((publishing.folder / f"V{version}" / audience.value).read_bytes())


@pytest.mark.parametrize("version", VERSIONS)
def test_both_directories_of_a_version(publishing: Centre, clock: SetClock, version: int) -> None:
    internal = signed(publishing, version, Audience.INTERNAL)
    external = signed(publishing, version, Audience.EXTERNAL)
    assert (internal.version, external.version) == (version, version)
    assert internal.expires_at == clock.now() + timedelta(seconds=EXPIRY_SECONDS)
    assert [each.identifier for each in internal.parts] == [SHARED, PRIVATE]
    assert [each.identifier for each in external.parts] == [SHARED]
    assert internal.signature.certificate_digest != external.signature.certificate_digest
    for part in internal.parts:
        content = (publishing.folder / part.location[1:]).read_bytes()
        assert hashlib.sha512(content).digest() == part.digest


@pytest.mark.parametrize(("version", "name"), [(2, "sha1"), (3, "sha256"), (6, "sha256")])
def test_certificates_of_servers_are_listed_by_hash(publishing: Centre, version: int, name: str) -> None:
    part = signed(publishing, version, Audience.EXTERNAL).parts[0]
    shared = read_shared((publishing.folder / part.location[1:]).read_bytes(), version)
    server = next(each for each in shared.servers if each.id == SERVER)
    assert server.auth_hashes == (hashlib.new(name, certificate("interior")).digest(),)
    assert server.address == "127.0.0.1"


def test_parts_stay_in_place_until_they_change(publishing: Centre, clock: SetClock) -> None:
    before = signed(publishing, 6, Audience.INTERNAL)
    clock.advance(timedelta(seconds=60))
    publication = publishing.publisher.publish()
    after = signed(publishing, 6, Audience.INTERNAL)
    assert after.parts == before.parts
    assert after.expires_at == publication.expires_at == before.expires_at + timedelta(seconds=60)
    publishing.directory[0] = directory(revision=2)
    clock.advance(timedelta(seconds=60))
    publishing.publisher.publish()
    assert signed(publishing, 6, Audience.INTERNAL).parts == before.parts
    publishing.directory[0] = type(publishing.directory[0])("XA", 3, clock.now())
    publishing.publisher.publish()
    changed = signed(publishing, 6, Audience.INTERNAL)
    assert changed.parts[0].location != before.parts[0].location
    older = publishing.publisher.folder.versions()[1]
    assert (older / before.parts[0].location[1:]).is_file()


def test_anchors_name_the_address_and_every_key(publishing: Centre, tmp_path: Path) -> None:
    for audience in Audience:
        text = (publishing.folder / f"anchor-{audience.value}.xml").read_bytes()
        anchor = read_anchor(text)
        published = publishing.publisher.keys.signer(audience).published
        assert anchor.sources[0].url == f"{publishing.address[0]}/{audience.value}"
        assert anchor.sources[0].certificates == tuple(each.der for each in published)
    publishing.publisher.leave_anchors(tmp_path / "anchors")
    left = tmp_path / "anchors" / "XA-internalconf.xml"
    assert read_anchor(left.read_bytes()) == publishing.anchor()
    before = left.stat().st_mtime_ns
    publishing.publisher.leave_anchors(tmp_path / "anchors")
    assert left.stat().st_mtime_ns == before


def test_what_is_told_of_a_publication(publishing: Centre, clock: SetClock) -> None:
    found = publishing.publisher.published()
    assert (found.instance, found.made_at, found.versions) == ("XA", clock.now(), (2, 3, 4, 5, 6))
    assert [each.audience for each in found.keys] == [Audience.INTERNAL, Audience.EXTERNAL]
    with pytest.raises(ConfigurationMissing):
        read_index(publishing.folder / "V6")


def test_rsa_keys_are_the_usual_ones(publishing: Centre) -> None:
    assert SoftKey.generate_rsa().algorithm.title == "SHA512withRSA"
