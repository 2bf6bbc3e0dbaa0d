# SPDX-License-Identifier: EUPL-1.2
"""Signatures that we make: canonical, valid by the schemas, and good for tools of others (XAdES 1.3.2)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signxml.algorithms import CanonicalizationMethod
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import hash_chain, xades
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.hash_chain import Chained
from flagstone.platform.crypto.hash_chain_build import leaf_of
from flagstone.platform.crypto.hash_chain_read import HashChainRefused
from flagstone.platform.crypto.xades import read_signature
from flagstone.platform.crypto.xades_build import Signer, build, build_batch, with_timestamp
from flagstone.platform.crypto.xml import canonical, parse
from flagstone.platform.crypto.xmldsig import SignatureRefused
from tests.platform.crypto.evidence import (
    AT,
    MESSAGE,
    OCSP,
    VECTORS,
    certificate,
    evidence,
    key,
    needs_vectors,
    signer,
)

PARTS = {"/message.xml": MESSAGE}
SEVERAL = {"/message.xml": MESSAGE, "/attachment1": b"one", "/attachment2": b"two"}
KINDS = ["RSA", "P-256", "P-384", "P-521"]


def several(by: Signer) -> bytes:
    """Return a signature with a reference to each part, the form of X-Road 8."""
    return build(leaf_of(SEVERAL), by, OCSP, AT)


def good(document: bytes, parts: Mapping[str, bytes]) -> bool:
    findings = Findings()
    xades.verify(read_signature(document), parts.get, findings, expected=list(parts))
    return findings.verdict.good


def test_the_shape_that_peers_look_for() -> None:
    """The root's first child is ds:Signature, under that very prefix, and XAdES parts hold no white space."""
    document = evidence(PARTS, signer(chained=True)).signature
    root = b'<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="'
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>' + root)
    assert b'XMLSchema-instance"><ds:Signature Id="signature"><ds:SignedInfo>' in document
    assert b"> <" not in document
    assert b">\n<" not in document
    signature = read_signature(document)
    assert signature.signing_time == AT
    assert signature.policy == xades.POLICY_OF_XROAD
    assert signature.ocsp_responses == OCSP
    assert [each.id for each in signature.core.references] == [
        "signature-reference-0",
        "signature-reference-1",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(kind: str) -> None:
    assert good(evidence(PARTS, signer(kind)).signature, PARTS)
    assert good(several(signer(kind, chained=True)), SEVERAL)
    assert not good(several(signer(kind)), {**SEVERAL, "/attachment2": b"2"})


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.datetimes(timezones=st.just(UTC)), st.integers(0, 3))
def test_what_is_written_as_text_is_canonical(response: bytes, at: datetime, attachments: int) -> None:
    """The text is byte for byte what lxml makes of it: the signed bytes need no parser."""
    parts = {"/message.xml": MESSAGE} | {f"/attachment{each + 1}": b"" for each in range(attachments)}
    document = build(leaf_of(parts), signer(chained=True), [response], at)
    declaration = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    assert declaration + canonical(parse(document)) == document
    assert good(document, parts)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="xmlsec1 is not installed")
