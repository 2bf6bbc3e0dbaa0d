# SPDX-License-Identifier: EUPL-1.2
"""Draws the facts of a person's year from the registers: no more than her own matter needs, within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from flagstone.blocks.rules.contract.assessment import (
    ME,
    AssessmentPlan,
    Heard,
    Known,
    NotAssessed,
    PersonFields,
    Registers,
)
from flagstone.blocks.rules.model.prefill import Drawn, amounts_of, places_of, prefill
from flagstone.blocks.rules.model.relatives import (
    People,
    Relative,
    children_elsewhere,
    is_child_in_care,
    partner_code,
    read_people,
)
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.asking import Asking, AskingBounds, Outcome

SECONDS_MAX = 6.0
"""How long one register may take for all that it is asked."""

BOUNDS = AskingBounds(SECONDS_MAX, threads_max=80, at_once_max=40)
"""As many at once as a site answers requests: others wait for their page, not for a register."""

AT_ONCE_MAX = 6
"""How many questions of one assessment are asked of one register at once."""

S = TypeVar("S")

RELATIVES_MAX = 30
"""How many persons are asked about one by one."""


@dataclass(frozen=True)
class _Kin:
    """A person and everybody about whom the register was asked; `me` None when it does not know her."""

    me: Relative | None
    people: People


class Drawing:
    """Asks registers about one person's year; safe to share between threads."""

    def __init__(
        self,
        plan: AssessmentPlan,
        registers: Registers,
        asking: Asking | None = None,
        *,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        """Ask `registers` by `plan`, each for `seconds_max` at most."""
        self._plan, self._registers = plan, registers
        self._asking, self._seconds_max = asking or Asking(BOUNDS), seconds_max

    def facts(self, person: PersonCode, year: int, reason: Reason, *, home: bool = False) -> Known:
        """Return what is known; a register that does not answer is named and never taken for silence.

        `home` looks at everybody in the dwelling. NotAssessed for the dead and for whom nobody knows.
        """
        drawn = self._kin(person, year, reason, home=home)
        return prefill(self._plan, self._with_incomes(drawn, person, year, reason), year)

    def _kin(self, person: PersonCode, year: int, reason: Reason, *, home: bool) -> Drawn:
        register = self._plan.persons.register
        question = partial(_Asker(self._plan.persons, self._registers, person, reason).kin, year, home=home)
        said = self._asking.ask_all({register: question}, seconds_max=self._seconds_max)[register]
        if said.outcome is not Outcome.ANSWERED or said.value is None:
            return Drawn(person, None, {}, {}, (register,), home)
        me = said.value.me
        if me is None or me.death is not None:
            raise NotAssessed
        return Drawn(person, me, said.value.people, {}, (), home)

    def _with_incomes(self, drawn: Drawn, person: PersonCode, year: int, reason: Reason) -> Drawn:
        names = self._plan.incomes
        wanted = [
            (code, each)
            for code, each in _wanted(drawn, self._plan, year)
            if names.first_year <= each <= names.last_year
        ]
        if not wanted:
            return drawn
        question = partial(self._incomes, wanted, (person, year), reason)
        said = self._asking.ask_all({names.register: question}, seconds_max=self._seconds_max)[names.register]
        if said.outcome is not Outcome.ANSWERED or said.value is None:
            return replace(drawn, silent=(*drawn.silent, names.register))
        return replace(drawn, incomes=said.value)

    def _incomes(
        self, wanted: Sequence[tuple[str, int]], own: tuple[PersonCode, int], reason: Reason
    ) -> Mapping[tuple[str, int], Heard]:
        """Return what each person got in each year, read here so that nonsense counts as no answer."""
        names = self._plan.incomes
        always = frozenset({names.code, names.year, names.currency, names.status})

        def ask(one: tuple[str, int]) -> Heard:
            filters = {names.code: one[0], names.year: str(one[1])}
            sums = names.sums_of(herself=one == own)
            heard = self._registers.ask(names.register, filters, always | set(sums), own[0], reason)
            amounts_of(heard, names, sums, self._plan.currency)
            return heard

        return dict(zip(wanted, _at_once(ask, wanted), strict=True))


def _at_once(ask: Callable[[S], Heard], about: Sequence[S]) -> list[Heard]:
    """Return the answers to questions of which none waits for another, in their order."""
    if len(about) < 2:
        return [ask(each) for each in about]
    with ThreadPoolExecutor(min(len(about), AT_ONCE_MAX)) as threads:
        begun = [threads.submit(copy_context().run, ask, each) for each in about]
        return [each.result() for each in begun]


def _wanted(drawn: Drawn, plan: AssessmentPlan, year: int) -> list[tuple[str, int]]:
    """Return whose incomes of which years are needed."""
    places = places_of(drawn, plan, year)
    wanted = [(code, year) for code, place in places.items() if place == ME or place.startswith("partner")]
    if drawn.home and drawn.me is not None:
        at_home = [each for each in drawn.people.values() if each.household == drawn.me.household]
        wanted += [(each.code, year - 1) for each in (drawn.me, *at_home)]
    return list(dict.fromkeys(wanted))


class _Asker:
    """Asks the register of persons, one answer leading to the next question."""

    def __init__(self, names: PersonFields, registers: Registers, person: PersonCode, reason: Reason) -> None:
        self._names, self._registers = names, registers
        self._person, self._reason = person, reason
        self._life = frozenset({names.code, names.birth, names.death, names.household})
        self._child = self._life | {names.custody, names.parents}
        self._adult = self._life | {names.marital, names.spouse, names.children}

    def kin(self, year: int, *, home: bool) -> _Kin:
        """Return the person, those who live with her, her partner, and children of both elsewhere."""
        names = self._names
        own = self._ask({names.code: self._person}, self._adult | {names.custody})
        me = read_people([own], names).get(self._person)
        if me is None:
            return _Kin(None, {})
        spouse = me.spouse if me.marital == names.married and not me.custody else ""
        fields = self._child | self._adult if home else self._child
        asked = [({names.code: spouse}, self._adult)] if spouse else []
        asked += [({names.household: me.household}, fields)] if me.household else []
        answers = [own, *_at_once(lambda one: self._ask(*one), asked)]
        people = read_people(answers, names)
        if is_child_in_care(me, people):
            return _Kin(me, people)
        return _Kin(me, self._relatives(me, answers, year, known=spouse))

    def _relatives(self, me: Relative, answers: list[Heard], year: int, *, known: str) -> People:
        """Add children elsewhere, a late spouse, and the partner, unless `known`, with her children."""
        people = read_people(answers, self._names)
        names = self._names
        self._add(answers, children_elsewhere((me,), people), self._child)
        people = read_people(answers, names)
        if me.marital == names.widowed:
            parents = {code: None for code in me.children if code in people for code in people[code].parents}
            late = [code for code in parents if code not in people]
            self._add(answers, late, self._life | {names.spouse})
            people = read_people(answers, names)
        partner = partner_code(me, people, year, names)
        if partner:
            if partner != known:
                answers.insert(1, self._ask({names.code: partner}, self._adult))
                people = read_people(answers, names)
            both = [me, *(people[code] for code in (partner,) if code in people)]
            self._add(answers, children_elsewhere(both, people), self._child)
        return read_people(answers, names)

    def _add(self, answers: list[Heard], codes: Iterable[str], fields: frozenset[str]) -> None:
        wanted = list(islice(codes, RELATIVES_MAX))
        answers.extend(_at_once(lambda code: self._ask({self._names.code: code}, fields), wanted))

    def _ask(self, filters: Mapping[str, str], fields: frozenset[str]) -> Heard:
        names = self._names
        return self._registers.ask(names.register, filters, fields, self._person, self._reason)
