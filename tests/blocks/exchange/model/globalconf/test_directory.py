# SPDX-License-Identifier: EUPL-1.2
"""Signed directories as text: read strictly, written so that they read the same, and bounded in time."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.globalconf import Part
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.model.globalconf.directory import (
    Signature,
    instant_of,
    instant_text,
    read_directory,
    write_directory,
    write_signed,
)
from flagstone.blocks.exchange.model.globalconf.multipart import BYTES_MAX

AT = datetime(2026, 11, 22, 8, 10, tzinfo=UTC)
SHARED = Part("SHARED-PARAMETERS", "XA", "/V6/20261122/shared-params.xml", "urn:digest", b"\x00\xff")
EXTRA = Part("FETCHINTERVAL", "XA", "/V6/20261122/f.xml", "urn:digest", b"d", "fetchinterval-params.xml")
SIGNATURE = Signature("urn:algorithm", b"signature", "urn:hash", b"hash")
SECONDS_MAX = 2.0


def text(*parts: Part) -> bytes:
    inner = write_directory(parts or (SHARED, EXTRA), version=6, expires_at=AT, boundary="inner")
    return write_signed(inner, SIGNATURE, boundary="outer")


def test_what_is_written_is_read() -> None:
    read = read_directory(text())
    assert (read.version, read.expires_at, read.parts) == (6, AT, (SHARED, EXTRA))
    assert read.signature == SIGNATURE
    assert read.signed.startswith(
        b"--inner\r\nExpire-date: 2026-11-22T08:10:00Z\r\nVersion: 6\r\n\r\n--inner\r\n"
    )
    assert read.signed.endswith(b"--inner--\r\n")
    assert read.part("SHARED-PARAMETERS") == SHARED
    assert read.part("MONITORING") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"instance='XA'", b'instance="XA"'),
        (b"instance='XA'", b"Instance=XA"),
        (b"Content-identifier", b"CONTENT-IDENTIFIER"),
        (b"boundary=outer", b'boundary="outer"'),
        (b"multipart/mixed", b"Multipart/Mixed"),
        (b"--outer--\r\n", b"--outer--"),
        (b'hash-algorithm-id="urn:hash"', b"hash-algorithm-id='urn:hash'"),
    ],
)
def test_other_spellings_mean_the_same(before: bytes, after: bytes) -> None:
    assert before in text()
    changed, read = read_directory(text().replace(before, after)), read_directory(text())
    assert (changed.parts, changed.expires_at, changed.signature) == (read.parts, AT, SIGNATURE)


def test_a_directory_without_a_version_is_of_the_second() -> None:
    assert read_directory(text().replace(b"Version: 6\r\n", b"")).version == 2


def test_a_directory_may_end_without_an_empty_line() -> None:
    """The CRLF after the closing boundary is signed where it stands, and not where it does not."""
    changed = text().replace(b"--inner--\r\n\r\n--outer", b"--inner--\r\n--outer")
    assert read_directory(changed).signed.endswith(b"--inner--")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\r\n", b"\n"),
        (b"Content-Type: multipart/related", b" Content-Type: multipart/related"),
        (b"multipart/related", b"multipart/mixed"),
        (b"--outer\r\nContent-Type: multipart", b"preamble\r\n--outer\r\nContent-Type: multipart"),
        (b"--outer--\r\n", b"--outer--\r\nepilogue"),
        (b"--outer--\r\n", b"--outer\r\n"),
        (b"--inner--\r\n\r\n", b"--inner--\r\nhidden\r\n"),
        (b"Expire-date: 2026-11-22T08:10:00Z\r\n", b""),
        (b"2026-11-22T08:10:00Z", b"2026-11-22T08:10:00"),
        (b"2026-11-22T08:10:00Z", b"2026-13-22T08:10:00Z"),
        (b"2026-11-22T08:10:00Z", b"0001-01-01T00:00:00+14:00"),
        (b"Version: 6", b"Version: six"),
        (b"Version: 6", b"Version: 6\r\nVersion: 6"),
        (b"Version: 6", b"Version: 6000"),
        (b"base64\r\nContent-identifier", b"7bit\r\nContent-identifier"),
        (b"FETCHINTERVAL;", b"SHARED-PARAMETERS;"),
        (b"FETCHINTERVAL;", b"a b;"),
        (b"instance='XA'", b"instance='XA"),
        (b"instance='XA'", b"instance='XA'; instance='XB'"),
        (b"fetchinterval-params.xml", b"../fetchinterval-params.xml"),
        (b"/V6/20261122/f.xml", b"/V6/2026 1122/f.xml"),
        (b"AP8=", b"AP8"),
        (b"AP8=", b"A*8="),
        (b"c2lnbmF0dXJl", b"c2lnbm F0dXJl"),
        (b"boundary=inner", b"boundary=in;ner"),
        (b"Hash-algorithm-id: urn:digest\r\n\r\n", b"Hash-algorithm-id: urn:digest\r\n"),
    ],
)
def test_what_is_not_written_as_it_must_be_is_refused(before: bytes, after: bytes) -> None:
    assert before in text()
    with pytest.raises(ConfigurationMalformed) as refused:
        read_directory(text().replace(before, after))
    assert refused.value.detail


def test_too_much_of_anything_is_refused() -> None:
    with pytest.raises(ConfigurationMalformed, match="larger"):
        read_directory(b"x" * (BYTES_MAX + 1))
    many = [Part(f"P{at}", "XA", "/p", "urn:d", b"") for at in range(300)]
    with pytest.raises(ConfigurationMalformed, match="more than"):
        read_directory(text(*many))
    headers = b"".join(b"X-%d: y\r\n" % at for at in range(40))
    with pytest.raises(ConfigurationMalformed, match="headers"):
        read_directory(text().replace(b"Version: 6\r\n", headers))
    with pytest.raises(ConfigurationMalformed, match="header line"):
        read_directory(text().replace(b"urn:algorithm", b"u" * 5000))


HOSTILE = {
    "one long line": b"Content-Type: multipart/related; boundary=a" + b"; b='" * 100_000,
    "only boundaries": b"Content-Type: multipart/related; boundary=a\r\n\r\n" + b"--a\r\n" * 200_000,
    "only line ends": b"\r\n" * 500_000,
    "only headers": b"A: b\r\n" * 150_000,
    "nested boundaries": b"Content-Type: multipart/related; boundary=-\r\n\r\n" + b"-" * 1_000_000,
    "parameters": b"Content-Type: multipart/related" + b"; a=b" * 700 + b"\r\n\r\n",
    "white space": b"Content-Type:" + b" " * 4000 + b"\x00\r\n\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_quickly(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigurationMalformed):
        read_directory(HOSTILE[name])
    assert time.monotonic() - began < SECONDS_MAX


PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"--outer",
        b"--inner",
        b"--",
        b"; instance='XA'",
        b"Content-Type: multipart/mixed; boundary=inner",
        b"Content-Type: multipart/related; boundary=outer\r\n\r\n--outer\r\n",
        b"Expire-date: 2026-11-22T08:10:00Z",
        b"AP8=",
        b"\xff",
    ]
)


@settings(max_examples=200, deadline=1000)
@given(st.lists(PIECES | st.binary(max_size=12), max_size=40).map(b"".join))
def test_any_text_is_read_or_refused(junk: bytes) -> None:
    with suppress(ConfigurationMalformed):
        assert read_directory(junk).signed in junk


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            Part,
            identifier=st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True),
            instance=st.from_regex(r"[A-Za-z0-9 ._:/-]{0,20}", fullmatch=True),
            location=st.from_regex(r"/[!-~]{1,60}", fullmatch=True),
            digest_uri=st.just("urn:digest"),
            digest=st.binary(max_size=64),
        ),
        max_size=6,
        unique_by=lambda part: part.identifier,
    ),
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_every_directory_reads_as_it_was_written(parts: list[Part], expires: datetime) -> None:
    inner = write_directory(parts, version=3, expires_at=expires, boundary="B" * 20)
    read = read_directory(write_signed(inner, SIGNATURE, boundary="A" * 20))
    assert (read.parts, read.expires_at, read.version, read.signed) == (tuple(parts), expires, 3, inner)


def test_instants() -> None:
    assert instant_of("2026-11-22T10:10:00+02:00") == AT
    assert instant_of("2026-11-22T08:10:00.123456789Z") == AT + timedelta(microseconds=123456)
    assert instant_text(instant_of("2026-11-22T08:10:00.5Z")) == "2026-11-22T08:10:00Z"
