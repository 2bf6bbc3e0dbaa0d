# SPDX-License-Identifier: EUPL-1.2
"""How certificates stand: revoked, suspended, released, and the lists that tell everybody."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from flagstone.blocks.trust.contract.authority import (
    OFFICER,
    Certificate,
    CertificatePage,
    CertificateQuery,
    RevocationList,
    RevocationReason,
    Standing,
)
from flagstone.blocks.trust.contract.events import CertificateStandingChanged
from flagstone.blocks.trust.contract.faults import AuthorityNotReady, CertificateUnknown
from flagstone.blocks.trust.model.deciding import bounded, changed, checked_words
from flagstone.blocks.trust.model.profiles import PERSONAL
from flagstone.blocks.trust.service.issuing import current_authority
from flagstone.blocks.trust.service.ring import Ring
from flagstone.blocks.trust.service.rows import certificate_of, list_of, without_person
from flagstone.blocks.trust.service.terms import US, Means
from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import certificates, lists
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.errors import Fault
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto import issuing
from flagstone.platform.storage.faults import AlreadyThere, ChangedMeanwhile
from flagstone.platform.storage.sql import Row

CHANGING = Reason("change how a certificate stands")
LISTING = Reason("make the revocation list")
LOOKING = Reason("look at the certificate of a person")
ATTEMPTS = 3


class Standings:
    """The use cases of certificates after they were issued."""

    def __init__(self, means: Means, ring: Ring) -> None:
        """Sign lists with the issuing keys in `ring`."""
        self._means, self._ring = means, ring

    def find(self, caller: Caller, query: CertificateQuery) -> CertificatePage:
        """Return one page of certificates; nothing in it tells of a person."""
        self._means.require_officer(caller)
        with self._means.database.reading() as view:
            rows, total = queries.found(view, query, bounded(query))
        return CertificatePage(tuple(without_person(certificate_of(row)) for row in rows), total)

    def one(self, caller: Caller, serial: str) -> Certificate:
        """Return one certificate; the look at one that names a person is recorded with her."""
        self._means.require_asker(caller)
        with self._means.database.reading() as view:
            row = queries.certificate(view, serial.lower())
            request = queries.request(view, row["request"]) if row else None
        asked_by = request["asked_by"] if request else ""
        if row is None or not (caller.holds(OFFICER) or asked_by == self._means.mark(caller.actor)):
            raise CertificateUnknown
        found = certificate_of(row)
        if found.profile in PERSONAL:
            with self._means.database.reading_person(caller.actor, LOOKING) as seen:
                seen.saw(_person_in(found), "certificates", found.serial, ("subject",))
        return found

    def row(self, serial: str) -> Row:
        """Return a certificate as it is kept; CertificateUnknown."""
        with self._means.database.reading() as view:
            row = queries.certificate(view, serial.lower())
        if row is None:
            raise CertificateUnknown
        return row

    def change(
        self, caller: Caller, serial: str, wanted: Standing, *, reason: str = "", words: str = ""
    ) -> Certificate:
        """Revoke, suspend or release, and publish a fresh list."""
        self._means.require_officer(caller)
        said = checked_words(words)
        with self._means.database.writing(caller.actor, CHANGING) as write:
            row = queries.certificate(write, serial.lower())
            if row is None:
                raise CertificateUnknown
            standing, why = changed(Standing(row["standing"]), wanted, reason)
            changes = {
                "standing": standing.value,
                "reason": why,
                "words": said,
                "changed_at": rfc3339(write.at),
            }
            key = {"serial": row["serial"]}
            after = write.update(certificates, key, changes, expected_revision=row["revision"])
            write.publish(CertificateStandingChanged(row["serial"], standing.value, why))
        with suppress(Fault):  # the change holds in any case; the list is made again within the hour
            self.publish(row["issuer"])
        return without_person(certificate_of(after))

    def current_list(self) -> RevocationList:
        """Return the newest list of the current issuer, made when there is none that holds."""
        with self._means.database.reading() as view:
            issuer = current_authority(queries.authority_rows(view))["sha256"]
            row = queries.revocation_list(view, issuer)
        if row is None or row["der"] is None or parse_rfc3339(row["next_update"]) <= self._means.now:
            row = self.publish(issuer)
        return list_of(row)

    def list_of_issuer(self, issuer: str) -> RevocationList:
        """Return the newest list of an issuer by its SHA-256; AuthorityNotReady when there is none."""
        with self._means.database.reading() as view:
            row = queries.revocation_list(view, issuer)
        if row is None or row["der"] is None:
            raise AuthorityNotReady
        return list_of(row)

    def publish(self, issuer: str) -> Row:
        """Make the list of an issuer anew: its number is on record before it is signed."""
        for _ in range(ATTEMPTS - 1):
            with suppress(ChangedMeanwhile, AlreadyThere):  # another process made one at the same time
                return self._publish_once(issuer)
        return self._publish_once(issuer)

    def publish_due(self) -> int:
        """Make again the lists of all issuers that are past half their time; return how many."""
        with self._means.database.reading() as view:
            authorities = [row for row in queries.authority_rows(view) if row["role"] == "issuing"]
            rows = {row["sha256"]: queries.revocation_list(view, row["sha256"]) for row in authorities}
        half = timedelta(hours=self._means.plan.list_hours) / 2
        count = 0
        for row in authorities:
            listed, ends = rows[row["sha256"]], parse_rfc3339(row["not_after"])
            fresh = listed is not None and listed["der"] is not None
            if listed is not None and fresh and parse_rfc3339(listed["this_update"]) + half > self._means.now:
                continue
            if self._means.now < ends:
                self.publish(row["sha256"])
                count += 1
        return count

    def _publish_once(self, issuer: str) -> Row:
        numbered = self._numbered(issuer)
        with self._means.database.reading() as view:
            authority = next(row for row in queries.authority_rows(view) if row["sha256"] == issuer)
            revoked = [_revoked(row) for row in queries.listed(view, issuer, self._means.now)]
        start = parse_rfc3339(numbered["this_update"])
        end = start + timedelta(hours=self._means.plan.list_hours)
        key = self._ring.opened(authority["key"])
        made = issuing.revocation_list(
            authority["der"], key, numbered["number"], within=(start, end), revoked=revoked
        )
        with self._means.database.writing(US.actor, LISTING) as write:
            changes = {"der": made, "next_update": rfc3339(end)}
            return write.update(lists, {"issuer": issuer}, changes, expected_revision=numbered["revision"])

    def _numbered(self, issuer: str) -> Row:
        """Return the row of an issuer's list with the next number on record."""
        with self._means.database.writing(US.actor, LISTING) as write:
            before = queries.revocation_list(write, issuer)
            now = rfc3339(write.at.replace(microsecond=0))
            if before is None:
                row = {"issuer": issuer, "number": 1, "this_update": now, "next_update": now}
                return write.insert(lists, row)
            changes = {"number": before["number"] + 1, "this_update": now}
            return write.update(lists, {"issuer": issuer}, changes, expected_revision=before["revision"])


def _revoked(row: Row) -> issuing.Revoked:
    """Return one line of a list."""
    return issuing.Revoked(int(row["serial"], 16), parse_rfc3339(row["changed_at"]), row["reason"])


def _person_in(certificate: Certificate) -> PersonCode:
    """Return the code of the person that a certificate names, without `PNO` and the country before it."""
    code = dict(certificate.subject).get("serialNumber", "")
    return PersonCode(code.partition("-")[2])


REASONS_ON_WIRE = {
    RevocationReason.UNSPECIFIED.value: "",
    RevocationReason.KEY_COMPROMISE.value: "keyCompromise",
    RevocationReason.CA_COMPROMISE.value: "cACompromise",
    RevocationReason.AFFILIATION_CHANGED.value: "affiliationChanged",
    RevocationReason.SUPERSEDED.value: "superseded",
    RevocationReason.CESSATION_OF_OPERATION.value: "cessationOfOperation",
    RevocationReason.PRIVILEGE_WITHDRAWN.value: "privilegeWithdrawn",
    "certificate_hold": "certificateHold",
}
"""Reasons as OCSP answers name them (RFC 5280, 5.3.1)."""
