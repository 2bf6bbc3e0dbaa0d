# SPDX-License-Identifier: EUPL-1.2
"""SOAP 1.1 envelopes as evidence reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.platform.crypto.soap import read_envelope
from flagstone.platform.crypto.xml import XmlRefused

S = "http://schemas.xmlsoap.org/soap/envelope/"
WHOLE = f"""<s:Envelope xmlns:s="{S}" xmlns:x="urn:x"><s:Header>
 <x:id> a<!-- b -->1 </x:id><x:client t="1"><x:part>p</x:part>mixed</x:client></s:Header>
 <s:Body>text <x:get>mixed <b>content</b></x:get></s:Body></s:Envelope>"""


def test_header_entries_are_trees_and_the_body_is_named() -> None:
    found = read_envelope(WHOLE.encode())
    client = found.entry("{urn:x}client")
    assert found.body == ("{urn:x}get",)
    assert client is not None
    assert client.text_of("part") == "p"
    assert client.attributes == {"t": "1"}
    assert found.entry("{urn:x}absent") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<a/>", "no SOAP"),
        (f'<s:Envelope xmlns:s="{S}"/>', "no body"),
        (f'<!DOCTYPE s:Envelope><s:Envelope xmlns:s="{S}"><s:Body/></s:Envelope>', "type"),
        (f'<s:Envelope xmlns:s="{S}"><s:Header>{"<a/>" * 201}</s:Header><s:Body/></s:Envelope>', "200"),
        (
            f'<s:Envelope xmlns:s="{S}"><s:Body>{"<a>" * 130}{"</a>" * 130}</s:Body></s:Envelope>',
            "deep|depth|nest",
        ),
    ],
)
def test_what_is_no_envelope_is_refused(text: str, why: str) -> None:
    with pytest.raises(XmlRefused, match=why):
        read_envelope(text.encode())


def test_an_entry_may_be_there_once_only() -> None:
    doubled = WHOLE.replace("</s:Header>", "<x:id>2</x:id></s:Header>")
    with pytest.raises(XmlRefused, match="more than once"):
        read_envelope(doubled.encode()).entry("{urn:x}id")


@given(st.binary(max_size=60), st.integers(0, len(WHOLE) - 1))
def test_any_bytes_are_read_or_refused(junk: bytes, at: int) -> None:
    for data in (junk, WHOLE[:at].encode() + junk + WHOLE[at:].encode()):
        try:
            read_envelope(data)
        except XmlRefused:
            continue
