# SPDX-License-Identifier: EUPL-1.2
"""The parameters that a centre publishes, made of its directory and of the trust services it approved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from flagstone.blocks.exchange.contract.directory import Directory, Member, Server, Words
from flagstone.blocks.exchange.contract.globalconf import (
    Anchor,
    Approved,
    GlobalSettings,
    InstanceTerms,
    ListedGroup,
    ListedMember,
    ListedServer,
    ListedSubsystem,
    Maintenance,
    MemberClass,
    PrivateParameters,
    SharedParameters,
    Source,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId

LANGUAGE = "en"
"""A configuration has room for one language; this one, or whichever there is."""


def shared_parameters(
    directory: Directory,
    approved: Approved,
    terms: InstanceTerms,
    *,
    version: int,
    sources: Sequence[Source],
    hash_of: Callable[[bytes], bytes],
) -> SharedParameters:
    """Return the shared parameters of `version`; `hash_of` is the digest by which certificates are listed."""
    members = tuple(_members(directory, terms))
    listed = {client for member in members for client in (member.id, *member.clients)}
    hashed = {server: tuple(map(hash_of, found)) for server, found in approved.authentication.items()}
    return SharedParameters(
        version,
        directory.instance,
        _settings(members, terms),
        tuple(sources),
        approved.cas,
        approved.tsas,
        members,
        tuple(
            _server(each, hashed.get(each.id, ()), listed)
            for each in directory.servers
            if each.id.owner in listed
        ),
        tuple(
            ListedGroup(each.code, word(each.description) or each.code, tuple(sorted(each.members)))
            for each in directory.groups
        ),
    )


def private_parameters(
    directory: Directory, terms: InstanceTerms, anchors: Iterable[Anchor] = ()
) -> PrivateParameters:
    """Return the private parameters; `anchors` are those of federated instances."""
    return PrivateParameters(directory.instance, terms.management, terms.timestamping_seconds, tuple(anchors))


def word(words: Words) -> str:
    """Return words in the language that a configuration has room for."""
    return words.get(LANGUAGE) or next(iter(words.values()), "")


def _members(directory: Directory, terms: InstanceTerms) -> Iterator[ListedMember]:
    """Yield every member with its subsystems."""
    subsystems: dict[ClientId, list[ListedSubsystem]] = {}
    for each in directory.subsystems:
        listed = ListedSubsystem(each.id.subsystem, word(each.name) or None)
        subsystems.setdefault(each.id.member, []).append(listed)
    for member in directory.members:
        named = _class_words(member, terms)
        own = tuple(subsystems.get(member.id, ()))
        yield ListedMember(member.id, named, word(member.name) or member.id.member_code, own)


def _class_words(member: Member, terms: InstanceTerms) -> str:
    """Return the words of a member's class; its code where there are none."""
    return terms.member_classes.get(member.id.member_class, member.id.member_class)


def _server(server: Server, hashes: tuple[bytes, ...], listed: set[ClientId]) -> ListedServer:
    """Return a server; its address is the host alone, for messages have one port."""
    return ListedServer(
        server.id,
        urlsplit(server.address).hostname or server.address or None,
        hashes,
        tuple(sorted(server.clients & listed)),
        Maintenance() if server.in_maintenance else None,
    )


def _settings(members: Sequence[ListedMember], terms: InstanceTerms) -> GlobalSettings:
    """Return the settings, with every class that is named or in use."""
    words = {each.id.member_class: each.description for each in members} | dict(terms.member_classes)
    classes = tuple(MemberClass(code, words[code]) for code in sorted(words))
    return GlobalSettings(classes, terms.ocsp_freshness_seconds)
