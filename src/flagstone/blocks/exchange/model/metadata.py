# SPDX-License-Identifier: EUPL-1.2
"""What servers tell of themselves: clients, services, rights and descriptions (PR-META 2, PR-MREST 4 and 5).

`listClients` is asked of one's own server without any authentication; `listMethods`, `allowedMethods` and
`getOpenAPI` are ordinary messages to the provider's server, for which no right is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

from flagstone.blocks.exchange.contract.directory import Directory, Words
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import Endpoint, ServiceDefinition, ServiceKind
from flagstone.blocks.exchange.model import faults
from flagstone.blocks.exchange.model.access import Entry, glob_matches
from flagstone.blocks.exchange.model.faults import MessageFault

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A JSON value."""

LIST_METHODS, ALLOWED_METHODS, GET_OPENAPI = "listMethods", "allowedMethods", "getOpenAPI"
RESERVED = frozenset({LIST_METHODS, ALLOWED_METHODS, GET_OPENAPI, "getWsdl"})
"""Service codes that no service may have."""

_BASE = Endpoint()
_TYPES = {ServiceKind.REST: "REST", ServiceKind.OPENAPI3: "OPENAPI"}
_IDENTIFIERS, _XROAD = "http://x-road.eu/xsd/identifiers", "http://x-road.eu/xsd/xroad.xsd"
_FIELDS = (("xRoadInstance", 0), ("memberClass", 1), ("memberCode", 2), ("subsystemCode", 3))


def wants_json(accept: Iterable[str]) -> bool:
    """Tell whether one of the values of `Accept` names application/json, as `listClients` chooses."""
    offers = (offer for value in accept for offer in value.split(","))
    return any(offer.split(";", 1)[0].strip().lower() == "application/json" for offer in offers)


def clients_json(directory: Directory, instance: str) -> bytes:
    """Return the members and subsystems of `instance` as JSON; of an unknown instance none."""
    listed: list[dict[str, object]] = []
    for client, name, subsystem_name in _clients(directory, instance):
        entry: dict[str, object] = {"id": {"object_type": _kind(client), **_parts(client)}, "name": name}
        if subsystem_name is not None:
            entry["subsystem_name"] = subsystem_name
        listed.append(entry)
    return _json({"member": listed})


def clients_xml(directory: Directory, instance: str) -> bytes:
    """Return the members and subsystems of `instance` as a `clientList` document."""
    members = "".join(_client_xml(*each) for each in _clients(directory, instance))
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<xroad:clientList xmlns:xroad="{_XROAD}" xmlns:id="{_IDENTIFIERS}">{members}</xroad:clientList>'
    ).encode()


def instance_asked(query: str, own: str) -> str:
    """Return the instance that the query of `listClients` asks for, our `own` where it names none."""
    given = dict(parse_qsl(query, max_num_fields=100)).get("xRoadInstance", "")
    return given.strip() or own


def methods_json(services: Iterable[ServiceDefinition]) -> bytes:
    """Return these services with all their endpoints, as the answer to `listMethods`."""
    listed = [_service(each, [end for end in each.endpoints if end != _BASE]) for each in services]
    return _json({"service": listed})


def allowed_json(
    services: Mapping[ServiceId, tuple[ServiceDefinition, tuple[Entry, ...]]], client: ClientId
) -> bytes:
    """Return the services to which `client` has a right and what it may call, for `allowedMethods`."""
    listed: list[dict[str, object]] = []
    for definition, entries in services.values():
        held = [entry.endpoint for entry in entries if client in entry.subjects]
        if held:
            ends = [end for end in definition.endpoints if end != _BASE and _covered(end, held)]
            listed.append(_service(definition, ends))
    return _json({"service": listed})


def service_asked(query: bytes | None) -> str:
    """Return the service code that the query of `getOpenAPI` asks for; MessageFault invalid_request."""
    pairs = parse_qsl((query or b"").decode("ascii", "replace"), max_num_fields=100)
    codes = [value for name, value in pairs if name.lower() == "servicecode"]
    if not codes or not codes[-1]:
        raise MessageFault(faults.INVALID_REQUEST, "The query does not name a serviceCode.")
    return codes[-1]


def anonymised(document: Json) -> Json:
    """Return an OpenAPI 3 document whose servers show the path alone; addresses with variables stay.

    MessageFault internal_error when it is no OpenAPI 3 document.
    """
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise MessageFault(faults.INTERNAL, "The description of the service is no OpenAPI 3 document.")
    servers = document.get("servers")
    if not isinstance(servers, list):
        return document
    return {**document, "servers": [_anonymous(server) for server in servers]}


def _anonymous(server: Json) -> Json:
    url = server.get("url") if isinstance(server, dict) else None
    if not isinstance(server, dict) or not isinstance(url, str) or ("{" in url and "}" in url):
        return server
    try:
        return {**server, "url": urlsplit(url).path}
    except ValueError:
        raise MessageFault(
            faults.INTERNAL, "The description of the service names no proper server."
        ) from None


def _covered(endpoint: Endpoint, held: Iterable[Endpoint]) -> bool:
    return any(
        each.method in {"*", endpoint.method}
        and (each.path in {"**", endpoint.path} or glob_matches(each.path, endpoint.path))
        for each in held
    )


def _service(definition: ServiceDefinition, endpoints: Iterable[Endpoint]) -> dict[str, object]:
    return {
        **_parts(definition.id.provider),
        "object_type": "SERVICE",
        "service_code": definition.id.code,
        "service_type": _TYPES[definition.kind],
        "endpoint_list": [{"method": each.method, "path": each.path} for each in endpoints],
    }


def _clients(directory: Directory, instance: str) -> list[tuple[ClientId, str, str | None]]:
    """Return each client with its member's name, and its own where it is a subsystem."""
    names = {member.id: _plain(member.name) for member in directory.members}
    listed: list[tuple[ClientId, str, str | None]] = [(client, name, None) for client, name in names.items()]
    for subsystem in directory.subsystems:
        listed.append((subsystem.id, names.get(subsystem.id.member, ""), _plain(subsystem.name)))
    return sorted((each for each in listed if each[0].instance == instance), key=lambda each: each[0])


def _client_xml(client: ClientId, name: str, subsystem_name: str | None) -> str:
    values = (client.instance, client.member_class, client.member_code, client.subsystem)
    parts = "".join(f"<id:{field}>{escape(values[at])}</id:{field}>" for field, at in _FIELDS if values[at])
    own = (
        ""
        if subsystem_name is None
        else f"<xroad:subsystemName>{escape(subsystem_name)}</xroad:subsystemName>"
    )
    return (
        f"<xroad:member><xroad:id id:objectType={quoteattr(_kind(client))}>{parts}</xroad:id>"
        f"<xroad:name>{escape(name)}</xroad:name>{own}</xroad:member>"
    )


def _parts(client: ClientId) -> dict[str, str]:
    parts = {
        "xroad_instance": client.instance,
        "member_class": client.member_class,
        "member_code": client.member_code,
    }
    return {**parts, "subsystem_code": client.subsystem} if client.subsystem else parts


def _kind(client: ClientId) -> str:
    return "SUBSYSTEM" if client.subsystem else "MEMBER"


def _plain(words: Words) -> str:
    """Return the English words, or the first there are: the protocol has one name for each client."""
    return words.get("en") or next(iter(words.values()), "")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
