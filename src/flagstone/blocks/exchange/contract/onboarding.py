# SPDX-License-Identifier: EUPL-1.2
"""How a system comes onto the exchange: from a file, a register or an API to another agency's first call.

`Onboarding` offers something as a service, gives the right and makes the first call; nine checks, each
green or red with a stable reason, say where it stands. The words of both are the caller's, by code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO, Protocol

from flagstone.blocks.exchange.contract.directory import Words
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import Purpose, ServiceDefinition
from flagstone.kernel.audit import Caller, Reason

CSV_BYTES_MAX = 10 * 1024 * 1024


class Check(Enum):
    """The nine checks, in the order in which they make sense."""

    ORGANISATION_KNOWN = "organisation-known"
    SUBSYSTEM_REGISTERED = "subsystem-registered"
    SERVER_CARRIES = "server-carries"
    DIRECTORY_FRESH = "directory-fresh"
    SERVICE_ANSWERS = "service-answers"
    DESCRIPTION_VALID = "description-valid"
    RIGHT_GIVEN = "right-given"
    CALL_PASSES = "call-passes"
    HEARTBEAT_GREEN = "heartbeat-green"


class Why(Enum):
    """Why a check is not green; what to do is known by the same code."""

    MEMBER_UNKNOWN = "member-unknown"
    SUBSYSTEM_UNKNOWN = "subsystem-unknown"
    SUBSYSTEM_MISSING = "subsystem-missing"  # the identifier names a member only
    NOT_CARRIED_HERE = "not-carried-here"
    SERVER_NOT_IN_DIRECTORY = "server-not-in-directory"
    SERVER_IN_MAINTENANCE = "server-in-maintenance"
    DIRECTORY_MISSING = "directory-missing"
    DIRECTORY_OLD = "directory-old"
    SERVICE_UNKNOWN = "service-unknown"
    SERVICE_DISABLED = "service-disabled"
    SERVICE_UNREACHABLE = "service-unreachable"
    SERVICE_FAILS = "service-fails"
    DESCRIPTION_MISSING = "description-missing"
    DESCRIPTION_BROKEN = "description-broken"
    DESCRIPTION_OLD = "description-old"
    NOBODY_MAY_CALL = "nobody-may-call"
    CLIENT_MAY_NOT_CALL = "client-may-not-call"
    CLIENT_UNKNOWN = "client-unknown"
    CLIENT_ELSEWHERE = "client-elsewhere"  # another server carries the client; try the call from there
    PURPOSE_MISSING = "purpose-missing"
    CALL_REFUSED = "call-refused"
    CALL_FAILED = "call-failed"
    HEARTBEAT_MISSING = "heartbeat-missing"
    HEARTBEAT_FAILS = "heartbeat-fails"
    EARLIER_CHECK = "earlier-check"  # not tried, because an earlier one is red


class Colour(Enum):
    """What a check came to."""

    GREEN = "green"
    RED = "red"
    WAITING = "waiting"  # not tried yet


@dataclass(frozen=True)
class CheckResult:
    """One check: its colour, and unless it is green, why; `names` are what the words may name.

    Keys of `names` in use: member, subsystem, server, service, client, code (of a fault), seconds, check.
    """

    check: Check
    colour: Colour
    why: Why | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Offering:
    """What is to be offered, to whom, and why they will ask; `personal` demands a purpose on each call."""

    service: ServiceId
    title: Words
    clients: tuple[ClientId, ...] = ()
    purpose: Purpose = field(default_factory=Purpose)
    personal: bool = False


@dataclass(frozen=True)
class Columns:
    """Which columns of a file are fields that callers see (by default none), and what they are.

    `key` names the column whose value is the record's id, empty for running numbers; `person` the column
    that holds personal codes of whom a row concerns, empty when the rows concern nobody.
    """

    shown: frozenset[str] = frozenset()
    key: str = ""
    person: str = ""


@dataclass(frozen=True)
class Preview:
    """The header of a file by the codes its columns would get, its first values, and its count of rows.

    `looks_personal` are the columns whose name or values look like data of persons.
    """

    columns: tuple[str, ...]
    examples: Mapping[str, str] = field(repr=False)
    rows: int
    looks_personal: frozenset[str] = frozenset()


class Onboarding(Protocol):
    """Kept by `service.onboarding.Steps`; needs the role `operator`, `auditor` may run the checks."""

    def preview(self, caller: Caller, csv: BinaryIO) -> Preview:
        """Read a CSV file's header and count its rows; FileRefused names what is wrong."""
        ...

    def offer_file(
        self, caller: Caller, offering: Offering, columns: Columns, csv: BinaryIO, reason: Reason
    ) -> ServiceDefinition:
        """Make a register of a CSV file, offer it as a service with its description, and give the rights.

        May be repeated: the rows are then taken anew. FileRefused; ServiceInvalid; ClientUnknown.
        """
        ...

    def offer_register(
        self, caller: Caller, offering: Offering, register: str, reason: Reason
    ) -> ServiceDefinition:
        """Offer a register that is there as a service, and give the rights; ServiceInvalid."""
        ...

    def offer_api(self, caller: Caller, offering: Offering, api: Api, reason: Reason) -> ServiceDefinition:
        """Offer an HTTP API as a service, and give the rights; DescriptionRefused, ServiceInvalid."""
        ...

    def checks(self, caller: Caller, service: ServiceId, client: ClientId) -> tuple[CheckResult, ...]:
        """Run the nine checks in order, the first call by `client` among them; at most 20 seconds."""
        ...


@dataclass(frozen=True)
class Api:
    """An HTTP API as it is: its address, and its OpenAPI document as text or by address, or neither."""

    url: str
    description: str = field(default="", repr=False)
    description_url: str = ""
