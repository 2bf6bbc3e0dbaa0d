# SPDX-License-Identifier: EUPL-1.2
"""`Service`: the exchange of this site, as its two contracts promise to operators and at the centre."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
from flagstone.blocks.exchange.service.configuration import Configuration, Place
from flagstone.blocks.exchange.service.describing import Describing, Fetch
from flagstone.blocks.exchange.service.governing import Members
from flagstone.blocks.exchange.service.log_search import LogSearch
from flagstone.blocks.exchange.service.offering import Offers
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.kernel.audit import Caller, Reason
from flagstone.platform.storage.database import Database


class Service:
    """Keeps `contract.Exchange` and `contract.Governance`; safe to share between threads.

    `start` watches for changes by other processes of the site; it is needed only where messages pass.
    """

    def __init__(self, database: Database, sealer: Sealer, *, place: Place, fetch: Fetch) -> None:
        """Work on `database` as the server of `place`; `sealer` opens the message log."""
        self.configuration = Configuration(database, place)
        self.members = Members(self.configuration)
        self._offers = Offers(self.configuration, Describing(fetch, database.clock))
        self._log = LogSearch(database, sealer, place.server)

    def start(self) -> None:
        """Watch for changes by other processes."""
        self.configuration.start()

    def stop(self) -> None:
        """Watch no more."""
        self.configuration.stop()

    def snapshot(self) -> Snapshot:
        """See `contract.Exchange.snapshot`."""
        return self.configuration.snapshot()

    def register_client(self, caller: Caller, client: LocalClient, reason: Reason) -> None:
        """See `contract.Exchange.register_client`."""
        self._offers.register_client(caller, client, reason)

    def remove_client(self, caller: Caller, client: ClientId, reason: Reason) -> None:
        """See `contract.Exchange.remove_client`."""
        self._offers.remove_client(caller, client, reason)

    def offer(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        """See `contract.Exchange.offer`."""
        self._offers.offer(caller, service, reason)

    def change(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        """See `contract.Exchange.change`."""
        self._offers.change(caller, service, reason)

    def withdraw(self, caller: Caller, service: ServiceId, reason: Reason) -> None:
        """See `contract.Exchange.withdraw`."""
        self._offers.withdraw(caller, service, reason)

    def refresh(self, caller: Caller, service: ServiceId, reason: Reason) -> ServiceDefinition:
        """See `contract.Exchange.refresh`."""
        return self._offers.refresh(caller, service, reason)

    def give(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        """See `contract.Exchange.give`."""
        self._offers.give(caller, rights, reason)

    def take(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        """See `contract.Exchange.take`."""
        self._offers.take(caller, rights, reason)

    def keep_group(self, caller: Caller, group: LocalGroup, reason: Reason) -> None:
        """See `contract.Exchange.keep_group`."""
        self._offers.keep_group(caller, group, reason)

    def search(self, caller: Caller, query: LogQuery) -> LogPage:
        """See `contract.Exchange.search`."""
        return self._log.search(caller, query)

    def uncover(self, caller: Caller, exchange: str, side: Side, reason: Reason) -> Exchanged:
        """See `contract.Exchange.uncover`."""
        return self._log.uncover(caller, exchange, side, reason)

    def traffic(self, caller: Caller, since: datetime, until: datetime, spans: int) -> tuple[Traffic, ...]:
        """See `contract.Exchange.traffic`."""
        return self._log.traffic(caller, since, until, spans)

    def directory(self) -> Directory:
        """See `contract.Governance.directory`."""
        return self.members.directory()

    def admit_member(self, caller: Caller, member: Member, reason: Reason) -> None:
        """See `contract.Governance.admit_member`."""
        self.members.admit_member(caller, member, reason)

    def admit_subsystem(self, caller: Caller, subsystem: Subsystem, reason: Reason) -> None:
        """See `contract.Governance.admit_subsystem`."""
        self.members.admit_subsystem(caller, subsystem, reason)

    def admit_server(self, caller: Caller, server: Server, reason: Reason) -> None:
        """See `contract.Governance.admit_server`."""
        self.members.admit_server(caller, server, reason)

    def keep_global_group(self, caller: Caller, group: GlobalGroup, reason: Reason) -> None:
        """See `contract.Governance.keep_global_group`."""
        self.members.keep_global_group(caller, group, reason)

    def dismiss(self, caller: Caller, who: ClientId | ServerId, reason: Reason) -> None:
        """See `contract.Governance.dismiss`."""
        self.members.dismiss(caller, who, reason)
