# SPDX-License-Identifier: EUPL-1.2
"""A parameter that differs from person to person is looked up once for each different key."""

from __future__ import annotations

from typing import Any

import numpy
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.parameters import ParameterNodeAtInstant, vectorial_parameter_node_at_instant
from openfisca_core.parameters.vectorial_parameter_node_at_instant import VectorialParameterNodeAtInstant

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, replaced

MANY = 64
_NODE = "VectorialParameterNodeAtInstant."
_TARGETS = tuple(
    Target(vectorial_parameter_node_at_instant, _NODE + name)
    for name in (
        "build_from_node_name",
        "build_from_nodes",
        "__getitem__",
        "__getattr__",
        "_get_appropriate_keys",
        "_get_appropriate_subnode_function",
        "_get_appropriate_subnode_key_date",
        "check_node_vectorisable",
    )
)
_plain_build = VectorialParameterNodeAtInstant.build_from_node_name


class Coded(VectorialParameterNodeAtInstant):  # type: ignore[misc]
    """A vector of nodes as the few different ones and the number of each person's."""

    def __init__(self, nodes: list[Any], codes: Any, origin: Any) -> None:
        """Keep `nodes`, and `codes` that count into them."""
        self.nodes, self.codes = nodes, codes
        self._name, self._instant_str = origin._name, origin._instant_str

    @property
    def vector(self) -> list[Any]:
        """The node of each person, as OpenFisca keeps them."""
        return [self.nodes[code] for code in self.codes]

    def __getitem__(self, key: Any) -> Any:
        """Return each person's child of one name, or of her own."""
        if isinstance(key, str):
            return _gathered([node[key] for node in self.nodes], self.codes, self)
        names, numbers = _different(key)
        pairs, codes = numpy.unique(self.codes * len(names) + numbers, return_inverse=True)
        chosen = [self.nodes[pair // len(names)][_named(names[pair % len(names)])] for pair in pairs]
        return _gathered(chosen, codes, self)


def _build(node: Any, key: Any) -> Any:
    """Return the children of `node` that an array of keys names."""
    if len(key) < MANY:
        return _plain_build(node, key)
    VectorialParameterNodeAtInstant.check_node_vectorisable(node)
    names, codes = _different(key)
    subnode_key = VectorialParameterNodeAtInstant._get_appropriate_subnode_function(names[0])
    return _gathered([node[subnode_key(node, name)] for name in names], codes, node)


def _different(key: Any) -> tuple[Any, Any]:
    """Return the different keys of an array, and the number of each element's."""
    if isinstance(key, EnumArray) and key.possible_values is not None:
        indices, codes = numpy.unique(key.view(numpy.ndarray), return_inverse=True)
        names = {item.index: item.name for item in key.possible_values}
        wrong = [index for index in indices.tolist() if index not in names]
        if wrong:
            raise ValueError(f"Invalid enum index in EnumArray for {key.possible_values.__name__}: {wrong}")
        return [names[index] for index in indices.tolist()], codes
    if key.dtype == object:
        numbers: dict[Any, int] = {}
        codes = numpy.fromiter((numbers.setdefault(each, len(numbers)) for each in key), int, len(key))
        return list(numbers), codes
    return numpy.unique(key, return_inverse=True)


def _named(name: Any) -> Any:
    return name.name if isinstance(name, Enum) else name


def _gathered(found: list[Any], codes: Any, origin: Any) -> Any:
    if isinstance(found[0], ParameterNodeAtInstant):
        return Coded(found, codes, origin)
    return numpy.array(found)[codes]


def _by_key() -> Undo:
    return replaced((_TARGETS[0], staticmethod(_build)))


HOOK = Hook("vectors-by-key", _TARGETS, frozenset({"625980c05a09767a", "ed6ba9277f98e662"}), _by_key)
