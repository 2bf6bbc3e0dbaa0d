# SPDX-License-Identifier: EUPL-1.2
"""Changes one parameter of a law that is apart: only what lies on the way to it is copied."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from difflib import get_close_matches
from typing import Any

from openfisca_core.parameters import Parameter, ParameterNode, ParameterScale, ParameterScaleBracket
from openfisca_core.periods import Instant

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.model.reforms import Change
from flagstone.kernel.errors import Flaw

_NEAR = 3
_ALWAYS = "0001-01-01"
_SAID = {bool: "true or false", float: "a number", str: "a text", list: "a list"}


def flaws_of_change(system: Any, change: Change, named: Collection[str]) -> Iterator[Flaw]:
    """Yield why a change cannot be made: there is no such parameter, or its values are of another kind.

    `named` are the paths of all changes: a bracket after the last is new when each of its parts is given.
    """
    found = _found(system.parameters, change, named)
    if isinstance(found, Flaw):
        yield found
        return
    kinds = {_kind(each.value) for each in found.values_list if each.value is not None}
    if change.value is not None and kinds and _kind(change.value) not in kinds:
        wanted = " or ".join(sorted(_SAID.get(each, "another value") for each in kinds))
        yield Flaw(change.place, f"The values of this parameter are {wanted}.")


def change(system: Any, wanted: Change) -> None:
    """Give a parameter another value; the system's tree is replaced, and what it shares stays as it is."""
    system.parameters = root = copy(system.parameters)
    steps = (wanted.scale or wanted.path).split(".")
    root.children = dict(root.children)
    node = root
    for step in steps[:-1]:
        node = _copied(node, step)
        node.children = dict(node.children)
    found = _copied(node, steps[-1])
    if wanted.scale:
        found.brackets = list(found.brackets)
        while len(found.brackets) <= wanted.number:
            found.brackets.append(_new_bracket(found))
        bracket = found.brackets[wanted.number] = copy(found.brackets[wanted.number])
        bracket.children = dict(bracket.children)
        found = _copied(bracket, wanted.part)
    found.values_history = found
    stop = _instant(wanted.stop) if wanted.stop else None
    found.update(start=_instant(wanted.start), stop=stop, value=wanted.value)


def _new_bracket(scale: Any) -> Any:
    """Return a bracket with the parts of the scale's last one, none of which has a value yet."""
    name = f"{scale.name}[{len(scale.brackets)}]"
    nothing = {part: {"values": {_ALWAYS: {"value": None}}} for part in scale.brackets[-1].children}
    return ParameterScaleBracket(name, data=nothing)


def _copied(node: Any, key: str) -> Any:
    """Put a copy of a child in the place of the child, and return it."""
    child = copy(node.children[key])
    node.children[key] = child
    setattr(node, key, child)
    return child


def _instant(day: Any) -> Instant:
    return Instant((day.year, day.month, day.day))


def _found(tree: Any, wanted: Change, named: Collection[str]) -> Any:
    """Return the parameter of a change, or in words why there is none."""
    node = tree
    for step in (wanted.scale or wanted.path).split("."):
        children = node.children if isinstance(node, ParameterNode) else {}
        if step not in children:
            return _unknown(wanted, step, list(children))
        node = children[step]
    if wanted.scale:
        return _bracket(node, wanted, named)
    if isinstance(node, ParameterScale):
        return Flaw(wanted.place_of_path, "This is a scale: name a part of a bracket, as [0].rate.")
    if isinstance(node, Parameter):
        return node
    there = _some(node.children)
    return Flaw.filled(wanted.place_of_path, "This is a group: name one of %(there)s.", there=there)


def _bracket(scale: Any, wanted: Change, named: Collection[str]) -> Any:
    """Return the parameter of a bracket, for a new one that of the last; or in words why there is none."""
    if not isinstance(scale, ParameterScale):
        return Flaw(wanted.place_of_path, "This is no scale, and has no brackets.")
    there = len(scale.brackets)
    parts = scale.brackets[min(wanted.number, there - 1)].children if there else {}
    for number in range(there, wanted.number + 1):
        if not there or not all(f"{wanted.scale}[{number}].{part}" in named for part in parts):
            return _no_bracket(wanted, there, parts)
    if wanted.part not in parts:
        return Flaw.filled(
            wanted.place_of_path,
            "The bracket has no %(part)s, but %(there)s.",
            part=wanted.part,
            there=_some(parts),
        )
    return parts[wanted.part]


def _no_bracket(wanted: Change, there: int, parts: Collection[str]) -> Flaw:
    """Say which brackets a scale has, and what a new one needs."""
    if not there:
        return Flaw(wanted.place_of_path, "The scale has no brackets.")
    return Flaw.filled(
        wanted.place_of_path,
        "The scale has %(there)s brackets, numbered from 0; a new one, [%(there)s], needs its %(parts)s.",
        there=there,
        parts=_some(parts),
    )


def _unknown(wanted: Change, step: str, there: list[str]) -> Flaw:
    near = ", ".join(get_close_matches(step, there, _NEAR))
    if not near:
        return Flaw(wanted.place_of_path, "The law has no parameter of that name.")
    return Flaw.filled(
        wanted.place_of_path, "The law has no parameter of that name; it has %(near)s.", near=near
    )


def _some(names: Any) -> str:
    shown = list(names)
    return ", ".join(shown[:10]) + (" ..." if len(shown) > 10 else "")


def _kind(value: JsonValue) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else type(value)
