# SPDX-License-Identifier: EUPL-1.2
"""Notes what a calculation reads while it runs: values from values, parameters, and scales as they are used.

It is lighter than OpenFisca's own tracer: each value is noted once, without clock times, and in the fast mode
the calculation keeps its short way. A scale notes the amounts that it was asked about, which no tracer does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy
from openfisca_core.parameters import ParameterNodeAtInstant, VectorialParameterNodeAtInstant
from openfisca_core.periods import DateUnit, Period
from openfisca_core.taxscales import (
    LinearAverageRateTaxScale,
    MarginalAmountTaxScale,
    MarginalRateTaxScale,
    SingleAmountTaxScale,
    TaxScaleLike,
)
from openfisca_core.tracers import SimpleTracer

ETERNITY = Period.eternity()
_NODES = (ParameterNodeAtInstant, VectorialParameterNodeAtInstant)
_VALUES = frozenset({float, int, bool, str, list, numpy.ndarray})  # looked up quicker than what is abstract
Key = tuple[str, Any]
"""A variable's name and a period of OpenFisca; what never changes has the period of eternity."""


class Read(NamedTuple):
    """A parameter that was read: its way in the law's tree, or the node's for a vector; day and value."""

    name: str
    day: str
    value: Any


class Used(NamedTuple):
    """A scale that was asked: its name and day, the scale, the amounts, and what it answered for each."""

    name: str
    day: str
    scale: Any
    base: Any
    factor: Any
    decimals: int | None
    result: Any


class Node:
    """A value of one variable and period for everybody, and what its formula read, in order.

    `asker` is the value whose formula asked for it first, None for one that the situation asks for.
    """

    __slots__ = ("asker", "children", "key", "parameters", "scales", "value")

    def __init__(self, key: Key | None = None, asker: Key | None = None) -> None:
        self.key, self.asker = key, asker
        self.value: Any = None
        self.children: list[Key] = []
        self.parameters: list[Read] = []
        self.scales: list[Used] = []


class _AtWork:
    """The value whose formula is at work: what is read now is noted with it; None when nobody records."""

    __slots__ = ("node",)

    def __init__(self) -> None:
        self.node: Node | None = None


_at_work = _AtWork()


class Recorder(SimpleTracer):  # type: ignore[misc]
    """Notes one calculation; `nodes` are in the order in which they were first asked for.

    Put in place by `record`. The fast mode calls `again`, `begin` and `end` itself; OpenFisca calls the rest.
    One process computes one thing at a time: what a law's parameters are asked belongs to its formula.
    """

    def __init__(self, system: Any) -> None:
        """Note a calculation by the law of `system`."""
        super().__init__()
        self.nodes: dict[Key, Node] = {}
        self.frame = Node()
        self._frames: list[Node] = [self.frame]
        self._system = system

    def again(self, key: Key, array: Any) -> bool:
        """Note that the formula at work reads a value that is known; False when it is not, or is another."""
        node = self.nodes.get(key)
        if node is None or node.value is not array:
            return False
        self.frame.children.append(key)
        return True

    def begin(self, key: Key) -> Node:
        """Note that the formula at work reads a value, and go on with that value's own."""
        self.frame.children.append(key)
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = Node(key, self.frame.key)
        self._frames.append(node)
        self.frame = _at_work.node = node
        return node

    def end(self) -> None:
        """Go back to the formula that asked."""
        frames = self._frames
        frames.pop()
        self.frame = frames[-1]
        _at_work.node = self.frame if len(frames) > 1 else None

    def record_calculation_start(self, variable: Any, period: Any) -> None:
        """Note a value that OpenFisca begins to compute or to look up."""
        super().record_calculation_start(variable, period)
        found = self._system.variables.get(variable)
        eternal = found is not None and found.definition_period == DateUnit.ETERNITY
        self.begin((variable, ETERNITY if eternal else period))

    def record_calculation_result(self, value: Any) -> None:
        """Note what came out; the last one counts, when a circle made OpenFisca begin again."""
        self.frame.value = value

    def record_calculation_end(self) -> None:
        """Go back to the formula that asked."""
        super().record_calculation_end()
        self.end()

    def parameters_at(self, instant: Any) -> Any:
        """Return the law's parameters at an instant, which note that they are read."""
        node = self._system.get_parameters_at_instant(instant)
        found = node.__dict__.get("_noted")
        if found is None:
            found = node.__dict__["_noted"] = Noted(node, "")
        return found


