# SPDX-License-Identifier: EUPL-1.2
"""What the message log keeps of each message that passed, and how it is searched."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.kernel.audit import Reason
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode


class Side(Enum):
    """Which end of an exchange a record was written at."""

    CONSUMER = "consumer"
    PROVIDER = "provider"


@dataclass(frozen=True)
class RequestLogged:
    """A request as it passed: `head` is the header block that is hashed, `body_hash` SHA-512 of the body.

    `body_hash` and `body_bytes` are empty and 0 while a streamed body has not passed yet.
    """

    exchange: str  # X-Road-Request-Id: one exchange, the same at both ends
    side: Side
    at: datetime
    message_id: str  # X-Road-Id
    client: ClientId
    service: ServiceId
    method: str
    head: bytes = field(repr=False)
    purpose: str = ""
    legal_basis: str = ""
    case: str = ""
    issue: str = ""
    peer: str = ""  # the other server, as text
    personal: bool = False


@dataclass(frozen=True)
class ResponseLogged:
    """How an exchange ended: the provider's status, or the fault's code when it failed."""

    exchange: str
    side: Side
    at: datetime
    status: int
    fault: str = ""
    head: bytes = field(default=b"", repr=False)
    request_hash: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    response_hash: str = ""
    usage_count: int | None = None
    milliseconds: int = 0


@dataclass(frozen=True)
class PersonsUsed:
    """Whose data an answer uses, to be told to the tracker; `persons` by the id of each use to be.

    `user` is the end user whom the asking system names. `unread` says in English, without any data, why not
    everybody could be read from the message; it is empty when everybody was.
    """

    exchange: str
    at: datetime
    message_id: str
    client: ClientId
    service: ServiceId
    persons: Mapping[str, PersonCode] = field(repr=False)
    reason: Reason
    user: str = field(default="", repr=False)
    unread: str = ""


@dataclass(frozen=True)
class DataUsed:
    """Persons' data was used by an answer of a service of this server; `sealed` is who, by whom and why."""

    exchange: str
    sealed: str


class LogFailed(Fault):
    """A record could not be written; the message is refused rather than passed on unseen."""

    code = "exchange.log-failed"
    kind = Kind.UNAVAILABLE
    title = "The message log cannot be written"
    remedy = "Make room on the disk or start the database; messages pass again by themselves."


class MessageLog(Protocol):
    """Where the message path writes what passes; each method returns at once and never blocks."""

    def request(self, record: RequestLogged) -> Future[None]:
        """Write a request, soon or at once after `hurry`; done when on disk, LogFailed when it cannot be.

        A log that has no room to take another record answers LogFailed at once.
        """
        ...

    def used(self, record: PersonsUsed) -> Future[None]:
        """Write whose data an answer uses, likewise; done when it is on disk, LogFailed when it cannot be.

        What is on disk is published as `DataUsed`, at least once.
        """
        ...

    def hurry(self) -> None:
        """Write at once what waits; to be called when its caller has nothing better to do, once for many."""
        ...

    def response(self, record: ResponseLogged) -> None:
        """Write how an exchange ended; soon, in order, and never before its request."""
        ...


@dataclass(frozen=True)
class Exchanged:
    """One exchange as the log has it at this end; `response` is None while nothing came back."""

    request: RequestLogged
    response: ResponseLogged | None


@dataclass(frozen=True)
class LogQuery:
    """What to look for; every part that is given must match. Times are UTC; pages count from 1."""

    exchange: str = ""  # X-Road-Request-Id: one exchange, at either end
    message_id: str = ""
    client: ClientId | None = None
    service: ServiceId | None = None
    side: Side | None = None
    since: datetime | None = None
    until: datetime | None = None
    fault: str = ""
    failed_only: bool = False
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True)
class LogPage:
    """One page of exchanges, the newest first, and the count of all that match."""

    exchanges: tuple[Exchanged, ...]
    total: int


@dataclass(frozen=True)
class Traffic:
    """Exchanges of one span of time that one service answered: how many, how many failed, how long."""

    at: datetime
    seconds: int
    service: ServiceId
    side: Side
    count: int
    failed: int
    milliseconds_median: int
    milliseconds_p95: int
