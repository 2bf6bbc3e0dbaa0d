# SPDX-License-Identifier: EUPL-1.2
"""Identifiers on the wire: what decodes, what is refused, and that encoding comes back the same."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.model import identifiers

SAFE = "!$&'()*+,;=:@-._~" + string.digits + string.ascii_letters
PARTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [(SAFE, SAFE), ("", ""), ("%C3%B6%C3%A4", "öä"), ("s%2Fub", "s/ub"), ("%41%6a", "Aj"), ("%2525", "%25")],
)
def test_a_segment_is_decoded(encoded: str, decoded: str) -> None:
    assert identifiers.segment_decoded(encoded) == decoded


@pytest.mark.parametrize(
    "encoded",
    [
        "this/is/not a valid segment",
        "%XY",
        "Test%",
        "Test%4",
        "a b",
        "ö",
        "a?b",
        "a#b",
        "[a]",
        "a|b",
        'a"b',
        "a\\b",
        "%ff%fe",
        "%c3",
        "%ed%a0%80",
        "a\n",
        "\u0661",
        "%u0041",
        "% 1",
    ],
)
def test_a_segment_of_anything_else_is_refused(encoded: str) -> None:
    with pytest.raises(IdentifierInvalid):
        identifiers.segment_decoded(encoded)


def test_every_letter_and_sign_comes_back() -> None:
    whole = "".join(map(chr, range(256))) + "".join(
        chr(code) for code in range(256, 0x30000, 7) if chr(code).isalpha() or chr(code).isdigit()
    )
    assert identifiers.segment_decoded(identifiers.segment_encoded(whole)) == whole


def test_the_encoder_leaves_what_a_segment_may_hold() -> None:
    left = "-._~!$'()*,;&=@:+"
    assert identifiers.segment_encoded(left + "aZ9") == left + "aZ9"
    assert identifiers.segment_encoded("a/b %öä?#") == "a%2Fb%20%25%C3%B6%C3%A4%3F%23"


@given(PARTS, PARTS, PARTS, st.one_of(st.just(""), PARTS), PARTS)
def test_identifiers_come_back(instance: str, kind: str, code: str, subsystem: str, last: str) -> None:
    client = ClientId(instance, kind, code, subsystem)
    assert identifiers.client_decoded(identifiers.client_encoded(client)) == client
    service = ServiceId(ClientId(instance, kind, code, subsystem or "s"), last)
    assert identifiers.service_decoded(identifiers.service_encoded(service)) == service
    server = ServerId(client.member, last)
    assert identifiers.server_decoded(identifiers.server_encoded(server)) == server


def test_a_client_has_three_or_four_segments() -> None:
    assert identifiers.client_decoded("XA/GOV/1") == ClientId("XA", "GOV", "1")
    assert identifiers.client_decoded("XA/GOV/1/s%2Fub") == ClientId("XA", "GOV", "1", "s/ub")
    for wrong in ("", "XA", "XA/GOV", "XA/GOV/1/a/b", "XA//1/a", "XA/GOV/1/", "/GOV/1/a", "XA/GOV/1/a/"):
        with pytest.raises(IdentifierInvalid):
            identifiers.client_decoded(wrong)


def test_a_server_has_four_segments_and_a_service_five() -> None:
    assert identifiers.server_decoded("XA/GOV/1/s") == ServerId(ClientId("XA", "GOV", "1"), "s")
    assert identifiers.service_decoded("XA/GOV/1/s/v").code == "v"
    for wrong in ("XA/GOV/1", "XA/GOV/1/s/v"):
        with pytest.raises(IdentifierInvalid):
            identifiers.server_decoded(wrong)
    for wrong in ("XA/GOV/1/s", "XA/GOV/1/s/v/w"):
        with pytest.raises(IdentifierInvalid):
            identifiers.service_decoded(wrong)


def test_a_represented_party_may_leave_out_its_class() -> None:
    assert identifiers.party_decoded("COM/12") == ("COM", "12")
    assert identifiers.party_decoded("1%2F2") == ("", "1/2")
    for wrong in ("", "a/b/c", "/12", "COM/"):
        with pytest.raises(IdentifierInvalid):
            identifiers.party_decoded(wrong)


@pytest.mark.parametrize("code", ["%00", "a%0d%0ab", "%7f", "%C2%85", "a%1b%5b31m", "x" * 256])
def test_control_characters_and_long_parts_are_refused(code: str) -> None:
    with pytest.raises(IdentifierInvalid):
        identifiers.client_decoded(f"XA/GOV/{code}")


def test_what_identifiers_should_not_hold_is_noticed() -> None:
    assert all(
        identifiers.is_doubtful(part) for part in ("a:b", "a;b", "a/b", "a\\b", "a%b", "a\u200b", "\ufeff")
    )
    assert not any(identifiers.is_doubtful(part) for part in ("GOV", "10000001", "öä", "a-b.c_d", "it's (1)"))
