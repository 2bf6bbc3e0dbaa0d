# SPDX-License-Identifier: EUPL-1.2
"""What the centre knows of the whole exchange: members, subsystems, servers and global groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId

Words = Mapping[str, str]
"""The same words by language."""


@dataclass(frozen=True)
class Member:
    """An organisation that joined the exchange; `id` has no subsystem."""

    id: ClientId
    name: Words


@dataclass(frozen=True)
class Subsystem:
    """An information system of a member."""

    id: ClientId
    name: Words


@dataclass(frozen=True)
class Server:
    """A security server: where it is reached (`http://127.0.0.1:5500`), and whose messages it carries."""

    id: ServerId
    address: str
    clients: frozenset[ClientId]
    in_maintenance: bool = False


@dataclass(frozen=True)
class GlobalGroup:
    """Clients that many providers give rights to together."""

    code: str
    description: Words
    members: frozenset[ClientId]


@dataclass(frozen=True)
class Directory:
    """The whole exchange at one moment; `revision` grows with each change at the centre."""

    instance: str
    revision: int
    made_at: datetime
    members: tuple[Member, ...] = ()
    subsystems: tuple[Subsystem, ...] = ()
    servers: tuple[Server, ...] = ()
    groups: tuple[GlobalGroup, ...] = ()

    def servers_of(self, client: ClientId) -> tuple[Server, ...]:
        """Return the servers that carry messages of `client`, maintenance or not."""
        return tuple(server for server in self.servers if client in server.clients)

    def knows(self, client: ClientId) -> bool:
        """Tell whether `client` is a registered member or subsystem."""
        if client.subsystem:
            return any(each.id == client for each in self.subsystems)
        return any(each.id == client for each in self.members)
