# SPDX-License-Identifier: EUPL-1.2
"""Tells one step of a calculation: its value, provisions, parameters with brackets, and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
from openfisca_core.taxscales import TaxScaleLike

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.explanation import Bracket, ParameterUsed, Said, Step
from flagstone.blocks.rules.model import explanation_words as words
from flagstone.blocks.rules.model.explanations import Line, signs
from flagstone.blocks.rules.model.spoken import spoken
from flagstone.blocks.rules.service.engine.calculating import plain
from flagstone.blocks.rules.service.engine.citing import Citations
from flagstone.blocks.rules.service.engine.experiments import Other
from flagstone.blocks.rules.service.engine.lineage import Lineage, Place, members, same
from flagstone.blocks.rules.service.engine.nothing import Limit, Reason, Reasons, is_nothing
from flagstone.blocks.rules.service.engine.recording import Read, Used
from flagstone.blocks.rules.service.engine.scaling import brackets, together

PARAMETERS_MAX = 5
PARTS_MAX = 4
SET_MAX = 2
_CENT = 0.005


class Teller:
    """Tells the steps of one calculation in the languages of `citations`."""

    def __init__(self, lineage: Lineage, citations: Citations, reasons: Reasons) -> None:
        """Tell of a recorded calculation."""
        self._lineage = lineage
        self._citations = citations
        self._reasons = reasons

    def step(self, place: Place, line: Line, *, decisive: bool) -> Step:
        """Return a step with the children that `line` tells."""
        value = self._lineage.value(place)
        formula = self._lineage.formula(place)
        labels = self._citations.variable(place.name)
        used = tuple(self.parameters(place))
        provisions, above = self.provisions(place)
        return Step(
            key=line.key,
            variable=place.name,
            instance=self._lineage.instance(place),
            period=str(place.period),
            value=value,
            label=labels[0][1],
            formula=formula,
            is_input=self._lineage.is_stated(place),
            decisive=decisive,
            from_=line.from_,
            more=line.more,
            parameters=used,
            references=provisions,
            words=self._each(lambda language: self._sentence(place, used, language)),
            why_zero=self._why(place) if is_nothing(value) else (),
            labels=labels,
            unit=self._unit(place),
            under=self._citations.variable(above.name) if above else (),
        )

    def provisions(self, place: Place) -> tuple[tuple[str, ...], Place | None]:
        """Return the provisions of a step; if nothing in it names one, those of a step above, and which."""
        own = self._citations.of_variable(place.name, self._lineage.formula(place))
        if own or self.has_provision(place):
            return own, None
        asker = self._lineage.nodes[place.array].asker
        while asker is not None:
            above = Place(*asker, 0)
            found = self._citations.of_variable(above.name, self._lineage.formula(above))
            for read in self._read(above) if not found else ():
                found = self._citations.of_parameter(read.name, read.day)
                if found:
                    break
            if found:
                return found, above
            asker = self._lineage.nodes[asker].asker
        return (), None

    def has_provision(self, place: Place) -> bool:
        """Tell whether a parameter that a step read names a provision."""
        return any(self._citations.of_parameter(each.name, each.day) for each in self._read(place))

    def influence(self, of: Place, fact: Other, becomes: JsonValue) -> Said:
        """Return what another input would have changed."""
        by = Place(fact.input.variable, of.period, fact.index)
        return self._each(
            lambda language: words.influence(
                language,
                part=self._called(by, fact.value, language, of),
                other=spoken(fact.other, language, self._unit(by)),
                label=self._quoted(of, language),
                becomes=spoken(becomes, language, self._unit(of)),
            )
        )

    def parameters(self, place: Place) -> Iterator[ParameterUsed]:
        """Yield the parameters that a step read, in order; each scale once for each amount.

        Where there is nothing, few are told: the one that is why, and the first.
        """
        scales = self._scales(place)
        shown, most, first = 0, PARAMETERS_MAX, ""
        if is_nothing(self._lineage.value(place)):
            limit = self._reasons.of(place).limit
            most, first = SET_MAX, limit.parameter if limit else ""
        for read in sorted(self._read(place), key=lambda each: each.name != first):
            asked = scales.get((read.name, read.day), [()]) if isinstance(read.value, TaxScaleLike) else [()]
            for each in asked:
                if shown < most:
                    shown += 1
                    yield self._used(place, read, each)

    def _used(self, place: Place, read: Read, through: tuple[Bracket, ...]) -> ParameterUsed:
        labels = self._citations.parameter(read.name)
        return ParameterUsed(
            name=read.name,
            label=labels[0][1],
            day=read.day,
            value=self._own(place, read.value),
            unit=self._citations.unit(read.name),
            brackets=through,
            references=self._citations.of_parameter(read.name, read.day),
            labels=labels,
        )

    def _read(self, place: Place) -> list[Read]:
        """Return each parameter once."""
        found: dict[tuple[str, str], Read] = {}
        for read in self._lineage.nodes[place.array].parameters:
            found.setdefault((read.name, read.day), read)
        return list(found.values())

    def _own(self, place: Place, value: Any) -> JsonValue:
        """Return a parameter's value for whom the step is about; None for a scale, or what cannot be told."""
        if isinstance(value, TaxScaleLike):
            return None
        if isinstance(value, numpy.ndarray):
            count = self._lineage.population(place).count
            return self._lineage.of(value, place) if value.shape == (count,) else None
        found: JsonValue = plain(value)
        return found

    def _scales(self, place: Place) -> dict[tuple[str, str], list[tuple[Bracket, ...]]]:
        found: dict[tuple[str, str], list[tuple[Bracket, ...]]] = {}
        for used in self._lineage.nodes[place.array].scales:
            through = self._through(place, used)
            known = found.setdefault((used.name, used.day), [])
            if through not in known:
                known.append(through)
        return found

    def _through(self, place: Place, used: Used) -> tuple[Bracket, ...]:
        own = self._lineage.population(place)
        if len(used.base) == own.count:
            return brackets(used, place.at)
        if not own.entity.is_person and len(used.base) == self._lineage.simulation.persons.count:
            return together(used, members(own, place.at))
        return ()

    def _sentence(self, place: Place, used: tuple[ParameterUsed, ...], language: str) -> str:
        value = self._lineage.value(place)
        said = {
            "label": self._label(place, language),
            "value": spoken(value, language, self._unit(place)),
        }
        kind, more = self._told(place, used, language)
        return words.step(kind, language, **said, **more)

    def _told(
        self, place: Place, used: tuple[ParameterUsed, ...], language: str
    ) -> tuple[str, dict[str, str]]:
        """Return the kind of a step's sentence and what stands in it."""
        if not self._lineage.formula(place):
            return ("stated" if self._lineage.is_stated(place) else "unstated"), {}
        value = self._lineage.value(place)
        parts = [each for each in self._lineage.children(place) if not is_nothing(self._lineage.value(each))]
        if isinstance(value, float) and value != 0:
            found = (
                self._by_scale(place, language)
                or self._by_sum(place, parts, language)
                or self._by_parameter(place, parts, used, language)
            )
            if found:
                return found
        amounts = [each for each in parts if isinstance(self._lineage.value(each), float)]
        parts = parts if isinstance(value, bool) or not amounts else amounts
        if not parts:
            said = [self._set(each, language) for each in used if each.value is not None][:SET_MAX]
            return ("set", {"parameters": words.joined(said, language)}) if said else ("bare", {})
        return "condition" if isinstance(value, bool) else "rule", {
            "parts": self._list(parts, language, place)
        }

    def _by_scale(self, place: Place, language: str) -> tuple[str, dict[str, str]] | None:
        scales = [each for each in self._lineage.nodes[place.array].scales if self._through(place, each)]
        if len(scales) != 1:
            return None
        through = self._through(place, scales[0])
        value = self._lineage.value(place)
        made = sum(each.result for each in through)
        if not isinstance(value, float) or abs(made - value) > 2 * _CENT:
            return None
        scale = dict(self._citations.parameter(scales[0].name))[language]
        last = through[-1]
        base = last.base if last.rate is None else sum(each.base for each in through)
        return "scale", {"scale": scale, "base": spoken(base, language, self._unit(place))}

    def _by_sum(self, place: Place, parts: list[Place], language: str) -> tuple[str, dict[str, str]] | None:
        amounts = [(each, value) for each in parts if isinstance(value := self._lineage.value(each), float)]
        value = self._lineage.value(place)
        if not isinstance(value, float):
            return None
        plus = signs(value, [each for _, each in amounts])
        if plus is None:
            return None
        if len(amounts) == 1:
            sign_only = plus[0] > 0
            part = self._named(amounts[0][0], language, place)
            return ("same", {"part": part}) if sign_only else None
        if len(amounts) > PARTS_MAX and len({each.name for each, _ in amounts}) == 1:
            part = self._label(amounts[0][0], language)
            return "many", {"count": str(len(amounts)), "part": part}
        terms = ""
        for (each, _), sign in sorted(zip(amounts, plus, strict=True), key=lambda pair: -pair[1]):
            mark = "" if not terms and sign > 0 else " + " if sign > 0 else " \N{MINUS SIGN} "
            terms += mark + self._named(each, language, place)
        return "sum", {"terms": terms.strip()}

    def _by_parameter(
        self, place: Place, parts: list[Place], used: tuple[ParameterUsed, ...], language: str
    ) -> tuple[str, dict[str, str]] | None:
        value = self._lineage.value(place)
        if not isinstance(value, float):
            return None
        known = [(each, number) for each in used if (number := _number(each.value)) is not None]
        for each, number in known:
            if same(number, value):
                return "limit", {"parameter": self._set(each, language)}
        amounts = [(each, part) for each in parts if isinstance(part := self._lineage.value(each), float)]
        for place_of, part in amounts:
            if same(part, value):
                return "same", {"part": self._named(place_of, language, place)}
            for each, number in known:
                if abs(part * number - value) <= _CENT:
                    part_named = self._named(place_of, language, place)
                    return "share", {"part": part_named, "parameter": self._set(each, language)}
        return None

    def _why(self, place: Place) -> Said:
        reason = self._reasons.of(place)
        return self._each(lambda language: self._because(place, reason, language))

    def _because(self, place: Place, reason: Reason, language: str) -> str:
        said = {"part": self._list(list(reason.parts), language, place)}
        if reason.kind == "together":
            said = {"parts": said["part"]}
        if reason.limit is not None and reason.limit.parts:
            said["limit"] = self._list(list(reason.limit.parts), language, place)
        elif reason.limit is not None:
            said |= self._limit(place, reason, reason.limit, language)
        return words.nothing(reason.kind, language, **said)

    def _limit(self, place: Place, reason: Reason, limit: Limit, language: str) -> dict[str, str]:
        unit = self._citations.unit(limit.parameter) or self._unit(place)
        label = dict(self._citations.parameter(limit.parameter))[language]
        amount = spoken(limit.amount, language, unit)
        named = f"{words.quoted(label, language)} ({amount})"
        if reason.scale is None:
            return {"limit": named, "parameter": named}
        base = float(reason.scale.base[place.at])
        return {"limit": amount, "scale": label, "base": spoken(base, language, self._unit(place))}

    def _set(self, used: ParameterUsed, language: str) -> str:
        amount = spoken(used.value, language, used.unit)
        return f"{words.quoted(dict(used.labels)[language], language)} ({amount})"

    def _list(self, places: list[Place], language: str, beside: Place) -> str:
        """Return the names of the largest few, in their order."""
        ranked = sorted(places, key=lambda each: -_size(self._lineage.value(each)))[:PARTS_MAX]
        return words.joined(
            [self._named(each, language, beside) for each in places if each in ranked], language
        )

    def _named(self, place: Place, language: str, beside: Place) -> str:
        """Return a value by its label, and whose it is if that is somebody else's than `beside`."""
        return self._called(place, self._lineage.value(place), language, beside)

    def _called(self, place: Place, amount: JsonValue, language: str, beside: Place) -> str:
        value = spoken(amount, language, self._unit(place))
        alike = self._lineage.population(place) is self._lineage.population(beside)
        own = place.at == beside.at if alike else not self._lineage.population(place).entity.is_person
        whose = "" if own else f" {self._lineage.instance(place)},"
        return f"{self._quoted(place, language)} ({whose.strip()}{' ' if whose else ''}{value})"

    def _quoted(self, place: Place, language: str) -> str:
        return words.quoted(self._label(place, language), language)

    def _label(self, place: Place, language: str) -> str:
        return dict(self._citations.variable(place.name))[language]

    def _unit(self, place: Place) -> str:
        return str(self._lineage.variable(place).unit or "")

    def _each(self, say: Callable[[str], str]) -> Said:
        return tuple((language, say(language)) for language in self._citations.languages)


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _size(value: JsonValue) -> float:
    return abs(float(value)) if isinstance(value, int | float) else 0.0
