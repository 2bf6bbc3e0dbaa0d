# SPDX-License-Identifier: EUPL-1.2
"""Containers of files rather than of passing messages: a member signs what it has, for others to verify.

A file that is a message already, REST or SOAP, is signed as it is. Any other becomes the body of a message
that the member sends to itself, so that the container says whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import uuid4

from flagstone.blocks.exchange.contract.evidence import NamedFile, Signed, StampRefused
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model import identifiers
from flagstone.blocks.exchange.model.logged import NotAMessage
from flagstone.blocks.exchange.service.evidence.authorities import Authorities, Token
from flagstone.blocks.exchange.service.evidence.making import Draft, SigningParty, sign
from flagstone.blocks.exchange.service.evidence.messages import read_message
from flagstone.platform.crypto.asice import Contents, write_container
from flagstone.platform.crypto.xades import read_signature
from flagstone.platform.crypto.xades_build import with_timestamp

SUFFIX = ".asice"
SERVICE = "documents/signed"
"""Subsystem and service that a member's own documents name; no such service is offered."""


@dataclass(frozen=True)
class Document:
    """A file to sign, with further files that belong to it."""

    file: NamedFile
    attachments: tuple[NamedFile, ...] = ()


@dataclass(frozen=True)
class Containers:
    """The containers in order, the time of their time-stamp, or why there is none."""

    files: tuple[NamedFile, ...]
    stamped_at: datetime | None = None
    trouble: str = ""


def signed_documents(
    documents: Sequence[Document],
    member: ClientId,
    party: SigningParty,
    authorities: Authorities | None,
    *,
    at: datetime,
) -> Containers:
    """Return a container for each document, all by one signature, and one time-stamp where it can be had."""
    drafts = [_draft(each, member) for each in documents]
    signed = sign(drafts, party, at)
    token, trouble = _stamp(signed[0].signature, authorities)
    contents = [_contents(each, token) for each in signed]
    files = tuple(
        NamedFile(document.file.name + SUFFIX, write_container(each, at))
        for document, each in zip(documents, contents, strict=True)
    )
    return Containers(files, token.at if token else None, trouble)


def _draft(document: Document, member: ClientId) -> Draft:
    """Return what is signed of a document: itself where it is a message, or a message that carries it."""
    content, attached = document.file.content, tuple(each.content for each in document.attachments)
    try:
        read_message(content)
    except NotAMessage:
        names = [document.file.name, *(each.name for each in document.attachments)]
        return Draft(_head(member, names), (content, *attached))
    return Draft(content, attached)


def _head(member: ClientId, names: Sequence[str]) -> bytes:
    """Return the header block of a message to oneself, which names the files that it carries."""
    own = identifiers.client_encoded(member.member)
    lines = [
        "POST",
        f"/r1/{own}/{SERVICE}",
        f"x-road-client:{own}",
        f"x-road-id:{member.instance}-{uuid4()}",
        f"x-road-request-id:{uuid4()}",
        *(f"flagstone-file:attachment{n};filename={quote(name)}" for n, name in enumerate(names, 1)),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _stamp(signature: bytes, authorities: Authorities | None) -> tuple[Token | None, str]:
    """Return a time-stamp over the one signature, or why there is none."""
    if authorities is None or not authorities.count():
        return None, "no time-stamping authority is approved"
    try:
        return authorities.stamp(read_signature(signature).signature_value), ""
    except StampRefused as refused:
        return None, refused.detail


def _contents(signed: Signed, token: Token | None) -> Contents:
    signature = with_timestamp(signed.signature, token.der) if token else signed.signature
    return Contents(signed.message, signature, signed.attachments, signed.chain_result, signed.chain)