@pytest.mark.parametrize("parts", [PARTS, SEVERAL], ids=["one", "several"])
def test_xmlsec_verifies(tmp_path: Path, kind: str, parts: dict[str, bytes]) -> None:
    """It computes each reference anew: the detached parts are mapped from their URIs to files."""
    by = signer(kind)
    document = tmp_path / "signatures.xml"
    document.write_bytes(build(leaf_of(parts), by, OCSP, AT))
    (tmp_path / "signer.der").write_bytes(by.certificate)
    command = ["xmlsec1", "--verify", "--pubkey-cert-der", str(tmp_path / "signer.der")]
    command += ["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]
    for place, (uri, content) in enumerate(parts.items()):
        (tmp_path / f"part{place}").write_bytes(content)
        command += [f"--url-map:{uri}", str(tmp_path / f"part{place}")]
    done = subprocess.run([*command, str(document)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"References (ok/all): {len(parts) + 1}/{len(parts) + 1}" in done.stderr
    (tmp_path / "part0").write_bytes(b"changed")
    assert subprocess.run([*command, str(document)], check=False, capture_output=True).returncode != 0


@needs_vectors
@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")
def test_schemas_of_others_hold(tmp_path: Path) -> None:
    """XAdES 1.3.2, XML Signature and hash chains, by the XSDs that the peers validate with."""
    for name in ("xades-schema", "xmldsig-core-schema", "hashchain"):
        shutil.copy(VECTORS / "xsd" / f"common__common-message__src__{name}.xsd", tmp_path / f"{name}.xsd")
    whole = evidence(SEVERAL, signer("RSA", chained=True))
    stamped = with_timestamp(whole.signature, b"token")
    start, end = stamped.index(b"<ds:Signature "), stamped.index(b"</asic:XAdESSignatures>")
    namespaces = stamped[stamped.index(b" xmlns:asic") : start - 1]
    alone = stamped[start:end].replace(b"<ds:Signature ", b"<ds:Signature" + namespaces + b" ", 1)
    for schema, document in (
        ("xades-schema", alone),
        ("hashchain", whole.result),
        ("hashchain", whole.chain),
    ):
        written = tmp_path / "document.xml"
        written.write_bytes(document)
        command = ["xmllint", "--noout", "--nonet", "--schema", str(tmp_path / f"{schema}.xsd"), str(written)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [PARTS, SEVERAL], ids=["one", "several"])
def test_signxml_reads_it_as_xades(kind: str, parts: dict[str, bytes]) -> None:
    by = signer(kind)
    expected = XAdESSignatureConfiguration(
        expect_references=len(parts) + 1,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
        location="./",
    )
    import base64

    pem = base64.encodebytes(by.certificate).decode()
    found = XAdESVerifier().verify(
        build(leaf_of(parts), by, OCSP, AT),
        x509_cert=f"-----BEGIN CERTIFICATE-----\n{pem}-----END CERTIFICATE-----\n",
        uri_resolver=parts.get,
        expect_config=expected,
    )
    assert len(found) == len(parts) + 1
    assert found[0].signed_data == MESSAGE


def test_one_signature_for_many_messages() -> None:
    messages = [{"/message.xml": b"%d" % each} for each in range(20)]
    messages[7]["/attachment1"] = b"seven"
    made = build_batch([leaf_of(each) for each in messages], signer(), OCSP, AT)
    assert len({each.signature for each in made}) == len({each.result for each in made}) == 1
    assert read_signature(made[0].signature).batch
    assert good(made[0].signature, {"/sig-hashchainresult.xml": made[0].result})
    for own, parts in zip(made, messages, strict=True):
        findings = Findings()
        assert hash_chain.verify(Chained(own.result, own.chain), parts.get, findings, expected=list(parts))
    findings = Findings()
    assert not hash_chain.verify(
        Chained(made[0].result, made[0].chain), messages[1].get, findings, expected=[]
    )


def test_one_message_alone_is_signed_itself() -> None:
    (made,) = build_batch([leaf_of(PARTS)], signer(), OCSP, AT)
    assert (made.result, made.chain) == (b"", b"")
    (made,) = build_batch([leaf_of(SEVERAL)], signer(), OCSP, AT)
    assert read_signature(made.signature).batch
    with pytest.raises(HashChainRefused):
        build_batch([], signer(), OCSP, AT)


def test_the_time_is_written_in_utc() -> None:
    abroad = AT.astimezone(timezone(timedelta(hours=3)))
    assert b">2026-05-04T09:30:15.250Z<" in build(leaf_of(PARTS), signer(), OCSP, abroad)


def test_a_time_stamp_changes_nothing_else() -> None:
    document = evidence(PARTS, signer(chained=True)).signature
    stamped = with_timestamp(document, b"token")
    assert good(stamped, PARTS)
    before, after = read_signature(document), read_signature(stamped)
    assert (before.timestamps, after.timestamps) == ((), (b"token",))
    assert before.signature_value == after.signature_value
    for wrong, token in (
        (stamped, b"again"),
        (b"<a/>", b"token"),
        (document, b""),
        (document, b"x" * 65_537),
    ):
        with pytest.raises(SignatureRefused):
            with_timestamp(wrong, token)


DIGEST = digest_of(b"")


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"/message.xml": b"short"},
        {"/attachment1": DIGEST},
        {"/message.xml": DIGEST, "/attachment0": DIGEST},
        {"/message.xml": DIGEST, "/sig-hashchainresult.xml": DIGEST},
        {'/message.xml"/>': DIGEST},
        {"/message.xml": DIGEST} | {f"/attachment{each}": DIGEST for each in range(1, 1_000)},
    ],
)
def test_parts_that_are_not_signed(parts: dict[str, bytes]) -> None:
    with pytest.raises(SignatureRefused):
        build(parts, signer(), OCSP, AT)


@pytest.mark.parametrize("responses", [[], [b""], [b"x"] * 33])
def test_responses_that_are_not_taken(responses: list[bytes]) -> None:
    with pytest.raises(SignatureRefused):
        build(leaf_of(PARTS), signer(), responses, AT)


def test_signers_that_do_not_fit() -> None:
    own = certificate(key("P-256"), "100")
    for by in (
        Signer(key("RSA"), own),
        Signer(key("P-256"), b"none"),
        Signer(key("P-256"), own, (b"none",)),
        Signer(key("P-256"), own, (own,) * 17),
    ):
        with pytest.raises(SignatureRefused):
            build(leaf_of(PARTS), by, OCSP, AT)
    with pytest.raises(SignatureRefused):
        build(leaf_of(PARTS), signer(), OCSP, AT.replace(tzinfo=None))
