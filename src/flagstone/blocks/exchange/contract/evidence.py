# SPDX-License-Identifier: EUPL-1.2
"""Evidence of messages: what is kept of each, how it is verified, and when messages stop without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.kernel.audit import Caller
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.findings import Finding, Verdict


class FileKind(Enum):
    """What a file turned out to be."""

    CONTAINER = "container"
    ARCHIVE = "archive"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class Stamped:
    """A time-stamp that was read: when, whether it covers many signatures, and who gave it."""

    at: datetime
    batch: bool
    signer: str


@dataclass(frozen=True)
class Read:
    """What a container says of itself, believed or not; empty where it does not say.

    `unverified` names parts that the hash chain counts in but that are not logged, so that only their
    digests are evidence; `unsigned` names files that nothing signs, so that they prove nothing.
    """

    message_kind: str = ""  # "REST request", "SOAP response" ...
    message_id: str = ""
    exchange: str = ""
    client: str = ""
    service: str = ""
    sender: str = ""
    signer: str = ""
    signed_at: datetime | None = None
    stamped: Stamped | None = None
    batch: bool = False
    parts: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What verifying one file found; an archive's report holds those of its containers.

    `verdict` is of the file itself; `good` counts what is in it as well.
    """

    file: str
    kind: FileKind
    verdict: Verdict
    read: Read = field(default_factory=Read)
    inside: tuple[Report, ...] = ()

    @property
    def good(self) -> bool:
        """Tell whether everything holds, here and in each file inside."""
        return self.verdict.good and all(each.good for each in self.inside)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Return what does not hold in this file itself."""
        return self.verdict.failed


@dataclass(frozen=True)
class Signed:
    """One message with its signature, as the wire and the log have them (section 2.7 of the profile).

    `message` is the REST header block or the SOAP document; `attachments` are the bodies. `chain` and
    `chain_result` are empty where the signature refers to the message itself.
    """

    message: bytes = field(repr=False)
    attachments: tuple[bytes, ...] = field(repr=False)
    signature: bytes = field(repr=False)
    chain_result: bytes = field(default=b"", repr=False)
    chain: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Kept:
    """One record of the evidence log, without its content."""

    number: int
    at: datetime
    message_id: str
    exchange: str
    client: ClientId  # whose information system's message it is, at this server
    is_response: bool
    stamp: int  # the number of its time-stamp, 0 while it has none
    archived: bool


@dataclass(frozen=True)
class StampingPolicy:
    """When time-stamps are asked for, and how long messages pass without them (seconds).

    `failure_seconds_max` is the acceptable failure period: it is counted from the first request that
    failed since the last that did not.
    """

    interval_seconds: int = 60
    failure_seconds_max: int = 14_400
    batch_max: int = 10_000
    immediate: bool = False


class Stop(Enum):
    """Why messages are refused for want of time-stamps."""

    NO_AUTHORITY = "no-authority"
    FAILING = "failing"


@dataclass(frozen=True)
class StampingStanding:
    """How time-stamping does: `failing_since` is None while it works, `waiting` records have no stamp yet."""

    authorities: int
    waiting: int = 0
    failing_since: datetime | None = None
    last_good_at: datetime | None = None
    last_fault: str = ""


@dataclass(frozen=True)
class StampingDecision:
    """Whether messages pass; `stops_at` is when they stop if nothing changes, `why` what stopped them."""

    passes: bool
    why: Stop | None = None
    stops_at: datetime | None = None


@dataclass(frozen=True)
class Wanted:
    """Which evidence is asked for: of one message id and client, only requests, only responses, or both.

    `unique` allows one container only; `force` also takes what has no time-stamp yet, and stamps it now.
    """

    message_id: str
    client: ClientId
    requests: bool = True
    responses: bool = True
    unique: bool = False
    force: bool = False


@dataclass(frozen=True)
class NamedFile:
    """A file by its name."""

    name: str
    content: bytes = field(repr=False)


class EvidenceUnknown(Fault):
    """The evidence log has nothing of such a message of that client."""

    code = "exchange.evidence-unknown"
    kind = Kind.MISSING
    title = "The evidence log has no such message of that client"
    remedy = "Check the message id and the client; old evidence is in the archives."


class EvidenceAmbiguous(Fault):
    """One container was asked for, and there are more."""

    code = "exchange.evidence-ambiguous"
    kind = Kind.CONFLICT
    title = "There is more than one container of that message"
    remedy = "Ask for requests or responses only, or take them all without `unique`."


class NotStampedYet(Fault):
    """The evidence has no time-stamp yet."""

    code = "exchange.evidence-not-stamped"
    kind = Kind.CONFLICT
    title = "The evidence has no time-stamp yet"
    remedy = "Wait for the next batch of time-stamps, or ask with `force`."


class StampingStopped(Fault):
    """Messages are refused, because their evidence cannot be time-stamped."""

    code = "exchange.time-stamping-stopped"
    kind = Kind.UNAVAILABLE
    title = "Messages stop, because time-stamps cannot be had"
    remedy = (
        "Look at the site's health page for the authority and its fault; messages pass again by themselves."
    )


class StampRefused(Fault):
    """No approved time-stamping authority gave a usable time-stamp."""

    code = "exchange.time-stamp-refused"
    kind = Kind.UNAVAILABLE
    title = "No time-stamp could be had"
    remedy = "Check the authorities' addresses and certificates in the global configuration, and the clock."


class SigningUnavailable(Fault):
    """The site holds no key and certificate to sign messages with, or its certificate has no status."""

    code = "exchange.signing-unavailable"
    kind = Kind.UNAVAILABLE
    title = "Nothing can be signed here"
    remedy = "Give the site a signing certificate: `flagstone trust` shows the keys and what they lack."


class EvidenceTooLarge(Fault):
    """A message is larger than what the evidence log keeps."""

    code = "exchange.evidence-too-large"
    kind = Kind.TOO_LARGE
    title = "The message is too large for the evidence log"
    remedy = "Send smaller messages: header block and bodies together may have 11 MiB."


class Verifier(Protocol):
    """Verifies files by one global configuration."""

    def verify(self, files: Sequence[NamedFile]) -> tuple[Report, ...]:
        """Return one report a file, in order; archives must follow each other as given. Raises no Fault."""
        ...


class EvidenceLog(Protocol):
    """What a client's own information systems and auditors may have of the log."""

    def containers(self, caller: Caller, wanted: Wanted) -> tuple[NamedFile, ...]:
        """Return the containers of a message; EvidenceUnknown, EvidenceAmbiguous, NotStampedYet.

        The look is audited.
        """
        ...
