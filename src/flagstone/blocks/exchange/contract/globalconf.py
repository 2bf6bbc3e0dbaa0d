# SPDX-License-Identifier: EUPL-1.2
"""The global configuration: who belongs to an instance, whom it trusts, and where that is published.

The values follow the elements of shared and private parameters, versions 2 to 6, one by one and in their
order, so that what was read can be written again. Certificates are kept as they stand: DER, or PEM text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.kernel.findings import Outcome, Verdict

VERSION_MIN = 2
VERSION_MAX = 6

SHARED = "SHARED-PARAMETERS"
PRIVATE = "PRIVATE-PARAMETERS"
MONITORING = "MONITORING"
FETCH_INTERVAL = "FETCHINTERVAL"
NEXT_UPDATE = "NEXTUPDATE"

Certificate = bytes
"""A certificate as it stands in a configuration: DER, or the bytes of a PEM text."""


class Audience(Enum):
    """For whom a directory is: servers of the instance itself, or other instances that federate with it."""

    INTERNAL = "internalconf"
    EXTERNAL = "externalconf"


class CostType(Enum):
    """Whether a trust service is free (version 6)."""

    FREE = "FREE"
    PAID = "PAID"
    UNDEFINED = "UNDEFINED"


@dataclass(frozen=True)
class AnchorSource:
    """One place to download from, and the certificates of the keys that may sign there."""

    url: str
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True)
class Anchor:
    """Where trust in an instance begins: its name, its sources and their keys."""

    instance: str
    sources: tuple[AnchorSource, ...]
    generated_at: datetime | None = None


@dataclass(frozen=True)
class Source:
    """A publisher of the instance: `host[:port]`, and the keys of both its directories (from version 3)."""

    address: str
    internal: tuple[Certificate, ...] = ()
    external: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class OcspResponder:
    """An OCSP responder of an authority, with its certificate where it has one of its own."""

    url: str
    certificate: Certificate | None = None
    cost: CostType | None = None


@dataclass(frozen=True)
class CaInfo:
    """One certificate of an authority and the responders that answer for what it issued."""

    certificate: Certificate
    responders: tuple[OcspResponder, ...] = ()


@dataclass(frozen=True)
class AcmeServer:
    """An authority's ACME interface (from version 3; the profile names from version 4)."""

    directory_url: str
    ip_addresses: str = ""
    authentication_profile: str = ""
    signing_profile: str = ""


@dataclass(frozen=True)
class ApprovedCa:
    """A certification authority that the instance trusts; `profile` is the name of its certificate profile.

    `authentication_only` is None where the element is absent, which means the same as False.
    """

    name: str
    top: CaInfo
    profile: str
    intermediates: tuple[CaInfo, ...] = ()
    authentication_only: bool | None = None
    request_format: str = ""
    acme: AcmeServer | None = None


@dataclass(frozen=True)
class ApprovedTsa:
    """A time-stamping authority that the instance trusts."""

    name: str
    url: str
    certificate: Certificate
    cost: CostType | None = None


@dataclass(frozen=True)
class MemberClass:
    """A class of members and its words."""

    code: str
    description: str


@dataclass(frozen=True)
class ListedSubsystem:
    """A subsystem; `name` from version 5, None where absent."""

    code: str
    name: str | None = None


@dataclass(frozen=True)
class ListedMember:
    """A member with its subsystems; `id` has no subsystem."""

    id: ClientId
    description: str
    name: str
    subsystems: tuple[ListedSubsystem, ...] = ()

    @property
    def clients(self) -> tuple[ClientId, ...]:
        """Return the identifiers of the subsystems."""
        member = self.id
        return tuple(
            ClientId(member.instance, member.member_class, member.member_code, each.code)
            for each in self.subsystems
        )


@dataclass(frozen=True)
class Maintenance:
    """A server that carries nothing for now, and what is said of it (from version 5)."""

    message: str | None = None


@dataclass(frozen=True)
class ListedServer:
    """A security server: its host, the hashes of its authentication certificates, and whom it carries.

    The hashes are SHA-1 in version 2 and SHA-256 from version 3.
    """

    id: ServerId
    address: str | None = None
    auth_hashes: tuple[bytes, ...] = ()
    clients: tuple[ClientId, ...] = ()
    maintenance: Maintenance | None = None


@dataclass(frozen=True)
class ListedGroup:
    """A global group."""

    code: str
    description: str
    members: tuple[ClientId, ...] = ()


@dataclass(frozen=True)
class CentralService:
    """A service named by the centre (no longer used); what implements it: client, code, version."""

    code: str
    provider: ClientId | None = None
    service_code: str = ""
    service_version: str | None = None


