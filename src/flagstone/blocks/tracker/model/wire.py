# SPDX-License-Identifier: EUPL-1.2
"""Usages and questions as the data tracker protocol v2 writes them, with our own properties beside.

The published five are `logtime`, `action`, `receiverCode`, `receiverName` and `receiverSystem`. What is read
may come from anybody: whatever does not fit raises ValueError, and unknown properties are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flagstone.blocks.tracker.contract import (
    Period,
    Question,
    RegisterWords,
    Usage,
    UsageKind,
    UsagePage,
    Words,
)
from flagstone.kernel.clock import parse_rfc3339, rfc3339

TEXT_MAX = 4_000
LIST_MAX = 1_000
WORDS_MAX = 50
COUNT_MAX = 2**31 - 1


def usage_on_wire(usage: Usage) -> dict[str, object]:
    """Return a usage as plain JSON; a name that is unknown is left out, as the protocol has it."""
    name = {"receiverName": usage.receiver_name} if usage.receiver_name else {}
    return {
        "logtime": rfc3339(usage.logtime),
        "action": usage.action,
        "receiverCode": usage.receiver_code,
        **name,
        "receiverSystem": usage.receiver_system,
        "id": usage.id,
        "register": usage.register,
        "fields": list(usage.fields),
        "purpose": usage.purpose,
        "legalBasis": usage.legal_basis,
        "messageId": usage.message_id,
        "case": usage.case,
        "official": usage.official,
        "own": usage.own,
        "kind": usage.kind.value,
    }


def usage_from_wire(value: object) -> Usage:
    """Return what `usage_on_wire` wrote, or another provider's usage with the published five alone."""
    said = _mapping(value)
    return Usage(
        logtime=_time(said.get("logtime")),
        action=_text(said, "action", required=True),
        receiver_code=_text(said, "receiverCode", required=True),
        receiver_system=_text(said, "receiverSystem", required=True),
        receiver_name=_text(said, "receiverName"),
        id=_text(said, "id"),
        register=_text(said, "register"),
        fields=tuple(_plain_text(each) for each in _list(said.get("fields") or [], LIST_MAX)),
        purpose=_text(said, "purpose"),
        legal_basis=_text(said, "legalBasis"),
        message_id=_text(said, "messageId"),
        case=_text(said, "case"),
        official=_text(said, "official"),
        own=said.get("own") is True,
        kind=UsageKind.ASKED if said.get("kind") == UsageKind.ASKED.value else UsageKind.READ,
    )


def page_on_wire(page: UsagePage) -> dict[str, object]:
    """Return an answer of `findUsage`."""
    registers = {
        code: {
            "title": dict(words.title),
            "fields": {name: dict(text) for name, text in words.fields.items()},
        }
        for code, words in page.registers.items()
    }
    return {
        "totalUsages": page.total,
        "usages": [usage_on_wire(usage) for usage in page.usages],
        "hidden": page.hidden,
        "registers": registers,
        "receivers": {code: dict(name) for code, name in page.receivers.items()},
    }


def page_from_wire(value: object, usages_max: int) -> UsagePage:
    """Return an answer of `findUsage` with at most `usages_max` usages."""
    said = _mapping(value)
    usages = tuple(usage_from_wire(each) for each in _list(said.get("usages"), usages_max))
    total = _count(said.get("totalUsages"))
    if total < len(usages):
        raise ValueError("fewer usages in all than on the page")
    registers = {
        _plain_text(code): _register(each) for code, each in _mapping(said.get("registers") or {}).items()
    }
    receivers = {
        _plain_text(code): _words(each) for code, each in _mapping(said.get("receivers") or {}).items()
    }
    return UsagePage(usages, total, _count(said.get("hidden") or 0), registers, receivers)


def period_on_wire(period: Period) -> dict[str, object]:
    """Return an answer of `usagePeriod`; its end is left out when usages are told up to now."""
    end = {"periodEnd": rfc3339(period.end)} if period.end else {}
    return {"periodStart": rfc3339(period.start) if period.start else None, **end}


def period_from_wire(value: object) -> Period:
    """Return an answer of `usagePeriod`."""
    said = _mapping(value)
    end = said.get("periodEnd")
    return Period(_time(said.get("periodStart")), _time(end) if end is not None else None)


def question_on_wire(question: Question) -> dict[str, object]:
    """Return a question as JSON."""
    return {
        "id": question.id,
        "usage": usage_on_wire(question.usage),
        "text": question.text,
        "askedAt": rfc3339(question.asked_at),
        "answer": question.answer,
        "answeredAt": rfc3339(question.answered_at) if question.answered_at else None,
    }


def question_from_wire(value: object) -> Question:
    """Return what `question_on_wire` wrote."""
    said = _mapping(value)
    answered = said.get("answeredAt")
    return Question(
        _text(said, "id", required=True),
        usage_from_wire(said.get("usage")),
        _text(said, "text", required=True),
        _time(said.get("askedAt")),
        _text(said, "answer"),
        _time(answered) if answered is not None else None,
    )


def questions_from_wire(value: object) -> tuple[Question, ...]:
    """Return a list of questions."""
    return tuple(question_from_wire(each) for each in _list(value, LIST_MAX))


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")  # noqa: TRY004 - what does not fit is one sort of error
    return value


def _list(value: object, most: int) -> list[object]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"a list of at most {most} is missing")
    return value


def _text(said: Mapping[str, object], name: str, *, required: bool = False) -> str:
    value = said.get(name)
    if value is None and not required:
        return ""
    return _plain_text(value)


def _plain_text(value: object) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX or "\0" in value:
        raise ValueError(f"a text of at most {TEXT_MAX} characters is missing")
    return value


def _time(value: object) -> datetime:
    return parse_rfc3339(_plain_text(value))


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
        raise ValueError("a count is missing")
    return value


def _words(value: object) -> Words:
    said = _mapping(value)
    if len(said) > WORDS_MAX:
        raise ValueError("too many languages")
    return {_plain_text(code): _plain_text(text) for code, text in said.items()}


def _register(value: object) -> RegisterWords:
    said = _mapping(value)
    fields = _mapping(said.get("fields") or {})
    if len(fields) > LIST_MAX:
        raise ValueError("too many fields")
    return RegisterWords(
        _words(said.get("title") or {}), {_plain_text(c): _words(t) for c, t in fields.items()}
    )
