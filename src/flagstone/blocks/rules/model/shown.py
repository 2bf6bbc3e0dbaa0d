# SPDX-License-Identifier: EUPL-1.2
"""The facts of an assessment as a person reads them: by whom they are about, each value with its origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from flagstone.blocks.rules.contract.assessment import (
    CHILD,
    HOME,
    ME,
    OTHER,
    PARTNER,
    Answer,
    Ask,
    Assessed,
    AssessmentPlan,
    Known,
    Words,
)
from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import Decision, Fact
from flagstone.blocks.rules.model.answers import Question, instance_of, read_answer
from flagstone.blocks.rules.model.situations import pointer

_MONTH_LENGTH = len("2025-01")
_YEAR_MONTHS = 12
_OTHERWISE = {
    bool: Answer.YES_NO,
    int: Answer.AMOUNT,
    float: Answer.AMOUNT,
    str: Answer.DATE,
}
"""How a fact may be claimed to be otherwise, by what it is."""


@dataclass(frozen=True)
class Line:
    """One fact: its label, its value, for which period when it is not the year's, and where it comes from."""

    variable: str
    places: tuple[str, ...]  # of its value in the situation, one for each month that says the same
    label: Words
    value: JsonValue = field(repr=False)
    period: str
    fact: Fact
    doubtful: bool = False

    @property
    def name(self) -> str:
        """The name of the fact in a form."""
        return f"claim.{self.places[0]}"


@dataclass(frozen=True)
class About:
    """The facts about one person, or the home: `birth` is her date of birth where it is known."""

    instance: str
    birth: str = field(repr=False)
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Gap:
    """A variable that nobody could tell: of whom (empty for herself), its words, and what counts instead."""

    variable: str
    instance: str
    label: Words
    otherwise: Words


def facts_shown(known: Known, plan: AssessmentPlan, year: int) -> list[About]:
    """Return the facts by whom they are about, herself first, then partner, children and others."""
    facts, situation = {fact.place: fact for fact in known.facts}, cast(Any, known.situation)
    labels = {**{ask.variable: ask.label for ask in plan.asks}, **plan.labels}
    found = []
    for entity, instance in _instances(known, plan):
        content: Any = situation[entity][instance]
        lines = [
            Line(variable, places, labels.get(variable, {"en": variable}), value, period, facts[places[0]])
            for variable, dated in content.items()
            if isinstance(dated, Mapping)
            for period, periods, value in _told(dated, year)
            if (places := tuple(pointer(entity, instance, variable, each) for each in periods))[0] in facts
        ]
        marked = tuple(replace(each, doubtful=each.places[0] in known.doubtful) for each in lines)
        birth = content.get(plan.words.birth, {}) if isinstance(content, Mapping) else {}
        if marked:
            found.append(About(instance, str(next(iter(birth.values()), "")), marked))
    return _with_homes(found, plan)


def gaps_shown(known: Known, plan: AssessmentPlan) -> list[Gap]:
    """Return what is not known, with what counts instead."""
    asks = {ask.variable: ask for ask in plan.asks}
    found = []
    for name in known.missing:
        variable, _, instance = name.partition("@")
        ask = asks.get(variable)
        label = ask.label if ask else plan.labels.get(variable, {"en": variable})
        found.append(Gap(variable, instance, label, ask.otherwise if ask and not instance else {}))
    return found


def claims_of(
    shown: Sequence[About], texts: Mapping[str, str]
) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """Return the facts that a form says are otherwise, by place; and what is wrong, by the form's names."""
    claimed: dict[str, JsonValue] = {}
    wrong: dict[str, str] = {}
    for line in (line for each in shown for line in each.lines):
        text = " ".join(texts.get(line.name, "").split())
        if not text:
            continue
        try:
            value = read_answer(text, asking_of(line))
        except ValueError as why:
            wrong[line.name] = str(why)
            continue
        if value != line.value:
            claimed |= dict.fromkeys(line.places, value)
    return claimed, wrong