@dataclass(frozen=True)
class GlobalSettings:
    """The member classes in use, and how old an OCSP answer may be, in seconds."""

    member_classes: tuple[MemberClass, ...] = ()
    ocsp_freshness_seconds: int = 3600


@dataclass(frozen=True)
class SharedParameters:
    """What everybody may know of an instance."""

    version: int
    instance: str
    settings: GlobalSettings
    sources: tuple[Source, ...] = ()
    cas: tuple[ApprovedCa, ...] = ()
    tsas: tuple[ApprovedTsa, ...] = ()
    members: tuple[ListedMember, ...] = ()
    servers: tuple[ListedServer, ...] = ()
    groups: tuple[ListedGroup, ...] = ()
    central_services: tuple[CentralService, ...] = ()

    @property
    def auth_hash(self) -> str:
        """Return the title of the digest by which servers' certificates are listed."""
        return "SHA-1" if self.version == VERSION_MIN else "SHA-256"


@dataclass(frozen=True)
class ManagementService:
    """Where servers ask to be registered."""

    registration_address: str
    provider: ClientId
    registration_certificate: Certificate | None = None


@dataclass(frozen=True)
class PrivateParameters:
    """What only the instance's own servers need: anchors of federated instances, and management."""

    instance: str
    management: ManagementService
    timestamping_seconds: int
    anchors: tuple[Anchor, ...] = ()


@dataclass(frozen=True)
class Part:
    """One file that a directory lists: where it is and the digest of its bytes, not in base64.

    `location` is a path, resolved against the address of the directory; `file_name` may be empty.
    """

    identifier: str
    instance: str
    location: str
    digest_uri: str
    digest: bytes
    file_name: str = ""


@dataclass(frozen=True)
class PartMetadata:
    """What is kept beside a part on disk; `version` is 0 and `expires_at` None where nothing says it."""

    identifier: str
    instance: str
    expires_at: datetime | None = None
    file_name: str = ""
    location: str = ""
    version: int = 0


@dataclass(frozen=True)
class InstanceConfiguration:
    """What is kept of one instance; other parts by their file's name, as bytes.

    `shared_until` and `private_until` are when each ceases to count, None where nothing says so.
    """

    instance: str
    shared: SharedParameters | None = None
    private: PrivateParameters | None = None
    shared_until: datetime | None = None
    private_until: datetime | None = None
    others: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class GlobalConfiguration:
    """A whole configuration: the server's own instance and those that federate with it."""

    instance: str
    instances: Mapping[str, InstanceConfiguration]

    @property
    def own(self) -> InstanceConfiguration:
        """Return the configuration of the server's own instance."""
        return self.instances.get(self.instance) or InstanceConfiguration(self.instance)


@dataclass(frozen=True)
class Approved:
    """The trust services of an instance, and the authentication certificates of its servers, as DER."""

    cas: tuple[ApprovedCa, ...] = ()
    tsas: tuple[ApprovedTsa, ...] = ()
    authentication: Mapping[ServerId, tuple[bytes, ...]] = field(default_factory=dict)


class ApprovedServices(Protocol):
    """Knows which trust services the governing authority has approved; asked before each publication."""

    def approved(self) -> Approved:
        """Return what is approved now."""
        ...


class NothingApproved:
    """Keeps `ApprovedServices` where there is no trust service yet."""

    def approved(self) -> Approved:
        """Return that nothing is approved."""
        return Approved()


class KeyState(Enum):
    """Where a signing key stands in its rotation; in all three states its certificate is published."""

    NEXT = "next"
    ACTIVE = "active"
    FORMER = "former"


@dataclass(frozen=True)
class InstanceTerms:
    """What a publisher says beside the directory: its own `host[:port]`, words of classes, intervals."""

    address: str
    management: ManagementService
    member_classes: Mapping[str, str] = field(default_factory=dict)
    timestamping_seconds: int = 60
    ocsp_freshness_seconds: int = 3600


@dataclass(frozen=True)
class PublishedKey:
    """One certificate under which a directory is or will be signed."""

    name: str
    audience: Audience
    state: KeyState
    subject: str
    sha256: str
    since: datetime


@dataclass(frozen=True)
class Publication:
    """What the centre published last: until when it counts, and by whom it is signed."""

    instance: str
    made_at: datetime
    expires_at: datetime
    versions: tuple[int, ...]
    stamp: str
    keys: tuple[PublishedKey, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Fetched:
    """How the last fetch of an instance's configuration ended; `url` is empty where none ever did well."""

    instance: str
    tried_at: datetime
    verdict: Verdict
    url: str = ""
    version: int = 0
    fetched_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def good(self) -> bool:
        """Tell whether the last try brought a configuration."""
        failed = any(each.outcome is Outcome.FAILS for each in self.verdict.findings)
        return self.fetched_at == self.tried_at and not failed
