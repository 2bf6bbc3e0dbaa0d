# SPDX-License-Identifier: EUPL-1.2
"""Rows of the tables as the values that the contract promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flagstone.blocks.trust.contract.authority import (
    AuthorityCertificate,
    Certificate,
    Decision,
    Name,
    Profile,
    Request,
    RequestState,
    RevocationList,
    Standing,
)
from flagstone.blocks.trust.model.profiles import PERSONAL
from flagstone.kernel.clock import parse_rfc3339
from flagstone.platform.storage.sql import Row


def name_of(pairs: Sequence[Sequence[str]]) -> Name:
    """Return a name as it is kept."""
    return tuple((str(attribute), str(value)) for attribute, value in pairs)


def certificate_of(row: Row) -> Certificate:
    """Return a row as a certificate, with its name."""
    return Certificate(
        row["serial"],
        Profile(row["profile"]),
        name_of(row["subject"]),
        parse_rfc3339(row["not_before"]),
        parse_rfc3339(row["not_after"]),
        Standing(row["standing"]),
        row["der"] or b"",
        row["sha256"],
        row["request"],
        parse_rfc3339(row["changed_at"]),
        row["reason"],
        row["renews"],
    )


def without_person(certificate: Certificate) -> Certificate:
    """Return the certificate without what it tells of a person."""
    if certificate.profile not in PERSONAL:
        return certificate
    return replace(certificate, subject=(), der=b"")


def request_of(row: Row) -> Request:
    """Return a row as a request."""
    return Request(
        row["id"],
        Profile(row["profile"]),
        name_of(row["subject"]),
        tuple(row["hosts"]),
        row["key_kind"],
        row["public_sha256"],
        parse_rfc3339(row["asked_at"]),
        RequestState(row["state"]),
        tuple(
            Decision(parse_rfc3339(one["at"]), one["by"], bool(one["approves"]), one["words"])
            for one in row["decisions"]
        ),
        row["serial"],
        row["renews"],
    )


def authority_of(row: Row) -> AuthorityCertificate:
    """Return a row as a certificate of the authority."""
    return AuthorityCertificate(
        row["role"],
        name_of(row["subject"]),
        parse_rfc3339(row["not_before"]),
        parse_rfc3339(row["not_after"]),
        row["der"],
        row["sha256"],
        bool(row["current"]),
    )


def list_of(row: Row) -> RevocationList:
    """Return a row as a revocation list."""
    return RevocationList(
        row["number"], parse_rfc3339(row["this_update"]), parse_rfc3339(row["next_update"]), row["der"]
    )
