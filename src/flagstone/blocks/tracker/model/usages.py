# SPDX-License-Identifier: EUPL-1.2
"""Readings of registers as usages, several logs as one, pseudonyms, and the bounds of what is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from flagstone.blocks.registry.contract.record import Reading
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.tracker.contract import (
    PAGE_SIZE_MAX,
    TEXT_LENGTH_MAX,
    Period,
    PeriodInvalid,
    QuestionInvalid,
    RegisterWords,
    Usage,
    Words,
)
from flagstone.kernel.audit import ActorKind
from flagstone.kernel.ids import EPOCH, PersonCode

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What pseudonyms are written with: nothing that reads like something else."""

PSEUDONYM_LENGTH = 6
ON_THE_SPOT = "registry desk"
WEB = "web"
OFFSET_MAX = 2**31 - 1
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Window:
    """The part of each log that is needed for one page of all of them together."""

    skipped: int  # usages of the longer log that surely come before the page
    taken: int  # usages to take of it from there on


def checked(period: Period, offset: int, limit: int) -> None:
    """Raise PeriodInvalid for a page or a period that cannot be."""
    if not 0 <= offset <= OFFSET_MAX or not 1 <= limit <= PAGE_SIZE_MAX:
        raise PeriodInvalid
    if period.start is not None and period.end is not None and period.start >= period.end:
        raise PeriodInvalid("the period ends before it begins")


def checked_text(text: str) -> str:
    """Return the text of a question or answer without blanks around it; QuestionInvalid."""
    plain = text.replace("\r\n", "\n").strip()
    printable = all(character.isprintable() or character == "\n" for character in plain)
    if not 1 <= len(plain) <= TEXT_LENGTH_MAX or not printable:
        raise QuestionInvalid
    return plain


def window(offset: int, limit: int, shorter: int) -> Window:
    """Return what to take of a log when another of `shorter` usages in all is mixed into the page.

    At most `shorter` of the `offset` usages before the page come from the other log, so at least the
    difference comes from this one and need not be read.
    """
    skipped = max(0, offset - shorter)
    return Window(skipped, offset - skipped + limit)


def page_of(
    longer: Iterable[Usage], shorter: Iterable[Usage], part: Window, offset: int, limit: int
) -> tuple[Usage, ...]:
    """Return one page of two logs; `longer` begins after what `part` skipped."""
    first = offset - part.skipped
    return tuple(newest_first((*longer, *shorter))[first : first + limit])


def newest_first(usages: Iterable[Usage]) -> list[Usage]:
    """Return usages in the order of the protocol; those of one moment by id."""
    return sorted(usages, key=lambda usage: (usage.logtime, usage.id), reverse=True)


def pseudonym(digest: str) -> str:
    """Return the six letters and digits that stand for somebody whose keyed digest is the hex `digest`."""
    number, letters = int(digest, 16), []
    for _ in range(PSEUDONYM_LENGTH):
        number, rest = divmod(number, len(LETTERS))
        letters.append(LETTERS[rest])
    return "".join(letters)


def period_around(usage_id: str) -> Period | None:
    """Return the moment that an id (RFC 9562, UUID version 7) was made in; None when it is none."""
    try:
        number = UUID(usage_id)
    except ValueError:
        return None
    if number.version != 7:
        return None
    at = EPOCH + (number.int >> 80) * MILLISECOND
    return Period(at - MILLISECOND, at + 2 * MILLISECOND)


def member_code(organisation: str) -> str:
    """Return the registry code at the end of `INSTANCE/CLASS/CODE`, or the code as it is."""
    return organisation.rpartition("/")[2]


def official_of(reading: Reading) -> str:
    """Return the human being who read for an office or a system, empty when there was none."""
    if reading.actor_kind is ActorKind.SYSTEM:
        return reading.on_behalf
    human = reading.actor_kind in {ActorKind.OFFICIAL, ActorKind.PERSON}
    return reading.actor_id if human and not is_own(reading) else ""


def is_own(reading: Reading) -> bool:
    """Tell whether the person read what concerns herself."""
    human = reading.actor_kind in {ActorKind.OFFICIAL, ActorKind.PERSON}
    return human and reading.actor_id == reading.person


def usage_of(reading: Reading, words: RegisterWords | None, *, owner: str, official: str) -> Usage:
    """Return a register's reading as a usage; `owner` is where it was read when no organisation is named.

    `official` is the pseudonym of whoever read.
    """
    return Usage(
        logtime=reading.at,
        action=action_words(reading.fields, words),
        receiver_code=member_code(reading.organisation or owner),
        receiver_system=reading.system or _place(reading),
        id=reading.id,
        register=reading.register,
        fields=reading.fields,
        purpose=reading.reason.purpose,
        legal_basis=reading.reason.legal_basis,
        message_id=reading.reason.message_reference if reading.system else "",
        case=reading.reason.case,
        official=official,
        own=is_own(reading),
    )


def _place(reading: Reading) -> str:
    """Return where a reading without a system was made: in a part of the site, at the desk, or on a page."""
    if reading.actor_kind in {ActorKind.JOB, ActorKind.SYSTEM}:
        return reading.actor_name or reading.actor_id
    return ON_THE_SPOT if reading.actor_kind is ActorKind.OFFICIAL and not is_own(reading) else WEB


def action_words(fields: Collection[str], words: RegisterWords | None) -> str:
    """Return in English what was read, as the protocol has a sentence for people and no language."""
    if words is None:
        return "Read data about the person"
    titles = [_english(title) for title in _only(words.fields, fields).values()]
    return f"Read {', '.join(titles) or 'data'} in {_english(words.title)}"


def _english(words: Mapping[str, str]) -> str:
    return words.get("en") or next(iter(words.values()), "")


def words_of(definition: RegisterDefinition) -> RegisterWords:
    """Return what people call a register and its fields."""
    return RegisterWords(definition.title, {field.code: field.title for field in definition.fields})


def only_known(words: Mapping[str, RegisterWords], usages: Iterable[Usage]) -> dict[str, RegisterWords]:
    """Return the words that `usages` need, and no others; fields in the register's order."""
    named: dict[str, set[str]] = {}
    for usage in usages:
        named.setdefault(usage.register, set()).update(usage.fields)
    return {
        register: replace(words[register], fields=_only(words[register].fields, fields))
        for register, fields in named.items()
        if register in words
    }


def _only(words: Mapping[str, Words], codes: Collection[str]) -> dict[str, Words]:
    return {code: text for code, text in words.items() if code in codes}


def is_visible(hidden_until: str, now: datetime) -> bool:
    """Tell whether a record that is hidden until an RFC 3339 instant, empty for never, may be described."""
    return not hidden_until or datetime.fromisoformat(hidden_until) <= now


def person_in(user: str, instance: str) -> PersonCode:
    """Return the personal code of a user such as `XA60001019906`, with or without the instance before it."""
    bare = user.strip()
    return PersonCode(bare.removeprefix(instance) if instance else bare)