class Noted:
    """A node of parameters at an instant that notes which of its values are read; each way is gone once."""

    def __init__(self, node: Any, way: str) -> None:
        """Stand for `node`, to which `way` leads from the root; a law may have moved it from elsewhere."""
        name, day = node._name, node._instant_str
        self.__dict__.update(_node=node, _way=way, _reads={}, _name=name, _instant_str=day)

    def __getattr__(self, key: str) -> Any:
        """Return a value, or a node that was not asked for before."""
        read = self._reads.get(key)
        if read is None:
            child = getattr(self._node, key)
            return child if key.startswith("_") else self._first(child, key)
        if _at_work.node is not None:
            _at_work.node.parameters.append(read)
        return read.value

    def __getitem__(self, key: Any) -> Any:
        """Return a child by name, or one for each element of an array."""
        if type(key) is str:
            known = self.__dict__.get(key)
            return getattr(self, key) if known is None and key in self._reads else known or self._item(key)
        return self._item(key)

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a child."""
        return key in self._node

    def __iter__(self) -> Iterator[str]:
        """Go through the names of children."""
        return iter(self._node)

    def _item(self, key: Any) -> Any:
        return self._first(self._node[key], key)

    def _first(self, child: Any, key: Any) -> Any:
        """Note what is read for the first time, and keep it when it is there by name."""
        node = self._node
        plainly = type(key) is str and type(node) is ParameterNodeAtInstant
        way = (f"{self._way}.{key}" if self._way else key) if plainly else self._way
        if child.__class__ not in _VALUES and isinstance(child, _NODES):
            below = Noted(child, way)
            if type(key) is str:
                self.__dict__[key] = below
            return below
        day = node._instant_str
        if child.__class__ not in _VALUES and isinstance(child, TaxScaleLike):
            child = _noted_scale(child, _Note(way, day))
        read = Read(way, day, child)
        if plainly:
            self._reads[key] = read
        if _at_work.node is not None:
            _at_work.node.parameters.append(read)
        return child


class _Note:
    """Whose scale it is; a copy that a formula makes of a scale is nobody's."""

    __slots__ = ("day", "name")

    def __init__(self, name: str, day: str) -> None:
        self.name, self.day = name, day

    def __deepcopy__(self, _memo: Any) -> None:
        return None


def _keep(scale: Any, base: Any, result: Any, **how: Any) -> Any:
    note, node = scale.__dict__.get("_note"), _at_work.node
    if note is not None and node is not None and isinstance(base, numpy.ndarray):
        used = Used(note.name, note.day, scale, base, how.get("factor", 1.0), how.get("decimals"), result)
        node.scales.append(used)
    return result


class _MarginalRate(MarginalRateTaxScale):  # type: ignore[misc]
    def calc(self, tax_base: Any, factor: Any = 1.0, round_base_decimals: int | None = None) -> Any:
        """Return the tax for each base, and note it."""
        result = MarginalRateTaxScale.calc(self, tax_base, factor, round_base_decimals)
        return _keep(self, tax_base, result, factor=factor, decimals=round_base_decimals)


class _MarginalAmount(MarginalAmountTaxScale):  # type: ignore[misc]
    def calc(self, tax_base: Any, right: Any = False) -> Any:
        """Return the sum of amounts for each base, and note it."""
        return _keep(self, tax_base, MarginalAmountTaxScale.calc(self, tax_base, right))


class _SingleAmount(SingleAmountTaxScale):  # type: ignore[misc]
    def calc(self, tax_base: Any, right: Any = False) -> Any:
        """Return the amount for each base, and note it."""
        return _keep(self, tax_base, SingleAmountTaxScale.calc(self, tax_base, right))


class _AverageRate(LinearAverageRateTaxScale):  # type: ignore[misc]
    def calc(self, tax_base: Any, right: Any = False) -> Any:
        """Return the tax for each base, and note it."""
        return _keep(self, tax_base, LinearAverageRateTaxScale.calc(self, tax_base, right))


_NOTING = {
    MarginalRateTaxScale: _MarginalRate,
    MarginalAmountTaxScale: _MarginalAmount,
    SingleAmountTaxScale: _SingleAmount,
    LinearAverageRateTaxScale: _AverageRate,
}


def _noted_scale(scale: Any, note: _Note) -> Any:
    """Return a scale with the same brackets that notes what it is asked."""
    kind = _NOTING.get(type(scale))
    if kind is None:
        return scale
    new = object.__new__(kind)
    new.__dict__ = {**scale.__dict__, "_note": note}
    return new


def record(simulation: Any) -> Recorder:
    """Put a recorder into a simulation that nothing was computed in yet."""
    recorder = Recorder(simulation.tax_benefit_system)
    simulation.tracer = recorder
    simulation._trace = True  # formulas get their parameters from the next line, and nothing else changes
    simulation.trace_parameters_at_instant = recorder.parameters_at
    return recorder
