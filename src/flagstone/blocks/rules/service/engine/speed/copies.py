# SPDX-License-Identifier: EUPL-1.2
"""A law's parameters are copied, as for a reform, without the machinery for copying anything whatever."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from openfisca_core.parameters import parameter, parameter_at_instant, parameter_node, parameter_scale

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

_VALUE = Target(parameter_at_instant, "ParameterAtInstant.clone")
_PARAMETER = Target(parameter, "Parameter.clone")
_NODE = Target(parameter_node, "ParameterNode.clone")
_SCALE = Target(parameter_scale, "ParameterScale.clone")


def _bare(original: Any, known: dict[int, Any] | None = None) -> Any:
    """Return an object of the same class and attributes, with notes of its own."""
    known = {} if known is None else known
    new = object.__new__(type(original))
    new.__dict__ = dict(original.__dict__)
    new.metadata = {key: copied(each, known) for key, each in original.metadata.items()}
    return new


def copied(value: Any, known: dict[int, Any]) -> Any:
    """Return a copy of what YAML can say; what `known` has, by identity, is not copied again."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return value if kind is str or kind is int or kind is float or value is None else deepcopy(value)
    found = known.get(id(value))
    if found is None:
        if kind is dict:
            found = {key: copied(each, known) for key, each in value.items()}
        else:
            found = [copied(each, known) for each in value]
        known[id(value)] = found
    return found


def _value(self: Any) -> Any:
    return _bare(self)


def _parameter(self: Any) -> Any:
    known: dict[int, Any] = {}  # the values of a parameter share its references
    new = _bare(self, known)
    new.values_list = [_bare(each, known) for each in self.values_list]
    return new


def _node(self: Any) -> Any:
    new = _bare(self)
    new.children = {key: child.clone() for key, child in self.children.items()}
    for key, child in new.children.items():
        setattr(new, key, child)
    return new


def _scale(self: Any) -> Any:
    new = _bare(self)
    new.brackets = [each.clone() for each in self.brackets]
    return new


def _copy_plainly() -> Undo:
    return replaced((_VALUE, _value), (_PARAMETER, _parameter), (_NODE, _node), (_SCALE, _scale))


HOOK = Hook(
    "parameters-copied-plainly",
    (_VALUE, _PARAMETER, _NODE, _SCALE),
    frozenset({"2f02b9c322d21a23"}),
    _copy_plainly,
)
