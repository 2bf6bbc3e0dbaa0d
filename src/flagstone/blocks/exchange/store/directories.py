# SPDX-License-Identifier: EUPL-1.2
"""The directory of the exchange in storage, one row for each member, subsystem, server and group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.model.directories import in_order
from flagstone.blocks.exchange.store import tables
from flagstone.blocks.exchange.store.rows import keep, keep_all, matching
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, select
from flagstone.platform.storage.writing import Writing


def directory(view: Reading) -> Directory | None:
    """Return the directory as it stands; None before there is any."""
    head = view.row(select(tables.directory))
    if head is None:
        return None
    return in_order(
        Directory(
            head["instance"],
            head["number"],
            parse_rfc3339(head["made_at"]),
            members=tuple(
                Member(names.member_named(row["id"]), row["name"]) for row in matching(view, tables.member)
            ),
            subsystems=tuple(
                Subsystem(names.subsystem_named(row["id"]), row["name"])
                for row in matching(view, tables.subsystem)
            ),
            servers=tuple(map(_server, matching(view, tables.server))),
            groups=tuple(map(_group, matching(view, tables.global_group))),
        )
    )


def checked_at(view: Reading) -> datetime | None:
    """Return when the directory was last found to be the newest."""
    found = view.scalar(select(tables.directory.c.checked_at))
    return None if found is None else parse_rfc3339(found)


def keep_directory(write: Writing, after: Directory) -> None:
    """Make the stored directory be `after`, checked now."""
    _keep_head(write, after)
    for table, rows in (
        (tables.member, ({"id": str(each.id), "name": dict(each.name)} for each in after.members)),
        (tables.subsystem, ({"id": str(each.id), "name": dict(each.name)} for each in after.subsystems)),
        (tables.server, map(_server_row, after.servers)),
        (tables.global_group, map(_group_row, after.groups)),
    ):
        keep_all(write, table, matching(write, table), rows)


def keep_checked(write: Writing, instance: str) -> None:
    """Note that the directory was found to be the newest now."""
    write.update(tables.directory, {"instance": instance}, {"checked_at": rfc3339(write.at)})


def _keep_head(write: Writing, after: Directory) -> None:
    head = {
        "instance": after.instance,
        "number": after.revision,
        "made_at": rfc3339(after.made_at),
        "checked_at": rfc3339(write.at),
    }
    keep(write, tables.directory, head)


def _server(row: Row) -> Server:
    return Server(
        names.server_named(row["id"]), row["address"], _clients(row["clients"]), row["in_maintenance"]
    )


def _server_row(server: Server) -> dict[str, Any]:
    return {
        "id": str(server.id),
        "address": server.address,
        "clients": _texts(server.clients),
        "in_maintenance": server.in_maintenance,
    }


def _group(row: Row) -> GlobalGroup:
    return GlobalGroup(row["code"], row["description"], _clients(row["members"]))


def _group_row(group: GlobalGroup) -> dict[str, Any]:
    return {
        "code": group.code,
        "description": dict(group.description),
        "members": _texts(group.members),
    }


def _clients(texts: Iterable[str]) -> frozenset[ClientId]:
    return frozenset(map(names.client_named, texts))


def _texts(clients: Iterable[ClientId]) -> list[str]:
    return sorted(map(str, clients))
