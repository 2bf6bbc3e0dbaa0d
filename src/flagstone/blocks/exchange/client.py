# SPDX-License-Identifier: EUPL-1.2
"""`ThroughExchange`: another organisation's service, called by a part of this site as an ordinary client.

It keeps the `Site` that blocks' clients speak through: the same `call`, carried as `/r1/...` by this
site's own server. A fault of the exchange is told apart from the service's own answer, whatever its status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Protocol
from urllib.parse import quote

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.model.breaking import Breakers
from flagstone.blocks.exchange.model.identifiers import client_encoded, service_encoded
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Kind
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import Answer, AnswerRefused, SiteUnreachable

FAILURES_MAX = 3
PAUSE_SECONDS = 10.0
AGAIN_SECONDS_MAX = 1.0
"""How soon a call must have failed to be made once more."""

REPEATABLE = frozenset({"GET", "HEAD"})
_NOT_CARRIED = frozenset(
    {"authorization", "cookie", "flagstone-message-reference", "flagstone-client-secret"}
)
_UNAVAILABLE = (
    "service_failed",
    "network_error",
    "io_error",
    "overloaded",
    "maintenance_mode",
    "service_disabled",
    "global_conf_outdated",
    "logging_failed",
    "internal_error",
    "http_error",
)


class ServiceUnreachable(SiteUnreachable):
    """The service, or a server on the way to it, did not answer; `detail` names the service and the fault."""

    code = "exchange.service-unreachable"
    title = "A service on the exchange did not answer"


class CallRefused(AnswerRefused):
    """The exchange refused the call or its answer; `detail` names the service and the fault."""

    code = "exchange.call-refused"
    kind = Kind.UNAVAILABLE
    title = "The exchange refused a call to a service"
    remedy = "Tell the operator the name of the service and of the fault."


class Site(Protocol):
    """Our own server, at its door for information systems; `OtherSite` is one."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status."""
        ...


@dataclass(frozen=True)
class Door:
    """Where messages go out: this site's server, the client as which its parts come, and their secret."""

    server: Site
    client: ClientId
    secret: str = field(repr=False)


class _Circuit:
    """Whether a service is still tried; safe to share between threads."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._breakers: Breakers[str] = Breakers(
            failures_max=FAILURES_MAX, seconds=PAUSE_SECONDS, seconds_max=PAUSE_SECONDS
        )

    def admits(self) -> bool:
        with self._lock:
            return self._breakers.admits("", self._seconds())

    def ended(self, *, well: bool) -> None:
        with self._lock:
            if well:
                self._breakers.succeeded("")
            else:
                self._breakers.failed("", self._seconds())


class ThroughExchange:
    """One service, as `door`'s client calls it; safe to share between threads.

    `prefix` is what callers put before the service's own paths (such as `/registry/v1`); it is taken off.
    After three failures in a row the service is left alone for ten seconds and then tried with one call.
    """

    def __init__(
        self, door: Door, service: ServiceId, *, prefix: str = "", seconds: Callable[[], float] = monotonic
    ) -> None:
        self._door = door
        self._service = service
        self._prefix = prefix
        self._seconds = seconds
        self._circuit = _Circuit(seconds)
        self._said: Mapping[str, str] = {}

    def for_person(self, person: PersonCode, reason: Reason) -> ThroughExchange:
        """Return the same service, called on behalf of `person` and for `reason`."""
        user = {"X-Road-UserId": self._service.provider.instance + person}
        return self._saying({**user, **headers_of(reason)})

    def for_reason(self, reason: Reason) -> ThroughExchange:
        """Return the same service, called for `reason`."""
        return self._saying(headers_of(reason))

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Return the service's answer, whatever its status; ServiceUnreachable or CallRefused."""
        if not self._circuit.admits():
            raise ServiceUnreachable(f"{self._service}: it failed lately and is left alone for some seconds")
        well = False
        try:
            answer = self._sent(method, self._target(path), self._headers(headers or {}), body)
            fault = _fault(self._service, answer)
            well = not isinstance(fault, SiteUnreachable)
        finally:
            self._circuit.ended(well=well)
        if fault is not None:
            raise fault
        return answer

    def _sent(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a message; a read that was not answered at all, and at once, is sent once more."""
        begun = self._seconds()
        try:
            try:
                return self._door.server.call(method, target, headers=headers, body=body)
            except SiteUnreachable:
                if method not in REPEATABLE or self._seconds() - begun > AGAIN_SECONDS_MAX:
                    raise
                return self._door.server.call(method, target, headers=headers, body=body)
        except AnswerRefused as fault:
            raise CallRefused(f"{self._service}: {fault.detail}") from fault
        except SiteUnreachable as fault:
            raise ServiceUnreachable(f"{self._service}: no answer") from fault

    def _target(self, path: str) -> str:
        """Return the address of `path` of the service at our own server."""
        own = path.removeprefix(self._prefix) if self._prefix else path
        return f"/r1/{service_encoded(self._service)}{own}"

    def _headers(self, given: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in given.items() if name.lower() not in _NOT_CARRIED}
        said = {name.lower() for name in self._said}
        kept = {name: value for name, value in kept.items() if name.lower() not in said}
        ours = {
            "X-Road-Client": client_encoded(self._door.client),
            "Flagstone-Client-Secret": self._door.secret,
        }
        return {"Accept": "application/json", **kept, **self._said, **ours}

    def _saying(self, said: Mapping[str, str]) -> ThroughExchange:
        """Return a copy that says more and shares all else, the circuit too."""
        other = ThroughExchange(self._door, self._service, prefix=self._prefix, seconds=self._seconds)
        other._circuit, other._said = self._circuit, dict(said)
        return other


def headers_of(reason: Reason) -> dict[str, str]:
    """Return the headers that say why, percent-encoded."""
    hidden = reason.hidden_until
    said = {
        "Flagstone-Purpose": reason.purpose,
        "Flagstone-Legal-Basis": reason.legal_basis,
        "Flagstone-Case": reason.case,
        "Flagstone-Hidden-Until": "" if hidden is None else rfc3339(hidden),
    }
    return {name: quote(words, safe="") for name, words in said.items() if words}


def _fault(service: ServiceId, answer: Answer) -> ServiceUnreachable | CallRefused | None:
    """Return the fault of the exchange that an answer is, None for an answer of the service itself."""
    code = answer.headers.get("x-road-error", "")
    if not code:
        return None
    told = f"{service}: {code[:200]}" if code.isascii() and code.isprintable() else str(service)
    plain = code.replace("_", "").lower()
    if any(each.replace("_", "") in plain.split(".", 2)[-1] for each in _UNAVAILABLE):
        return ServiceUnreachable(told)
    return CallRefused(told)
