# SPDX-License-Identifier: EUPL-1.2
"""Anchors read, written and known by their fingerprint."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.exchange.service.globalconf.rig import SIGNED, Centre, needs_vectors

from flagstone.blocks.exchange.contract.globalconf import Anchor, AnchorSource
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.service.globalconf.anchors import (
    fingerprint,
    is_web_address,
    read_anchor,
    write_anchor,
)
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.certificates import Certificate


@needs_vectors
def test_an_anchor_of_others_is_read_and_written_the_same() -> None:
    text = (SIGNED / "configuration_anchor_CS_internal.xml").read_bytes()
    anchor = read_anchor(text)
    assert anchor.instance == "DEV"
    assert [source.url for source in anchor.sources] == ["http://cs/internalconf", "https://cs/internalconf"]
    assert Certificate.read(anchor.sources[0].certificates[0]).subject_text == "CN=internalSigningKey"
    assert write_anchor(anchor) == text


def test_the_fingerprint_is_sha_224_in_pairs() -> None:
    digits = hashlib.sha224(b"anchor").hexdigest().upper()
    assert fingerprint(b"anchor").replace(":", "") == digits
    assert len(fingerprint(b"anchor").split(":")) == 28


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<downloadURL>https://c.test/i</downloadURL>", "<downloadURI>https://c.test/i</downloadURI>"),
        ("https://c.test/i", "file:///etc/passwd"),
        ("https://c.test/i", "https://user:word@c.test/i"),
        ("<verificationCert>AQI=</verificationCert>", ""),
        ("AQI=", "AQI"),
        ("<instanceIdentifier>XA</instanceIdentifier>", "<instanceIdentifier/>"),
        ("configurationAnchor", "anchor"),
    ],
)
def test_what_is_no_anchor_is_refused(before: str, after: str) -> None:
    text = write_anchor(Anchor("XA", (AnchorSource("https://c.test/i", (b"\x01\x02",)),))).decode()
    assert before in text
    with pytest.raises(ConfigurationMalformed):
        read_anchor(text.replace(before, after).encode())


def test_an_anchor_without_sources_is_none() -> None:
    with pytest.raises(ConfigurationMalformed):
        read_anchor(write_anchor(Anchor("XA", ())))


def test_addresses() -> None:
    assert is_web_address("http://cs/internalconf")
    for none in ("", "cs/internalconf", "ftp://cs/", "http:///x", "http://[::1", "http://h:99999/"):
        assert not is_web_address(none)


def test_no_mutant_has_the_same_fingerprint_and_another_meaning(publishing: Centre) -> None:
    text = write_anchor(publishing.anchor())
    meant, known = read_anchor(text), fingerprint(text)

    @settings(max_examples=150, deadline=1000)
    @given(st.integers(0, len(text) - 1), st.integers(0, 20), st.binary(max_size=8))
    def mutate(at: int, length: int, put: bytes) -> None:
        mutant = text[:at] + put + text[at + length :]
        with suppress(Fault):
            if read_anchor(mutant) != meant:
                assert fingerprint(mutant) != known

    mutate()
