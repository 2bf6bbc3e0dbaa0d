# SPDX-License-Identifier: EUPL-1.2
"""What the nine checks try: whether a service answers, a first call through the exchange, the heartbeat."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from urllib.parse import quote, urlsplit

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.onboarding import Why
from flagstone.blocks.exchange.contract.service import Connection, ServiceDefinition
from flagstone.blocks.exchange.model.checks import Known
from flagstone.blocks.exchange.model.identifiers import client_encoded, service_encoded
from flagstone.kernel.errors import Fault, SettingsFault
from flagstone.platform.http.client import AnswerRefused, CallBounds, OtherSite, SiteUnreachable

BOUNDS = CallBounds(
    connect_seconds_max=3,
    read_seconds_max=5,
    call_seconds_max=6,
    answer_bytes_max=4 * 1024 * 1024,
    connections_max=1,
)
TAKEN_OVER_SECONDS_MAX = 5.0
AGAIN_SECONDS = 0.5
PURPOSE = "First call while a service is set up"
Tried = tuple[Why, str] | None
"""Why a trial failed and a code that says more; None when it went well."""


def _no_door(_client: ClientId) -> str:
    """Return that no door of another server is known."""
    return ""


@dataclass(frozen=True)
class Trials:
    """Where to try: this site's web port, its server's door for information systems, other servers' doors.

    `secret` is what INTERNAL clients show; empty where it is not known. `heartbeat` returns when the
    tracker of this site answers; None where there is no tracker.
    """

    local_address: Callable[[], str]
    client_address: Callable[[], str]
    secret: str = field(default="", repr=False)
    heartbeat: Callable[[], None] | None = None
    door_of: Callable[[ClientId], str] = _no_door
    seconds: Callable[[], float] = monotonic
    pause: Callable[[float], None] = sleep

    def answers(self, service: ServiceDefinition) -> Tried:
        """Ask the service itself for anything; any answer but a server error will do."""
        address = self.local_address() if service.local else service.url
        parts = urlsplit(address)
        path = service.url if service.local else parts.path or "/"
        try:
            with OtherSite(f"{parts.scheme}://{parts.netloc}", bounds=BOUNDS) as site:
                status = site.call("GET", path).status
        except SettingsFault:
            return _connects(parts.hostname or "", parts.port or 80)
        except AnswerRefused:
            return None  # it answered, with more than we take
        except SiteUnreachable as fault:
            return Why.SERVICE_UNREACHABLE, fault.code
        return (Why.SERVICE_FAILS, str(status)) if status >= 500 else None

    def may_call_as(self, known: Known) -> str:
        """Return the door at which `known.client` can be tried from here; empty for none."""
        local = known.snapshot.clients.get(known.client)
        if local is None:
            return self.door_of(known.client)
        tried = local.connection is Connection.NOSSL or (
            local.connection is Connection.INTERNAL and bool(self.secret)
        )
        return self.client_address() if tried else ""

    def passes(self, door: str, client: ClientId, service: ServiceId, path: str) -> Tried:
        """Make a first call through the exchange; any answer of the service but a server error will do.

        A refusal is tried again for some seconds: a server takes over what others changed within one.
        """
        target = f"/r1/{service_encoded(service)}{path}"
        until = self.seconds() + TAKEN_OVER_SECONDS_MAX
        while (tried := self._call(door, client, target)) and tried[0] is Why.CALL_REFUSED:
            if self.seconds() > until:
                break
            self.pause(AGAIN_SECONDS)
        return tried

    def _call(self, door: str, client: ClientId, target: str) -> Tried:
        """Call once."""
        try:
            with OtherSite(door, bounds=BOUNDS) as site:
                answer = site.call("GET", target, headers=self._headers(client))
        except (AnswerRefused, SettingsFault) as fault:
            return Why.CALL_FAILED, fault.code
        except SiteUnreachable as fault:
            return Why.CALL_FAILED, fault.code
        return _told(answer.status, answer.headers)

    def beats(self) -> Tried:
        """Ask the tracker of this site whether it answers."""
        if self.heartbeat is None:
            return Why.HEARTBEAT_MISSING, ""
        try:
            self.heartbeat()
        except Fault as fault:
            return Why.HEARTBEAT_FAILS, fault.code
        return None

    def _headers(self, client: ClientId) -> dict[str, str]:
        said = {
            "X-Road-Client": client_encoded(client),
            "Accept": "application/json",
            "Flagstone-Purpose": quote(PURPOSE),
        }
        return said | ({"Flagstone-Client-Secret": self.secret} if self.secret else {})


def _told(status: int, headers: Mapping[str, str]) -> Tried:
    """Return what an answer of the exchange says of a first call."""
    fault = headers.get("x-road-error", "")
    if fault and ("denied" in fault.lower() or "unknown" in fault.lower() or "auth" in fault.lower()):
        return Why.CALL_REFUSED, fault[:200]
    if fault or status >= 500:
        return Why.CALL_FAILED, fault[:200] or str(status)
    return None


def _connects(host: str, port: int) -> Tried:
    """Tell whether something listens; for addresses that only the message path may call."""
    try:
        with socket.create_connection((host, port), BOUNDS.connect_seconds_max):
            return None
    except OSError:
        return Why.SERVICE_UNREACHABLE, ""
