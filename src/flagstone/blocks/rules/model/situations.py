# SPDX-License-Identifier: EUPL-1.2
"""What a situation may look like before a law is asked: bounds, numbers that are numbers, axes that can be.

What only the law can know (periods, persons of groups, values of an enumeration) its engine checks later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from sys import float_info

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Situation
from flagstone.blocks.rules.contract.catalogue import Catalogue, ValueKind
from flagstone.kernel.errors import Flaw

AXES = "axes"
_NUMBERS = {ValueKind.FLOAT: "number", ValueKind.INT: "integer"}
_FLAWS_MAX = 20
_NUMBER_MAX = float_info.max  # what is no number is not at most anything


@dataclass(frozen=True)
class Asked:
    """A value that is asked for: whose (`plural` and `instance`), of what variable, for which period."""

    plural: str
    instance: str
    variable: str
    period: str

    @property
    def pointer(self) -> str:
        """The place of the null, as an RFC 6901 JSON pointer."""
        return pointer(self.plural, self.instance, self.variable, self.period)


def pointer(*path: str) -> str:
    """Return a path as an RFC 6901 JSON pointer."""
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)


def asked(situation: Situation) -> Iterator[Asked]:
    """Yield each value that is asked for, in the order of the situation."""
    for plural, instance, variable, period, value in _values(situation):
        if value is None:
            yield Asked(plural, instance, variable, period)


def given(situation: Situation) -> Iterator[tuple[Asked, JsonValue]]:
    """Yield each value that is given and not asked for, with its place, in the order of the situation."""
    for plural, instance, variable, period, value in _values(situation):
        if value is not None:
            yield Asked(plural, instance, variable, period), value


def copies(situation: Situation) -> int:
    """Count how often the axes repeat the whole situation; 1 without axes."""
    axes = situation.get(AXES)
    if not isinstance(axes, Sequence) or isinstance(axes, str) or not axes:
        return 1
    counts = [_count(group) for group in axes]
    return prod(counts) if all(counts) else 1


def flaws_of(situation: Situation, catalogue: Catalogue, bounds: Bounds) -> tuple[Flaw, ...]:
    """Return what is wrong, at most 20 flaws; none when the law may be asked."""
    found: list[Flaw] = []
    for flaw in _flaws(situation, catalogue, bounds):
        found.append(flaw)
        if len(found) == _FLAWS_MAX:
            break
    return tuple(found)


def _flaws(situation: Situation, catalogue: Catalogue, bounds: Bounds) -> Iterator[Flaw]:
    too_much = tuple(_too_much(situation, bounds))
    yield from too_much
    if too_much:
        return
    yield from _axes_flaws(situation, catalogue)
    for plural, instance, name, period, value in _values(situation):
        variable = catalogue.variables.get(name)
        wanted = _NUMBERS.get(variable.kind) if variable else None
        if wanted and not _is_number(value):
            place = pointer(plural, instance, name, period)
            yield Flaw(place, f"Can't deal with value: expected type {wanted}, received {_shown(value)}.")


def _too_much(situation: Situation, bounds: Bounds) -> Iterator[Flaw]:
    instances = [each for each in situation.values() if isinstance(each, Mapping)]
    if sum(map(len, instances)) > bounds.instances_max:
        yield Flaw("", f"There may be {bounds.instances_max} persons and groups at most.")
        return
    count = sum(1 for _ in _values(situation))
    if count > bounds.values_max:
        yield Flaw("", f"There may be {bounds.values_max} values at most.")
    times = copies(situation)
    if times > bounds.copies_max or times * count > bounds.cells_max:
        yield Flaw(pointer(AXES), "The axes repeat the situation too often; take fewer steps.")


def _values(situation: Situation) -> Iterator[tuple[str, str, str, str, JsonValue]]:
    """Yield each value by entity, instance, variable and period; parts of another shape are passed over."""
    for plural, instances in situation.items():
        if plural == AXES or not isinstance(instances, Mapping):
            continue
        for instance, variables in instances.items():
            if not isinstance(variables, Mapping):
                continue
            for name, values in variables.items():
                if isinstance(values, Mapping):
                    for period, value in values.items():
                        yield plural, instance, name, period, value


def _is_number(value: JsonValue) -> bool:
    """Tell whether a value may stand where the law has a number; null asks for one, true and false count."""
    return value is None or (isinstance(value, int | float) and abs(value) <= _NUMBER_MAX)


def _shown(value: JsonValue) -> str:
    return f"'{value[:40]}'" if isinstance(value, str) else f"a JSON {type(value).__name__}"


def _count(group: JsonValue) -> int:
    first = group[0] if isinstance(group, Sequence) and not isinstance(group, str) and group else None
    count = first.get("count") if isinstance(first, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0


def _axes_flaws(situation: Situation, catalogue: Catalogue) -> Iterator[Flaw]:
    if AXES not in situation:
        return
    axes = situation[AXES]
    if not isinstance(axes, Sequence) or isinstance(axes, str) or not axes:
        yield Flaw(pointer(AXES), "Axes are a list of lists: [[{count, name, min, max, period}]].")
        return
    for number, group in enumerate(axes):
        place = pointer(AXES, str(number))
        if not isinstance(group, Sequence) or isinstance(group, str) or not group:
            yield Flaw(place, "Each axis is a list of one or more that move together.")
        elif number and len(group) > 1:
            yield Flaw(place, "Only the first axis may move several variables together.")
        else:
            yield from _axis_group_flaws(group, place, situation, catalogue)


def _axis_group_flaws(
    group: Sequence[JsonValue], place: str, situation: Situation, catalogue: Catalogue
) -> Iterator[Flaw]:
    for number, axis in enumerate(group):
        here = f"{place}/{number}"
        if not isinstance(axis, Mapping):
            yield Flaw(here, "An axis is an object: {count, name, min, max, period}.")
            continue
        count = axis.get("count")
        if _count([axis]) < 2 or count != _count(group):
            yield Flaw(f"{here}/count", "The count is 2 or more, the same for axes that move together.")
        for end in ("min", "max"):
            if axis.get(end) is None or not _is_number(axis.get(end)):
                yield Flaw(f"{here}/{end}", "This must be a number.")
        yield from _axis_name_flaws(axis, here, situation, catalogue)


def _axis_name_flaws(
    axis: Mapping[str, JsonValue], here: str, situation: Situation, catalogue: Catalogue
) -> Iterator[Flaw]:
    if not isinstance(axis.get("period"), str | int):
        yield Flaw(f"{here}/period", "Say for which period the variable moves.")
    name = axis.get("name")
    variable = catalogue.variables.get(name) if isinstance(name, str) else None
    if variable is None:
        yield Flaw(f"{here}/name", "The law has no variable of that name.")
        return
    if variable.kind not in _NUMBERS:
        yield Flaw(f"{here}/name", "Only numbers can move along an axis.")
    index = axis.get("index", 0)
    plural = next((each.plural for each in catalogue.entities.values() if each.key == variable.entity), "")
    instances = situation.get(plural)
    most = len(instances) if isinstance(instances, Mapping) else 0
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < most:
        yield Flaw(f"{here}/index", f"The index counts the {plural} of the situation from 0.")
