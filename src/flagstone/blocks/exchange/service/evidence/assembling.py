# SPDX-License-Identifier: EUPL-1.2
"""Puts a record together again as its container, with the time-stamp that covers it."""

from __future__ import annotations

import zlib

from flagstone.blocks.exchange.contract.evidence import NamedFile, NotStampedYet, Signed
from flagstone.blocks.exchange.model.linking import container_name
from flagstone.blocks.exchange.service.evidence.content import joined
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.blocks.exchange.store import evidence
from flagstone.kernel.clock import parse_rfc3339
from flagstone.platform.crypto.asice import Contents, write_container
from flagstone.platform.crypto.xades_build import with_timestamp
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row


def container_of(view: Reading, sealer: Sealer, record: Row) -> NamedFile:
    """Return the container of a record; NotStampedYet while it has no time-stamp."""
    number = int(record["number"])
    signed = joined(sealer, number, evidence.pieces(view, number))
    name = container_name(record["message_id"], is_response=record["is_response"], number=number)
    contents = _contents(signed, None if record["embedded"] else _stamp(view, number))
    return NamedFile(name, write_container(contents, parse_rfc3339(record["at"])))


def _stamp(view: Reading, number: int) -> Row:
    stamp = evidence.stamp_of(view, number)
    if stamp is None:
        raise NotStampedYet
    return stamp


def _contents(signed: Signed, stamp: Row | None) -> Contents:
    """Return what the container holds; a stamp over one signature alone goes into the signature."""
    signature, batch = signed.signature, None
    if stamp is not None and stamp["result"]:
        batch = (bytes(stamp["token"]), bytes(stamp["result"]), zlib.decompress(stamp["chain"]))
    elif stamp is not None:
        signature = with_timestamp(signature, bytes(stamp["token"]))
    return Contents(
        message=signed.message,
        signature=signature,
        attachments=signed.attachments,
        chain_result=signed.chain_result,
        chain=signed.chain,
        stamp=batch,
    )
