# SPDX-License-Identifier: EUPL-1.2
"""Requests for certificates: left with proof of the key, decided by officials, and then issued."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from flagstone.blocks.trust.contract.authority import (
    OFFICER,
    PAGE_SIZE_MAX,
    Holder,
    Name,
    Profile,
    Request,
    RequestState,
    Standing,
)
from flagstone.blocks.trust.contract.events import CertificateRequested
from flagstone.blocks.trust.contract.faults import (
    CertificateUnknown,
    FourEyesNeeded,
    RequestInvalid,
    RequestUnknown,
)
from flagstone.blocks.trust.model.deciding import OPEN, checked_words, decided, require_renewable
from flagstone.blocks.trust.model.naming import hosts_of, subject_of
from flagstone.blocks.trust.model.profiles import require_key
from flagstone.blocks.trust.service.issuing import Issuing, order_of
from flagstone.blocks.trust.service.rows import name_of, request_of
from flagstone.blocks.trust.service.terms import Means
from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import requests
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.crypto.issuing import CertificateRequest, CertificateRequestRefused, read_request
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

ASKING = Reason("ask for a certificate")
DECIDING = Reason("decide on a request for a certificate")


class Asking:
    """The use cases of requests."""

    def __init__(self, means: Means, issuing: Issuing) -> None:
        """Issue by `issuing` what is approved."""
        self._means, self._issuing = means, issuing

    def ask(
        self, caller: Caller, csr: bytes, profile: Profile, holder: Holder, *, renews: str = ""
    ) -> Request:
        """Leave a request; the same one asked for again is the same one."""
        self._means.require_asker(caller)
        subject, hosts = subject_of(profile, holder, self._means.plan), hosts_of(profile, holder)
        return self._asked(caller, _read(csr), (profile, subject, hosts), renews=renews)

    def renew(self, caller: Caller, csr: bytes, serial: str) -> Request:
        """Leave a request for what follows a certificate of ours, for the same holder; CertificateUnknown."""
        self._means.require_asker(caller)
        with self._means.database.reading() as view:
            row = queries.certificate(view, serial.lower())
            before = queries.request(view, row["request"]) if row else None
        if row is None:
            raise CertificateUnknown
        hosts = tuple(before["hosts"]) if before else ()
        wanted = (Profile(row["profile"]), name_of(row["subject"]), hosts)
        return self._asked(caller, _read(csr), wanted, renews=row["serial"])

    def _asked(
        self,
        caller: Caller,
        asked: CertificateRequest,
        wanted: tuple[Profile, Name, tuple[str, ...]],
        *,
        renews: str,
    ) -> Request:
        profile, subject, hosts = wanted
        mark = self._means.mark(caller.actor)
        public = sha256(asked.public_der).hexdigest()
        with self._means.database.reading() as view:
            before = _same(queries.requests_of_key(view, public), profile, subject, mark)
        if before is not None:
            return request_of(before)
        with self._means.database.writing(caller.actor, ASKING) as write:
            if renews:
                self._require_renewable(write, renews, (profile, subject), public)
            row: dict[str, Any] = {
                "id": str(fresh_uuid(write.at)),
                "profile": profile.value,
                "subject": [list(pair) for pair in subject],
                "hosts": list(hosts),
                "public_der": asked.public_der,
                "public_sha256": public,
                "key_kind": asked.key_kind,
                "asked_at": rfc3339(write.at),
                "asked_by": mark,
                "state": RequestState.WAITING.value,
                "decisions": [],
                "serial": "",
                "renews": renews,
            }
            write.publish(CertificateRequested(row["id"], profile.value))
            return request_of(write.insert(requests, row))

    def request(self, caller: Caller, request_id: str) -> Request:
        """Return one request; a machine sees its own alone."""
        self._means.require_asker(caller)
        with self._means.database.reading() as view:
            row = queries.request(view, request_id)
        return request_of(self._visible(caller, row))

    def all(self, caller: Caller, *, waiting: bool) -> Sequence[Request]:
        """Return the requests that wait, the oldest first, or the newest of all."""
        self._means.require_officer(caller)
        with self._means.database.reading() as view:
            if waiting:
                rows = queries.requests_in(view, OPEN, PAGE_SIZE_MAX)
            else:
                rows = queries.newest_requests(view, PAGE_SIZE_MAX)
        return [request_of(row) for row in rows]

    def decide(self, caller: Caller, request_id: str, *, approves: bool, words: str) -> Request:
        """Put a decision on record; issue when it is the last that was needed."""
        self._means.require_officer(caller)
        said, mark = checked_words(words), self._means.mark(caller.actor)
        prepared = None
        with self._means.database.writing(caller.actor, DECIDING) as write:
            row = queries.request(write, request_id)
            if row is None:
                raise RequestUnknown
            after = self._decided(write, row, (caller, mark), approves=approves, words=said)
            if after["state"] == RequestState.APPROVED.value:
                prepared = self._issuing.prepare(write, order_of(after))
        if prepared is not None:
            self._issuing.complete(caller, prepared)
        return self.request(caller, request_id)

    def approve_ours(self, caller: Caller, request_id: str) -> Request:
        """Issue for a site of this country that asked through the enrolment folder: the plan has decided."""
        with self._means.database.reading() as view:
            before = queries.request(view, request_id)
        if before is not None and RequestState(before["state"]) not in OPEN:
            return request_of(before)
        with self._means.database.writing(caller.actor, DECIDING) as write:
            row = queries.request(write, request_id)
            if row is None:
                raise RequestUnknown
            said = _decision(write, caller, self._means.mark(caller.actor), approves=True, words="")
            changes = {"state": RequestState.APPROVED.value, "decisions": [*row["decisions"], said]}
            key = {"id": row["id"]}
            after = write.update(requests, key, changes, expected_revision=row["revision"])
            prepared = self._issuing.prepare(write, order_of(after))
        self._issuing.complete(caller, prepared)
        return self.request(caller, request_id)

    def _decided(
        self, write: Writing, row: Row, who: tuple[Caller, str], *, approves: bool, words: str
    ) -> Row:
        """Return the request after a decision; FourEyesNeeded when the same official approves again."""
        caller, mark = who
        before = [one for one in row["decisions"] if one["approves"]]
        state = decided(
            RequestState(row["state"]), Profile(row["profile"]), approves=approves, before=len(before)
        )
        if approves and mark in {one["mark"] for one in before}:
            raise FourEyesNeeded
        said = _decision(write, caller, mark, approves=approves, words=words)
        changes = {"state": state.value, "decisions": [*row["decisions"], said]}
        return write.update(requests, {"id": row["id"]}, changes, expected_revision=row["revision"])

    def _visible(self, caller: Caller, row: Row | None) -> Row:
        """Return the row when the caller may see it; RequestUnknown otherwise."""
        if row is None:
            raise RequestUnknown
        if not caller.holds(OFFICER) and row["asked_by"] != self._means.mark(caller.actor):
            raise RequestUnknown
        return row

    def _require_renewable(
        self, view: Reading, serial: str, wanted: tuple[Profile, Name], public: str
    ) -> None:
        """Raise RenewalRefused or CertificateUnknown when the certificate cannot be followed by this one."""
        row = queries.certificate(view, serial)
        if row is None:
            raise CertificateUnknown
        require_renewable(
            Standing(row["standing"]),
            parse_rfc3339(row["not_after"]),
            self._means.now,
            same_holder=(Profile(row["profile"]), name_of(row["subject"])) == wanted,
            same_key=row["public_sha256"] == public,
        )


def _read(csr: bytes) -> CertificateRequest:
    """Return the request with its proof checked; RequestInvalid says what is wrong."""
    try:
        found = read_request(csr)
    except CertificateRequestRefused as error:
        raise RequestInvalid(error.detail) from error
    require_key(found.key_kind)
    return found


def _same(rows: list[Row], profile: Profile, subject: Name, mark: str) -> Row | None:
    """Return the request among `rows` for the same holder and profile, by the same asker, not refused."""
    for row in rows:
        if row["state"] == RequestState.REFUSED.value:
            continue
        if (row["profile"], name_of(row["subject"]), row["asked_by"]) == (profile.value, subject, mark):
            return row
    return None


def _decision(write: Writing, caller: Caller, mark: str, *, approves: bool, words: str) -> dict[str, Any]:
    """Return a decision as it is kept; officials are told apart by a keyed digest."""
    by = caller.actor.name
    return {"at": rfc3339(write.at), "by": by, "mark": mark, "approves": approves, "words": words}
