# SPDX-License-Identifier: EUPL-1.2
"""What changed between two configurations, in words of the domain."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum

from flagstone.blocks.exchange.contract.globalconf import (
    GlobalConfiguration,
    ListedMember,
    PrivateParameters,
    SharedParameters,
)

TEXT_LENGTH_MAX = 80
_NAMED = ("id", "code", "name", "instance", "address", "url")


class Kind(Enum):
    """How something differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """One thing that differs: where it is, which, and what it was and is."""

    kind: Kind
    what: str
    which: str
    before: str = ""
    after: str = ""


def differences(before: GlobalConfiguration, after: GlobalConfiguration) -> tuple[Difference, ...]:
    """Return what differs in the shared and private parameters of every instance."""
    found: list[Difference] = []
    if before.instance != after.instance:
        found.append(Difference(Kind.CHANGED, "own instance", "", before.instance, after.instance))
    old, new = before.instances, after.instances
    found += _by_key("instance", dict.fromkeys(old, ""), dict.fromkeys(new, ""))
    for name in sorted(old.keys() & new.keys()):
        was, now = old[name], new[name]
        if was.shared and now.shared:
            found += shared_differences(was.shared, now.shared)
        if was.private and now.private:
            found += private_differences(was.private, now.private)
    return tuple(found)


def shared_differences(before: SharedParameters, after: SharedParameters) -> Iterator[Difference]:
    """Yield what differs between two shared parameters; the order of things does not count."""
    if before.version != after.version:
        versions = str(before.version), str(after.version)
        yield Difference(Kind.CHANGED, "version", before.instance, *versions)
    for what, old, new in (
        ("source", before.sources, after.sources),
        ("certification authority", before.cas, after.cas),
        ("time-stamping authority", before.tsas, after.tsas),
        ("member", map(_alone, before.members), map(_alone, after.members)),
        ("subsystem", _subsystems(before), _subsystems(after)),
        ("server", before.servers, after.servers),
        ("group", before.groups, after.groups),
        ("central service", before.central_services, after.central_services),
        ("member class", before.settings.member_classes, after.settings.member_classes),
    ):
        yield from _by_key(what, _keyed(old), _keyed(new))
    seconds = before.settings.ocsp_freshness_seconds, after.settings.ocsp_freshness_seconds
    if seconds[0] != seconds[1]:
        yield Difference(Kind.CHANGED, "OCSP freshness", before.instance, *map(str, seconds))


def private_differences(before: PrivateParameters, after: PrivateParameters) -> Iterator[Difference]:
    """Yield what differs between two private parameters."""
    yield from _by_key("federated instance", _keyed(before.anchors), _keyed(after.anchors))
    for what, old, new in (
        ("management service", before.management, after.management),
        ("time-stamping interval", before.timestamping_seconds, after.timestamping_seconds),
    ):
        if old != new:
            yield Difference(Kind.CHANGED, what, before.instance, said(old), said(new))


def said(value: object) -> str:
    """Return a value in one line; bytes as the beginning of their SHA-256."""
    if isinstance(value, bytes):
        return f"SHA-256 {hashlib.sha256(value).hexdigest()[:16]}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | frozenset):
        return ", ".join(said(each) for each in value)
    if type(value).__str__ is not object.__str__:
        return str(value)
    if is_dataclass(value):
        pairs = ((each.name, getattr(value, each.name)) for each in fields(value))
        return "; ".join(f"{name} {said(found)}" for name, found in pairs if found not in (None, (), ""))
    return str(value)


def _subsystems(shared: SharedParameters) -> Iterator[tuple[str, str]]:
    """Yield every subsystem's identifier and name."""
    for member in shared.members:
        for client, subsystem in zip(member.clients, member.subsystems, strict=True):
            yield str(client), subsystem.name or ""


def _alone(member: ListedMember) -> tuple[str, str]:
    """Return a member without its subsystems."""
    return str(member.id), f"{member.name} ({member.description})"


def _keyed(things: Iterable[object]) -> Mapping[str, object]:
    """Return things by what names them; those of one name are taken together."""
    found: dict[str, list[object]] = {}
    for each in things:
        found.setdefault(_name(each), []).append(each)
    return {name: each[0] if len(each) == 1 else tuple(each) for name, each in found.items()}


def _name(thing: object) -> str:
    """Return what names a thing."""
    if isinstance(thing, tuple):
        return str(thing[0])
    return next((str(getattr(thing, name)) for name in _NAMED if hasattr(thing, name)), "")


def _by_key(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Difference]:
    """Yield what came, went and changed, by name."""
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Difference(Kind.REMOVED, what, name, before=_short(before[name]))
        elif name not in before:
            yield Difference(Kind.ADDED, what, name, after=_short(after[name]))
        elif _settled(before[name]) != _settled(after[name]):
            yield from _fields(what, name, before[name], after[name])


def _fields(what: str, name: str, before: object, after: object) -> Iterator[Difference]:
    """Yield each field of one thing that changed."""
    if not is_dataclass(before) or type(before) is not type(after):
        yield Difference(Kind.CHANGED, what, name, _short(before), _short(after))
        return
    for each in fields(before):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if _settled(old) != _settled(new):
            label = f"{what}, {each.name.replace('_', ' ')}"
            yield Difference(Kind.CHANGED, label, name, *_changed(old, new))


def _changed(before: object, after: object) -> tuple[str, str]:
    """Return what of a field went and came; of lists only what is not in both."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        old, new = set(before), set(after)
        return _short(tuple(each for each in before if each not in new)), _short(
            tuple(each for each in after if each not in old)
        )
    return _short(before), _short(after)


def _settled(value: object) -> Hashable:
    """Return a value in which the order of things does not count."""
    if isinstance(value, tuple):
        return frozenset(_settled(each) for each in value)
    if is_dataclass(value):
        return tuple(_settled(getattr(value, each.name)) for each in fields(value))
    return str(value)


def _short(value: object) -> str:
    text = said(value)
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[: TEXT_LENGTH_MAX - 1]}…"