def asking_of(line: Line) -> Ask:
    """Return how a fact is asked again."""
    return Ask(line.variable, line.label, _OTHERWISE[type(line.value)], {}, {}, below_zero=True)


def known_of(decision: Decision) -> Known:
    """Return what a decision rests on, as it was known then."""
    return Known(decision.situation, decision.facts, decision.missing)


def assessed_of(outputs: Mapping[str, JsonValue], plan: AssessmentPlan) -> list[Assessed]:
    """Return what values by place say, in the order of the plan."""
    found = []
    for result in plan.results:
        prefix = pointer(result.entity, instance_of(result, plan), result.variable) + "/"
        values = {
            place.removeprefix(prefix): value for place, value in outputs.items() if place.startswith(prefix)
        }
        if values:
            found.append(Assessed(result, values, instance_of(result, plan)))
    return found


def present_of(known: Known, asked: Sequence[Question], year: int) -> dict[str, JsonValue]:
    """Return what counts now for each question that has an answer or a fact, by its name."""
    shown: Any = known.situation
    found: dict[str, JsonValue] = {}
    for question in asked:
        for instances in shown.values():
            dated = instances.get(question.instance, {}).get(question.ask.variable)
            if isinstance(dated, Mapping) and dated:
                found[question.name] = dated.get(str(year), next(iter(dated.values())))
    return found


def topics(asked: Sequence[Question]) -> list[list[Question]]:
    """Return questions by topic, in the order in which the topics come up."""
    found: dict[str, list[Question]] = {}
    for question in asked:
        found.setdefault(str(question.ask.topic), []).append(question)
    return list(found.values())


def year_of(decision: Decision) -> int:
    """Return the year that a decision is about, which ends its kind; 0 when it names none."""
    last = decision.kind.rpartition("-")[2]
    return int(last) if last.isascii() and last.isdigit() else 0


def _instances(known: Known, plan: AssessmentPlan) -> Iterator[tuple[str, str]]:
    """Yield the persons, then her own family and home."""
    law = plan.words
    for entity in (law.persons, law.families, law.households):
        for instance in known.situation.get(entity, {}):  # type: ignore[union-attr]
            if entity == law.persons or instance == HOME:
                yield entity, str(instance)


def _told(dated: Mapping[str, JsonValue], year: int) -> Iterator[tuple[str, list[str], JsonValue]]:
    """Yield values with their period and the periods they stand for: months that all say the same as one."""
    given = {period: value for period, value in dated.items() if value is not None}
    months = [period for period in given if len(period) == _MONTH_LENGTH]
    if months and len(months) == len(given) and len(set(map(str, given.values()))) == 1:
        whole = len(months) == _YEAR_MONTHS
        yield ("" if whole else f"{months[0]}/{months[-1]}"), months, given[months[0]]
        return
    for period, value in given.items():
        own = period == str(year) or not period[:1].isdigit()
        yield ("" if own else period), [period], value


def _with_homes(found: list[About], plan: AssessmentPlan) -> list[About]:
    """Let what is said of her family stand with her partner, and of her home with herself."""
    people = sorted((each for each in found if each.instance != HOME), key=_rank)
    partner = next((each.instance for each in people if each.instance == PARTNER), ME)
    shown = {each.instance: each for each in people}
    for each in (each for each in found if each.instance == HOME):
        family = each.lines[0].places[0].startswith(pointer(plan.words.families) + "/")
        host = partner if family else ME
        there = shown.get(host, About(host, ""))
        shown[host] = replace(there, lines=there.lines + each.lines)
    return list(shown.values())


def _rank(about: About) -> tuple[int, int]:
    """Return where a person comes: by kind, and by number within a kind."""
    kind, _, number = about.instance.partition("-")
    return (ME, PARTNER, CHILD, OTHER).index(kind), int(number or 0)
