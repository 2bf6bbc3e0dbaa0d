# SPDX-License-Identifier: EUPL-1.2
"""What this server offers to whom, in storage: clients, services with their descriptions, rights, groups."""

from __future__ import annotations

import base64
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Connection,
    Endpoint,
    LocalClient,
    LocalGroup,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names, places
from flagstone.blocks.exchange.store import tables
from flagstone.blocks.exchange.store.rows import keep, keep_all, matching
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

PART_BYTES = 40_000


def clients(view: Reading) -> dict[ClientId, LocalClient]:
    """Return this server's clients by id."""
    found = [
        LocalClient(
            names.client_named(row["id"]),
            Connection(row["connection"]),
            tuple(base64.b64decode(each) for each in row["certificates"]),
        )
        for row in matching(view, tables.client)
    ]
    return {each.id: each for each in found}


def keep_client(write: Writing, client: LocalClient) -> bool:
    """Make `client` be a client of this server; tell whether anything had to change."""
    certificates = [base64.b64encode(each).decode() for each in client.certificates]
    row = {"id": str(client.id), "connection": client.connection.value, "certificates": certificates}
    return keep(write, tables.client, row)


def drop_client(write: Writing, client: ClientId) -> None:
    """Remove a client, its services and its local groups."""
    for row in matching(write, tables.service, provider=str(client)):
        drop_service(write, names.service_named(row["id"]))
    for row in matching(write, tables.local_group, provider=str(client)):
        write.erase(tables.local_group, {"provider": row["provider"], "code": row["code"]})
    write.erase(tables.client, {"id": str(client)})


def services(view: Reading) -> dict[ServiceId, ServiceDefinition]:
    """Return this server's services by id."""
    endpoints: dict[str, list[Endpoint]] = defaultdict(list)
    for row in matching(view, tables.endpoint):
        endpoints[row["service"]].append(Endpoint(row["method"], row["path"]))
    described: dict[str, bytes] = defaultdict(bytes)
    for row in matching(view, tables.description):
        described[row["service"]] += row["content"]
    found = [
        _definition(row, tuple(endpoints[row["id"]]), described[row["id"]])
        for row in matching(view, tables.service)
    ]
    return {each.id: each for each in found}


def keep_service(write: Writing, definition: ServiceDefinition) -> bool:
    """Make `definition` be offered as it is; tell whether anything had to change."""
    identifier = str(definition.id)
    row = {"id": identifier, "provider": str(definition.id.provider), "definition": _mapping(definition)}
    changed = keep(write, tables.service, row)
    pairs = {(each.method, each.path) for each in definition.endpoints}
    wanted = [{"service": identifier, "method": method, "path": path} for method, path in sorted(pairs)]
    there = matching(write, tables.endpoint, service=identifier)
    changed = keep_all(write, tables.endpoint, there, wanted) or changed
    parts = _parts(identifier, definition.description)
    there = matching(write, tables.description, service=identifier)
    return keep_all(write, tables.description, there, parts) or changed


def drop_service(write: Writing, service: ServiceId) -> None:
    """Remove a service, its endpoints, its description and the rights to it."""
    for table in (tables.access_right, tables.endpoint, tables.description):
        keep_all(write, table, matching(write, table, service=str(service)), [])
    write.erase(tables.service, {"id": str(service)})


def rights(view: Reading) -> dict[ServiceId, tuple[Right, ...]]:
    """Return the rights to each service."""
    found: dict[ServiceId, list[Right]] = defaultdict(list)
    for row in matching(view, tables.access_right):
        right = _right(row)
        found[right.service].append(right)
    return {service: tuple(each) for service, each in found.items()}


def keep_right(write: Writing, right: Right) -> bool:
    """Make `right` be given, with its purpose; tell whether anything had to change."""
    purpose = {"purpose": right.purpose.words, "legal_basis": right.purpose.legal_basis}
    return keep(write, tables.access_right, {**_right_key(right), **purpose})


def drop_right(write: Writing, right: Right) -> None:
    """Take `right` away."""
    write.erase(tables.access_right, _right_key(right))


def groups(view: Reading) -> tuple[LocalGroup, ...]:
    """Return the local groups."""
    return tuple(
        LocalGroup(
            names.subsystem_named(row["provider"]),
            row["code"],
            row["description"],
            frozenset(map(names.client_named, row["members"])),
        )
        for row in matching(view, tables.local_group)
    )


def keep_group(write: Writing, group: LocalGroup) -> bool:
    """Make `group` have exactly its members; tell whether anything had to change."""
    row = {**_group_key(group), "description": group.description, "members": sorted(map(str, group.members))}
    return keep(write, tables.local_group, row)


def drop_group(write: Writing, group: LocalGroup) -> None:
    """Remove `group`."""
    write.erase(tables.local_group, _group_key(group))


def _group_key(group: LocalGroup) -> dict[str, str]:
    return {"provider": str(group.provider), "code": group.code}


def _right(row: Row) -> Right:
    return Right(
        names.subject_named(row["subject"]),
        names.service_named(row["service"]),
        Endpoint(row["method"], row["path"]),
        Purpose(row["purpose"], row["legal_basis"]),
    )


def _right_key(right: Right) -> dict[str, str]:
    return {
        "service": str(right.service),
        "method": right.endpoint.method,
        "path": right.endpoint.path,
        "subject": names.named_subject(right.subject),
    }


def _mapping(definition: ServiceDefinition) -> dict[str, Any]:
    """Return a definition as plain data, without what has tables of its own."""
    refreshed = definition.refreshed_at
    return {
        "kind": definition.kind.value,
        "url": definition.url,
        "title": dict(definition.title),
        "timeout_seconds": definition.timeout_seconds,
        "enabled": definition.enabled,
        "disabled_notice": definition.disabled_notice,
        "local": definition.local,
        "acts_as": definition.acts_as.value,
        "personal": definition.personal,
        "hiders": [str(each) for each in definition.hiders],
        "person_at": [places.named_place(each) for each in definition.person_at],
        "purpose": definition.purpose.words,
        "legal_basis": definition.purpose.legal_basis,
        "description_url": definition.description_url,
        "refreshed_at": None if refreshed is None else rfc3339(refreshed),
    }


def _definition(row: Row, endpoints: tuple[Endpoint, ...], described: bytes) -> ServiceDefinition:
    """Return the service of a row."""
    known: Mapping[str, Any] = row["definition"]
    refreshed = known["refreshed_at"]
    return ServiceDefinition(
        id=names.service_named(row["id"]),
        kind=ServiceKind(known["kind"]),
        url=known["url"],
        title=known["title"],
        timeout_seconds=known["timeout_seconds"],
        enabled=known["enabled"],
        disabled_notice=known["disabled_notice"],
        local=known["local"],
        acts_as=ActsAs(known["acts_as"]),
        personal=known["personal"],
        hiders=tuple(names.client_named(each) for each in known.get("hiders", ())),
        person_at=tuple(places.place_named(each) for each in known.get("person_at", ())),
        purpose=Purpose(known["purpose"], known["legal_basis"]),
        endpoints=endpoints,
        description=zlib.decompress(described).decode() if described else "",
        description_url=known["description_url"],
        refreshed_at=None if refreshed is None else parse_rfc3339(refreshed),
    )


def _parts(service: str, description: str) -> Iterable[dict[str, Any]]:
    """Yield the rows of a description."""
    packed = zlib.compress(description.encode(), 9) if description else b""
    for number, start in enumerate(range(0, len(packed), PART_BYTES)):
        yield {"service": service, "number": number, "content": packed[start : start + PART_BYTES]}
