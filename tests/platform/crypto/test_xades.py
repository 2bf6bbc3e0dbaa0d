# SPDX-License-Identifier: EUPL-1.2
"""Signatures of X-Road and of ours are read and verified (XAdES 1.3.2; XML Signature 1.0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flagstone.kernel.findings import Findings, Verdict
from flagstone.platform.crypto import xades
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.hash_chain_build import leaf_of
from flagstone.platform.crypto.signing import Algorithm
from flagstone.platform.crypto.xades import POLICY_OF_XROAD, read_signature
from flagstone.platform.crypto.xades_build import Signer, build
from flagstone.platform.crypto.xml import INCLUSIVE
from flagstone.platform.crypto.xmldsig import Hashed, SignatureRefused
from tests.platform.crypto.evidence import (
    AT,
    MESSAGE,
    OCSP,
    certificate,
    evidence,
    key,
    needs_vectors,
    signer,
    vector,
)

MESSAGE_0 = "signatures/common/message-0.xml"
RESULT = "signatures/impl/hash-chain-result.xml"
FORM, DIGEST, VALUE = "signature.form", "signature.part-digest", "signature.value"


def found(document: bytes, parts: Mapping[str, bytes | Hashed], **options: list[str]) -> Verdict:
    """Read and verify; a document that is refused is one failing finding."""
    findings = Findings()
    try:
        xades.verify(read_signature(document), parts.get, findings, **options)
    except SignatureRefused as refused:
        findings.fails(xades.FORM, "signature", refused.detail)
    return findings.verdict


def codes(verdict: Verdict) -> list[str]:
    return [each.code for each in verdict.failed]


VECTORS = [
    ("signatures/common/sign-0.xml", []),
    ("signatures/common/sign-0-old-format.xml", []),
    ("signatures/impl/batch-sig.xml", []),
    ("signatures/impl/non-batch-sig/signatures.xml", []),
    ("signatures/impl/sign-0-ocsp-no-responses.xml", []),  # whoever judges the certificate misses them
    ("signatures/impl/empty.xml", [FORM]),
    ("signatures/impl/sign-0-no-signature.xml", [FORM]),
    ("signatures/impl/sign-0-no-objectcontainer.xml", [FORM]),
    ("signatures/impl/sign-0-no-signing-cert.xml", [FORM]),
    ("signatures/impl/sign-0-malformed-xml.xml", [FORM]),
    ("signatures/impl/sign-0-schema-fail.xml", [FORM]),
    ("signatures/impl/sign-0-invalid-signature-value.xml", [VALUE]),
    ("signatures/impl/extra-certs-missing-id.xml", [FORM]),  # manifests of 2012, never accepted since
    ("signatures/impl/extra-certs-missing-cert.xml", [FORM]),
    ("signatures/impl/extra-certs-digest-invalid.xml", [FORM]),
    ("signatures/impl/xades.signature.ts.xml", [FORM]),
    ("signatures/impl/hash-chain-1.xml", [FORM]),
    ("signatures/impl/message-1.xml", [FORM]),
]


@needs_vectors
@pytest.mark.parametrize(("name", "expected"), VECTORS, ids=[each[0] for each in VECTORS])
def test_vectors(name: str, expected: list[str]) -> None:
    beside = name.rpartition("/")[0]
    parts = {"/message.xml": vector(MESSAGE_0), "/sig-hashchainresult.xml": vector(RESULT)}
    if "non-batch" in name:
        parts = {f"/{each}": vector(f"{beside}/{each}") for each in ("message.xml", "attachment1")}
    assert codes(found(vector(name), parts)) == expected


@needs_vectors
def test_what_a_signature_of_x_road_says() -> None:
    signature = read_signature(vector("signatures/common/sign-0.xml"))
    assert signature.parts == ("/message.xml",)
    assert not signature.batch
    assert signature.algorithm is Algorithm.RSA_SHA512
    assert signature.signing_time == datetime(2017, 9, 8, 9, 15, 11, 580_000, UTC)
    assert signature.policy == POLICY_OF_XROAD
    assert len(signature.ocsp_responses) == 1
    assert signature.timestamps == ()
    old = read_signature(vector("signatures/common/sign-0-old-format.xml"))
    assert old.parts == ("/message.xml",)
    assert read_signature(vector("signatures/impl/batch-sig.xml")).batch


@needs_vectors
def test_carriage_returns_in_old_signatures_are_not_normalised() -> None:
    document = vector("signatures/common/sign-0.xml")
    changed = document.replace(b"&#13;\nMsGVMllFCg==", b"\nMsGVMllFCg==")
    assert changed != document
    assert codes(found(changed, {"/message.xml": vector(MESSAGE_0)})) == [VALUE]


@pytest.fixture(scope="module")
def ours() -> bytes:
    return evidence({"/message.xml": MESSAGE}).signature


PARTS = {"/message.xml": MESSAGE}
Change = Callable[[bytes], bytes]


def test_ours_holds(ours: bytes) -> None:
    verdict = found(ours, PARTS, expected=["/message.xml"])
    assert verdict.good
    assert {each.code for each in verdict.findings} == {
        "signature.parts-covered",
        DIGEST,
        VALUE,
        "signature.signing-certificate",
    }


def test_a_part_known_by_its_digest(ours: bytes) -> None:
    digest = digest_of(MESSAGE, Digest.SHA512)
    assert found(ours, {"/message.xml": Hashed(Digest.SHA512, digest)}).good
    assert codes(found(ours, {"/message.xml": Hashed(Digest.SHA512, digest[::-1])})) == [DIGEST]
    assert codes(found(ours, {"/message.xml": Hashed(Digest.SHA256, digest)})) == [DIGEST]


def test_parts_that_are_not_as_signed(ours: bytes) -> None:
    assert codes(found(ours, {"/message.xml": MESSAGE + b" "})) == [DIGEST]
    assert codes(found(ours, {})) == ["signature.part-present"]
    assert codes(found(ours, PARTS, expected=["/message.xml", "/attachment1"])) == ["signature.parts-covered"]


def test_another_certificate_of_the_same_key(ours: bytes) -> None:
    other = certificate(key("P-256"), "101", 1002)
    own = signer().certificate
    import base64

    changed = ours.replace(base64.b64encode(own), base64.b64encode(other))
    assert codes(found(changed, PARTS)) == ["signature.signing-certificate"]


def test_no_certificate_is_named() -> None:
    """Whoever has another certificate of the same key could put it into the place of the signer's."""
    by = Signer(key("P-256"), certificate(key("P-256"), "100"))
    head, _, tail = by.texts.after_time.partition("<xades:SigningCertificate>")
    unnamed = head + tail.partition("</xades:SigningCertificate>")[2]
    object.__setattr__(by, "texts", replace(by.texts, after_time=unnamed))
    document = build(leaf_of(PARTS), by, OCSP, AT)
    assert codes(found(document, PARTS)) == ["signature.signing-certificate"]


