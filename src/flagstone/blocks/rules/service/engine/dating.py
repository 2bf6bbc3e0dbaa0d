# SPDX-License-Identifier: EUPL-1.2
"""Parameters by when they hold and by when they were known, and where two such laws differ.

A value of a parameter says in its metadata since when it is known, and what was in its place before:

    2026-01-01:
      value: 90
      metadata:
        known_since: 2026-06-15
        before:
          - value: 80

What was before may have a `known_since` of its own; without one it was known always, as is a value without
any. A value that nobody knew on a day is not in force then: the one before it goes on. Plain OpenFisca loads
such a file, and computes with what is known at last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any

from openfisca_core.parameters import ParameterAtInstant

from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.model.differences import Difference

KNOWN_SINCE, BEFORE = "known_since", "before"


@dataclass(frozen=True)
class Version:
    """What a value was held to be, from a day on; None is always."""

    since: date | None
    value: Any


def days_of_news(tree: Any) -> tuple[date, ...]:
    """Return the days on which something about the parameters became known, in order."""
    found = {
        each.since
        for leaf in _leaves(tree)
        for value in leaf.values_list
        for each in _versions(value)
        if each.since is not None
    }
    return tuple(sorted(found))


def knowledge(news: tuple[date, ...], day: date | None) -> date | None:
    """Return the day that stands for all on which as much was known as on `day`; None when it was all."""
    if day is None or not news or day >= news[-1]:
        return None
    return max((each for each in news if each <= day), default=date.min)


def as_known(tree: Any, day: date) -> Any:
    """Return the parameters as they were known on a day; what is the same then is shared, or is the tree.

    LawUnavailable when the metadata of a value cannot be understood.
    """
    if hasattr(tree, "values_list"):
        return _parameter(tree, day)
    if hasattr(tree, "brackets"):
        brackets = [as_known(each, day) for each in tree.brackets]
        if all(new is old for new, old in zip(brackets, tree.brackets, strict=True)):
            return tree
        scale = copy(tree)
        scale.brackets = brackets
        return scale
    return _node(tree, day)


def differences(before: Any, after: Any) -> Iterator[Difference]:
    """Yield where two trees differ, by parameter and day; a bracket's under the name of its part."""
    olds, news = _by_name(before), _by_name(after)
    for name in sorted({*olds, *news}):
        if olds.get(name) is not news.get(name):
            yield from _stretches(name, olds.get(name), news.get(name))


def _node(node: Any, day: date) -> Any:
    children = {name: as_known(child, day) for name, child in node.children.items()}
    if all(child is node.children[name] for name, child in children.items()):
        return node
    new = copy(node)
    new.children = children
    for name, child in children.items():
        setattr(new, name, child)
    return new


def _parameter(parameter: Any, day: date) -> Any:
    values = [found for each in parameter.values_list if (found := _value(each, day)) is not None]
    if len(values) == len(parameter.values_list) and all(
        new is old for new, old in zip(values, parameter.values_list, strict=True)
    ):
        return parameter
    new = copy(parameter)
    new.values_list, new.values_history = values, new
    return new


def _value(value: Any, day: date) -> Any:
    """Return a dated value as it was held on a day, None when nobody knew of it."""
    held = [each for each in _versions(value) if each.since is None or each.since <= day]
    if not held:
        return None
    newest = held[-1].value
    if newest is value.value or newest == value.value:
        return value
    return ParameterAtInstant(value.name, value.instant_str, data={"value": newest})


def _versions(value: Any) -> tuple[Version, ...]:
    """Return what a value was held to be, the oldest first; the value itself is the last."""
    said = value.metadata
    if KNOWN_SINCE not in said and BEFORE not in said:
        return (Version(None, value.value),)
    before = said.get(BEFORE, [])
    if not isinstance(before, list) or not all(isinstance(each, Mapping) for each in before):
        raise LawUnavailable(f"{value.name}: `{BEFORE}` is a list of values")
    found = [_version(value.name, each) for each in before]
    found.append(_version(value.name, {"value": value.value, KNOWN_SINCE: said.get(KNOWN_SINCE)}))
    days = [each.since or date.min for each in found]
    if days != sorted(set(days)):
        raise LawUnavailable(f"{value.name}: each value must become known after the one before")
    return tuple(found)


def _version(name: str, said: Mapping[str, Any]) -> Version:
    if "value" not in said:
        raise LawUnavailable(f"{name}: what was before has no value")
    since = said.get(KNOWN_SINCE)
    try:
        return Version(date.fromisoformat(str(since)) if since is not None else None, said["value"])
    except ValueError:
        raise LawUnavailable(f"{name}: `{KNOWN_SINCE}` is no day, YYYY-MM-DD") from None


def _leaves(tree: Any) -> Iterator[Any]:
    if hasattr(tree, "values_list"):
        yield tree
        return
    for child in tree.brackets if hasattr(tree, "brackets") else tree.children.values():
        yield from _leaves(child)


def _by_name(tree: Any) -> dict[str, Any]:
    return {leaf.name: leaf for leaf in _leaves(tree)}


def _stretches(name: str, old: Any, new: Any) -> Iterator[Difference]:
    """Yield the stretches of days on which two parameters of one name differ."""
    days = sorted({"0001-01-01", *_days(old), *_days(new)})
    first = ""
    for day in days:
        differs = not _same(_held(old, day), _held(new, day))
        if differs and not first:
            first = day
        elif first and not differs:
            yield Difference(name, first, day)
            first = ""
    if first:
        yield Difference(name, first, "")


def _days(parameter: Any) -> list[str]:
    return [each.instant_str for each in parameter.values_list] if parameter is not None else []


def _held(parameter: Any, day: str) -> Any:
    return parameter._get_at_instant(day) if parameter is not None else None


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same; true is not one, though Python has it so."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
