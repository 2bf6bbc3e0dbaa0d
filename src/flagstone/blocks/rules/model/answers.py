# SPDX-License-Identifier: EUPL-1.2
"""What a person is asked and may answer, and a situation with her answers in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flagstone.blocks.rules.contract.assessment import (
    HOME,
    ME,
    About,
    Answer,
    Ask,
    AssessmentPlan,
    Known,
    NotTold,
    Result,
    Span,
)
from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import Fact, Origin
from flagstone.blocks.rules.model.prefill import EVER
from flagstone.blocks.rules.model.situations import pointer
from flagstone.kernel.errors import Flaw

AMOUNT_MAX = Decimal(1_000_000_000)
"""The law is exact to the cent up to here."""

COUNT_MAX = 10_000
TEXT_LENGTH_MAX = 60
YES, NO = "yes", "no"
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_GROUPED = re.compile(r"-?\d{1,3}([.,])\d{3}(\1\d{3})*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = re.compile(r"-?\d{1,15}([.,]\d{1,2})?")
_MIXED = re.compile(r"-?\d{1,3}(,\d{3})+\.\d{1,2}|-?\d{1,3}(\.\d{3})+,\d{1,2}")

NOT_AN_AMOUNT = "Write an amount as a number, such as 1234.50"
THOUSANDS = "Write the amount without separators of thousands, such as 1234 or 1234.50"
TOO_MUCH = "The amount is too large"
BELOW_ZERO = "The amount cannot be below zero"
NOT_A_COUNT = "Write a whole number"
NOT_A_DATE = "Write a date as year, month and day, such as 2025-03-31"
NOT_A_CHOICE = "Choose one of the answers"
SAYINGS = (NOT_AN_AMOUNT, THOUSANDS, TOO_MUCH, BELOW_ZERO, NOT_A_COUNT, NOT_A_DATE, NOT_A_CHOICE)
"""All that can be wrong with an answer, in English; pages translate them."""


@dataclass(frozen=True)
class Question:
    """One question of a page: what is asked about which instance; `name` is that of its field."""

    ask: Ask
    instance: str

    @property
    def name(self) -> str:
        """The name of the field in a form."""
        return self.ask.variable if self.instance in (ME, HOME) else f"{self.ask.variable}.{self.instance}"


@dataclass(frozen=True)
class Answers:
    """What a person answered, by the name of the question: the value, and the text as she typed it."""

    values: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    flaws: tuple[Flaw, ...] = ()


NOTHING = Answers()


def questions(plan: AssessmentPlan, known: Known, year: int, *, everything: bool = False) -> list[Question]:
    """Return what may be asked of a person's year, in the plan's order.

    With `everything` also what registers know, to be answered otherwise. A child in care is asked of no home.
    """
    in_care = is_in_care(known, plan)
    return [
        Question(ask, instance)
        for ask in plan.asks
        if everything or not ask.instead or ask.variable in known.missing
        if not (in_care and ask.about is About.HOUSEHOLD)
        for instance in _instances(ask, known, year)
    ]


def read_answers(form: Mapping[str, str], asked: list[Question]) -> Answers:
    """Return the answers of a form; what is left empty is not answered, what is unknown is passed over."""
    values: dict[str, JsonValue] = {}
    texts: dict[str, str] = {}
    flaws: list[Flaw] = []
    for question in asked:
        text = " ".join(form.get(question.name, "").split())
        if not text:
            continue
        texts[question.name] = text[:TEXT_LENGTH_MAX]
        try:
            values[question.name] = read_answer(text, question.ask)
        except ValueError as wrong:
            flaws.append(Flaw(question.name, str(wrong)))
    return Answers(values, texts, tuple(flaws))


def read_answer(text: str, ask: Ask) -> JsonValue:
    """Return what a text answers; ValueError says what is wrong, in one of `SAYINGS`."""
    if len(text) > TEXT_LENGTH_MAX:
        raise ValueError(_WRONG[ask.answer])
    if ask.answer is Answer.AMOUNT:
        return _amount(text, ask)
    if ask.answer is Answer.COUNT:
        digits = _digits(text)
        if not digits.isascii() or not digits.isdigit() or int(digits) > COUNT_MAX:
            raise ValueError(NOT_A_COUNT)
        return int(digits)
    if ask.answer is Answer.DATE:
        return _date(text)
    allowed = {YES: True, NO: False} if ask.answer is Answer.YES_NO else {each: each for each in ask.values}
    if text not in allowed:
        raise ValueError(NOT_A_CHOICE)
    return allowed[text]


def with_answers(
    known: Known, plan: AssessmentPlan, answers: Answers, asked: list[Question], year: int
) -> Known:
    """Return what is known with the answers as facts that the person stated."""
    situation: Any = deepcopy(known.situation)
    facts, missing = list(known.facts), list(known.missing)
    for question in asked:
        variable = question.ask.variable
        if question.name not in answers.values:
            if variable not in missing and not question.ask.instead:
                missing.append(variable)
            continue
        for place in _places(question, known, plan, year):
            entity, instance, _variable, period = place
            groups = situation.setdefault(entity, {})
            groups.setdefault(instance, {}).setdefault(variable, {})[period] = answers.values[question.name]
            facts = [fact for fact in facts if fact.place != pointer(*place)]
            facts.append(Fact(pointer(*place), Origin.PERSON))
    answered = {each.ask.variable for each in asked if each.name in answers.values}
    open_still = {each.ask.variable for each in asked if each.name not in answers.values}
    left = tuple(each for each in missing if each not in answered or each in open_still)
    return replace(known, situation=situation, facts=tuple(facts), missing=left)


def not_told(result: Result, known: Known, answers: Answers) -> NotTold | None:
    """Return why a result cannot be told; None when it can."""
    lacking = []
    for need in result.needs:
        if answers.values.get(need) is False:
            break
        if need in known.missing:
            lacking.append(need)
    return NotTold(result, tuple(lacking)) if lacking else None


def is_in_care(known: Known, plan: AssessmentPlan) -> bool:
    """Tell whether the person is a child of the family that she belongs to."""
    families: Any = known.situation.get(plan.words.families, {})
    return ME in families.get(HOME, {}).get(plan.words.children, ())


def concerns(result: Result, known: Known, plan: AssessmentPlan, year: int) -> bool:
    """Tell whether a result is for such a family as the person's; where that is not known, it may be."""
    if is_in_care(known, plan) and result.entity != plan.words.persons:
        return False
    if result.child_ages is None or plan.persons.register in known.silent:
        return True
    return bool(_children(result.child_ages, known, year))


