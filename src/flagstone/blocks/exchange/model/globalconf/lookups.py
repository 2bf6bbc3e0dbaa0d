# SPDX-License-Identifier: EUPL-1.2
"""What servers ask of a configuration, each answered by one look into tables made once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flagstone.blocks.exchange.contract.globalconf import (
    ApprovedCa,
    ApprovedTsa,
    CaInfo,
    GlobalConfiguration,
    ListedServer,
    SharedParameters,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId

Hashed = tuple[str, bytes]
"""The title of a digest (`SHA-256`) and a certificate's hash by it."""


@dataclass(frozen=True)
class Lookups:
    """A whole configuration, ready to be asked; expired instances must be left out before."""

    own: str
    shared: dict[str, SharedParameters]
    _names: dict[ClientId, str] = field(default_factory=dict, repr=False)
    _servers: dict[ClientId, list[ListedServer]] = field(default_factory=dict, repr=False)
    _by_hash: dict[Hashed, ListedServer] = field(default_factory=dict, repr=False)
    _groups: dict[tuple[str, str], frozenset[ClientId]] = field(default_factory=dict, repr=False)

    def knows(self, client: ClientId) -> bool:
        """Tell whether a member or subsystem is listed."""
        return client in self._names

    def name_of(self, client: ClientId) -> str:
        """Return the name of a member, or of a subsystem where one is given; empty when it is not listed."""
        return self._names.get(client, "")

    def servers_of(self, client: ClientId) -> tuple[ListedServer, ...]:
        """Return the servers that carry messages of a client, those in maintenance too."""
        return tuple(self._servers.get(client, ()))

    def addresses_of(self, client: ClientId, server: ServerId | None = None) -> tuple[str, ...]:
        """Return where messages for a client go: servers out of maintenance, or the one server asked for."""
        found = self.servers_of(client)
        return tuple(
            each.address
            for each in found
            if each.address and each.maintenance is None and server in {None, each.id}
        )

    def server_by_hash(self, sha256: bytes, sha1: bytes = b"") -> ListedServer | None:
        """Return the server whose authentication certificate has one of these hashes.

        Instances of version 2 list SHA-1, which is asked for only where it is given.
        """
        found = self._by_hash.get(("SHA-256", sha256))
        return found or (self._by_hash.get(("SHA-1", sha1)) if sha1 else None)

    def hashes_for(self, client: ClientId) -> frozenset[Hashed]:
        """Return the hashes of the authentication certificates that may speak for a client."""
        shared = self.shared.get(client.instance)
        digest = shared.auth_hash if shared else ""
        return frozenset((digest, each) for server in self.servers_of(client) for each in server.auth_hashes)

    def is_in_group(self, client: ClientId, group: GroupId, instance: str = "") -> bool:
        """Tell whether a client is in a global group, of its own instance unless another is named."""
        return client in self._groups.get((instance or client.instance, group.code), frozenset())

    def cas(self, instance: str) -> tuple[ApprovedCa, ...]:
        """Return the approved authorities of an instance."""
        shared = self.shared.get(instance)
        return shared.cas if shared else ()

    def ca_certificates(self, instance: str) -> Iterator[tuple[ApprovedCa, CaInfo]]:
        """Yield every certificate of an instance's authorities, top and intermediate, with its authority."""
        for ca in self.cas(instance):
            for info in (ca.top, *ca.intermediates):
                yield ca, info

    def tsas(self) -> tuple[ApprovedTsa, ...]:
        """Return the approved time-stamping authorities of all instances, each once."""
        return tuple(dict.fromkeys(each for shared in self.shared.values() for each in shared.tsas))

    def ocsp_freshness_seconds(self) -> int:
        """Return how old an OCSP answer may be, as the own instance has it."""
        shared = self.shared.get(self.own)
        return shared.settings.ocsp_freshness_seconds if shared else 0


def lookups(configuration: GlobalConfiguration) -> Lookups:
    """Return a configuration ready to be asked."""
    shared = {name: each.shared for name, each in configuration.instances.items() if each.shared}
    made = Lookups(configuration.instance, shared)
    for parameters in shared.values():
        _take_up(made, parameters)
    return made


def _take_up(made: Lookups, shared: SharedParameters) -> None:
    """Put one instance into the tables."""
    for member in shared.members:
        made._names[member.id] = member.name
        for subsystem, client in zip(member.subsystems, member.clients, strict=True):
            made._names[client] = subsystem.name or subsystem.code
    for server in shared.servers:
        for client in {server.id.owner, *server.clients}:
            made._servers.setdefault(client, []).append(server)
        for each in server.auth_hashes:
            made._by_hash.setdefault((shared.auth_hash, each), server)
    for group in shared.groups:
        made._groups[shared.instance, group.code] = frozenset(group.members)
