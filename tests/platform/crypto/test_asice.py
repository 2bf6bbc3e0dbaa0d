# SPDX-License-Identifier: EUPL-1.2
"""Containers of X-Road and of ours; none that was changed vouches for anything else (EN 319 162-1)."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import asice
from flagstone.platform.crypto.asice import Container, ContainerRefused, read_container, write_container
from flagstone.platform.crypto.hash_chain_read import HashChainRefused
from flagstone.platform.crypto.xades import read_signature
from flagstone.platform.crypto.xmldsig import SignatureRefused
from flagstone.platform.crypto.zip_write import write_zip
from tests.platform.crypto.evidence import (
    AT,
    MESSAGE,
    VECTORS,
    Judged,
    contents,
    judge,
    meaning_of,
    needs_vectors,
    signer,
)

FUZZ = int(os.environ.get("FLAGSTONE_FUZZ_EXAMPLES", "60"))
CORPUS = Path(__file__).parent / "corpus"
OUTCOMES: dict[str, list[str]] = {
    "valid-signed-message": [],
    "valid-signed-hashchain": [],
    "valid-batch-ts": [],
    "valid-non-batch-rest": [],
    "valid-non-batch-soap-attachments": [],
    "invalid-not-signed-hashchain": [],  # valid by design: the chain beside it is not what was signed
    "wrong-message": ["signature.part-digest"],
    "invalid-digest": ["signature.part-digest"],
    "invalid-signed-hashchain": ["hash-chain.part-digest", "hash-chain.result"],
    "invalid-hashchain-modified-message": ["hash-chain.inputs-used", "signature.part-digest"],
    "invalid-ts-hashchainresult": [
        "container.timestamp-manifest",
        "hash-chain.form",
        "signature.part-digest",
    ],
    "invalid-incorrect-references": ["SignatureRefused"],
    "attachments": ["SignatureRefused"],  # signed by manifests, as before 2014
}


@needs_vectors
@pytest.mark.parametrize("name", OUTCOMES)
def test_vectors(name: str) -> None:
    container = read_container((VECTORS / "asice" / f"{name}.asice").read_bytes())
    try:
        failed = sorted({each.code for each in judge(container, partly=True).verdict.failed})
    except SignatureRefused:
        failed = ["SignatureRefused"]
    assert failed == OUTCOMES[name]


@needs_vectors
def test_vectors_in_an_archive() -> None:
    with zipfile.ZipFile(VECTORS / "archives" / "message-archive-0.zip") as archive:
        inside = [archive.read(each) for each in archive.namelist() if each.endswith(".asice")]
    assert inside
    for data in inside:
        assert judge(read_container(data), partly=True).good


@needs_vectors
def test_order_and_comment_are_those_of_x_road() -> None:
    path = VECTORS / "asice" / "valid-batch-ts.asice"
    ours = write_container(contents(stamped=True), AT)
    with zipfile.ZipFile(path) as theirs, zipfile.ZipFile(io.BytesIO(ours)) as made:
        assert made.namelist() == theirs.namelist()
        assert made.comment == theirs.comment
        assert made.read("META-INF/manifest.xml") == theirs.read("META-INF/manifest.xml")


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("attachments", [(), (b"one",), (b"one", b"", b"three")])
@pytest.mark.parametrize("kind", ["RSA", "P-256"])
def test_round_trip(kind: str, attachments: tuple[bytes, ...], stamped: bool) -> None:
    data = write_container(contents(*attachments, by=signer(kind), stamped=stamped), AT)
    container = read_container(data)
    judged = judge(container)
    assert judged.good
    assert judged.meaning[0] == [MESSAGE, *attachments]
    assert container.message == MESSAGE
    assert container.attachments == tuple(f"/attachment{each + 1}" for each in range(len(attachments)))
    assert container.strangers == ()
    assert container.part("/nothing") is container.part("message.xml") is None


def test_strict_stores_the_media_type_first() -> None:
    """EN 319 162-1 annex A.1: at a fixed place, for whoever looks at the first bytes alone."""
    strict = write_container(contents(), AT, strict=True)
    assert strict[30:69] == b"mimetypeapplication/vnd.etsi.asic-e+zip"
    assert judge(read_container(strict)).good
    with zipfile.ZipFile(io.BytesIO(write_container(contents(), AT))) as plain:
        assert plain.infolist()[0].compress_type == zipfile.ZIP_DEFLATED


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "made.asice"
    path.write_bytes(write_container(contents(b"x", stamped=True), AT))
    assert subprocess.run(["unzip", "-t", str(path)], check=False, capture_output=True).returncode == 0


def test_attachments_are_in_the_order_of_their_numbers() -> None:
    container = read_container(write_container(contents(*(b"%d" % each for each in range(12))), AT))
    assert container.attachments[-2:] == ("/attachment11", "/attachment12")
    assert judge(container).good


def test_what_is_not_written() -> None:
    whole = contents(b"one")
    for wrong in (
        replace(whole, message=b""),
        replace(whole, signature=b" "),
        replace(whole, chain=b""),
        replace(whole, chain_result=b""),
        replace(whole, stamp=(b"", b"x", b"y")),
        replace(whole, stamp=(b"token", b"", b"")),
        replace(whole, attachments=(b"",) * 1_001),
    ):
        with pytest.raises(ContainerRefused):
            write_container(wrong, AT)


PARTS = dict(read_container(write_container(contents(b"one", stamped=True), AT)).parts)


def without(*names: str, **changed: bytes) -> Container:
    return Container({name: each for name, each in PARTS.items() if name not in names} | changed)


def test_what_is_missing_is_named() -> None:
    for container, expected in (
        (without("mimetype"), "mimetype"),
        (without(mimetype=b"application/zip"), "mimetype"),
        (without("message.xml"), "message.xml"),
        (without("META-INF/signatures.xml"), "signatures.xml"),
        (without("sig-hashchain.xml"), "sig-hashchainresult.xml stands alone"),
        (without("sig-hashchainresult.xml"), "sig-hashchain.xml stands alone"),
        (without("ts-hashchain.xml"), "stands alone"),
        (without("META-INF/ASiCManifest.xml"), "time-stamp"),
        (without("META-INF/timestamp.tst"), "time-stamp"),
    ):
        findings = Findings()
        assert not asice.verify_parts(container, findings)
        assert expected in findings.verdict.failed[0].detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"DataObjectReference URI", b"DataObjectReference uri"),
        (b'URI="ts-hashchainresult.xml"', b'URI="message.xml"'),
        (b"timestamp.tst", b"other.tst"),
        (b"</ds:DigestValue>", b"x</ds:DigestValue>"),
        (b"<ds:DigestValue>", b"<ds:DigestValue>AAAA"),
        (b"xmlenc#sha512", b"xmlenc#sha256"),
        (b"http://www.w3.org/2001/04/xmlenc#sha512", b"http://www.w3.org/2000/09/xmldsig#sha1"),
        (b"ASiCManifest", b"Manifest"),
        (b"2918/v1.2.1", b"2918/v9"),
        (b"<?xml", b"<!DOCTYPE a><?xml"),
    ],
)
def test_a_changed_manifest(old: bytes, new: bytes) -> None:
    document = PARTS["META-INF/ASiCManifest.xml"]
    assert old in document
    findings = Findings()
    changed = {**PARTS, "META-INF/ASiCManifest.xml": document.replace(old, new)}
    assert not asice.verify_parts(Container(changed), findings)
    assert [each.code for each in findings.verdict.failed] == ["container.timestamp-manifest"]


def test_what_is_no_container() -> None:
    for data in (b"", b"PK", write_zip({}, AT)[:-1]):
        with pytest.raises(ContainerRefused) as refused:
            read_container(data)
        assert refused.value.detail


# ---- what was changed vouches for nothing else ----


@contextmanager
def reasons() -> Iterator[None]:
    """Let pass what is refused with a reason; anything else is a fault of ours."""
    try:
        yield
    except (ContainerRefused, SignatureRefused, HashChainRefused) as refused:
        if not refused.detail:
            raise


def unless_unchanged(data: bytes, original: Judged) -> None:
    with reasons():
        judged = judge(read_container(data))
        assert not judged.good or judged.meaning == original.meaning


WHOLE = {
    stamped: write_container(contents(b"one", b"two", stamped=stamped), AT, strict=stamped)
    for stamped in (False, True)
}
JUDGED = {stamped: judge(read_container(data)) for stamped, data in WHOLE.items()}


@settings(max_examples=FUZZ, deadline=None)
@given(st.booleans(), st.data())
def test_changed_bytes_of_a_container(stamped: bool, draw: st.DataObject) -> None:
    data = bytearray(WHOLE[stamped])
    for _ in range(draw.draw(st.integers(1, 2))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    unless_unchanged(bytes(data), JUDGED[stamped])


@settings(max_examples=FUZZ, deadline=None)
@given(st.booleans(), st.data())
def test_changed_bytes_of_a_part(stamped: bool, draw: st.DataObject) -> None:
    """One part is cut, spliced, or has a byte changed; it is packed again with right checksums."""
    parts = dict(read_container(WHOLE[stamped]).parts)
    name = draw.draw(st.sampled_from([*parts, "META-INF/signatures.xml"]))
    part = parts[name]
    start = draw.draw(st.integers(0, len(part)))
    end = draw.draw(st.integers(start, min(len(part), start + 40)))
    parts[name] = part[:start] + draw.draw(st.binary(max_size=8)) + part[end:]
    unless_unchanged(write_zip(parts, AT), JUDGED[stamped])


@settings(max_examples=FUZZ, deadline=None)
@given(st.booleans(), st.data())
def test_parts_exchanged_left_out_or_added(stamped: bool, draw: st.DataObject) -> None:
    parts = dict(read_container(WHOLE[stamped]).parts)
    names = st.sampled_from([*parts, "attachment3"])
    one, other = draw.draw(names), draw.draw(names)
    if one in parts and other in parts:
        parts[one], parts[other] = parts[other], parts[one]
    elif one in parts:
        parts[other] = draw.draw(st.sampled_from([b"", b"three", parts[one]]))
    else:
        parts.pop(other, None)
    unless_unchanged(write_zip(parts, AT), JUDGED[stamped])


NAMES = [
    "ds:Signature",
    "ds:SignedInfo",
    "ds:Reference",
    "ds:Object",
    "xades:SignedProperties",
    "hc:HashStep",
    "x",
]
NAMESPACES = {
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xades": "http://uri.etsi.org/01903/v1.3.2#",
    "hc": "http://cyber.ee/hashchain",
}


def full(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


Change = Callable[[etree._Element, etree._Element, etree._Element, st.DataObject], object]


def wrap(parent: etree._Element, one: etree._Element, _: etree._Element, draw: st.DataObject) -> None:
    wrapper = etree.SubElement(parent, full(draw.draw(st.sampled_from(NAMES))))
    wrapper.append(one)


def move(_: etree._Element, one: etree._Element, other: etree._Element, draw: st.DataObject) -> None:
    if one is not other and one not in other.iterancestors():
        other.insert(draw.draw(st.integers(0, 3)), one)


def put(_: etree._Element, one: etree._Element, other: etree._Element, draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(["Id", "ID", "id", "URI", "Type", "Algorithm", "Target"]))
    values = ["", "#signed-properties", "#forged", "forged", "signature", "/message.xml", "/attachment1"]
    one.set(name, draw.draw(st.sampled_from([*values, other.get(name, "")])))


def rename(_: etree._Element, one: etree._Element, __: etree._Element, draw: st.DataObject) -> None:
    one.tag = full(draw.draw(st.sampled_from(NAMES)))


def write(_: etree._Element, one: etree._Element, other: etree._Element, draw: st.DataObject) -> None:
    one.text = draw.draw(st.sampled_from(["", "AAAA", other.text or "", "2020-01-01T00:00:00Z"]))


CHANGES: list[Change] = [
    wrap,
    move,
    put,
    rename,
    write,
    lambda parent, one, _, draw: parent.insert(
        draw.draw(st.integers(0, 3)), etree.fromstring(etree.tostring(one))
    ),
    lambda parent, one, _, __: parent.remove(one),
    lambda _, one, other, __: one.attrib.update(other.attrib),
    lambda _, one, __, ___: one.insert(0, etree.Comment("x")),
    lambda _, one, __, ___: one.append(etree.ProcessingInstruction("x", "y")),
]


def transform(root: etree._Element, draw: st.DataObject) -> None:
    """Change the tree: wrap, move, rename, double, leave out, remark, or set what an element holds."""
    elements = st.sampled_from(list(root.iter(etree.Element)))
    one, other = draw.draw(elements), draw.draw(elements)
    parent = one.getparent()
    if parent is not None:
        draw.draw(st.sampled_from(CHANGES))(parent, one, other, draw)


@settings(max_examples=FUZZ, deadline=None)
@given(st.booleans(), st.data())
def test_changed_trees(stamped: bool, draw: st.DataObject) -> None:
    """The wrapping attacks, all of them and at random: elements move, double and change their names."""
    parts = dict(read_container(WHOLE[stamped]).parts)
    documents = [name for name in parts if name.endswith(".xml") and name != "message.xml"]
    name = draw.draw(st.sampled_from([*documents, *["META-INF/signatures.xml"] * 3]))
    root = etree.fromstring(parts[name])
    for _ in range(draw.draw(st.integers(1, 3))):
        transform(root, draw)
    parts[name] = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    unless_unchanged(write_zip(parts, AT), JUDGED[stamped])


@settings(max_examples=FUZZ // 2, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_in_any_part_give_a_reason(content: bytes) -> None:
    for name in PARTS:
        with reasons():
            judge(Container({**PARTS, name: content}))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_corpus(path: Path) -> None:
    """What once broke something: each file is read as a container and as each part of one."""
    data = path.read_bytes()
    unless_unchanged(data, JUDGED[True])
    for name in PARTS:
        try:
            judged = judge(Container({**PARTS, name: data}))
        except Fault as refused:
            assert refused.detail  # noqa: PT017
        else:
            assert not judged.good or name in {"META-INF/manifest.xml", "META-INF/timestamp.tst"}


def test_the_meaning_is_all_of_it() -> None:
    container = read_container(WHOLE[False])
    assert meaning_of(container, read_signature(container.signature)) == JUDGED[False].meaning
