# SPDX-License-Identifier: EUPL-1.2
"""Keeps decisions: signs, links and writes them at once or not at all, and reads them only verified."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import REGISTER, Decision, SignedDecision
from flagstone.blocks.rules.contract.decision_faults import (
    DecidedMeanwhile,
    DecisionBroken,
    DecisionUnknown,
    RecordTooLarge,
)
from flagstone.blocks.rules.contract.engine import Engine
from flagstone.blocks.rules.contract.explanation import Explanation
from flagstone.blocks.rules.contract.faults import CalculationFailed, NotAllowed
from flagstone.blocks.rules.contract.roles import AUDITOR, OFFICER
from flagstone.blocks.rules.model import canonical_json
from flagstone.blocks.rules.model.canonical_json import NotCanonical
from flagstone.blocks.rules.model.decisions import (
    TYPE,
    columns_of,
    content_of,
    decision_of,
    digest_of,
    number_of,
    pairs_of,
    read_of,
    reads_name,
)
from flagstone.blocks.rules.model.explanation_wire import canonical_bytes, explanation_from_wire
from flagstone.blocks.rules.model.wire import NotOnWire
from flagstone.blocks.rules.service.archives import Archives
from flagstone.blocks.rules.service.signing_keys import Keys
from flagstone.blocks.rules.service.worker import Task, Worker
from flagstone.blocks.rules.store import decisions as store
from flagstone.blocks.tracker.contract import Recorder, Use
from flagstone.kernel.audit import ActorKind, Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto import detached, seal
from flagstone.platform.crypto.jose import TokenRefused
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

CONTENT_BYTES_MAX = store.PART_BYTES * store.PARTS_MAX
SEALED = ("rules", "decision", "person")
"""What sealed personal codes are bound to; that one stands in its own row its pseudonym tells."""
ATTEMPTS = 5
_CHANCE_BITS = 60


@dataclass(frozen=True)
class Means:
    """What the use cases of decisions work with.

    `fresh` starts a worker for a replay. `recorder` hears of every official's look at a decision, with the
    `organisation` in whose name it was; None where there is no tracker. `cache` is the folder that keeps what
    loading the installed law found out.
    """

    database: Database
    engine: Engine
    archives: Archives
    keys: Keys
    program: str  # what computes: versions, and a digest of our hooks
    fresh: Callable[[Task], Worker] = Worker
    recorder: Recorder | None = None
    organisation: str = ""
    cache: str = ""

    def subject(self, person: PersonCode) -> str:
        """Return the pseudonym of a person."""
        return seal.blind_index(self.keys.secret, person, ("rules", "subject"))

    def person(self, row: Row) -> PersonCode:
        """Return whom a decision is about; SealBroken when its row was changed."""
        sealed = seal.unseal([self.keys.secret], row["person"], SEALED)
        return PersonCode(sealed.decode())


def person_of(caller: Caller) -> PersonCode | None:
    """Return the personal code of a human caller, in an office or not."""
    human = caller.actor.kind in {ActorKind.PERSON, ActorKind.OFFICIAL}
    return PersonCode(caller.actor.id) if human and caller.actor.id else None


def require_official(caller: Caller, *roles: str) -> None:
    """Let pass whoever holds one of `roles`, and the site's own work; NotAllowed."""
    if caller.actor.kind is not ActorKind.JOB and not caller.holds(*roles):
        raise NotAllowed


def may_see(caller: Caller, person: PersonCode) -> bool:
    """Tell whether decisions about a person are the caller's to see."""
    official = caller.holds(OFFICER, AUDITOR) or caller.actor.kind is ActorKind.JOB
    return official or person_of(caller) == person


def fresh_number(prefix: str) -> str:
    """Return a public number that nobody can guess."""
    return number_of(prefix, secrets.randbits(_CHANCE_BITS))


def append(
    means: Means,
    write: Writing,
    draft: Decision,
    person: PersonCode,
    explanation: Explanation,
    *,
    after: str | None = None,
) -> SignedDecision:
    """Give a draft its number, time and place in the chain, sign it, and write all that belongs to it.

    RecordTooLarge, CalculationFailed for a value that JSON cannot say; DecidedMeanwhile when `after` is given
    and is not the newest of its kind: nobody else adds to the chain from here on, so it stays so.
    """
    count, previous = store.head(write)
    newest = "" if after is None else store.newest_of(write, draft.subject, draft.kind)
    if after is not None and newest != after:
        raise DecidedMeanwhile(newest)
    told = explanation_bytes(explanation)
    decision = replace(
        draft,
        number=fresh_number("D"),
        at=write.at,
        previous=previous,
        explanation=digest_of(told),
    )
    signed = _signed(means, decision)
    _write(means, write, signed, person, sequence=count + 1)
    store.keep(write, decision.explanation, told)
    return signed


