# SPDX-License-Identifier: EUPL-1.2
"""Signed directories and their parts: those of others give what they must, and no mutant is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.exchange.service.globalconf.rig import AT, SIGNED, Centre, certificate, needs_vectors

from flagstone.blocks.exchange.contract.globalconf import SHARED, Audience, Part
from flagstone.blocks.exchange.model.globalconf.directory import (
    Signature,
    SignedDirectory,
    read_directory,
    write_directory,
    write_signed,
)
from flagstone.blocks.exchange.service.globalconf.anchors import read_anchor
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.blocks.exchange.service.globalconf.verifying import read_part, verify_directory, verify_part
from flagstone.kernel.findings import Findings, Verdict
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.issuing import Draft, Extensions, fresh_serial, signed, to_be_signed
from flagstone.platform.crypto.signing import SoftKey

VERSIONS = (3, 4, 5, 6)
CASES = [(version, audience) for version in VERSIONS for audience in Audience]
PARTS = [(version, name) for version in VERSIONS for name in ("shared-params.xml", "private-params.xml")]
STALE = {(6, Audience.EXTERNAL): ["configuration.part-digest"]}
"""What must fail of others' directories: one was not signed anew after its shared parameters changed."""


def certificates(version: int) -> list[bytes]:
    """Return the certificates that may sign a vector: those of its own sources, and the anchor's."""
    anchor = read_anchor((SIGNED / "configuration_anchor_CS_internal.xml").read_bytes())
    file = next((SIGNED / f"V{version}").glob("*/shared-params.xml"))
    shared = read_shared(file.read_bytes(), version)
    named = [each for source in shared.sources for each in (*source.internal, *source.external)]
    return [*named, *(each for source in anchor.sources for each in source.certificates)]


def verified(file: Path, known: list[bytes], version: int, at: datetime = AT) -> Verdict:
    """Verify a directory and every part of it as they lie in the vectors' folder."""
    findings = Findings()
    directory = verify_directory(file.read_bytes(), known, at, findings)
    for part in directory.parts if directory else ():
        content = (SIGNED / part.location[1:]).read_bytes()
        if verify_part(part, content, findings):
            read_part(part, content, findings, version=version, instance=part.instance)
    return findings.verdict


@needs_vectors
@pytest.mark.parametrize(("version", "audience"), CASES, ids=lambda each: str(getattr(each, "value", each)))
def test_directories_of_others(version: int, audience: Audience) -> None:
    verdict = verified(SIGNED / f"V{version}" / audience.value, certificates(version), version)
    failed = [each.code for each in verdict.failed]
    print(f"V{version} {audience.value:13} {'good' if verdict.good else 'fails: ' + ', '.join(failed)}")
    assert failed == STALE.get((version, audience), [])


@needs_vectors
@pytest.mark.parametrize(("version", "name"), PARTS)
def test_parts_of_others(version: int, name: str) -> None:
    """Each part is listed by its internal directory with its digest, and by no other version's."""
    file = next((SIGNED / f"V{version}").glob(f"*/{name}"))
    directory = read_directory((SIGNED / f"V{version}" / "internalconf").read_bytes())
    part = next(each for each in directory.parts if each.location.endswith(name))
    findings = Findings()
    assert verify_part(part, file.read_bytes(), findings)
    read = read_part(part, file.read_bytes(), findings, version=version, instance=part.instance)
    print(f"V{version} {name:18} {part.instance:4} {part.location}")
    assert read is not None
    assert not verify_part(part, file.read_bytes() + b" ", Findings())


@needs_vectors
def test_the_stale_digest_is_named() -> None:
    verdict = verified(SIGNED / "V6" / "externalconf", certificates(6), 6)
    (finding,) = verdict.failed
    assert finding.subject == SHARED
    assert finding.facts["digest"] == "SHA-512"
    assert finding.facts["listed"].startswith("ec53b95fa18bd9a7")
    assert finding.facts["found"].startswith("dc4161a3d815574c")


