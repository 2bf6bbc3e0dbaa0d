# SPDX-License-Identifier: EUPL-1.2
"""Tag, length, value: against asn1crypto, and against bombs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import cms, core  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto import der
from flagstone.platform.crypto.der import DerRefused
from tests.platform.crypto.pki import VECTORS, needs_vectors

NUMBERS = st.integers(-(2**500), 2**500)
OIDS = st.builds(
    lambda first, rest: ".".join(map(str, (*first, *rest))),
    st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), st.integers(0, 2000)),
    st.lists(st.integers(0, 2**40), max_size=6),
)


@given(NUMBERS)
def test_numbers_are_those_of_others(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()
    assert der.read(der.integer(value)).integer() == value


@given(OIDS)
def test_object_identifiers_are_those_of_others(dotted: str) -> None:
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()
    assert der.read(der.oid(dotted)).oid() == dotted


@given(st.integers(0, 4_000_000_000), st.integers(0, 999_999))
def test_times_come_back(seconds: int, microseconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    written = der.time(at, digits=6)
    assert der.read(written).time() == at
    assert core.GeneralizedTime.load(written).native == at
    assert der.read(der.time(at)).time() == at.replace(microsecond=0)


def test_times_are_written_in_utc_without_trailing_zeros() -> None:
    at = datetime(2026, 11, 22, 10, 0, 0, 120_000, tzinfo=timezone(timedelta(hours=2)))
    assert der.time(at, digits=3) == b"\x18\x1220261122080000.12Z"
    assert der.time(at) == b"\x18\x0f20261122080000Z"


@pytest.mark.parametrize(
    "text",
    [
        b"20261122080000",
        b"20261122080000+0200",
        b"202611220800Z",
        b"20261322080000Z",
        b"20261122080000.Z",
        b"x",
    ],
)
def test_other_times_are_refused(text: bytes) -> None:
    with pytest.raises(DerRefused):
        der.read(der.tlv(der.GENERALIZED_TIME, text)).time()


def test_sets_are_in_order() -> None:
    parts = [der.octets(b"bb"), der.octets(b"a"), der.integer(1)]
    assert der.set_of(*parts) == der.set_of(*reversed(parts))
    assert [each.whole for each in der.read(der.set_of(*parts)).children()] == sorted(parts)


@given(
    st.recursive(
        st.binary(max_size=200).map(der.octets),
        lambda each: st.lists(each, max_size=4).map(lambda parts: der.sequence(*parts)),
        max_leaves=20,
    )
)
@settings(max_examples=100)
def test_what_is_definite_stays_as_it_is(data: bytes) -> None:
    assert der.definite(data) == data


def indefinite(tag: int, *parts: bytes) -> bytes:
    return bytes((tag, 0x80)) + b"".join(parts) + b"\x00\x00"


def test_indefinite_lengths_become_definite_and_pieces_one() -> None:
    pieces = indefinite(0x24, der.octets(b"ab"), indefinite(0x24, der.octets(b"c")))
    assert der.definite(indefinite(0x30, pieces, der.integer(5))) == der.sequence(
        der.octets(b"abc"), der.integer(5)
    )
    assert der.definite(b"\x30\x82\x00\x03\x02\x01\x05") == der.sequence(der.integer(5))


@needs_vectors
def test_an_old_token_says_the_same_with_definite_lengths() -> None:
    token = (VECTORS / "timestamps" / "valid").read_bytes()
    before = cms.ContentInfo.load(token)["content"]
    after = cms.ContentInfo.load(der.definite(token), strict=True)["content"]
    assert after["signer_infos"][0]["signature"].native == before["signer_infos"][0]["signature"].native
    assert after["encap_content_info"]["content"].native == before["encap_content_info"]["content"].native


HOSTILE = [
    b"",
    b"\x30",
    b"\x30\x01",
    b"\x30\x80",
    b"\x04\x80",
    b"\x1f\x81\x01\x00",
    b"\x30\x85\x00\x00\x00\x00\x01\x00",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x30\x80\x00\x00\x00",
    b"\x30\x80" * 100_000,
    b"\x30\x80" * 40 + b"\x00\x00" * 40,
    indefinite(0x30, b"\x05\x00" * 30_000),
    indefinite(0x24, der.integer(1)),
    b"\x30\x03\x04\x05a",
    b"\x05\x00\x05\x00",
    b"\x30" * 262_144,
    b"\x30\x84\x00\x03\xff\xfa" + b"\x30\x80" * 131_000,
    b"\x00" * 300_000,
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_bombs_are_refused_at_once(data: bytes) -> None:
    begun = time.perf_counter()
    with pytest.raises(DerRefused):
        der.definite(data)
    assert time.perf_counter() - begun < 2


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        made = der.definite(data)
    except DerRefused:
        return
    assert der.definite(made) == made
    der.read(made)


def test_bounds_of_single_values() -> None:
    with pytest.raises(DerRefused):
        der.read(der.tlv(der.INTEGER, b"\x01" * 65)).integer()
    with pytest.raises(DerRefused):
        der.read(der.tlv(der.INTEGER, b"")).integer()
    with pytest.raises(DerRefused):
        der.read(der.tlv(der.OID, b"\x81" * 65 + b"\x01")).oid()
    with pytest.raises(DerRefused):
        der.read(der.tlv(der.OID, b"\x81")).oid()
    with pytest.raises(DerRefused):
        der.read(der.sequence(*[der.null()] * 1001)).children()
    with pytest.raises(DerRefused):
        der.read(der.null()).children()
    with pytest.raises(DerRefused):
        der.read(der.sequence(der.null()) + b"\x00")
    with pytest.raises(DerRefused):
        der.oid("3.1")
