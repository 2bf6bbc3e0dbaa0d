# SPDX-License-Identifier: EUPL-1.2
"""What one server offers and to whom: its clients, services, endpoints, local groups and rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from flagstone.blocks.exchange.contract.directory import Directory, Words
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId, Subject


class Connection(Enum):
    """How an information system shows its server that it is the client it names."""

    NOSSL = "NOSSL"  # it need not; the loopback only
    SSLNOAUTH = "SSLNOAUTH"  # https, without a certificate of its own
    SSLAUTH = "SSLAUTH"  # https with one of the registered certificates, compared byte by byte
    INTERNAL = "INTERNAL"  # a part of this very site, with the site's own secret in `Flagstone-Client-Secret`


@dataclass(frozen=True)
class LocalClient:
    """A subsystem whose messages this server carries; `certificates` are DER."""

    id: ClientId
    connection: Connection = Connection.NOSSL
    certificates: tuple[bytes, ...] = ()


class ServiceKind(Enum):
    """How a service describes itself."""

    REST = "REST"
    OPENAPI3 = "OPENAPI3"


class ActsAs(Enum):
    """In whose name a local service is called: the asking system's, or the person's whom it names."""

    SYSTEM = "system"
    PERSON = "person"


class PersonPlace(Enum):
    """In which part of an exchange a service's messages name the person."""

    PATH = "path"  # a segment of the service's part of the path
    QUERY = "query"  # a parameter of the query
    REQUEST = "request"  # a value in the JSON body of the request
    RESPONSE = "response"  # a value in the JSON body of the answer


@dataclass(frozen=True, order=True)
class PersonAt:
    """Where messages name the person whose data they use.

    `name` is for PATH a template such as `/people/{person}/returns` (`*` is any segment), for QUERY the
    parameter's name, for the bodies a JSON pointer (RFC 6901) in which `*` is each value of a list.
    """

    place: PersonPlace
    name: str


@dataclass(frozen=True, order=True)
class Endpoint:
    """A method and a path glob of a service; `*` is any method, `**` any path."""

    method: str = "*"
    path: str = "**"


@dataclass(frozen=True)
class Purpose:
    """Why data is asked for, and by which law; empty text where nothing was declared."""

    words: str = ""
    legal_basis: str = ""


@dataclass(frozen=True)
class ServiceDefinition:
    """A service of a local subsystem: where it is, how long it may take, what it is described by.

    `local` marks a service of this very site, whose `url` is a path there; it is called with a ticket.
    `personal` marks services that tell of persons: a purpose is then demanded. `hiders` are the clients that
    by law may keep a use undescribed to the person for a while (`Flagstone-Hidden-Until`); nobody else may.
    `person_at` are the places where a service that is none of our registers names the persons, so that a use
    of their data is recorded for them; whoever is named at any of them is meant.
    `description` is the OpenAPI document as text, empty for a bare REST service; `description_url` is where
    it is refreshed from.
    """

    id: ServiceId
    kind: ServiceKind
    url: str
    title: Words = field(default_factory=dict)
    timeout_seconds: int = 60
    enabled: bool = True
    disabled_notice: str = ""
    local: bool = False
    acts_as: ActsAs = ActsAs.SYSTEM
    personal: bool = False
    hiders: tuple[ClientId, ...] = ()
    person_at: tuple[PersonAt, ...] = ()
    purpose: Purpose = Purpose()
    endpoints: tuple[Endpoint, ...] = ()
    description: str = field(default="", repr=False)
    description_url: str = ""
    refreshed_at: datetime | None = None


@dataclass(frozen=True)
class Right:
    """`subject` may call the endpoint of `service`; `purpose` is what that client declared beforehand."""

    subject: Subject
    service: ServiceId
    endpoint: Endpoint = Endpoint()
    purpose: Purpose = Purpose()


@dataclass(frozen=True)
class LocalGroup:
    """Clients that one provider gives rights to together."""

    provider: ClientId
    code: str
    description: str
    members: frozenset[ClientId]


@dataclass(frozen=True)
class Snapshot:
    """All that one server needs to know to carry messages, at one moment; never changed, only replaced."""

    server: ServerId
    directory: Directory
    clients: Mapping[ClientId, LocalClient]
    services: Mapping[ServiceId, ServiceDefinition]
    rights: Mapping[ServiceId, tuple[Right, ...]]
    local_groups: tuple[LocalGroup, ...] = ()
    addresses: Mapping[ServerId, str] = field(default_factory=dict)  # known better than the directory's
