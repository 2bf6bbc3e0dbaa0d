# SPDX-License-Identifier: EUPL-1.2
"""XML is read within bounds and written canonically (Canonical XML 1.0, Exclusive C14N 1.0)."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.xml import CONFIGURATION, EVIDENCE, Bounds, XmlRefused, canonical, parse

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><a>&b;</a>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"no XML at all",
        LAUGHS,
        OUTSIDE,
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        "<a/>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"),
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>õ</a>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a>o</a>',
        b"<a>\xff</a>",
        b"<a>\0</a>",
        b"<a>&unknown;</a>",
        b"<a><!-- a remark --></a>",
        b"<!-- before --><a/>",
        b"<a/><!-- after -->",
        b"<a/><?after it?>",
        b"<?before it?><a/>",
        b"<a><?php inside ?></a>",
        b"<a>" * 129 + b"</a>" * 129,
        b"<a>" * 300 + b"</a>" * 300,
        b"<a " + b" ".join(b'b%d="1"' % each for each in range(257)) + b"/>",
        b"<a>" + b"<b/>" * 10_000 + b"</a>",
        b"<a>" + b"x" * (1 << 20) + b"</a>",
    ],
    ids=lambda data: repr(data[:40]),
)
def test_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        parse(data)


def test_within_bounds() -> None:
    assert parse(b"\xef\xbb\xbf<a>\xc3\xb5</a>").text == "õ"
    assert parse(b'<?xml version="1.0" encoding="utf-8" standalone="no"?>\n<a/>').tag == "a"
    assert len(parse(b"<a>" + b"<b/>" * 9_999 + b"</a>")) == 9_999
    assert parse(b"<!-- read past --><a><!-- and this --></a>", CONFIGURATION).tag == "a"
    assert parse(b"<a>" * 128 + b"</a>" * 128).tag == "a"


def test_large_text_of_a_configuration() -> None:
    data = b"<a>" + b"x" * 11_000_000 + b"</a>"
    assert len(parse(data, CONFIGURATION).text or "") == 11_000_000
    with pytest.raises(XmlRefused):
        parse(data, Bounds(bytes_max=1 << 20))


NESTED = b"""<p:a xmlns:p="urn:p" xmlns:q="urn:q" xmlns="urn:d" z="1"
 p:y="2"><p:b q:c='3' a="&#13;&lt;"><c xmlns:q="urn:other">x&#13;\r\n&amp;<![CDATA[<]]></c></p:b></p:a>"""


def test_inclusive_takes_in_the_namespaces_in_scope() -> None:
    inner = parse(NESTED)[0]
    assert canonical(inner) == (
        b'<p:b xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q" a="&#xD;&lt;" q:c="3">'
        b'<c xmlns:q="urn:other">x&#xD;\n&amp;&lt;</c></p:b>'
    )


def test_exclusive_takes_in_only_what_is_used() -> None:
    inner = parse(NESTED)[0][0]
    assert canonical(inner, exclusive=True) == b'<c xmlns="urn:d">x&#xD;\n&amp;&lt;</c>'
    assert canonical(inner, exclusive=True, prefixes=["p"]) == (
        b'<c xmlns="urn:d" xmlns:p="urn:p">x&#xD;\n&amp;&lt;</c>'
    )


def test_what_has_no_canonical_form_here() -> None:
    with pytest.raises(XmlRefused):
        canonical(parse(b'<a xmlns:p="relative"><p:b/></a>')[0])
    with pytest.raises(XmlRefused):
        canonical(parse(b'<a xml:lang="et"><b/></a>')[0])
    assert canonical(parse(b'<a xml:lang="et"><b/></a>')[0], exclusive=True) == b"<b></b>"


def test_comments_are_left_out() -> None:
    root = parse(b"<a>x<!-- y -->z</a>", CONFIGURATION)
    assert canonical(root) == b"<a>xz</a>"


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")
def test_same_bytes_as_xmllint(tmp_path: Path) -> None:
    written = tmp_path / "nested.xml"
    written.write_bytes(NESTED)
    for option, exclusive in (("--c14n", False), ("--exc-c14n", True)):
        made = subprocess.run(["xmllint", option, str(written)], capture_output=True, check=True)
        assert canonical(parse(NESTED), exclusive=exclusive) == made.stdout


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: f"<a>{text}</a>".encode("utf-8", "replace"))
)
def test_any_bytes_give_a_document_or_a_reason(data: bytes) -> None:
    with suppress(XmlRefused):
        root = parse(data, EVIDENCE)
        assert canonical(parse(canonical(root))) == canonical(root)
