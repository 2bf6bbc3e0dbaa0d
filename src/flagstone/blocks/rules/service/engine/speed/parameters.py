# SPDX-License-Identifier: EUPL-1.2
"""Parameters of an instant are looked up when they are read, instead of all of the law's at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
from openfisca_core import parameters, periods
from openfisca_core.errors import ParameterNotFoundError
from openfisca_core.parameters import helpers, parameter_node_at_instant
from openfisca_core.periods import Instant, Period
from openfisca_core.taxbenefitsystems import TaxBenefitSystem, tax_benefit_system

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

_NODE = "ParameterNodeAtInstant."
_INIT, _GET, _ITEM = (
    Target(parameter_node_at_instant, _NODE + name) for name in ("__init__", "__getattr__", "__getitem__")
)
_ITER, _REPR = (Target(parameter_node_at_instant, _NODE + name) for name in ("__iter__", "__repr__"))
_AT_INSTANT = Target(tax_benefit_system, "TaxBenefitSystem.get_parameters_at_instant")

_plain_at_instant = TaxBenefitSystem.get_parameters_at_instant


def _init(self: Any, name: str, node: Any, instant_str: str) -> None:
    """Keep the node; its children come when they are asked for."""
    self.__dict__.update(_name=name, _instant_str=instant_str, _node=node)


def _get(self: Any, key: str) -> Any:
    """Return a child at the instant, and keep it as an attribute for the next time."""
    if key == "_children":
        return _all(self)
    if key == "_node":  # made before the hook was put in place
        raise AttributeError(key)
    child = self._node.children.get(key)
    found = child._get_at_instant(self._instant_str) if child is not None else None
    if found is None:
        name = helpers._compose_name(self._name, item_name=key)
        raise ParameterNotFoundError(name, self._instant_str)
    self.__dict__[key] = found
    return found


def _all(self: Any) -> dict[str, Any]:
    """Return every child that has a value at the instant, in the order of the law's files."""
    found = {}
    for key, child in self._node.children.items():
        value = self.__dict__.get(key)
        if value is None:
            value = child._get_at_instant(self._instant_str)
        if value is not None:
            found[key] = self.__dict__[key] = value
    self.__dict__["_children"] = found
    return found


def _item(self: Any, key: Any) -> Any:
    """Return a child by name, or one for each element of an array."""
    if isinstance(key, numpy.ndarray):
        return parameters.VectorialParameterNodeAtInstant.build_from_node_name(self, key)
    try:
        return self.__dict__[key] if key in self._node.children and key in self.__dict__ else _get(self, key)
    except TypeError:
        raise ParameterNotFoundError(str(key), self._instant_str) from None


def _iter(self: Any) -> Iterator[str]:
    return iter(self._children)


def _at_instant(self: Any, instant: Any) -> Any:
    """Return the parameters at an instant; each instant of a law is made once."""
    tree = self.parameters
    if type(instant) is Period:
        key = instant[1]
    elif tree is not None and isinstance(instant, Instant | str | int):
        key = periods.instant(instant)
    else:
        return _plain_at_instant(self, instant)
    known = self.__dict__.get("_at_instants")
    if known is None or known[0] is not tree:  # a reform put another tree in its place
        known = self.__dict__["_at_instants"] = (tree, {})
    found = known[1].get(key)
    if found is None:
        if tree is None:
            return _plain_at_instant(self, instant)
        found = known[1][key] = tree.get_at_instant(key)
    return found


def _look_up_late() -> Undo:
    return replaced((_INIT, _init), (_GET, _get), (_ITEM, _item), (_ITER, _iter), (_AT_INSTANT, _at_instant))


HOOK = Hook(
    "parameters-when-read",
    (_INIT, _GET, _ITEM, _ITER, _REPR, _AT_INSTANT),
    frozenset({"44c36824cc56b4b9"}),
    _look_up_late,
)