def _signed(means: Means, decision: Decision) -> SignedDecision:
    try:
        content = content_of(decision)
    except NotCanonical as wrong:
        raise CalculationFailed("a value is no number") from wrong
    if len(content) > CONTENT_BYTES_MAX:
        raise RecordTooLarge(f"it has {len(content)} bytes; {CONTENT_BYTES_MAX} are the most")
    jws = detached.sign_detached(means.keys.signing, content, type=TYPE)
    return SignedDecision(decision, content, digest_of(content), jws)


def _write(
    means: Means, write: Writing, signed: SignedDecision, person: PersonCode, *, sequence: int
) -> None:
    said: Any = canonical_json.read(signed.content)
    read = read_of(said)
    reads = reads_name(read)
    archive = signed.decision.archive
    noted = {
        "digest": archive,
        "package": signed.decision.law.name.package,
        "bytes": means.archives.path(archive).stat().st_size,
        "made_at": rfc3339(write.at),
    }
    store.add_archive(write, noted)
    store.keep(write, signed.digest, signed.content)
    store.index_reads(write, reads, pairs_of(read))
    row = {
        **columns_of(said, signed.content),
        "sequence": sequence,
        "reads": reads,
        "jws": signed.jws,
        "person": seal.seal(means.keys.secret, person.encode(), SEALED),
    }
    store.append(write, row)


def explanation_bytes(explanation: Explanation) -> bytes:
    """Return the canonical bytes of an explanation."""
    return canonical_bytes(explanation)


def retried(attempt: Callable[[], SignedDecision]) -> SignedDecision:
    """Return what an attempt to write gives; the rare one that meets another's number or link is repeated."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except AlreadyThere:
            continue
    return attempt()


def load(means: Means, view: Reading, row: Row) -> SignedDecision:
    """Return a decision out of its row, verified; DecisionBroken."""
    content = store.kept(view, row["digest"])
    flaws = flaws_of(means, row, content)
    if flaws or content is None:
        raise DecisionBroken(f"{row['number']}: {flaws[0]}")
    try:
        return SignedDecision(decision_of(content), content, row["digest"], row["jws"])
    except NotCanonical as wrong:
        raise DecisionBroken(f"{row['number']}: {wrong}") from wrong


def flaws_of(means: Means, row: Row, content: bytes | None) -> list[str]:
    """Return what does not fit between a row, the bytes it names and their signature."""
    if content is None:
        return ["its content is gone"]
    if digest_of(content) != row["digest"]:
        return ["its content was changed"]
    try:
        detached.verify_detached(row["jws"], content, means.keys.public, type=TYPE)
    except TokenRefused as refused:
        return [refused.detail]
    said: Any = canonical_json.read(content)
    found = [
        f"its row says another {name}"
        for name, value in columns_of(said, content).items()
        if row[name] != value
    ]
    if row["reads"] != reads_name(read_of(said)):
        found.append("its row says other reads")
    if row["revision"] != 1 or row["deleted_at"] is not None:
        found.append("its row was changed")
    return found + _person_flaws(means, row)


def _person_flaws(means: Means, row: Row) -> list[str]:
    try:
        person = means.person(row)
    except seal.SealBroken:
        return ["its person cannot be read"]
    return [] if means.subject(person) == row["subject"] else ["its row says another person"]


def explanation_of(view: Reading, digest: str, number: str) -> Explanation:
    """Return a kept explanation, verified; DecisionBroken."""
    content = store.kept(view, digest)
    if content is None or digest_of(content) != digest:
        raise DecisionBroken(f"{number}: its explanation is gone or was changed")
    try:
        return explanation_from_wire(canonical_json.decode(content))
    except (NotCanonical, NotOnWire) as wrong:
        raise DecisionBroken(f"{number}: its explanation cannot be read") from wrong


def found(means: Means, view: Reading, number: str, caller: Caller) -> tuple[Row, PersonCode]:
    """Return the row of a decision that the caller may see, and whom it is about; DecisionUnknown."""
    row = store.decision(view, number)
    if row is None:
        raise DecisionUnknown
    try:
        person = means.person(row)
    except seal.SealBroken:
        raise DecisionBroken(f"{number}: its person cannot be read") from None
    if not may_see(caller, person):
        raise DecisionUnknown
    return row, person


def tell(means: Means, caller: Caller, reason: Reason, seen: Mapping[PersonCode, Sequence[str]]) -> None:
    """Let the tracker hear that an official saw decisions; `seen` are what was shown by person."""
    if means.recorder is None or caller.actor.kind is not ActorKind.OFFICIAL:
        return
    actor = caller.actor
    uses = [
        Use(
            person,
            receiver_code=actor.organisation or means.organisation,
            receiver_system=actor.system,
            action="Looked at a decision",
            reason=reason,
            register=REGISTER,
            fields=tuple(fields),
            official=actor.id,
        )
        for person, fields in seen.items()
        if person != actor.id
    ]
    if uses:
        means.recorder.record(uses)


JsonByPlace = Mapping[str, JsonValue]
"""Values by their RFC 6901 place."""
