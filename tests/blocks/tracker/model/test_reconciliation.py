# SPDX-License-Identifier: EUPL-1.2
"""Exactly the messages that lack a record are missing, and the ones with too many are surplus."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.tracker.model.reconciliation import Recorded, Told, added, compare

PERIOD = (datetime(2026, 11, 22, 7, tzinfo=UTC), datetime(2026, 11, 22, 8, tzinfo=UTC))
MESSAGES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 5), max_size=12)


def told(messages: dict[str, int | None], around: dict[str, int | None] | None = None) -> Told:
    return Told(list(messages.items()), list((around or messages).items()))


@settings(deadline=None)
@given(MESSAGES, st.data())
def test_names_exactly_what_was_taken_out(messages: dict[str, int], data: st.DataObject) -> None:
    gone = set(data.draw(st.lists(st.sampled_from(sorted(messages)), unique=True))) if messages else set()
    kept = {name: count - (name in gone) for name, count in messages.items() if count - (name in gone)}
    found = compare(PERIOD, told(dict(messages)), Recorded(kept, kept))
    assert set(found.missing) == gone
    assert found.complete is not bool(gone)
    assert found.surplus == ()


@settings(deadline=None)
@given(MESSAGES, st.data())
def test_names_exactly_what_was_added(messages: dict[str, int], data: st.DataObject) -> None:
    more = set(data.draw(st.lists(st.sampled_from(sorted(messages)), unique=True))) if messages else set()
    grown = {name: count + (name in more) for name, count in messages.items()}
    found = compare(PERIOD, told(dict(messages)), Recorded(grown, grown))
    assert (set(found.surplus), found.missing) == (more, ())


def test_what_lies_beyond_an_edge_is_found_there() -> None:
    found = compare(PERIOD, told({"m": 1}), Recorded({}, {"m": 1}))
    assert found.complete
    found = compare(PERIOD, told({}, {"m": 1}), Recorded({"m": 1}, {"m": 1}, {"m"}))
    assert found.surplus == ()


def test_a_record_of_the_exchange_alone_that_no_message_explains_is_surplus() -> None:
    found = compare(PERIOD, told({}), Recorded({"case-7": 2, "m": 1}, {"case-7": 2, "m": 1}, {"m"}))
    assert found.surplus == ("m",)


def test_a_message_that_told_nothing_is_counted_only() -> None:
    found = compare(PERIOD, told({"failed": None, "other": None}), Recorded({"other": 2}, {"other": 2}))
    assert (found.missing, found.surplus, found.unsaid, found.messages) == ((), (), 1, 2)


def test_one_id_of_several_messages_tells_their_sum() -> None:
    twice = Told([("m", 1), ("m", 2), ("m", None)], [("m", 1), ("m", 2), ("m", None)])
    assert compare(PERIOD, twice, Recorded({"m": 3}, {"m": 3})).complete
    assert compare(PERIOD, twice, Recorded({"m": 2}, {"m": 2})).missing == ("m",)


def test_logs_are_added() -> None:
    assert added({"a": 1}, {"a": 2, "b": 1}) == {"a": 3, "b": 1}
