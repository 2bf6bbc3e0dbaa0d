# SPDX-License-Identifier: EUPL-1.2
"""What is recognised as text says the same to the parser, whatever is changed in it (XAdES 1.3.2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.hash_chain_build import leaf_of
from flagstone.platform.crypto.xades import parsed, read_signature
from flagstone.platform.crypto.xades_build import build, with_timestamp
from flagstone.platform.crypto.xades_form import recognise
from flagstone.platform.crypto.xmldsig import SignatureRefused
from tests.platform.crypto.evidence import AT, MESSAGE, OCSP, needs_vectors, signer, vector

LEAF = leaf_of({"/message.xml": MESSAGE})
PLAIN = build(LEAF, signer(), OCSP, AT)
STAMPED = with_timestamp(build(LEAF, signer("RSA"), [b"one", b"two", b"three"], AT), b"token")


def alike(document: bytes) -> None:
    """Compare both ways of reading: the same values, or a refusal by both."""
    try:
        whole = parsed(document)
    except SignatureRefused:
        with pytest.raises(SignatureRefused):
            read_signature(document)
        return
    assert read_signature(document) == whole


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=33),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["P-256", "RSA"]),
    st.booleans(),
)
def test_what_we_write_is_recognised(responses: list[bytes], at: datetime, kind: str, stamped: bool) -> None:
    if len(responses) > 32:
        return
    document = build(LEAF, signer(kind), responses, at)
    document = with_timestamp(document, b"token") if stamped else document
    assert recognise(document) is not None
    alike(document)


def test_other_forms_are_left_to_the_parser() -> None:
    for document in (
        build(leaf_of({"/message.xml": b"", "/attachment1": b""}), signer(), OCSP, AT),
        build(LEAF, signer(chained=True), OCSP, AT),
        PLAIN + b"\n",
        PLAIN.replace(b"><ds:", b">\n<ds:"),
        PLAIN.replace(b'ocsp-response-1"', b'ocsp-response-2"'),
        b"",
    ):
        assert recognise(document) is None
        alike(document)


@needs_vectors
@pytest.mark.parametrize(
    "name", ["common/sign-0.xml", "impl/batch-sig.xml", "impl/non-batch-sig/signatures.xml"]
)
def test_vectors_are_left_to_the_parser(name: str) -> None:
    assert recognise(vector(f"signatures/{name}")) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"ecdsa-sha512", b"ecdsa-sha1"),
        (b"ecdsa-sha512", b"hmac-sha512"),
        (b"ecdsa-sha512", b"ecdsa-sha256"),
        (b">2026-05-04", b">2026-05-34"),
        (b">2026-05-04T", b">T"),
        (b"</ds:SignatureValue>", b"=</ds:SignatureValue>"),
        (b"</ds:SignatureValue>", b"A</ds:SignatureValue>"),
        (b"/message.xml", b"/sig-hashchainresult.xml"),
        (b"/message.xml", b"/attachment1"),
        (b"/message.xml", b"/other.xml"),
        (b"text/xml", b"text/<x/>"),
        (b"text/xml", b"application/hash-chain-result"),
        (b"CN=Aralia CA", b"CN=Aralia &amp; &lt;CA&gt;"),
        (b"CN=Aralia CA", b"CN=Aralia & CA"),
        (b"CN=Aralia CA", b"CN=Aralia &x; CA"),
        (b"CN=Aralia CA", b"CN=Aralia <x/>CA"),
        (b"CN=Aralia CA", b"CN=Aralia <!-- x --> CA"),
        (b"CN=Aralia CA", b"CN=Aralia ]]> CA"),
        (b"CN=Aralia CA", b"CN=Aralia \r CA"),
        (b"CN=Aralia CA", b"CN=Aralia \x01 CA"),
        (b"CN=Aralia CA", b"CN=Aralia \xff CA"),
        (b"CN=Aralia CA", b"CN=Aralia \xed\xa0\x80 CA"),
        (b"CN=Aralia CA", b"CN=Aralia \xef\xbf\xbe CA"),
        (b"CN=Aralia CA", b"CN=Aralia \xef\xbf\xbd \x7f \xc2\x85 CA"),
        (b"CN=Aralia CA", b""),
        (b">1001<", b">-1<"),
        (b">1001<", b">one<"),
        (b'ocsp-response-1"', b'ocsp-response-01"'),
        (b"<xades:RevocationValues>", b"<xades:RevocationValues> "),
        (b"02918/v1.2.1", b"02918/v1.1.1"),
        (b"UTF-8", b"UTF-7"),
        (b'standalone="no"', b'standalone="yes"'),
    ],
)
def test_changed_in_one_place(old: bytes, new: bytes) -> None:
    assert old in PLAIN
    alike(PLAIN.replace(old, new))
    alike(PLAIN.replace(old, new, 1))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([PLAIN, STAMPED]), st.data())
def test_changed_at_random(document: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(document)))
    end = draw.draw(st.integers(start, min(len(document), start + 3)))
    pieces = st.sampled_from(
        [b"", b" ", b"<", b"&", b'"', b"A", b"=", b"&amp;", b"\r", b"<x/>", b"\xc3\xb5", b"-->"]
    )
    alike(document[:start] + draw.draw(pieces | st.binary(max_size=2)) + document[end:])


def test_no_time_is_lost_in_refusing() -> None:
    """The expression never goes back over what it has read: long near misses end at once."""
    many = PLAIN.replace(b"</ds:SignatureValue>", b"A" * 900_000 + b"!</ds:SignatureValue>")
    assert recognise(many) is None
    response = b'<xades:EncapsulatedOCSPValue Id="ocsp-response-1">AAAA</xades:EncapsulatedOCSPValue>'
    assert (
        recognise(PLAIN.replace(b"</xades:OCSPValues>", response * 10_000 + b"!</xades:OCSPValues>")) is None
    )
    assert recognise(PLAIN.replace(b"Aralia CA", b"&amp;" * 100_000 + b"<")) is None


def test_nothing_rests_on_sha_1() -> None:
    changed = PLAIN.replace(Digest.SHA512.uri.encode(), Digest.SHA1.uri.encode())
    assert recognise(changed) is None
    alike(changed)
