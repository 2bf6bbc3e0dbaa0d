# SPDX-License-Identifier: EUPL-1.2
"""The directory of the exchange: how the centre's decisions change it, and whether one can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.faults import ClientUnknown, DirectoryInvalid, IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.model import names

T = TypeVar("T", Member, Subsystem, Server)
MEMBERS_MAX = 20_000
SUBSYSTEMS_MAX = 50_000
SERVERS_MAX = 5_000
GROUPS_MAX = 1_000
LISTED_MAX = 1_000
WORDS_LENGTH_MAX = 500


def directory_of(plan: ExchangePlan, at: datetime) -> Directory:
    """Return the first directory of a country's exchange."""
    servers = [
        Server(each.id, each.address, frozenset(client.id for client in each.clients))
        for each in plan.servers.values()
    ]
    first = Directory(plan.instance, 1, at, plan.members, plan.subsystems, tuple(servers), plan.groups)
    return in_order(first)


def in_order(directory: Directory) -> Directory:
    """Return the same directory with everything in the order of identifiers, so that equal ones are equal."""
    return replace(
        directory,
        members=tuple(_sorted(directory.members)),
        subsystems=tuple(_sorted(directory.subsystems)),
        servers=tuple(_sorted(directory.servers)),
        groups=tuple(sorted(directory.groups, key=lambda each: each.code)),
    )


def with_member(directory: Directory, member: Member) -> Directory:
    """Return the directory with `member` in it; IdentifierInvalid when it cannot be one here."""
    _require_here(directory, member.id)
    if member.id.subsystem:
        raise IdentifierInvalid("a member has no subsystem")
    return replace(directory, members=_with(directory.members, member))


def with_subsystem(directory: Directory, subsystem: Subsystem) -> Directory:
    """Return the directory with `subsystem` in it; ClientUnknown unless its member is there."""
    _require_here(directory, subsystem.id)
    if not subsystem.id.subsystem:
        raise IdentifierInvalid("a subsystem has four parts")
    require_known(directory, [subsystem.id.member])
    return replace(directory, subsystems=_with(directory.subsystems, subsystem))


def with_server(directory: Directory, server: Server) -> Directory:
    """Return the directory with `server` in it; ClientUnknown unless owner and clients are there."""
    names.require_named(server.id)
    require_known(directory, [server.id.owner, *server.clients])
    if not is_address(server.address):
        raise IdentifierInvalid("the server's address must be http(s)://HOST:PORT")
    if any(each.address == server.address and each.id != server.id for each in directory.servers):
        raise IdentifierInvalid("another server has this address")
    return replace(directory, servers=_with(directory.servers, server))


def with_group(directory: Directory, group: GlobalGroup) -> Directory:
    """Return the directory with exactly these members of `group`; without members it is left out."""
    names.part(group.code)
    require_known(directory, group.members)
    others = [each for each in directory.groups if each.code != group.code]
    kept = sorted([*others, group] if group.members else others, key=lambda each: each.code)
    return replace(directory, groups=tuple(kept))


def without(directory: Directory, who: ClientId | ServerId) -> Directory:
    """Return the directory without a member and all that is its own, a subsystem, or a server."""
    if isinstance(who, ServerId):
        servers = tuple(each for each in directory.servers if each.id != who)
        if len(servers) == len(directory.servers):
            raise ClientUnknown(str(who))
        return replace(directory, servers=servers)
    require_known(directory, [who])

    def goes(client: ClientId) -> bool:
        return client == who or (not who.subsystem and client.member == who)

    return replace(
        directory,
        members=tuple(each for each in directory.members if not goes(each.id)),
        subsystems=tuple(each for each in directory.subsystems if not goes(each.id)),
        servers=tuple(
            replace(each, clients=frozenset(one for one in each.clients if not goes(one)))
            for each in directory.servers
            if not goes(each.id.owner)
        ),
        groups=tuple(
            replace(each, members=frozenset(one for one in each.members if not goes(one)))
            for each in directory.groups
        ),
    )


def require_known(directory: Directory, clients: Iterable[ClientId]) -> None:
    """Raise ClientUnknown for the first of `clients` that is not in the directory."""
    known = {each.id for each in directory.members} | {each.id for each in directory.subsystems}
    for client in sorted(clients):
        if client not in known:
            raise ClientUnknown(str(client))


def require_believable(directory: Directory, instance: str) -> None:
    """Raise DirectoryInvalid when a directory from elsewhere contradicts itself or breaks a bound."""
    for flaw in _unbelievable(directory, instance):
        raise DirectoryInvalid(flaw)


def is_address(address: str) -> bool:
    """Tell whether `address` is http(s)://HOST:PORT, plain http on the loopback only."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    if not (bare and parts.hostname and port and address.isascii() and address.isprintable()):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unbelievable(directory: Directory, instance: str) -> Iterator[str]:
    """Yield what is wrong with a directory whose parts are well formed."""
    if directory.instance != instance:
        yield "it is of another instance"
    if directory.revision < 1:
        yield "its revision is not above 0"
    for what, count, most in (
        ("members", len(directory.members), MEMBERS_MAX),
        ("subsystems", len(directory.subsystems), SUBSYSTEMS_MAX),
        ("servers", len(directory.servers), SERVERS_MAX),
        ("groups", len(directory.groups), GROUPS_MAX),
    ):
        if count > most:
            yield f"it has more than {most} {what}"
    yield from _repeated(directory)
    yield from _dangling(directory)


def _repeated(directory: Directory) -> Iterator[str]:
    for what, keys in (
        ("member", [str(each.id) for each in directory.members]),
        ("subsystem", [str(each.id) for each in directory.subsystems]),
        ("server", [str(each.id) for each in directory.servers]),
        ("address", [each.address for each in directory.servers]),
        ("group", [each.code for each in directory.groups]),
    ):
        if len(set(keys)) != len(keys):
            yield f"a {what} stands in it twice"


def _dangling(directory: Directory) -> Iterator[str]:
    members = {each.id for each in directory.members}
    known = members | {each.id for each in directory.subsystems}
    if any(each.id.member not in members for each in directory.subsystems):
        yield "a subsystem's member is missing"
    if any(each.instance != directory.instance for each in known):
        yield "somebody in it is of another instance"
    for server in directory.servers:
        if server.id.owner not in members or not server.clients <= known or not is_address(server.address):
            yield f"the server {server.id} cannot be"
    for listed in (
        *(each.clients for each in directory.servers),
        *(each.members for each in directory.groups),
    ):
        if len(listed) > LISTED_MAX or not listed <= known:
            yield "a list of clients is too long or names somebody unknown"


def _require_here(directory: Directory, client: ClientId) -> None:
    """Raise IdentifierInvalid when `client` is of another instance or cannot be written."""
    names.require_named(client)
    if client.instance != directory.instance:
        raise IdentifierInvalid(f"it is not of the instance {directory.instance}")


def _with(there: tuple[T, ...], one: T) -> tuple[T, ...]:
    kept: list[T] = [each for each in there if each.id != one.id]
    kept.append(one)
    return tuple(_sorted(kept))


def _sorted(items: Iterable[T]) -> list[T]:
    return sorted(items, key=lambda each: each.id)