def test_another_key(ours: bytes) -> None:
    import base64

    foreign = certificate(key("RSA"), "100")
    changed = ours.replace(base64.b64encode(signer().certificate), base64.b64encode(foreign))
    assert VALUE in codes(found(changed, PARTS))


def test_a_certificate_that_is_none(ours: bytes) -> None:
    import base64

    changed = ours.replace(base64.b64encode(signer().certificate), base64.b64encode(b"none"))
    assert codes(found(changed, PARTS)) == ["signature.signing-certificate"]


def test_further_certificates_are_compared_with_their_references() -> None:
    document = evidence(PARTS, signer(chained=True)).signature
    assert found(document, PARTS).good
    signature = read_signature(document)
    assert signature.certificates == signer(chained=True).chain
    renamed = document.replace(b'Id="encapsulated-cert-1"', b'Id="encapsulated-cert-2"')
    assert codes(found(renamed, PARTS)) == ["signature.certificate-references"]
    head, mark, tail = document.partition(b'Id="encapsulated-cert-1">')
    place = tail.index(b"<") - 12
    changed = (
        head + mark + tail[:place] + (b"A" if tail[place : place + 1] != b"A" else b"B") + tail[place + 1 :]
    )
    assert codes(found(changed, PARTS)) == ["signature.certificate-references"]


def swap(old: bytes, new: bytes) -> Change:
    def change(document: bytes) -> bytes:
        assert old in document, old
        return document.replace(old, new, 1)

    return change


def inside(tag: bytes) -> Callable[[bytes], bytes]:
    """Return what gives an element with all that is in it."""

    def cut(document: bytes) -> bytes:
        start = document.index(b"<" + tag)
        return document[start : document.index(b"</" + tag + b">") + len(tag) + 3]

    return cut


def twice(tag: bytes) -> Change:
    return lambda document: document.replace(inside(tag)(document), inside(tag)(document) * 2)


def without(tag: bytes) -> Change:
    return lambda document: document.replace(inside(tag)(document), b"")


SHA512, SHA1 = b"http://www.w3.org/2001/04/xmlenc#sha512", b"http://www.w3.org/2000/09/xmldsig#sha1"
REFERENCE = b'<ds:Reference Id="signature-reference-0" URI="/message.xml">'
TO_PROPERTIES = b' URI="#signed-properties">'


def transformed(before: bytes, algorithm: bytes, inner: bytes = b"") -> Change:
    """Return what puts a transform into the reference that starts with `before`."""
    transform = b'<ds:Transform Algorithm="%s">%s</ds:Transform>' % (algorithm, inner)
    return swap(before, b"%s<ds:Transforms>%s</ds:Transforms>" % (before, transform))


