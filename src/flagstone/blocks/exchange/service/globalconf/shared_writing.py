# SPDX-License-Identifier: EUPL-1.2
"""Shared parameters written, as the schemas of versions 2 to 6 have them; nothing is left to the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flagstone.blocks.exchange.contract.globalconf import (
    AcmeServer,
    ApprovedCa,
    ApprovedTsa,
    CaInfo,
    CentralService,
    CostType,
    GlobalSettings,
    ListedGroup,
    ListedMember,
    ListedServer,
    MemberClass,
    SharedParameters,
    Source,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.service.globalconf import elements
from flagstone.blocks.exchange.service.globalconf.elements import coded, group, leaf, leaf_if
from flagstone.platform.crypto.xml_tree import Node

ROOT = "conf"
SOURCES_SINCE = ACME_SINCE = 3
ACME_PROFILES_SINCE = 4
NAMES_SINCE = MAINTENANCE_SINCE = 5
COST_SINCE = REQUEST_FORMAT_SINCE = 6


def write_shared(parameters: SharedParameters) -> bytes:
    """Return shared parameters as a file of their version; what that version cannot say is left out."""
    references = _references(parameters)
    version = parameters.version
    children = [
        leaf("instanceIdentifier", parameters.instance),
        *(_source(each) for each in parameters.sources if version >= SOURCES_SINCE),
        *(_ca(each, version) for each in parameters.cas),
        *(_tsa(each, version) for each in parameters.tsas),
        *(_member(each, references, version) for each in parameters.members),
        *(_server(each, references, version) for each in parameters.servers),
        *map(_group, parameters.groups),
        *map(_central_service, parameters.central_services),
        _settings(parameters.settings),
    ]
    return elements.write_document(ROOT, children)


def _references(parameters: SharedParameters) -> Mapping[ClientId, str]:
    """Return the identifier of each client's element, counted in their order."""
    clients = [client for member in parameters.members for client in (member.id, *member.clients)]
    return {client: f"id{at}" for at, client in enumerate(clients)}


def _source(source: Source) -> Node:
    return group(
        "source",
        leaf("address", source.address),
        *(coded("internalVerificationCert", each) for each in source.internal),
        *(coded("externalVerificationCert", each) for each in source.external),
    )


def _ca(ca: ApprovedCa, version: int) -> Node:
    only = ca.authentication_only
    return group(
        "approvedCA",
        leaf("name", ca.name),
        *(() if only is None else (leaf("authenticationOnly", str(only).lower()),)),
        _ca_info("topCA", ca.top, version),
        *(_ca_info("intermediateCA", each, version) for each in ca.intermediates),
        leaf("certificateProfileInfo", ca.profile),
        *(leaf_if("defaultCsrFormat", ca.request_format) if version >= REQUEST_FORMAT_SINCE else ()),
        *((_acme(ca.acme, version),) if ca.acme and version >= ACME_SINCE else ()),
    )


def _ca_info(name: str, info: CaInfo, version: int) -> Node:
    responders = [
        group(
            "ocsp",
            leaf("url", each.url),
            *((coded("cert", each.certificate),) if each.certificate else ()),
            *_cost(each.cost, version),
        )
        for each in info.responders
    ]
    return group(name, coded("cert", info.certificate), *responders)


def _acme(acme: AcmeServer, version: int) -> Node:
    profiles = (
        ("authenticationCertificateProfileId", acme.authentication_profile),
        ("signingCertificateProfileId", acme.signing_profile),
    )
    named = [leaf(name, value) for name, value in profiles if value and version >= ACME_PROFILES_SINCE]
    return group(
        "acmeServer",
        leaf("directoryURL", acme.directory_url),
        *leaf_if("ipAddress", acme.ip_addresses),
        *named,
    )


def _tsa(tsa: ApprovedTsa, version: int) -> Node:
    named = leaf("name", tsa.name), leaf("url", tsa.url), coded("cert", tsa.certificate)
    return group("approvedTSA", *named, *_cost(tsa.cost, version))


def _cost(cost: CostType | None, version: int) -> tuple[Node, ...]:
    return (leaf("costType", cost.value),) if cost and version >= COST_SINCE else ()


def _member(member: ListedMember, references: Mapping[ClientId, str], version: int) -> Node:
    return group(
        "member",
        group("memberClass", leaf("code", member.id.member_class), leaf("description", member.description)),
        leaf("memberCode", member.id.member_code),
        leaf("name", member.name),
        *_subsystems(member, references, version),
        id=references[member.id],
    )


def _subsystems(member: ListedMember, references: Mapping[ClientId, str], version: int) -> Iterator[Node]:
    for subsystem, client in zip(member.subsystems, member.clients, strict=True):
        named = subsystem.name is not None and version >= NAMES_SINCE
        name = (leaf("subsystemName", subsystem.name or ""),) if named else ()
        yield group("subsystem", leaf("subsystemCode", subsystem.code), *name, id=references[client])


def _server(server: ListedServer, references: Mapping[ClientId, str], version: int) -> Node:
    maintenance = server.maintenance if version >= MAINTENANCE_SINCE else None
    said = leaf_if("message", maintenance.message) if maintenance else ()
    return group(
        "securityServer",
        leaf("owner", references[server.id.owner]),
        leaf("serverCode", server.id.code),
        *(() if server.address is None else (leaf("address", server.address),)),
        *(coded("authCertHash", each) for each in server.auth_hashes),
        *(leaf("client", references[each]) for each in server.clients),
        *((group("inMaintenanceMode", *said),) if maintenance else ()),
    )


def _group(listed: ListedGroup) -> Node:
    members = [elements.client_node("groupMember", each) for each in listed.members]
    described = leaf("groupCode", listed.code), leaf("description", listed.description)
    return group("globalGroup", *described, *members)


def _central_service(service: CentralService) -> Node:
    code = leaf("serviceCode", service.code)
    if service.provider is None:
        return group("centralService", code)
    parts = [
        *elements.client_parts(service.provider),
        elements.identifier_node("serviceCode", service.service_code),
    ]
    if service.service_version is not None:
        parts.append(elements.identifier_node("serviceVersion", service.service_version))
    return group(
        "centralService",
        code,
        Node("implementingService", {elements.OBJECT_TYPE: "SERVICE"}, "", tuple(parts)),
    )


def _settings(settings: GlobalSettings) -> Node:
    classes = [_member_class(each) for each in settings.member_classes]
    return group(
        "globalSettings", *classes, leaf("ocspFreshnessSeconds", str(settings.ocsp_freshness_seconds))
    )


def _member_class(kind: MemberClass) -> Node:
    return group("memberClass", leaf("code", kind.code), leaf("description", kind.description))
