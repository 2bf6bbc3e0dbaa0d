# SPDX-License-Identifier: EUPL-1.2
"""Shared parameters read: every element of versions 2 to 6, those no longer used included.

Elements that a version does not have are taken where they stand all the same, as other readers do.
"""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.blocks.exchange.contract.globalconf import (
    VERSION_MAX,
    VERSION_MIN,
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
    ListedSubsystem,
    Maintenance,
    MemberClass,
    OcspResponder,
    SharedParameters,
    Source,
)
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.service.globalconf import elements
from flagstone.platform.crypto.xml_tree import Node

ROOT = "conf"


def read_shared(data: bytes, version: int) -> SharedParameters:
    """Return the shared parameters of a file of `version`; ConfigurationMalformed or XmlRefused."""
    if not VERSION_MIN <= version <= VERSION_MAX:
        raise ConfigurationMalformed(f"version {version} of shared parameters is not known here")
    node = elements.read_document(data, ROOT)
    instance = elements.text(node, "instanceIdentifier")
    listed = [_member(each, instance) for each in elements.many(node, "member")]
    ids = _by_reference(listed)
    members = tuple(member for member, _ in listed)
    return SharedParameters(
        version,
        instance,
        _settings(elements.one(node, "globalSettings")),
        tuple(map(_source, elements.many(node, "source"))),
        tuple(map(_ca, elements.many(node, "approvedCA"))),
        tuple(map(_tsa, elements.many(node, "approvedTSA"))),
        members,
        tuple(_server(each, ids) for each in elements.many(node, "securityServer")),
        tuple(map(_group, elements.many(node, "globalGroup"))),
        tuple(map(_central_service, elements.many(node, "centralService"))),
    )


def _source(node: Node) -> Source:
    """Return a publisher of the instance."""
    internal = tuple(elements.octets(each) for each in elements.many(node, "internalVerificationCert"))
    external = tuple(elements.octets(each) for each in elements.many(node, "externalVerificationCert"))
    return Source(elements.text(node, "address"), internal, external)


def _ca(node: Node) -> ApprovedCa:
    """Return an approved certification authority."""
    acme = elements.optional(node, "acmeServer")
    return ApprovedCa(
        elements.text(node, "name"),
        _ca_info(elements.one(node, "topCA")),
        elements.text(node, "certificateProfileInfo"),
        tuple(map(_ca_info, elements.many(node, "intermediateCA"))),
        elements.truth(node, "authenticationOnly"),
        elements.optional_text(node, "defaultCsrFormat") or "",
        None if acme is None else _acme(acme),
    )


def _ca_info(node: Node) -> CaInfo:
    """Return one certificate of an authority with its responders."""
    responders = [
        OcspResponder(elements.text(each, "url"), elements.optional_octets(each, "cert"), _cost(each))
        for each in elements.many(node, "ocsp")
    ]
    return CaInfo(elements.octets_of(node, "cert"), tuple(responders))


def _acme(node: Node) -> AcmeServer:
    """Return an authority's ACME interface."""
    return AcmeServer(
        elements.text(node, "directoryURL"),
        elements.optional_text(node, "ipAddress") or "",
        elements.optional_text(node, "authenticationCertificateProfileId") or "",
        elements.optional_text(node, "signingCertificateProfileId") or "",
    )


def _tsa(node: Node) -> ApprovedTsa:
    """Return an approved time-stamping authority."""
    name, url = elements.text(node, "name"), elements.text(node, "url")
    return ApprovedTsa(name, url, elements.octets_of(node, "cert"), _cost(node))


def _cost(node: Node) -> CostType | None:
    """Return what a trust service costs."""
    found = elements.optional_text(node, "costType")
    if found is not None and found not in CostType.__members__:
        raise ConfigurationMalformed("costType is none that is known")
    return None if found is None else CostType(found)


def _member(node: Node, instance: str) -> tuple[ListedMember, Mapping[str, ClientId]]:
    """Return a member, and the clients that the identifiers of its elements stand for."""
    kind = elements.one(node, "memberClass")
    code, member_class = elements.text(node, "memberCode"), elements.text(kind, "code")
    subsystems = elements.many(node, "subsystem")
    listed = ListedMember(
        ClientId(instance, member_class, code),
        elements.text(kind, "description"),
        elements.text(node, "name"),
        tuple(
            ListedSubsystem(
                elements.text(each, "subsystemCode"), elements.optional_text(each, "subsystemName")
            )
            for each in subsystems
        ),
    )
    if not member_class or not code or not all(each.code for each in listed.subsystems):
        raise ConfigurationMalformed("a member or subsystem has no code")
    references = [each.attributes.get("id", "") for each in (node, *subsystems)]
    if len(set(filter(None, references))) < len(list(filter(None, references))):
        raise ConfigurationMalformed("an identifier stands for two")
    return listed, dict(zip(references, (listed.id, *listed.clients), strict=True))


def _by_reference(listed: list[tuple[ListedMember, Mapping[str, ClientId]]]) -> Mapping[str, ClientId]:
    """Return every client by the identifier of its element; none may stand for two, none be listed twice."""
    found: dict[str, ClientId] = {}
    clients: set[ClientId] = set()
    for member, references in listed:
        own = {member.id, *member.clients}
        if references.keys() & found.keys() or own & clients or len(own) < len(member.subsystems) + 1:
            raise ConfigurationMalformed("a member, a subsystem or an identifier is listed twice")
        found.update({reference: client for reference, client in references.items() if reference})
        clients |= own
    return found


def _server(node: Node, ids: Mapping[str, ClientId]) -> ListedServer:
    """Return a security server."""
    owner = _referred(elements.text(node, "owner"), ids)
    if owner.subsystem:
        raise ConfigurationMalformed("a server's owner is a subsystem")
    maintenance = elements.optional(node, "inMaintenanceMode")
    return ListedServer(
        ServerId(owner, elements.text(node, "serverCode")),
        elements.optional_text(node, "address"),
        tuple(elements.octets(each) for each in elements.many(node, "authCertHash")),
        tuple(_referred(each.text.strip(), ids) for each in elements.many(node, "client")),
        None if maintenance is None else Maintenance(elements.optional_text(maintenance, "message")),
    )


def _referred(reference: str, ids: Mapping[str, ClientId]) -> ClientId:
    """Return the client that a reference stands for."""
    if reference not in ids:
        raise ConfigurationMalformed("a server refers to a member or subsystem that is not listed")
    return ids[reference]


def _group(node: Node) -> ListedGroup:
    """Return a global group."""
    members = tuple(elements.client(each) for each in elements.many(node, "groupMember"))
    return ListedGroup(elements.text(node, "groupCode"), elements.text(node, "description"), members)


def _central_service(node: Node) -> CentralService:
    """Return a central service and what implements it."""
    implementing, code = elements.optional(node, "implementingService"), elements.text(node, "serviceCode")
    if implementing is None:
        return CentralService(code)
    service = elements.identifier_text(implementing, "serviceCode") or ""
    version = elements.identifier_text(implementing, "serviceVersion")
    return CentralService(code, elements.client(implementing), service, version)


def _settings(node: Node) -> GlobalSettings:
    """Return the settings of the instance."""
    classes = tuple(
        MemberClass(elements.text(each, "code"), elements.text(each, "description"))
        for each in elements.many(node, "memberClass")
    )
    return GlobalSettings(classes, elements.number(node, "ocspFreshnessSeconds"))
