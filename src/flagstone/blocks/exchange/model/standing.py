# SPDX-License-Identifier: EUPL-1.2
"""A snapshot arranged for the message path: every question of a message is one look-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from flagstone.blocks.exchange.contract.directory import Server
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.service import ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model import access, faults
from flagstone.blocks.exchange.model.faults import MessageFault


class Standing:
    """What one snapshot says, by client, server and service."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        directory = snapshot.directory
        self._servers = {server.id: server for server in directory.servers}
        carriers: dict[ClientId, list[Server]] = defaultdict(list)
        for server in directory.servers:
            for client in server.clients:
                carriers[client].append(server)
        self._carriers: Mapping[ClientId, list[Server]] = dict(carriers)
        self._known = {each.id for each in directory.members} | {each.id for each in directory.subsystems}
        self._rights: dict[ServiceId, tuple[access.Entry, ...]] = {}

    def rights(self, service: ServiceId) -> tuple[access.Entry, ...]:
        """Return the rights to `service`, which is one of this server's."""
        found = self._rights.get(service)
        if found is None:
            found = access.entries(self.snapshot, service)
            if service in self.snapshot.services:
                self._rights[service] = found
        return found

    def services_of(
        self, provider: ClientId
    ) -> dict[ServiceId, tuple[ServiceDefinition, tuple[access.Entry, ...]]]:
        """Return the services that `provider` offers here, with the rights to each, by code."""
        own = sorted(key for key in self.snapshot.services if key.provider == provider)
        return {key: (self.snapshot.services[key], self.rights(key)) for key in own}

    def carries(self, server: ServerId, client: ClientId) -> bool:
        """Tell whether the directory has `client` registered at `server`."""
        found = self._servers.get(server)
        return found is not None and client in found.clients and client in self._known

    def in_maintenance(self) -> bool:
        """Tell whether the directory has this very server in maintenance."""
        found = self._servers.get(self.snapshot.server)
        return found is not None and found.in_maintenance

    def address(self, server: Server) -> str:
        """Return where `server` is reached: as known here, else as the directory has it."""
        return self.snapshot.addresses.get(server.id, server.address)

    def servers_for(self, provider: ClientId, only: ServerId | None) -> list[Server]:
        """Return the servers to which a message for `provider` may go, `only` that one where it is named.

        Raises MessageFault unknown_member, invalid_security_server or maintenance_mode.
        """
        carriers = self._carriers.get(provider, [])
        if not carriers:
            raise MessageFault(faults.UNKNOWN_MEMBER, f"No server carries messages for {provider}.")
        if only is not None:
            carriers = [server for server in carriers if server.id == only]
            if not carriers:
                raise MessageFault(faults.INVALID_SERVER, f"{only} does not carry messages for {provider}.")
        ready = [server for server in carriers if not server.in_maintenance]
        if not ready:
            raise MessageFault(faults.MAINTENANCE, f"The server of {provider} is in maintenance.")
        return ready


class Standings:
    """The standing of the present snapshot, arranged anew when another one is in force."""

    def __init__(self, configuration: Callable[[], Snapshot]) -> None:
        self._configuration = configuration
        self._standing: Standing | None = None

    def now(self) -> Standing:
        """Return the present standing; what `configuration` raises passes through."""
        snapshot = self._configuration()
        if self._standing is None or self._standing.snapshot is not snapshot:
            self._standing = Standing(snapshot)
        return self._standing