def instance_of(result: Result, plan: AssessmentPlan) -> str:
    """Return the instance whose result it is: she, or the group she belongs to."""
    return ME if result.entity == plan.words.persons else HOME


def periods_of(result: Result, year: int) -> list[str]:
    """Return the periods for which a result is asked."""
    return months_of(year) if result.monthly else [str(year)]


def months_of(year: int) -> list[str]:
    """Return the months of a year."""
    return [f"{year}-{month:02}" for month in range(1, 13)]


def _instances(ask: Ask, known: Known, year: int) -> list[str]:
    if ask.about is About.CHILD:
        return _children(ask.child_ages or (0, 200), known, year)
    if ask.child_ages is not None and not _children(ask.child_ages, known, year):
        return []
    return [ME if ask.about is About.SELF else HOME]


def _children(ages: tuple[int, int], known: Known, year: int) -> list[str]:
    """Return the children who reach one of the ages in the year."""
    first, last = ages
    return [instance for instance, birth in known.children.items() if first <= year - int(birth[:4]) <= last]


def _places(
    question: Question, known: Known, plan: AssessmentPlan, year: int
) -> Iterator[tuple[str, str, str, str]]:
    ask = question.ask
    entity = plan.words.households if ask.about is About.HOUSEHOLD else plan.words.persons
    periods = {
        Span.EVER: [EVER],
        Span.YEAR: [str(year)],
        Span.MONTHS: months_of(year),
        Span.BIRTHS: sorted({birth[:7] for birth in known.children.values()}),
    }[ask.span]
    for period in periods:
        yield entity, question.instance, ask.variable, period


def _amount(text: str, ask: Ask) -> float:
    """Return an amount; one point or comma parts the hundredths, and what could be thousands is refused."""
    plain = "".join(_digits(text).split())
    plain = plain.replace("\u2212", "-").replace("\u066b", ".").replace("\u066c", ",")
    plain = plain.strip("\u200e\u200f\u061c")
    if _MIXED.fullmatch(plain):
        last = max(plain.rfind("."), plain.rfind(","))
        plain = plain[:last].replace(".", "").replace(",", "") + "." + plain[last + 1 :]
    elif _GROUPED.fullmatch(plain):
        raise ValueError(THOUSANDS)
    elif not _PLAIN.fullmatch(plain):
        raise ValueError(NOT_AN_AMOUNT)
    try:
        amount = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise ValueError(NOT_AN_AMOUNT) from None
    if abs(amount) > AMOUNT_MAX:
        raise ValueError(TOO_MUCH)
    if amount < 0 and not ask.below_zero:
        raise ValueError(BELOW_ZERO)
    return float(amount) + 0.0  # never minus zero


def _digits(text: str) -> str:
    """Return a text with the decimal digits of every script as those of ASCII."""
    return "".join(
        str(unicodedata.decimal(each)) if unicodedata.decimal(each, None) is not None else each
        for each in text
    )


def _date(text: str) -> str:
    plain = _digits(text)
    try:
        day = date.fromisoformat(plain) if _DAY.fullmatch(plain) else date.min
    except ValueError:
        raise ValueError(NOT_A_DATE) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(NOT_A_DATE)
    return day.isoformat()


_WRONG = {
    Answer.AMOUNT: NOT_AN_AMOUNT,
    Answer.COUNT: NOT_A_COUNT,
    Answer.YES_NO: NOT_A_CHOICE,
    Answer.DATE: NOT_A_DATE,
    Answer.CHOICE: NOT_A_CHOICE,
}
