# SPDX-License-Identifier: EUPL-1.2
"""XML signatures: what others sign is read, element by element, and verified (XML Signature 1.0)."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import xmldsig
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.signing import Algorithm, Family
from flagstone.platform.crypto.xml import EXCLUSIVE, INCLUSIVE, parse
from flagstone.platform.crypto.xmldsig import DS, Hashed, SignatureRefused, children, decoded, matches
from tests.platform.crypto.evidence import certificate, key

NEEDS_XMLSEC = pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="xmlsec1 is not installed")


def template(canonicalization: str, transforms: str, method: str, certificates: str) -> str:
    """Return an unsigned document in the manner of X-Road 8: a part, and an element with foreign prefixes."""
    digest = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/><ds:DigestValue/>'
    return (
        f'<ds:Signature xmlns:ds="{DS}" xmlns:odd="urn:odd" Id="s"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{canonicalization}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/>'
        f'<ds:Reference URI="/message.xml">{digest}</ds:Reference>'
        f'<ds:Reference URI="#own">{transforms}{digest}</ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
        f"<ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>"
        '<ds:Object><own xmlns="urn:own" xmlns:more="urn:more" Id="own" b="1" a="2">&#13; t&amp;t </own>'
        "</ds:Object></ds:Signature>"
    )


def certified(kind: str) -> str:
    return (
        f"<ds:X509Certificate>{base64.b64encode(certificate(key(kind), '100')).decode()}</ds:X509Certificate>"
    )


def filled(certificates: str) -> bytes:
    """Return a document with values that hold nothing."""
    document = template(INCLUSIVE, "", Algorithm.ECDSA_SHA512.uri, certificates)
    document = document.replace("<ds:SignatureValue/>", "<ds:SignatureValue>AAAA</ds:SignatureValue>")
    return document.replace("<ds:DigestValue/>", "<ds:DigestValue>AAAA</ds:DigestValue>").encode()


def signed_by_xmlsec(folder: Path, kind: str, document: str, message: bytes) -> etree._Element:
    """Let xmlsec1 compute digests and value, and return its document."""
    (folder / "key.pem").write_bytes(key(kind).to_pem())
    (folder / "message").write_bytes(message)
    (folder / "t.xml").write_text(document)
    command = [
        "xmlsec1",
        "--sign",
        "--id-attr:Id",
        "urn:own:own",
        "--url-map:/message.xml",
        str(folder / "message"),
    ]
    command += ["--privkey-pem", str(folder / "key.pem"), str(folder / "t.xml")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return parse(done.stdout)


def transform(algorithm: str, prefixes: str = "") -> str:
    listed = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>' if prefixes else ""
    return f'<ds:Transforms><ds:Transform Algorithm="{algorithm}">{listed}</ds:Transform></ds:Transforms>'


@NEEDS_XMLSEC
@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
@pytest.mark.parametrize("canonicalization", [INCLUSIVE, EXCLUSIVE])
@pytest.mark.parametrize(
    "transforms", ["", transform(INCLUSIVE), transform(EXCLUSIVE), transform(EXCLUSIVE, "odd more")]
)
def test_what_xmlsec_signs(tmp_path: Path, kind: str, canonicalization: str, transforms: str) -> None:
    signer = key(kind)
    document = template(canonicalization, transforms, signer.algorithm.uri, certified(kind))
    root = signed_by_xmlsec(tmp_path, kind, document, b"a message")
    signature = xmldsig.read(root, (root[3][0],))
    assert signature.canonicalization == canonicalization
    assert [each.detached for each in signature.references] == [True, False]
    for content, expected in ((b"a message", True), (b"another", False)):
        findings = Findings()
        parts = {"/message.xml": content}
        assert xmldsig.verify(signature, signer.public_der, parts.get, findings) is expected
        assert findings.verdict.good is expected


@NEEDS_XMLSEC
@pytest.mark.parametrize("algorithm", [each for each in Algorithm if each.family is not Family.PSS])
def test_every_algorithm_that_xmlsec_knows(tmp_path: Path, algorithm: Algorithm) -> None:
    kind = "RSA" if algorithm.family is Family.RSA else "P-256"
    signer = key(kind)
    document = template(INCLUSIVE, "", algorithm.uri, certified(kind))
    root = signed_by_xmlsec(tmp_path, kind, document, b"")
    if algorithm.digest is Digest.SHA1:
        with pytest.raises(SignatureRefused, match="SHA-1"):
            xmldsig.read(root, (root[3][0],))
        return
    assert xmldsig.verify(xmldsig.read(root, (root[3][0],)), signer.public_der, lambda _: b"", Findings())


def test_a_key_that_is_none_gives_a_reason() -> None:
    root = parse(filled(certified("P-256")))
    signature = xmldsig.read(root, (root[3][0],))
    for public in (b"", b"none", key("P-256").public_der, key("RSA").public_der):
        findings = Findings()
        assert not xmldsig.verify_value(signature, public, findings)
        assert findings.verdict.failed[0].detail


def test_parts_are_compared_by_their_digest() -> None:
    value = digest_of(b"x", Digest.SHA256)
    assert matches(b"x", Digest.SHA256, value)
    assert not matches(b"y", Digest.SHA256, value)
    assert matches(Hashed(Digest.SHA256, value), Digest.SHA256, value)
    assert not matches(Hashed(Digest.SHA512, value), Digest.SHA256, value)
    assert not matches(b"x", Digest.SHA256, b"")


@pytest.mark.parametrize(
    ("document", "names", "fits"),
    [
        ("<a><b/><c/></a>", ("b", "c"), True),
        ("<a> <b/>\n<c/> </a>", ("b", "c"), True),
        ("<a><c/></a>", ("b?", "c"), True),
        ("<a><b/><b/><c/></a>", ("b+", "c"), True),
        ("<a><c/></a>", ("b*", "c"), True),
        ("<a/>", (), True),
        ("<a><c/><b/></a>", ("b", "c"), False),
        ("<a><b/><b/></a>", ("b",), False),
        ("<a><b/><b/></a>", ("b?",), False),
        ("<a/>", ("b+",), False),
        ("<a><b/></a>", (), False),
        ("<a>x<b/></a>", ("b",), False),
        ("<a><b/>x</a>", ("b",), False),
        ('<a><b xmlns="urn:x"/></a>', ("b",), False),
    ],
)
def test_children_in_their_order(document: str, names: tuple[str, ...], fits: bool) -> None:
    root = parse(document.encode())
    if fits:
        assert children(root, *names) == list(root)
        return
    with pytest.raises(SignatureRefused):
        children(root, *names)


@pytest.mark.parametrize(
    "text", ["", " ", "A", "AA", "AAA", "AA=A", "AAAA=", "AA==AA==", "AAA!", "A-_A", "ÄÄÄÄ", "AAAA<b/>"]
)
def test_what_is_no_base64(text: str) -> None:
    with pytest.raises(SignatureRefused):
        decoded(parse(f"<a>{text}</a>".encode()))


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.sampled_from(["", " ", "\n", "&#13;\n"]))
def test_base64_with_white_space(data: bytes, space: str) -> None:
    letters = base64.b64encode(data).decode()
    written = space.join(letters[at : at + 7] for at in range(0, len(letters), 7))
    assert decoded(parse(f"<a>{space}{written}</a>".encode())) == data


def test_too_much_base64() -> None:
    with pytest.raises(SignatureRefused):
        decoded(parse(b"<a>" + b"A" * ((1 << 19) + 4) + b"</a>"))


def test_digest_methods() -> None:
    def method(uri: str, inside: str = "") -> Digest:
        return xmldsig.digest_method(parse(f'<a Algorithm="{uri}">{inside}</a>'.encode()))

    assert method(Digest.SHA384.uri) is Digest.SHA384
    for uri in (Digest.SHA1.uri, "urn:x", ""):
        with pytest.raises(DigestRefused):
            method(uri)
    for inside in ("x", "<b/>"):
        with pytest.raises(SignatureRefused):
            method(Digest.SHA512.uri, inside)


def test_certificates_in_key_info() -> None:
    one = certified("P-256")
    for count in (1, 3):
        root = parse(filled(one * count))
        found = xmldsig.read(root, (root[3][0],)).certificates
        assert found == (found[0],) * count
    for wrong in ("", one * 17, "<ds:X509Certificate/>"):
        root = parse(filled(wrong))
        with pytest.raises(SignatureRefused):
            xmldsig.read(root, (root[3][0],))
