# SPDX-License-Identifier: EUPL-1.2
"""The engine's contract in terms of deeds: whoever can put a question to a worker computes with this."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from flagstone.blocks.rules.contract.calculation import Mode, Outcome, Situation
from flagstone.blocks.rules.contract.catalogue import Catalogue
from flagstone.blocks.rules.contract.engine import USUAL, Question, Reply, Terms
from flagstone.blocks.rules.contract.explanation import Explained, Wanted
from flagstone.blocks.rules.contract.faults import EngineBusy
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.model.explanation_wire import explained_from_wire
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.kernel.errors import Fault, Kind

_STATUS = {Kind.INVALID: 400, Kind.MISSING: 404, Kind.UNAVAILABLE: 503}


class Computing(ABC):
    """Keeps `contract.engine.Engine` by asking workers."""

    @abstractmethod
    def ask(self, mode: Mode, do: str, payload: Mapping[str, Any]) -> Any:
        """Return what a worker of `mode` answers to the deed `do`, as JSON."""

    def snapshot(self, terms: Terms = USUAL) -> LawSnapshot:
        """Return exactly the law that is computed with under `terms`."""
        return from_wire(LawSnapshot, self.ask(terms.mode, "snapshot", _under(terms)))

    def catalogue(self) -> Catalogue:
        """Return what the law speaks of."""
        return from_wire(Catalogue, self.ask(Mode.FAST, "catalogue", {}))

    def calculate(self, situation: Situation, terms: Terms = USUAL) -> Outcome:
        """Return the situation with its nulls replaced."""
        said = self.ask(terms.mode, "calculate", _under(terms) | {"situation": situation})
        return Outcome(said["values"], said["law_digest"], terms.mode)

    def batch(self, situations: Sequence[Situation], terms: Terms = USUAL) -> Sequence[Outcome]:
        """Compute several, in their order; a fault's places begin with the number of its situation."""
        said = self.ask(terms.mode, "batch", _under(terms) | {"situations": list(situations)})
        return [Outcome(each, said["law_digest"], terms.mode) for each in said["values"]]

    def explain(self, situation: Situation, wanted: Wanted, terms: Terms = USUAL) -> Explained:
        """Compute one situation, and explain the values that it asks for."""
        payload = _under(terms) | {"situation": situation, "wanted": on_wire(wanted)}
        return explained_from_wire(self.ask(terms.mode, "explain", payload))

    def answer(self, question: Question) -> Reply:
        """Answer a request of OpenFisca's web API; never raises a fault."""
        asked = {
            "method": question.method,
            "path": question.path,
            "address": question.address,
            "body": question.body.decode("latin-1"),
            "known": question.known,
        }
        try:
            said = self.ask(Mode.FAST, "answer", {"question": asked})
        except Fault as fault:
            return refusal(fault)
        return Reply(said["status"], said["headers"], said["body"].encode("latin-1"))


def refusal(fault: Fault) -> Reply:
    """Return a fault in the shape of OpenFisca's errors, for when no worker could answer."""
    headers = {"Content-Type": "application/json"}
    if isinstance(fault, EngineBusy):
        headers["Retry-After"] = str(fault.retry_after_seconds or 1)
    told = json.dumps({"error": f"{fault.title}. {fault.remedy}"})
    return Reply(_STATUS.get(fault.kind, 500), headers, told.encode())


def _under(terms: Terms) -> dict[str, Any]:
    """Return the part of a question that says under which terms; nothing for the usual ones."""
    plain = terms.reform.changes_nothing and terms.known_at is None
    return {} if plain else {"terms": on_wire(terms)}
