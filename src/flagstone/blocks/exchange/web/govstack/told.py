# SPDX-License-Identifier: EUPL-1.2
"""The configuration as GovStack's document (`IMconf`) tells it, and who holds rights in its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from flagstone.blocks.exchange.contract.directory import Directory
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, Subject
from flagstone.blocks.exchange.contract.service import Connection, LocalClient, ServiceDefinition, Snapshot
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.govstack.shapes import Shape, plain

PLAIN = frozenset({Connection.NOSSL, Connection.INTERNAL})
GROUP_CLASSES = {True: "LOCALGROUP", False: "GLOBALGROUP"}


def connection_word(client: LocalClient) -> str:
    """Return `http` for a client that connects without TLS, else `https`."""
    return "http" if client.connection in PLAIN else "https"


@dataclass(frozen=True)
class Addresses:
    """Addresses of services as the document has them: `site` stands before a path of this very site."""

    site: str

    def service(self, service: ServiceDefinition) -> str:
        """Return where a service answers."""
        return self.site + service.url if service.local else service.url

    def spec(self, service: ServiceDefinition) -> str:
        """Return where a service's description is: at its own address, else here."""
        if service.description_url:
            return self._whole(service.description_url)
        provider = quote(str(service.id.provider))
        return f"{self.site}/mediator/r1/{provider}/getOpenAPI?serviceCode={quote(service.id.code, safe='')}"

    def taken(self, service: ServiceDefinition, service_url: str, spec_url: str) -> ServiceDefinition:
        """Return `service` with what a document says of its addresses."""
        local = service_url.startswith(f"{self.site}/")
        url = service_url.removeprefix(self.site) if local else service_url
        told = replace(service, url=url, local=local)
        if spec_url in {"", self.spec(replace(service, description_url=""))}:
            return replace(told, description_url="")
        return replace(told, description_url=spec_url.removeprefix(self.site) if local else spec_url)

    def _whole(self, address: str) -> str:
        return self.site + address if address.startswith("/") else address


def configuration(snapshot: Snapshot, domain: str, addresses: Addresses) -> Shape:
    """Return the whole instance; services are those that this server offers."""
    directory = snapshot.directory
    members = sorted(each.id for each in directory.members)
    return {
        "domain": domain,
        "instance": directory.instance,
        "members": [_member(snapshot, each, addresses) for each in members],
    }


def _member(snapshot: Snapshot, member: ClientId, addresses: Addresses) -> Shape:
    known = {each.id: plain(each.name) for each in snapshot.directory.members}
    systems = sorted(each.id for each in snapshot.directory.subsystems if each.id.member == member)
    return {
        "name": known[member] or str(member),
        "class": member.member_class,
        "code": member.member_code,
        "applications": [_application(snapshot, each, addresses) for each in systems],
    }


def _application(snapshot: Snapshot, system: ClientId, addresses: Addresses) -> Shape:
    local = snapshot.clients.get(system)
    services = sorted((each for each in snapshot.services if each.provider == system), key=str)
    shape: Shape = {"id": system.subsystem}
    if local is not None:
        shape["connection"] = connection_word(local)
        shape["services"] = [_service(snapshot, snapshot.services[each], addresses) for each in services]
    return shape


def _service(snapshot: Snapshot, service: ServiceDefinition, addresses: Addresses) -> Shape:
    holders = dict.fromkeys(right.subject for right in snapshot.rights.get(service.id, ()))
    return {
        "id": service.id.code,
        "specUrl": addresses.spec(service),
        "serviceUrl": addresses.service(service),
        "rights": [holder(snapshot.directory, each) for each in sorted(holders, key=names.named_subject)],
    }


def holder(directory: Directory, subject: Subject) -> Shape:
    """Return a holder of rights as the document names it: by member's name and application."""
    if isinstance(subject, GroupId):
        return {"member": names.named_subject(subject), "application": ""}
    found = {each.id: plain(each.name) for each in directory.members}
    return {"member": found.get(subject.member) or str(subject.member), "application": subject.subsystem}


def holder_named(directory: Directory, member: str, application: str) -> Subject | None:
    """Return whom a document means by a member's name in any language, its id or a group; None for nobody."""
    if member.startswith((names.GLOBAL, names.LOCAL)):
        return names.subject_named(member)
    found = [each.id for each in directory.members if member in {*each.name.values(), str(each.id)}]
    if len(found) != 1:
        return None
    own = found[0]
    return ClientId(own.instance, own.member_class, own.member_code, application) if application else own
