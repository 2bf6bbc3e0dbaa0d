# SPDX-License-Identifier: EUPL-1.2
"""The promise of the exchange to its operators: one server's clients, services and rights, and its log.

Every method checks the caller's roles, which count in the name of the server's owner: `operator` (at the
centre also for the directory); `auditor` may look at everything and change nothing. Each change is
audited and takes effect at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.log import Exchanged, LogPage, LogQuery, Side, Traffic
from flagstone.blocks.exchange.contract.service import (
    LocalClient,
    LocalGroup,
    Right,
    ServiceDefinition,
    Snapshot,
)
from flagstone.kernel.audit import Caller, Reason


class Exchange(Protocol):
    """Kept by `service.exchange.Service`; the faults are those of `contract.faults`."""

    def snapshot(self) -> Snapshot:
        """Return what the message path goes by now; DirectoryUnavailable before there is any."""
        ...

    def register_client(self, caller: Caller, client: LocalClient, reason: Reason) -> None:
        """Carry the messages of a subsystem from now on, or change how it connects."""
        ...

    def remove_client(self, caller: Caller, client: ClientId, reason: Reason) -> None:
        """Carry no more messages of a subsystem; its services and rights go with it."""
        ...

    def offer(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        """Offer a new service; ServiceExists, ServiceInvalid, ClientUnknown."""
        ...

    def change(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        """Change a service that is there; rights to endpoints that it no longer has are taken away."""
        ...

    def withdraw(self, caller: Caller, service: ServiceId, reason: Reason) -> None:
        """Offer a service no more; its rights go with it."""
        ...

    def refresh(self, caller: Caller, service: ServiceId, reason: Reason) -> ServiceDefinition:
        """Fetch the service's description anew; DescriptionRefused keeps what was there."""
        ...

    def give(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        """Give rights; those that are there stay, with the newly declared purpose."""
        ...

    def take(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        """Take rights away; at once."""
        ...

    def keep_group(self, caller: Caller, group: LocalGroup, reason: Reason) -> None:
        """Keep a local group with exactly these members; with none it is removed."""
        ...

    def search(self, caller: Caller, query: LogQuery) -> LogPage:
        """Return what the message log has; looking at it is itself recorded."""
        ...

    def uncover(self, caller: Caller, exchange: str, side: Side, reason: Reason) -> Exchanged:
        """Return one exchange to an auditor who says why its persons must be seen; the look is audited.

        MessageUnknown when the log has no such exchange; NotPermitted for anybody else, operators too.
        """
        ...

    def traffic(self, caller: Caller, since: datetime, until: datetime, spans: int) -> tuple[Traffic, ...]:
        """Return how much passed, by service and side, in at most 500 equal spans of time."""
        ...


class Governance(Protocol):
    """The centre's part: who belongs to the exchange. NotTheCentre at any other site."""

    def directory(self) -> Directory:
        """Return the directory as it stands."""
        ...

    def admit_member(self, caller: Caller, member: Member, reason: Reason) -> None:
        """Admit a member or change its name."""
        ...

    def admit_subsystem(self, caller: Caller, subsystem: Subsystem, reason: Reason) -> None:
        """Register a subsystem of a member that is there."""
        ...

    def admit_server(self, caller: Caller, server: Server, reason: Reason) -> None:
        """Register a server, its address and its clients, or change them."""
        ...

    def keep_global_group(self, caller: Caller, group: GlobalGroup, reason: Reason) -> None:
        """Keep a global group with exactly these members; with none it is removed."""
        ...

    def dismiss(self, caller: Caller, who: ClientId | ServerId, reason: Reason) -> None:
        """Remove a member with its subsystems, one subsystem, or a server."""
        ...
