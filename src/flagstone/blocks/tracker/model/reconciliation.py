# SPDX-License-Identifier: EUPL-1.2
"""The exchange's log against the usage records: which message lacks one, and which has one too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flagstone.blocks.tracker.contract import Reconciliation

MARGIN = timedelta(minutes=2)
"""How far apart a message and its records may be logged; more than the longest time a service may take."""


@dataclass(frozen=True)
class Told:
    """What the exchange's log says of a period, and of the period widened by MARGIN at both ends."""

    messages: Iterable[tuple[str, int | None]]
    around: Iterable[tuple[str, int | None]]


@dataclass(frozen=True)
class Recorded:
    """How many records each message has in the period and in the wider one.

    `ours` are messages of the period whose records only the exchange can have caused; other records may
    belong to readings on the spot, whose reference the exchange does not know.
    """

    within: Mapping[str, int]
    around: Mapping[str, int]
    ours: Collection[str] = ()


def compare(period: tuple[datetime, datetime], told: Told, recorded: Recorded) -> Reconciliation:
    """Return what does not agree in a period.

    A message of the period is looked for among the records of the wider one, and the other way round, so
    that nothing at an edge is held to be missing.
    """
    messages, around = _summed(told.messages), _summed(told.around)
    missing = [one for one, count in messages.items() if (count or 0) > recorded.around.get(one, 0)]
    surplus = [one for one in recorded.within if _is_surplus(one, around, recorded)]
    unsaid = [one for one, count in messages.items() if count is None and not recorded.around.get(one)]
    return Reconciliation(
        since=period[0],
        until=period[1],
        messages=len(messages),
        records=sum(recorded.within.values()),
        missing=tuple(sorted(missing)),
        surplus=tuple(sorted(surplus)),
        unsaid=len(unsaid),
    )


def _is_surplus(message_id: str, around: Mapping[str, int | None], recorded: Recorded) -> bool:
    """Tell whether a message has more records than its answer told of, or is known to nobody."""
    if message_id not in around:
        return message_id in recorded.ours
    told = around[message_id]
    return told is not None and recorded.within[message_id] > told


def added(*counts: Mapping[str, int]) -> dict[str, int]:
    """Return records by message id of several logs together."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def _summed(messages: Iterable[tuple[str, int | None]]) -> dict[str, int | None]:
    """Return what was told by message id; one id used for several messages tells their sum."""
    found: dict[str, int | None] = {}
    for message_id, count in messages:
        before = found.get(message_id)
        found[message_id] = count if before is None else before + (count or 0)
    return found