@needs_vectors
def test_the_last_second_of_a_directory() -> None:
    expires = read_directory((SIGNED / "V6" / "internalconf").read_bytes()).expires_at
    file, known = SIGNED / "V6" / "internalconf", certificates(6)
    assert verified(file, known, 6, expires - timedelta(seconds=1)).good
    (finding,) = verified(file, known, 6, expires).failed
    assert (finding.code, finding.check.wire) == ("configuration.in-time", "global_conf_outdated")
    late = verified(file, known, 6, expires + timedelta(seconds=90)).failed[0]
    assert late.facts["clock_difference_seconds"] == "90"
    assert "expired 90 seconds ago" in late.detail


@needs_vectors
def test_an_unknown_signer_is_named_with_those_known() -> None:
    known = certificate("somebody else")
    (finding,) = verified(SIGNED / "V6" / "internalconf", [known, b"no certificate"], 6).failed
    assert finding.code == "configuration.signer-known"
    assert finding.facts["certificate_hash"].startswith("SHA-512 a5cd9fc254b53296")
    assert finding.facts["known_hashes"].startswith(digest_of(known, Digest.SHA512).hex())
    assert "somebody else" in finding.facts["known_hashes"]


KEY = SoftKey.generate_ec()
OTHER = SoftKey.generate_ec()


def made(publishing: Centre) -> tuple[bytes, list[bytes]]:
    """Return a directory that a centre published, and the certificates that may sign it."""
    text = (publishing.folder / "V6" / "internalconf").read_bytes()
    return text, [each.der for each in publishing.publisher.keys.signer(Audience.INTERNAL).published]


def codes(text: bytes, known: list[bytes], at: datetime = AT) -> list[str]:
    """Return the codes of what does not hold."""
    findings = Findings()
    verify_directory(text, known, at, findings)
    return [each.code for each in findings.verdict.failed]


def test_what_a_centre_published_is_good(publishing: Centre) -> None:
    assert codes(*made(publishing)) == []


def resigned(text: bytes, change: Callable[[SignedDirectory], Signature]) -> bytes:
    directory = read_directory(text)
    return write_signed(directory.signed, change(directory), boundary="changed")


def test_a_signature_of_another_key(publishing: Centre) -> None:
    text, known = made(publishing)
    forged = resigned(text, lambda found: replace(found.signature, value=OTHER.sign(found.signed)))
    assert codes(forged, known) == ["configuration.signature-good"]


def test_weak_and_unknown_algorithms_are_refused(publishing: Centre) -> None:
    text, known = made(publishing)
    for uri in ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "urn:none", ""):
        changed = resigned(text, lambda found, uri=uri: replace(found.signature, algorithm_uri=uri))  # type: ignore[misc]
        assert codes(changed, known) == ["configuration.signature-good"]
    sha1 = resigned(
        text,
        lambda found: replace(
            found.signature,
            certificate_digest=digest_of(known[0], Digest.SHA1),
            certificate_digest_uri=Digest.SHA1.uri,
        ),
    )
    assert codes(sha1, known) == ["configuration.signature-good"]


def test_an_unknown_version_is_refused(publishing: Centre) -> None:
    text, known = made(publishing)
    parts = read_directory(text).parts
    signer = publishing.publisher.keys.signer(Audience.INTERNAL)
    text7 = write_directory(parts, version=7, expires_at=AT + timedelta(hours=1), boundary="inner")
    signature = replace(read_directory(text).signature, value=signer.key.sign(text7))
    assert codes(write_signed(text7, signature, boundary="outer"), known) == ["configuration.version-known"]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_mutant_of_a_directory_says_something_else(data: st.DataObject) -> None:
    """Whatever is changed, added or cut: it fails, or it says exactly what the publisher signed."""
    text, known = _kept()
    at = data.draw(st.integers(0, len(text) - 1))
    kind = data.draw(st.sampled_from(("byte", "cut", "insert", "swap")))
    if kind == "byte":
        mutant = text[:at] + bytes([data.draw(st.integers(0, 255))]) + text[at + 1 :]
    elif kind == "cut":
        mutant = text[:at] + text[at + data.draw(st.integers(1, 200)) :]
    elif kind == "insert":
        mutant = text[:at] + data.draw(st.binary(min_size=1, max_size=40)) + text[at:]
    else:
        end = min(len(text), at + data.draw(st.integers(1, 300)))
        mutant = text[:at] + text[end : 2 * end - at] + text[at:end] + text[2 * end - at :]
    if codes(mutant, known) == []:
        found, meant = read_directory(mutant), read_directory(text)
        assert (found.version, found.expires_at, found.parts) == (
            meant.version,
            meant.expires_at,
            meant.parts,
        )


