# SPDX-License-Identifier: EUPL-1.2
"""What this server carries, offers and to whom: clients, services, rights and local groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flagstone.blocks.exchange.contract.directory import Directory
from flagstone.blocks.exchange.contract.faults import (
    ClientUnknown,
    DirectoryUnavailable,
    EndpointUnknown,
    GroupUnknown,
    ServiceExists,
    ServiceInvalid,
    ServiceUnknown,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServiceId
from flagstone.blocks.exchange.contract.service import (
    LocalClient,
    LocalGroup,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.model.directories import require_known
from flagstone.blocks.exchange.model.roles import require_operator
from flagstone.blocks.exchange.model.services import has_endpoint, require_offerable, without_lost
from flagstone.blocks.exchange.service.configuration import Configuration
from flagstone.blocks.exchange.service.describing import Describing
from flagstone.blocks.exchange.store import directories, offers
from flagstone.kernel.audit import Caller, Reason
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.writing import Writing

MEMBERS_MAX = 1_000
CERTIFICATES_MAX = 10
CERTIFICATE_BYTES_MAX = 4_096


class Offers:
    """Changes what this server offers."""

    def __init__(self, configuration: Configuration, describing: Describing) -> None:
        """Change `configuration`; `describing` reads the descriptions of services."""
        self._configuration = configuration
        self._describing = describing

    def register_client(self, caller: Caller, client: LocalClient, reason: Reason) -> None:
        """See `contract.Exchange.register_client`."""
        self._require(caller)
        _require_bounds(client)
        with self._configuration.changing(caller.actor, reason) as write:
            require_known(_directory(write), [client.id])
            offers.keep_client(write, client)

    def remove_client(self, caller: Caller, client: ClientId, reason: Reason) -> None:
        """See `contract.Exchange.remove_client`."""
        self._require(caller)
        with self._configuration.changing(caller.actor, reason) as write:
            _require_carried(write, client)
            offers.drop_client(write, client)

    def offer(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        """See `contract.Exchange.offer`."""
        self._require(caller)
        described = self._described(service)
        with self._configuration.changing(caller.actor, reason) as write:
            _require_carried(write, service.id.provider)
            if service.id in offers.services(write):
                raise ServiceExists(str(service.id))
            offers.keep_service(write, described)

    def change(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        """See `contract.Exchange.change`."""
        self._require(caller)
        described = self._described(service)
        with self._configuration.changing(caller.actor, reason) as write:
            _require_offered(write, service.id)
            _keep(write, described)

    def withdraw(self, caller: Caller, service: ServiceId, reason: Reason) -> None:
        """See `contract.Exchange.withdraw`."""
        self._require(caller)
        with self._configuration.changing(caller.actor, reason) as write:
            _require_offered(write, service)
            offers.drop_service(write, service)

    def refresh(self, caller: Caller, service: ServiceId, reason: Reason) -> ServiceDefinition:
        """See `contract.Exchange.refresh`."""
        self._require(caller)
        with self._configuration.database.reading() as view:
            before = _require_offered(view, service)
        fetched = self._describing.fetched(before)
        with self._configuration.changing(caller.actor, reason) as write:
            now = _require_offered(write, service)
            if now.description_url != before.description_url:
                raise ServiceInvalid("it was changed while its description was fetched; try again")
            after = replace(
                now,
                description=fetched.description,
                endpoints=fetched.endpoints,
                refreshed_at=fetched.refreshed_at,
            )
            _keep(write, after)
        return after

    def give(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        """See `contract.Exchange.give`."""
        self._require(caller)
        with self._configuration.changing(caller.actor, reason) as write:
            services, groups, directory = offers.services(write), offers.groups(write), _directory(write)
            for right in rights:
                service = services.get(right.service)
                if service is None:
                    raise ServiceUnknown(str(right.service))
                if not has_endpoint(service, right.endpoint):
                    raise EndpointUnknown(f"{right.endpoint.method} {right.endpoint.path}")
                _require_holder(right, directory, groups)
                offers.keep_right(write, right)

    def take(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        """See `contract.Exchange.take`; what was not given is passed over."""
        self._require(caller)
        with self._configuration.changing(caller.actor, reason) as write:
            given = offers.rights(write)
            for right in rights:
                if any(_same(right, each) for each in given.get(right.service, ())):
                    offers.drop_right(write, right)

    def keep_group(self, caller: Caller, group: LocalGroup, reason: Reason) -> None:
        """See `contract.Exchange.keep_group`; the rights of a group that is removed go with it."""
        self._require(caller)
        names.part(group.code)
        if len(group.members) > MEMBERS_MAX:
            raise GroupUnknown(f"a group has at most {MEMBERS_MAX} members")
        with self._configuration.changing(caller.actor, reason) as write:
            _require_carried(write, group.provider)
            require_known(_directory(write), group.members)
            if group.members:
                offers.keep_group(write, group)
            else:
                _drop_group(write, group)

    def _require(self, caller: Caller) -> None:
        require_operator(caller, self._configuration.place.server)

    def _described(self, service: ServiceDefinition) -> ServiceDefinition:
        """Return a service that can be offered, with its description and endpoints."""
        require_offerable(service)
        return self._describing.described(service) if service.kind is ServiceKind.OPENAPI3 else service


def _keep(write: Writing, service: ServiceDefinition) -> None:
    """Store a service and take away the rights to endpoints that it does not have any more."""
    _, go = without_lost(service, offers.rights(write).get(service.id, ()))
    for right in go:
        offers.drop_right(write, right)
    offers.keep_service(write, service)


def _drop_group(write: Writing, group: LocalGroup) -> None:
    there = [
        each for each in offers.groups(write) if (each.provider, each.code) == (group.provider, group.code)
    ]
    if not there:
        raise GroupUnknown(group.code)
    for service, rights in offers.rights(write).items():
        for right in rights:
            if service.provider == group.provider and right.subject == GroupId(group.code, local=True):
                offers.drop_right(write, right)
    offers.drop_group(write, group)


def _directory(view: Reading) -> Directory:
    found = directories.directory(view)
    if found is None:
        raise DirectoryUnavailable
    return found


def _require_carried(view: Reading, client: ClientId) -> None:
    if client not in offers.clients(view):
        raise ClientUnknown(str(client))


def _require_offered(view: Reading, service: ServiceId) -> ServiceDefinition:
    found = offers.services(view).get(service)
    if found is None:
        raise ServiceUnknown(str(service))
    return found


def _require_holder(right: Right, directory: Directory, groups: Sequence[LocalGroup]) -> None:
    """Raise ClientUnknown or GroupUnknown unless the holder of `right` is there."""
    subject = right.subject
    if not isinstance(subject, GroupId):
        require_known(directory, [subject])
    elif subject.local:
        if not any((each.provider, each.code) == (right.service.provider, subject.code) for each in groups):
            raise GroupUnknown(subject.code)
    elif not any(each.code == subject.code for each in directory.groups):
        raise GroupUnknown(subject.code)


def _same(one: Right, other: Right) -> bool:
    """Tell whether two rights are the same, whatever their purpose."""
    return (one.subject, one.service, one.endpoint) == (other.subject, other.service, other.endpoint)


def _require_bounds(client: LocalClient) -> None:
    """Raise ServiceInvalid for more or larger certificates than a client may have."""
    sizes = [len(each) for each in client.certificates]
    if len(sizes) > CERTIFICATES_MAX or any(not 0 < each <= CERTIFICATE_BYTES_MAX for each in sizes):
        raise ServiceInvalid(
            f"a client has at most {CERTIFICATES_MAX} certificates of {CERTIFICATE_BYTES_MAX} bytes"
        )
