# SPDX-License-Identifier: EUPL-1.2
"""The content of evidence records at rest: compressed, cut into pieces that fit the journal, and sealed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import cast

from flagstone.blocks.exchange.contract.evidence import EvidenceTooLarge, Signed
from flagstone.blocks.exchange.service.sealing import Sealer, opened, sealed
from flagstone.platform.crypto import canonical
from flagstone.platform.crypto.seal import SealBroken

PIECE_BYTES_MAX = 48_000
MESSAGE_BYTES_MAX = 11 * 1024 * 1024
"""A header block or SOAP document of 1 MiB and bodies of 10 MiB; more is refused."""

_CONTENT_BYTES_MAX = MESSAGE_BYTES_MAX + 1024 * 1024
_TABLE = "evidence_piece"


def packed(signed: Signed) -> bytes:
    """Return the content of a record; EvidenceTooLarge for messages of more than 11 MiB."""
    size = len(signed.message) + sum(map(len, signed.attachments))
    if size > MESSAGE_BYTES_MAX:
        raise EvidenceTooLarge(f"{size} bytes; at most {MESSAGE_BYTES_MAX} are kept")
    content = canonical.encode(
        {
            "message": signed.message,
            "attachments": list(signed.attachments),
            "signature": signed.signature,
            "chain_result": signed.chain_result,
            "chain": signed.chain,
        }
    )
    return zlib.compress(content, 1)


def cut(sealer: Sealer, record: int, content: bytes) -> list[bytes]:
    """Return packed `content` as sealed pieces, each bound to its place."""
    parts = [content[at : at + PIECE_BYTES_MAX] for at in range(0, len(content), PIECE_BYTES_MAX)]
    return [sealed(sealer, (_TABLE, str(record), str(n)), {"piece": part}) for n, part in enumerate(parts)]


def joined(sealer: Sealer, record: int, pieces: Sequence[bytes]) -> Signed:
    """Return what was packed and cut; SealBroken when a piece was moved, changed or is missing."""
    boxes = (opened(sealer, (_TABLE, str(record), str(n)), bytes(box)) for n, box in enumerate(pieces))
    data = b"".join(cast("bytes", box["piece"]) for box in boxes)
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(data, _CONTENT_BYTES_MAX)
    except zlib.error as error:
        raise SealBroken("the content of a record is not complete") from error
    if not inflating.eof:
        raise SealBroken("the content of a record is not complete")
    found = cast("dict[str, bytes]", canonical.decode(content))
    attachments = tuple(cast("Sequence[bytes]", found["attachments"]))
    return Signed(found["message"], attachments, found["signature"], found["chain_result"], found["chain"])
