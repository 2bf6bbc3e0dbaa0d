# SPDX-License-Identifier: EUPL-1.2
"""Why a message is sent: its own headers go before what was declared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.service import Purpose
from flagstone.blocks.exchange.model import faults
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.filtering import said
from flagstone.blocks.exchange.model.purposes import Why, encoded, header_text, why

RIGHT, SERVICE, NONE = Purpose("of the right", "Act 1"), Purpose("of the service", "Act 2"), Purpose()


def test_the_messages_own_purpose_goes_first_then_the_rights_then_the_services() -> None:
    own = ((b"Flagstone-Purpose", b"own"), (b"flagstone-legal-basis", b"Act%200"))
    assert why(said(own), RIGHT, SERVICE) == Why("own", "Act 0")
    assert why(said(()), RIGHT, SERVICE) == Why("of the right", "Act 1")
    assert why(said(()), NONE, SERVICE) == Why("of the service", "Act 2")
    assert why(said(()), NONE, NONE) == Why()
    assert why(said(own[:1]), RIGHT) == Why("own", ""), "another purpose's law is not this one's"
    assert why(said(own[1:]), NONE) == Why("", "Act 0")


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=60))
def test_words_come_back(words: str) -> None:
    assert why(said(((b"Flagstone-Purpose", encoded(words)),))).purpose == words.strip()


def test_case_and_hiding_are_read_and_make_a_reason() -> None:
    headers = (
        (b"Flagstone-Purpose", b"inquiry"),
        (b"Flagstone-Case", b"2026%2F1"),
        (b"Flagstone-Hidden-Until", b"2027-01-01T00:00:00%2B02:00"),
    )
    told = why(said(headers))
    assert told.hidden_until == datetime(2026, 12, 31, 22, tzinfo=UTC)
    reason = told.reason("XA-1")
    assert reason is not None
    assert (reason.purpose, reason.message_reference, reason.case) == ("inquiry", "XA-1", "2026/1")
    assert reason.hidden_until == told.hidden_until
    assert Why(case="1").reason("XA-1") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Flagstone-Purpose", b"%ff"),
        (b"Flagstone-Purpose", b"\xff"),
        (b"Flagstone-Purpose", b"a%0d%0ab"),
        (b"Flagstone-Purpose", b"%00"),
        (b"Flagstone-Purpose", b"x" * 501),
        (b"Flagstone-Case", b"%1b[31m"),
        (b"Flagstone-Hidden-Until", b"tomorrow"),
        (b"Flagstone-Hidden-Until", b"2027-01-01T00:00:00"),
        (b"Flagstone-Hidden-Until", b"2027-13-01T00:00:00Z"),
    ],
)
def test_malformed_words_are_refused(name: bytes, value: bytes) -> None:
    with pytest.raises(MessageFault) as caught:
        why({name.lower(): value})
    assert caught.value.code == faults.BAD_REQUEST
    assert "tomorrow" not in caught.value.text


def test_a_header_is_read_as_text() -> None:
    assert (
        header_text(said(((b"X-Road-Issue", b"1"), (b"x-road-issue", "ö".encode()))), b"x-road-issue") == "ö"
    )
    assert header_text({}, b"x-road-issue") == ""
    with pytest.raises(MessageFault):
        header_text({b"x-road-issue": b"\xff"}, b"x-road-issue")
