# SPDX-License-Identifier: EUPL-1.2
"""OpenFisca's web API as one function from a request to an answer, for whatever carries them.

Its own clients find what they know: the same nine endpoints, shapes and statuses. Mistakes of clients are 400
(404 for a variable that the law does not have) with the place in the situation; axes are answered; a trace is
the same each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue, Situation
from flagstone.blocks.rules.contract.engine import Question, Reply
from flagstone.blocks.rules.contract.faults import SituationInvalid, UnknownVariable
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.service.engine.budget import Budget
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.describing import Documents
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.tracing import trace
from flagstone.kernel.errors import Fault, Kind

WELCOME = (
    "This serves a law as an OpenFisca web API. What it can do stands in the OpenAPI document at {}spec; "
    "https://openfisca.org/doc/ explains how to ask."
)
SECONDS_MAX = 30.0
_STATUS = {Kind.INVALID: 400, Kind.MISSING: 404, Kind.UNAVAILABLE: 503}
_METHODS = {"calculate": ("POST",), "trace": ("POST",)}
_READ = ("GET", "HEAD")


class Api:
    """Answers for one law, within bounds."""

    def __init__(self, law: Law, bounds: Bounds, *, seconds_max: float = SECONDS_MAX) -> None:
        """Answer by `law`, each calculation in `seconds_max` at most; for the main thread of a process."""
        self._budget = Budget(seconds_max)
        self._law = law
        self._bounds = bounds
        self._documents = Documents(law)
        self._computing: dict[str, Callable[[Law, Situation, Bounds], dict[str, JsonValue]]] = {
            "calculate": calculate,
            "trace": trace,
        }

    @property
    def snapshot(self) -> LawSnapshot:
        """The law that is answered by."""
        return self._law.snapshot

    def answer(self, question: Question) -> Reply:
        """Return the answer to one request; never raises a fault."""
        first, _, rest = question.path.lstrip("/").partition("/")
        if question.path != "/" and question.path.endswith("/"):
            return self._reply(302, {}, {"Location": question.path.rstrip("/") or "/"})
        if first in self._computing and not rest:
            return self._computed(question, first)
        if question.method == "OPTIONS":
            return Reply(204, self._headers({"Allow": "GET, HEAD, OPTIONS"}))
        if question.method not in _READ:
            return self._refused(405, f"{question.path} is read by GET.", {"Allow": ", ".join(_READ)})
        return self._described(question, first, unquote(rest))

    def _computed(self, question: Question, name: str) -> Reply:
        if question.method == "OPTIONS":
            return Reply(204, self._headers({"Allow": "POST, OPTIONS"}))
        if question.method != "POST":
            return self._refused(405, f"/{name} is asked by POST.", {"Allow": "POST"})
        try:
            situation = _DECODER.decode(question.body.decode())
        except (ValueError, RecursionError) as wrong:
            return self._refused(400, f"Invalid JSON: {wrong}")
        if not isinstance(situation, dict):
            return self._refused(
                400, f"Invalid type: expected an object, got a JSON {type(situation).__name__}."
            )
        try:
            with self._budget.spent():
                answer = self._computing[name](self._law, situation, self._bounds)
            return self._reply(200, answer)
        except Fault as fault:
            return self._reply(_STATUS.get(fault.kind, 500), problem_of(fault))

    def _described(self, question: Question, first: str, rest: str) -> Reply:
        tag = f'"{self._law.snapshot.digest[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if first and tag in question.known:
            return Reply(304, self._headers(headers))
        try:
            document = self._document(question, first, rest)
        except KeyError:
            return self._refused(404, f"There is nothing at {question.path}.")
        if not first:
            return self._reply(300, document)
        return self._reply(200, document, headers)

    def _document(self, question: Question, first: str, rest: str) -> dict[str, Any]:
        """Return what a path names; KeyError when it names nothing."""
        documents, address = self._documents, question.address
        if rest:
            return {"variable": documents.variable, "parameter": documents.parameter}[first](rest)
        wholes: dict[str, Callable[[], dict[str, Any]]] = {
            "": lambda: {"welcome": WELCOME.format(address)},
            "spec": lambda: {**documents.specification, "servers": [{"url": address.rstrip("/")}]},
            "entities": lambda: documents.entities,
            "variables": lambda: documents.variables(address),
            "parameters": lambda: documents.parameters(address),
        }
        return wholes[first]()

    def _refused(self, status: int, why: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self._reply(status, {"error": why}, headers)

    def _reply(self, status: int, document: Any, headers: Mapping[str, str] | None = None) -> Reply:
        return Reply(status, self._headers(headers or {}), _ENCODER.encode(document).encode())

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        package = self._documents.package
        return {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": "*",
            "Country-Package": package["name"],
            "Country-Package-Version": package["version"],
            **more,
        }


def problem_of(fault: Fault) -> dict[str, Any]:
    """Return a fault in the shape of OpenFisca's errors: the place as nested keys, the reason at the end."""
    whole: dict[str, Any] = {}
    for flaw in fault.flaws:
        *path, last = [_unescaped(part) for part in flaw.pointer.split("/")[1:]] or ["error"]
        node = whole
        for key in path:
            below = node.setdefault(key, {})
            if not isinstance(below, dict):
                break
            node = below
        else:
            node.setdefault(last, flaw.message)
    known = isinstance(fault, SituationInvalid | UnknownVariable)
    return whole if whole and known else {"error": f"{fault.title}. {fault.detail}".strip()}


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,  # an answer is made from what was read as JSON, or by ourselves
    allow_nan=False,
    separators=(",", ":"),
    default=str,
)
