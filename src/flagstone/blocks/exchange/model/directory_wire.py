# SPDX-License-Identifier: EUPL-1.2
"""The directory as plain data, for the way from the centre to the others: organisations, no persons.

Reading is strict: an unknown shape, a bad identifier or too long a text is DirectoryInvalid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.faults import DirectoryInvalid, IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.model.directories import WORDS_LENGTH_MAX
from flagstone.kernel.clock import parse_rfc3339, rfc3339

T = TypeVar("T")
LANGUAGES_MAX = 20
ITEMS_MAX = 100_000
ADDRESS_LENGTH_MAX = 300


def as_mapping(directory: Directory) -> dict[str, Any]:
    """Return the directory as plain data."""
    return {
        "instance": directory.instance,
        "revision": directory.revision,
        "made_at": rfc3339(directory.made_at),
        "members": [{"id": str(each.id), "name": dict(each.name)} for each in directory.members],
        "subsystems": [{"id": str(each.id), "name": dict(each.name)} for each in directory.subsystems],
        "servers": [
            {
                "id": str(each.id),
                "address": each.address,
                "clients": _texts(each.clients),
                "in_maintenance": each.in_maintenance,
            }
            for each in directory.servers
        ],
        "groups": [
            {
                "code": each.code,
                "description": dict(each.description),
                "members": _texts(each.members),
            }
            for each in directory.groups
        ],
    }


def parse_directory(data: object) -> Directory:
    """Return the directory that `data` describes; DirectoryInvalid, which names no content."""
    try:
        return _directory(_Shape(data))
    except (ValueError, IdentifierInvalid) as error:
        raise DirectoryInvalid("it does not have the shape of a directory") from error


class _Shape:
    """Plain data that must have a shape; ValueError otherwise."""

    def __init__(self, data: object) -> None:
        if not isinstance(data, Mapping):
            raise ValueError("not a mapping")  # noqa: TRY004 - wrong shapes are one sort of error
        self._data: Mapping[object, object] = data

    def text(self, name: str) -> str:
        value = self._data.get(name)
        if not isinstance(value, str) or len(value) > names.TEXT_LENGTH_MAX:
            raise ValueError(name)
        return value

    def number(self, name: str) -> int:
        value = self._data.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
            raise ValueError(name)
        return value

    def truth(self, name: str) -> bool:
        value = self._data.get(name)
        if not isinstance(value, bool):
            raise ValueError(name)  # noqa: TRY004 - as above
        return value

    def words(self, name: str) -> dict[str, str]:
        value = self._data.get(name)
        if not isinstance(value, Mapping) or len(value) > LANGUAGES_MAX:
            raise ValueError(name)
        for language, words in value.items():
            if not isinstance(language, str) or not isinstance(words, str):
                raise ValueError(name)  # noqa: TRY004 - as above
            if len(language) > LANGUAGES_MAX or len(words) > WORDS_LENGTH_MAX or not words.isprintable():
                raise ValueError(name)
        return dict(value)

    def each(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        value = self._data.get(name)
        if not isinstance(value, list) or len(value) > ITEMS_MAX:
            raise ValueError(name)
        return tuple(map(read, value))

    def clients(self, name: str) -> frozenset[ClientId]:
        return frozenset(self.each(name, _client))


def _directory(shape: _Shape) -> Directory:
    return Directory(
        instance=names.part(shape.text("instance")),
        revision=shape.number("revision"),
        made_at=parse_rfc3339(shape.text("made_at")),
        members=shape.each("members", lambda data: _member(_Shape(data))),
        subsystems=shape.each("subsystems", lambda data: _subsystem(_Shape(data))),
        servers=shape.each("servers", lambda data: _server(_Shape(data))),
        groups=shape.each("groups", lambda data: _group(_Shape(data))),
    )


def _member(shape: _Shape) -> Member:
    return Member(names.member_named(shape.text("id")), shape.words("name"))


def _subsystem(shape: _Shape) -> Subsystem:
    return Subsystem(names.subsystem_named(shape.text("id")), shape.words("name"))


def _server(shape: _Shape) -> Server:
    address = shape.text("address")
    if len(address) > ADDRESS_LENGTH_MAX:
        raise ValueError("address")
    return Server(
        names.server_named(shape.text("id")), address, shape.clients("clients"), shape.truth("in_maintenance")
    )


def _group(shape: _Shape) -> GlobalGroup:
    return GlobalGroup(names.part(shape.text("code")), shape.words("description"), shape.clients("members"))


def _client(value: object) -> ClientId:
    if not isinstance(value, str):
        raise ValueError("client")  # noqa: TRY004 - as above
    return names.client_named(value)


def _texts(clients: Iterable[ClientId]) -> list[str]:
    return sorted(map(str, clients))