REFUSED: dict[str, Change] = {
    "another root": swap(b"<asic:XAdESSignatures", b"<asic:Signatures"),
    "text in SignedInfo": swap(b"<ds:SignedInfo>", b"<ds:SignedInfo>x"),
    "two signatures": twice(b"ds:Signature"),
    "two SignedInfo": twice(b"ds:SignedInfo"),
    "two values": twice(b"ds:SignatureValue"),
    "two KeyInfo": twice(b"ds:KeyInfo"),
    "no KeyInfo": without(b"ds:KeyInfo"),
    "two objects": twice(b"ds:Object"),
    "no object": without(b"ds:Object"),
    "two qualifying properties": twice(b"xades:QualifyingProperties"),
    "two signed properties": twice(b"xades:SignedProperties"),
    "no signed properties": without(b"xades:SignedProperties"),
    "two references to one part": twice(b"ds:Reference"),
    "target of another": swap(b'Target="#signature"', b'Target="#other"'),
    "target of none": swap(b'Target="#signature"', b'Target="#"'),
    "double Id": swap(b'Id="signature-value"', b'Id="signed-properties"'),
    "double Id by another attribute": swap(b"<ds:KeyInfo>", b'<ds:KeyInfo ID="signed-properties">'),
    "a comment": swap(b"<ds:SignatureValue", b"<!-- x --><ds:SignatureValue"),
    "a comment in a digest": swap(b"</ds:DigestValue>", b"<!-- x --></ds:DigestValue>"),
    "an instruction": swap(b"<ds:SignatureValue", b"<?x y?><ds:SignatureValue"),
    "an instruction before it": swap(b"<asic:XAdESSignatures", b"<?x y?><asic:XAdESSignatures"),
    "a document type": swap(b"<asic:XAdESSignatures", b"<!DOCTYPE x><asic:XAdESSignatures"),
    "an entity": swap(b"</ds:DigestValue>", b"&x;</ds:DigestValue>"),
    "an outer URI": swap(b"/message.xml", b"http://127.0.0.1/message.xml"),
    "a file URI": swap(b'URI="/message.xml"', b'URI="file:///etc/passwd"'),
    "a climbing URI": swap(b'URI="/message.xml"', b'URI="/../message.xml"'),
    "the whole document": swap(b'URI="/message.xml"', b'URI=""'),
    "an XPointer": swap(b'URI="#signed-properties"', b"URI=\"#xpointer(id('signed-properties'))\""),
    "another element": swap(TO_PROPERTIES, b' URI="#signature-value">'),
    "a chain and a message": swap(REFERENCE, b'<ds:Reference URI="/sig-hashchainresult.xml">'),
    "an attachment alone of an odd name": swap(b'URI="/message.xml"', b'URI="/attachment0"'),
    "no type": swap(b' Type="http://uri.etsi.org/01903#SignedProperties"', b""),
    "another type": swap(b'Type="http://uri.etsi.org/01903#SignedProperties"', b'Type="urn:x"'),
    "a type on the message": swap(REFERENCE, REFERENCE[:-1] + b' Type="urn:x">'),
    "SHA-1 of a part": swap(SHA512, SHA1),
    "an unknown digest": swap(SHA512, b"urn:x"),
    "SHA-1 signed": swap(b"xmldsig-more#ecdsa-sha512", b"xmldsig-more#ecdsa-sha1"),
    "an HMAC": swap(b"xmldsig-more#ecdsa-sha512", b"xmldsig-more#hmac-sha512"),
    "an output length": swap(b"</ds:SignatureMethod>", b"<ds:HMACOutputLength/></ds:SignatureMethod>"),
    "C14N with comments": swap(b"REC-xml-c14n-20010315", b"REC-xml-c14n-20010315#WithComments"),
    "C14N 1.1": swap(b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", b"http://www.w3.org/2006/12/xml-c14n11"),
    "a transform of a part": transformed(REFERENCE, INCLUSIVE.encode()),
    "XSLT": transformed(TO_PROPERTIES, b"http://www.w3.org/TR/1999/REC-xslt-19991116"),
    "XPath": transformed(TO_PROPERTIES, b"http://www.w3.org/TR/1999/REC-xpath-19991116", b"<ds:XPath/>"),
    "enveloped": transformed(TO_PROPERTIES, b"http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
    "base64 transform": transformed(TO_PROPERTIES, b"http://www.w3.org/2000/09/xmldsig#base64"),
    "broken base64": swap(b"</ds:SignatureValue>", b"!</ds:SignatureValue>"),
    "no base64": swap(b"</ds:DigestValue>", b"</ds:DigestValue><ds:DigestValue></ds:DigestValue>"),
    "a manifest": swap(b"<ds:Object>", b"<ds:Object><ds:Manifest/></ds:Object><ds:Object>"),
    "something beside": swap(b"<ds:Object>", b"<ds:Object><ds:Manifest/>"),
    "a wrong time": swap(b"<xades:SigningTime>2026", b"<xades:SigningTime>26"),
    "xml: attribute above": swap(b"<ds:Signature ", b'<ds:Signature xml:space="preserve" '),
    "other XAdES namespace": swap(b"http://uri.etsi.org/01903/v1.3.2#", b"http://uri.etsi.org/01903/v1.1.1#"),
}  # fmt: skip


@pytest.mark.parametrize("change", REFUSED.values(), ids=list(REFUSED))
def test_never_verifies(ours: bytes, change: Change) -> None:
    changed = change(ours)
    assert changed != ours
    parts = dict.fromkeys(("/message.xml", "/attachment0", "/sig-hashchainresult.xml"), MESSAGE)
    verdict = found(changed, parts)
    assert not verdict.good
    assert all(each.detail for each in verdict.failed)


def test_wrapping_is_refused(ours: bytes) -> None:
    """The signed properties stand somewhere else, and others stand in their place."""
    properties = inside(b"xades:SignedProperties")(ours)
    forged = properties.replace(b"2026-05-04", b"2020-05-04")
    moved = ours.replace(properties, forged).replace(
        b"</ds:Signature>", b"<ds:Object>" + properties + b"</ds:Object></ds:Signature>"
    )
    assert codes(found(moved, PARTS)) == [FORM]
    renamed = moved.replace(forged, forged.replace(b'Id="signed-properties"', b'Id="forged"'))
    assert codes(found(renamed, PARTS)) == [FORM]
    hidden = renamed.replace(
        b"<ds:Object>" + properties + b"</ds:Object>", b"<ds:Object><x>" + properties + b"</x></ds:Object>"
    )
    assert codes(found(hidden, PARTS)) == [FORM]


def test_too_many_references(ours: bytes) -> None:
    more = b"".join(
        inside(b"ds:Reference")(ours)
        .replace(b"/message.xml", b"/attachment%d" % each)
        .replace(b"reference-0", b"r%d" % each)
        for each in range(1, 1_001)
    )
    changed = ours.replace(b"<ds:Reference ", more + b"<ds:Reference ", 1)
    assert codes(found(changed, PARTS)) == [FORM]


@pytest.mark.parametrize("count", [33, 17])
def test_too_many_values(ours: bytes, count: int) -> None:
    response = inside(b"xades:EncapsulatedOCSPValue")(ours).replace(b' Id="ocsp-response-1"', b"")
    many = response * 33
    if count == 17:
        token = b"<xades:EncapsulatedTimeStamp>AA==</xades:EncapsulatedTimeStamp>"
        stamp = b"<xades:SignatureTimeStamp>" + token + b"</xades:SignatureTimeStamp>"
        many = response
        ours = ours.replace(b"<xades:RevocationValues>", stamp * 17 + b"<xades:RevocationValues>")
    assert codes(found(ours.replace(inside(b"xades:EncapsulatedOCSPValue")(ours), many), PARTS)) == [FORM]


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("RSA", Algorithm.RSA_SHA256),
        ("RSA", Algorithm.RSA_SHA384),
        ("RSA", Algorithm.PSS_SHA256),
        ("RSA", Algorithm.PSS_SHA512),
        ("P-256", Algorithm.ECDSA_SHA256),
        ("P-256", Algorithm.ECDSA_SHA384),
        ("P-384", Algorithm.ECDSA_SHA224),
        ("P-384", Algorithm.ECDSA_SHA512),
        ("P-521", Algorithm.ECDSA_SHA512),
    ],
)
def test_every_algorithm(kind: str, algorithm: Algorithm) -> None:
    by = Signer(key(kind), certificate(key(kind), "100"), algorithm=algorithm)
    document = build(leaf_of(PARTS), by, OCSP, AT)
    assert found(document, PARTS).good
    assert read_signature(document).algorithm is algorithm
    assert not found(document, {"/message.xml": b"other"}).good


def test_ecdsa_values_are_two_numbers_side_by_side(ours: bytes) -> None:
    assert len(read_signature(ours).signature_value) == 64
    short = swap(b"</ds:SignatureValue>", b"AAAA</ds:SignatureValue>")
    value = inside(b"ds:SignatureValue")(ours)
    changed = ours.replace(value, value.replace(b"==</", b"AA</"))
    assert codes(found(changed, PARTS)) == [VALUE]
    assert codes(found(short(ours.replace(b"==</ds:SignatureValue>", b"</ds:SignatureValue>")), PARTS)) in (
        [VALUE],
        [FORM],
    )
