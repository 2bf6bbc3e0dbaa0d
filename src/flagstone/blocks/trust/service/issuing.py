# SPDX-License-Identifier: EUPL-1.2
"""Certificates are made in three steps: on record with their contents, signed, and on record as issued.

Whatever is signed was on record before, so a process that is killed between leaves no certificate that the
authority does not know of; what was left half-way is completed by the next start, with the same contents.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from flagstone.blocks.trust.contract.authority import Certificate, Name, Profile, RequestState, Standing
from flagstone.blocks.trust.contract.events import CertificateIssued
from flagstone.blocks.trust.contract.faults import AuthorityNotReady
from flagstone.blocks.trust.model.naming import text_of
from flagstone.blocks.trust.model.profiles import PERSONAL, RULES, lifetime, usage_of
from flagstone.blocks.trust.service.ring import Ring
from flagstone.blocks.trust.service.rows import certificate_of, name_of
from flagstone.blocks.trust.service.terms import US, Means
from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import certificates, requests
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto import issuing
from flagstone.platform.storage.faults import ChangedMeanwhile
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

ISSUING = Reason("issue a certificate")
COMPLETING = Reason("complete a certificate that was begun")
LEFT_AFTER = timedelta(minutes=1)
"""How old a certificate without a signature must be to count as left half-way."""

OCSP_PATH, CRL_PATH, ISSUER_PATH = "/trust/ocsp", "/trust/issuing.crl", "/trust/issuing.cer"


@dataclass(frozen=True)
class Order:
    """What is to be issued: to whom, for which key, and for which request."""

    profile: Profile
    subject: Name
    hosts: tuple[str, ...]
    public_der: bytes
    request: str = ""
    renews: str = ""


def no_probe(_step: str) -> None:
    """Do nothing; crash tests put a probe here that kills the process at a named step."""


class Issuing:
    """The use case of issuing."""

    def __init__(self, means: Means, ring: Ring, *, probe: Callable[[str], None] = no_probe) -> None:
        """Sign with the issuing key in `ring`."""
        self._means, self._ring, self._probe = means, ring, probe

    def issue(self, caller: Caller, order: Order) -> Certificate:
        """Issue a certificate; AuthorityNotReady, KeyStoreUnusable (then it is completed later)."""
        with self._means.database.writing(caller.actor, ISSUING) as write:
            row = self.prepare(write, order)
        self._probe("prepared")
        return self.complete(caller, row)

    def prepare(self, write: Writing, order: Order) -> Row:
        """Put the number and contents of a certificate on record, within the caller's write."""
        authority = current_authority(queries.authority_rows(write))
        ends = parse_rfc3339(authority["not_after"])
        start, end = lifetime(order.profile, write.at, ends, self._means.plan.days)
        kind = issuing.key_kind(order.public_der)
        draft = issuing.Draft(
            issuing.fresh_serial(), order.subject, start, end, order.public_der, self._extensions(order, kind)
        )
        issuer_public = issuing.public_of(authority["der"])
        tbs = issuing.to_be_signed(draft, authority["der"], issuing.algorithm_for(issuer_public))
        serial = f"{draft.serial:032x}"
        shown = "" if order.profile in PERSONAL else text_of(order.subject).lower()
        row = {
            "serial": serial,
            "profile": order.profile.value,
            "subject": [list(pair) for pair in order.subject],
            "search": f"{serial} {shown}",
            "issuer": authority["sha256"],
            "not_before": rfc3339(start),
            "not_after": rfc3339(end),
            "public_sha256": sha256(order.public_der).hexdigest(),
            "tbs": tbs,
            "sha256": "",
            "standing": Standing.PREPARED.value,
            "changed_at": rfc3339(write.at),
            "reason": "",
            "words": "",
            "request": order.request,
            "renews": order.renews,
        }
        return write.insert(certificates, row)

    def complete(self, caller: Caller, row: Row) -> Certificate:
        """Sign what is on record, and put on record that it was."""
        key = self._ring.opened(self._key_of(row["issuer"]))
        made = issuing.signed(row["tbs"], key, issuing.algorithm_for(key.public_der))
        self._probe("signed")
        with self._means.database.writing(caller.actor, ISSUING) as write:
            digest = sha256(made).hexdigest()
            changes = {
                "der": made,
                "sha256": digest,
                "standing": Standing.VALID.value,
                "changed_at": rfc3339(write.at),
            }
            after = write.update(
                certificates, {"serial": row["serial"]}, changes, expected_revision=row["revision"]
            )
            if row["request"]:
                told = {"state": RequestState.ISSUED.value, "serial": row["serial"]}
                write.update(requests, {"id": row["request"]}, told)
            write.publish(CertificateIssued(row["serial"], row["profile"], digest))
        self._probe("issued")
        return certificate_of(after)

    def complete_left(self, *, older_than: timedelta = LEFT_AFTER) -> int:
        """Complete what was left half-way; return how many certificates there were."""
        with self._means.database.reading() as view:
            left = queries.prepared(view)
        count = 0
        for row in left:
            if self._means.now - parse_rfc3339(row["changed_at"]) >= older_than:
                with suppress(ChangedMeanwhile):  # another process was quicker
                    self.complete(US, row)
                    count += 1
        return count

    def chain(self, certificate: Row | None = None) -> tuple[bytes, ...]:
        """Return the certificates above one of ours, or above the next one, from the issuer to the root."""
        with self._means.database.reading() as view:
            rows = queries.authority_rows(view)
        issuer = certificate["issuer"] if certificate else current_authority(rows)["sha256"]
        return chain_of(rows, issuer)

    def _key_of(self, issuer: str) -> str:
        """Return the id of an issuing certificate's key."""
        with self._means.database.reading() as view:
            for row in queries.authority_rows(view):
                if row["sha256"] == issuer:
                    return str(row["key"])
        raise AuthorityNotReady

    def _extensions(self, order: Order, kind: str) -> issuing.Extensions:
        """Return what a certificate of the profile says, with where to ask about it."""
        rules, address = RULES[order.profile], self._means.address
        return issuing.Extensions(
            usage_of(order.profile, kind),
            rules.extended,
            extended_critical=rules.extended_critical,
            hosts=order.hosts,
            ocsp_urls=() if rules.no_check else (f"{address}{OCSP_PATH}",),
            issuer_urls=(f"{address}{ISSUER_PATH}",),
            crl_urls=(f"{address}{CRL_PATH}",),
            ocsp_no_check=rules.no_check,
        )


def current_authority(rows: list[Row]) -> Row:
    """Return the issuing certificate that is used now; AuthorityNotReady when there is none."""
    for row in rows:
        if row["role"] == "issuing" and row["current"]:
            return row
    raise AuthorityNotReady


def chain_of(rows: list[Row], issuer: str) -> tuple[bytes, ...]:
    """Return the certificate with the SHA-256 `issuer` and those above it, up to the root."""
    by_digest = {row["sha256"]: row for row in rows}
    found: list[bytes] = []
    at = by_digest.get(issuer)
    while at is not None and at["der"] not in found:
        found.append(at["der"])
        at = next(
            (row for row in rows if row["role"] == "root" and issuing.is_issued_by(found[-1], row["der"])),
            None,
        )
    return tuple(found)


def order_of(row: Row) -> Order:
    """Return the order of a request."""
    return Order(
        Profile(row["profile"]),
        name_of(row["subject"]),
        tuple(row["hosts"]),
        row["public_der"],
        row["id"],
        row["renews"],
    )
