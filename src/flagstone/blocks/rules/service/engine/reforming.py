# SPDX-License-Identifier: EUPL-1.2
"""A law under a reform: what a question changes is copied, all else is shared with the law as it is."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import date
from typing import Any

from flagstone.blocks.rules.contract.faults import LawUnavailable, ReformInvalid
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.reforms import changes_of, shape_flaws
from flagstone.blocks.rules.model.situations import pointer
from flagstone.blocks.rules.model.wire import on_wire
from flagstone.blocks.rules.service.engine.catalogue import catalogue_of
from flagstone.blocks.rules.service.engine.changing import change, flaws_of_change
from flagstone.blocks.rules.service.engine.dating import as_known, days_of_news, knowledge
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.precision import wide
from flagstone.blocks.rules.service.engine.snapshot import parameters_digest, snapshot_of
from flagstone.kernel.errors import Flaw

KEPT = 8
FLAWS_MAX = 20
_MEMOS = ("_meaning", "_formulas_by_instant")  # what the fast mode notes on a variable


class Reforms:
    """A law under each of the reforms that were asked for last."""

    def __init__(self, law: Law, admitted: frozenset[str], *, kept: int = KEPT) -> None:
        """Reform `law`; `admitted` are the reform classes that may be brought in, `kept` how many stay."""
        self._law, self._admitted, self._kept = law, admitted, kept
        self._known: OrderedDict[str, Law] = OrderedDict()
        self._news = days_of_news(law.system.parameters)

    def under(self, reform: Reform, known_at: date | None = None) -> Law:
        """Return the law under `reform`, as it was known on a day; ReformInvalid with places."""
        known_at = knowledge(self._news, known_at)
        if reform.changes_nothing and known_at is None:
            return self._law
        key = json.dumps([on_wire(replace(reform, name="")), on_wire(known_at)], sort_keys=True)
        found = self._known.pop(key, None)
        if found is None:
            found = reformed(self._law, reform, known_at, self._admitted)
        self._known[key] = found
        if len(self._known) > self._kept:
            self._known.popitem(last=False)
        return found


def reformed(
    law: Law, reform: Reform, known_at: date | None = None, admitted: frozenset[str] = frozenset()
) -> Law:
    """Return `law` as it was known on a day, then under `reform`; the law itself stays as it is.

    ReformInvalid names every place that the law does not have or that is no change; LawUnavailable when the
    code of an admitted package fails.
    """
    flaws = tuple(_flaws(law, reform, admitted))[:FLAWS_MAX]
    if flaws:
        raise ReformInvalid(flaws=flaws)
    system = _apart(law.system)
    if known_at is not None:
        system.parameters = as_known(system.parameters, known_at)
    for each in changes_of(reform):
        change(system, each)
    for name in reform.neutralized:
        system.neutralize_variable(name)
    for package in reform.packages:
        system = _applied(system, package)
    _forget(law.system, system)
    return _law(law, system, reform)


def _flaws(law: Law, reform: Reform, admitted: frozenset[str]) -> Iterator[Flaw]:
    yield from shape_flaws(reform)
    for each in changes_of(reform):
        yield from flaws_of_change(law.system, each, reform.parameters)
    for at, name in enumerate(reform.neutralized):
        if name not in law.system.variables:
            yield Flaw(pointer("neutralized", str(at)), "The law has no variable of that name.")
    for at, package in enumerate(reform.packages):
        if package not in admitted:
            yield Flaw(pointer("packages", str(at)), "This site does not admit that package.")


def _apart(system: Any) -> Any:
    """Return a system that shares parameters and variables, but neither its tables nor its entities."""
    new = copy(system)
    new.__dict__["_parameters_at_instant_cache"] = {}
    new.__dict__.pop("_at_instants", None)
    new.variables = dict(system.variables)
    new.entities = [copy(each) for each in system.entities]
    new.person_entity = next(each for each in new.entities if each.is_person)
    new.group_entities = [each for each in new.entities if not each.is_person]
    for entity in new.entities:
        entity.set_tax_benefit_system(new)
    return new


def _forget(before: Any, system: Any) -> None:
    """Let changed variables forget what was noted on those that they are copies of."""
    for name, variable in system.variables.items():
        if variable is not before.variables.get(name):
            for memo in _MEMOS:
                variable.__dict__.pop(memo, None)


def _applied(system: Any, package: str) -> Any:
    try:
        with wide():
            return system.apply_reform(package)
    except Exception as error:  # a reform's code may raise whatever it likes
        raise LawUnavailable(f"{package}: {type(error).__name__}") from error


def _law(law: Law, system: Any, reform: Reform) -> Law:
    """Return the reformed law with its fingerprint; what no change can have touched is taken over."""
    if not (reform.neutralized or reform.packages):
        snapshot = replace(law.snapshot, parameters_sha256=parameters_digest(system))
        return Law(system, law.catalogue, snapshot)
    name = replace(law.snapshot.name, reforms=(*law.snapshot.name.reforms, *reform.packages))
    return Law(system, catalogue_of(system), snapshot_of(name, system))