def _kept() -> tuple[bytes, list[bytes]]:
    """Return one directory that is the same for every example."""
    if not _KEPT:
        der = certificate("signer")
        signature = Signature(KEY.algorithm.uri, b"", Digest.SHA512.uri, b"")
        own = _self_made(signature)
        _KEPT.append((own, [der, _CERTIFICATE.der]))
    return _KEPT[0]


_KEPT: list[tuple[bytes, list[bytes]]] = []


def _self_made(signature: Signature) -> bytes:
    """Return a directory of two parts signed with `KEY`."""
    digest = digest_of(b"x", Digest.SHA512)
    parts = [
        Part(name, "XA", f"/V6/20261122080000000000000/{name.lower()}.xml", Digest.SHA512.uri, digest)
        for name in ("SHARED-PARAMETERS", "PRIVATE-PARAMETERS")
    ]
    text = write_directory(parts, version=6, expires_at=AT + timedelta(minutes=10), boundary="iNNer")
    named = replace(
        signature,
        value=KEY.sign(text),
        certificate_digest=digest_of(_CERTIFICATE.der, Digest.SHA512),
    )
    return write_signed(text, named, boundary="oUTer")


def _certificate_of(key: SoftKey) -> Certificate:
    extensions = Extensions(key_usage=("digital_signature",))
    draft = Draft(fresh_serial(), (("CN", "own"),), AT, AT.replace(year=2040), key.public_der, extensions)
    return Certificate.read(signed(to_be_signed(draft, None, key.algorithm), key, key.algorithm))


_CERTIFICATE = _certificate_of(KEY)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 8))
def test_any_bytes_give_a_reason(junk: bytes, times: int) -> None:
    findings = Findings()
    verify_directory(
        b"Content-Type: multipart/related; boundary=a\r\n\r\n--a\r\n" * times + junk, [], AT, findings
    )
    assert findings.verdict.failed


def test_no_mutant_of_a_part_is_believed(publishing: Centre) -> None:
    """Whatever is done to the bytes of a part, its directory does not list them."""
    text, _ = made(publishing)
    part = read_directory(text).parts[0]
    content = (publishing.folder / part.location[1:]).read_bytes()

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0, len(content)), st.integers(0, 40), st.binary(max_size=20))
    def mutate(at: int, length: int, put: bytes) -> None:
        mutant = content[:at] + put + content[at + length :]
        assert verify_part(part, mutant, Findings()) is (mutant == content)

    mutate()


def test_a_part_of_another_instance(publishing: Centre) -> None:
    text, _ = made(publishing)
    part = read_directory(text).parts[0]
    content = (publishing.folder / part.location[1:]).read_bytes()
    findings = Findings()
    assert read_part(part, content, findings, version=6, instance="XB") is None
    assert [each.code for each in findings.verdict.failed] == ["configuration.part-instance"]
    junk = Findings()
    assert read_part(part, b"<conf/>", junk, version=6, instance="XA") is None
    assert [each.code for each in junk.verdict.failed] == ["configuration.part-readable"]


def test_a_part_whose_digest_nobody_knows(publishing: Centre) -> None:
    text, _ = made(publishing)
    part = read_directory(text).parts[0]
    content = (publishing.folder / part.location[1:]).read_bytes()
    sha1 = replace(part, digest_uri=Digest.SHA1.uri, digest=digest_of(content, Digest.SHA1))
    for each in (replace(part, digest_uri="urn:none"), sha1):
        findings = Findings()
        assert not verify_part(each, content, findings)
        assert findings.verdict.failed
