# SPDX-License-Identifier: EUPL-1.2
"""A journal entry: one change of one row, as the exact bytes that are hashed, chained and replicated.

The bytes are a canonical CBOR array `[format, shared, seq, chain, op, table, reg, key, rev, prev, doc]`.
`shared` is the encoded map of what the whole transaction says (origin, tx, of, actor, purpose, basis,
xref, ts); `doc` is the encoded row. Both are byte strings, so that each is encoded once. `chain` is the
RFC 6962 leaf hash of the entry before, so that an entry cannot be edited, removed, inserted or moved
unseen; `prev` is the digest of the row's document before, so that one row's history is provable without
the others; `tx` and `of` say which entries belong to one transaction, so that a replica never shows half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

from flagstone.kernel.audit import Actor, ActorKind, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto import canonical
from flagstone.platform.storage.faults import EntryTooLarge

FORMAT = 1
ENTRY_BYTES_MAX = 65_535
GENESIS = bytes(32)

_MAP = 0xA0  # a map's first byte, without its length

PUT = "put"
DEL = "del"


class Change(NamedTuple):
    """A change of one row before it has its place in the chain; `document` is canonical bytes or None."""

    table: str
    register: str
    key: str
    revision: int
    document: bytes | None
    previous_document: bytes | None  # SHA-256 of the row's document before, None for a new row

    @property
    def operation(self) -> str:
        """Return `put`, or `del` where the row is gone."""
        return DEL if self.document is None else PUT


@dataclass(frozen=True)
class Entry:
    """A change in its place: everything that the stored bytes say, and their hash (32 bytes)."""

    origin: str  # country/site/block, so that an entry cannot be moved to another journal
    sequence: int  # from 1, without gaps, in commit order
    transaction: int  # sequence of the transaction's first entry
    transaction_size: int
    change: Change
    actor: Actor
    reason: Reason
    at: datetime
    previous_hash: bytes
    hash: bytes

    @property
    def table(self) -> str:
        """Return the table's name."""
        return self.change.table

    @property
    def register(self) -> str:
        """Return the register's code, empty for tables that belong to none."""
        return self.change.register

    @property
    def key(self) -> str:
        """Return the row's key as text."""
        return self.change.key

    @property
    def revision(self) -> int:
        """Return the row's revision after the change."""
        return self.change.revision

    @property
    def operation(self) -> str:
        """Return `put` or `del`."""
        return self.change.operation

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the row after the change by column name, empty when it is gone."""
        if self.change.document is None:
            return {}
        return cast("Mapping[str, Any]", canonical.decode(self.change.document))


@dataclass(frozen=True)
class Context:
    """What all the entries of one transaction share."""

    origin: str
    actor: Actor
    reason: Reason
    at: datetime
    first: int
    size: int


def shared_bytes(context: Context) -> bytes:
    """Return the part that all entries of a transaction share."""
    own = canonical.encode({"of": context.size, "ts": rfc3339(context.at), "tx": context.first})
    lasting = _lasting(context.origin, context.actor, context.reason)
    count = own[0] + lasting[0] - _MAP  # one byte says map and length of each (RFC 8949, 3.1)
    return bytes((count,)) + own[1:] + lasting[1:]


@lru_cache(maxsize=64)
def _lasting(origin: str, actor: Actor, reason: Reason) -> bytes:
    """Return the encoded map of what many transactions say alike; its keys come after all the others."""
    return canonical.encode(
        {
            "xref": reason.message_reference,
            "actor": [actor.kind.value, actor.id, actor.name, actor.organisation, actor.system],
            "basis": reason.legal_basis,
            "origin": origin,
            "purpose": reason.purpose,
        }
    )


def seal(change: Change, shared: bytes, sequence: int, previous_hash: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of `change` at `sequence` and their leaf hash; EntryTooLarge over 65,535 bytes."""
    data = canonical.encode(
        [
            FORMAT,
            shared,
            sequence,
            previous_hash,
            change.operation,
            change.table,
            change.register,
            change.key,
            change.revision,
            change.previous_document,
            change.document,
        ]
    )
    if len(data) > ENTRY_BYTES_MAX:
        raise EntryTooLarge(f"the entry has {len(data)} bytes; at most {ENTRY_BYTES_MAX} are admitted")
    return data, canonical.leaf_hash(data)


def unseal(data: bytes) -> Entry:
    """Return the entry whose stored bytes are `data`; NotCanonical or ValueError when they are not one."""
    fields: Any = canonical.decode(data)
    if not isinstance(fields, list) or len(fields) != 11 or fields[0] != FORMAT:
        raise ValueError("not a journal entry of format 1")
    _, shared, sequence, chain, operation, table, register, key, revision, previous, after = fields
    origin, first, size, actor, reason, at = _said(shared)
    change = Change(table, register, key, revision, after, previous)
    if operation != change.operation:
        raise ValueError("an entry's operation contradicts its document")
    return Entry(
        origin=origin,
        sequence=sequence,
        transaction=first,
        transaction_size=size,
        change=change,
        actor=actor,
        reason=reason,
        at=at,
        previous_hash=chain,
        hash=canonical.leaf_hash(data),
    )


@lru_cache(maxsize=64)
def _said(shared: bytes) -> tuple[str, int, int, Actor, Reason, datetime]:
    """Return the shared part: origin, first entry, size, actor, reason, time; read once a transaction."""
    said: Any = canonical.decode(shared)
    kind, identifier, name, organisation, system = said["actor"]
    actor = Actor(ActorKind(kind), identifier, name, organisation, system)
    reason = Reason(said["purpose"], said["basis"], said["xref"])
    return said["origin"], said["tx"], said["of"], actor, reason, parse_rfc3339(said["ts"])
