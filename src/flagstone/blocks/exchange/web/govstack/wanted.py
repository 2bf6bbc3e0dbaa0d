# SPDX-License-Identifier: EUPL-1.2
"""GovStack's configuration document (`IMconf`, Configuration Management API 1.0.1) read strictly.

Both spellings are taken: `specUrl` of the API and `spec_url` of the published sample; numbers where the
sample has them stand for their digits. What is left out stays `None`: it is not described.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.blocks.exchange.contract.faults import DescriptionRefused, IdentifierInvalid
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.service.documents import plain_data, text_of
from flagstone.kernel.errors import Fault, Flaw, Kind

ITEMS_MAX = 2_000
FLAWS_MAX = 100
CONNECTIONS = ("http", "https")


class ConfigurationInvalid(Fault):
    """A configuration cannot be taken; nothing was changed. `flaws` name each place."""

    code = "exchange.configuration-invalid"
    kind = Kind.INVALID
    title = "The configuration cannot be taken"
    remedy = "Mend the places named in `flaws` and send it again; nothing was changed."


@dataclass(frozen=True)
class Holder:
    """Who may call, as the document names it: a member by name, and its application."""

    member: str
    application: str


@dataclass(frozen=True)
class WantedService:
    """A service of the document; `place` is its pointer."""

    place: str
    code: str
    spec_url: str
    service_url: str
    rights: tuple[Holder, ...] | None


@dataclass(frozen=True)
class WantedApplication:
    """An application of the document; `connection` is empty where none is named."""

    place: str
    code: str
    connection: str
    services: tuple[WantedService, ...] | None


@dataclass(frozen=True)
class WantedMember:
    """A member of the document."""

    place: str
    name: str
    member_class: str
    code: str
    applications: tuple[WantedApplication, ...] | None


@dataclass(frozen=True)
class Wanted:
    """A whole document."""

    domain: str
    instance: str
    members: tuple[WantedMember, ...] | None


def read_wanted(body: bytes) -> Wanted:
    """Return what a JSON or YAML document wants; ConfigurationInvalid names at most `FLAWS_MAX` flaws."""
    try:
        data = plain_data(text_of(body))
    except DescriptionRefused as refused:
        raise ConfigurationInvalid(refused.detail) from None
    reading = _Reading()
    wanted = reading.document(data)
    if reading.flaws:
        raise ConfigurationInvalid(flaws=tuple(reading.flaws[:FLAWS_MAX]))
    return wanted


class _Reading:
    """Reads a document and collects what is wrong with it."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []

    def document(self, data: object) -> Wanted:
        node = self._mapping(data, "")
        members = self._list(node, "", "members")
        return Wanted(
            self._text(node, "", "domain"),
            self._code(node, "", "instance"),
            None if members is None else tuple(self._member(each, place) for place, each in members),
        )

    def _member(self, data: object, place: str) -> WantedMember:
        node = self._mapping(data, place)
        applications = self._list(node, place, "applications")
        return WantedMember(
            place,
            self._text(node, place, "name"),
            self._code(node, place, "class"),
            self._code(node, place, "code"),
            None if applications is None else tuple(self._application(e, at) for at, e in applications),
        )

    def _application(self, data: object, place: str) -> WantedApplication:
        node = self._mapping(data, place)
        services = self._list(node, place, "services")
        connection = self._text(node, place, "connection", optional=True)
        if connection not in {"", *CONNECTIONS}:
            self._flaw(f"{place}/connection", "it is http or https")
        return WantedApplication(
            place,
            self._code(node, place, "id"),
            connection,
            None if services is None else tuple(self._service(each, at) for at, each in services),
        )

    def _service(self, data: object, place: str) -> WantedService:
        node = self._mapping(data, place)
        both = {"specUrl": node.get("spec_url"), "serviceUrl": node.get("service_url")}
        node = {**{name: value for name, value in both.items() if value is not None}, **node}
        rights = self._list(node, place, "rights")
        return WantedService(
            place,
            self._code(node, place, "id"),
            self._text(node, place, "specUrl", optional=True),
            self._text(node, place, "serviceUrl"),
            None if rights is None else tuple(self._holder(each, at) for at, each in rights),
        )

    def _holder(self, data: object, place: str) -> Holder:
        node = self._mapping(data, place)
        return Holder(
            self._text(node, place, "member"), self._text(node, place, "application", optional=True)
        )

    def _mapping(self, data: object, place: str) -> Mapping[str, object]:
        if isinstance(data, Mapping):
            return data
        self._flaw(place, "it must be an object")
        return {}

    def _list(self, node: Mapping[str, object], place: str, name: str) -> list[tuple[str, object]] | None:
        value = node.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > ITEMS_MAX:
            self._flaw(f"{place}/{name}", f"it must be a list of at most {ITEMS_MAX}")
            return []
        return [(f"{place}/{name}/{number}", each) for number, each in enumerate(value)]

    def _text(self, node: Mapping[str, object], place: str, name: str, *, optional: bool = False) -> str:
        value = node.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or len(value) > 1_000 or not value.isprintable():
            self._flaw(f"{place}/{name}", "it must be text of at most 1000 characters")
            return ""
        if not value and not optional:
            self._flaw(f"{place}/{name}", "it must not be empty")
        return value

    def _code(self, node: Mapping[str, object], place: str, name: str) -> str:
        before = len(self.flaws)
        text = self._text(node, place, name)
        try:
            return names.part(text)
        except IdentifierInvalid:
            if len(self.flaws) == before:
                self._flaw(f"{place}/{name}", "it cannot be part of an identifier")
            return "-"

    def _flaw(self, place: str, message: str) -> None:
        self.flaws.append(Flaw(place, message))
