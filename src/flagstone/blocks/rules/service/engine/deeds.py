# SPDX-License-Identifier: EUPL-1.2
"""What a worker can be asked to do, by name; each deed takes the question's JSON object and returns JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flagstone.blocks.rules.contract.calculation import Situation
from flagstone.blocks.rules.contract.engine import USUAL, Question, Terms
from flagstone.blocks.rules.contract.explanation import Wanted
from flagstone.blocks.rules.contract.faults import SituationInvalid
from flagstone.blocks.rules.model.explanation_wire import to_wire
from flagstone.blocks.rules.model.wire import from_wire, on_wire
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.dating import differences
from flagstone.blocks.rules.service.engine.explaining import explain
from flagstone.blocks.rules.service.engine.listing import listed
from flagstone.blocks.rules.service.engine.standing import Standing
from flagstone.kernel.errors import Fault, Flaw

Asked = Mapping[str, Any]
Deed = Callable[[Standing, Asked], Any]


def terms_of(asked: Asked) -> Terms:
    """Return the terms of a question."""
    return from_wire(Terms, asked["terms"]) if "terms" in asked else USUAL


def situation_of(asked: Asked) -> Situation:
    """Return the situation of a question; SituationInvalid."""
    return _situation(asked.get("situation"))


def _situation(found: Any) -> Situation:
    if not isinstance(found, dict):
        raise SituationInvalid(flaws=(Flaw("", "A situation is an object."),))
    return found


def _calculate(standing: Standing, asked: Asked) -> Any:
    law = standing.under(terms_of(asked))
    values = calculate(law, situation_of(asked), standing.bounds)
    return {"values": values, "law_digest": law.snapshot.digest}


def _batch(standing: Standing, asked: Asked) -> Any:
    law = standing.under(terms_of(asked))
    found = []
    for number, each in enumerate(asked["situations"]):
        try:
            found.append(calculate(law, _situation(each), standing.bounds))
        except Fault as fault:
            raise _numbered(fault, number) from None
    return {"values": found, "law_digest": law.snapshot.digest}


def _numbered(fault: Fault, number: int) -> Fault:
    """Return a fault whose places begin with the number of the situation."""
    flaws = tuple(Flaw(f"/{number}{each.pointer}", each.message) for each in fault.flaws)
    return type(fault)(fault.detail, flaws=flaws)


def _snapshot(standing: Standing, asked: Asked) -> Any:
    return on_wire(standing.under(terms_of(asked)).snapshot)


def _differences(standing: Standing, asked: Asked) -> Any:
    before, after = (standing.under(from_wire(Terms, asked[each])) for each in ("before", "after"))
    return on_wire(list(differences(before.system.parameters, after.system.parameters)))


def _catalogue(standing: Standing, _asked: Asked) -> Any:
    return on_wire(standing.law.catalogue)


def _explain(standing: Standing, asked: Asked) -> Any:
    law = standing.under(terms_of(asked))
    wanted = from_wire(Wanted, asked.get("wanted", {}), "/wanted")
    found = explain(law, situation_of(asked), wanted, standing.bounds, mode=standing.task.mode)
    return to_wire(found)


def _answer(standing: Standing, asked: Asked) -> Any:
    said = asked["question"]
    question = Question(**{**said, "body": said["body"].encode("latin-1")})
    reply = standing.api.answer(question)
    return {"status": reply.status, "headers": dict(reply.headers), "body": reply.body.decode("latin-1")}


def _law_page(standing: Standing, asked: Asked) -> Any:
    return listed(standing.law, asked["day"], asked["languages"])


DEEDS: dict[str, Deed] = {
    "calculate": _calculate,
    "batch": _batch,
    "snapshot": _snapshot,
    "catalogue": _catalogue,
    "answer": _answer,
    "explain": _explain,
    "differences": _differences,
    "law-page": _law_page,
}
"""Every deed by the name that a question says in `do`."""
