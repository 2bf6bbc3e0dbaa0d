# SPDX-License-Identifier: EUPL-1.2
"""The authority's own certificates: its issuing one from the root, and those of its services."""

from __future__ import annotations

from hashlib import sha256

from flagstone.blocks.trust.contract.authority import AuthorityCertificate, Holder, Name, Profile
from flagstone.blocks.trust.contract.faults import KeyUnknown
from flagstone.blocks.trust.contract.keys import Key, KeyState, Purpose
from flagstone.blocks.trust.model.naming import subject_of
from flagstone.blocks.trust.model.profiles import is_due
from flagstone.blocks.trust.service.asking import Asking
from flagstone.blocks.trust.service.issuing import Issuing, Order, current_authority
from flagstone.blocks.trust.service.ring import Held, Ring
from flagstone.blocks.trust.service.rows import authority_of, certificate_of
from flagstone.blocks.trust.service.terms import US, Means
from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import authorities
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import rfc3339
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.storage.writing import Writing

ADOPTING = Reason("take the certificate of the issuing authority")
SERVICES = {
    Purpose.STATUS: (Profile.STATUS, "Certificate status"),
    Purpose.TIMESTAMPING: (Profile.TIMESTAMPING, "Time-stamping"),
}


class OwnCertificates:
    """The use cases of the authority's own certificates."""

    def __init__(self, means: Means, ring: Ring, issuing: Issuing, asking: Asking) -> None:
        """Keep keys in `ring`; issue by `issuing` what needs no officials, ask by `asking` otherwise."""
        self._means, self._ring, self._issuing, self._asking = means, ring, issuing, asking

    def all(self) -> tuple[AuthorityCertificate, ...]:
        """Return the certificates of the authority, the current ones first."""
        with self._means.database.reading() as view:
            return tuple(authority_of(row) for row in queries.authority_rows(view))

    def adopt(self, caller: Caller, certificate: bytes) -> Key:
        """Take the issuing certificate with its root, PEM; from now on it issues, and no other."""
        held = self._ring.adopt(caller, certificate)
        if not held.chain:
            raise KeyUnknown("the root's certificate must follow the issuing one")
        with self._means.database.writing(caller.actor, ADOPTING) as write:
            for row in queries.authority_rows(write):
                if row["current"]:
                    write.update(authorities, {"sha256": row["sha256"]}, {"current": 0})
            for der, role, key in ((held.certificate, "issuing", held.id), (held.chain[-1], "root", "")):
                self._keep(write, der, role, key)
        return next(key for key in self._ring.of(Purpose.ISSUING, KeyState.ACTIVE) if key.id == held.id)

    def establish(self, caller: Caller) -> None:
        """Give a new authority the certificates of its services; what is there is kept.

        The ceremony of the root decided on these; officials decide on later ones of the time service.
        """
        self.answer_for_all(caller)
        if self._ring.held(Purpose.TIMESTAMPING) is None:
            self._issue_own(caller, Purpose.TIMESTAMPING)

    def answer_for_all(self, caller: Caller = US) -> int:
        """Give the responder a fresh certificate where it has none or it is due; return how many."""
        with self._means.database.reading() as view:
            issuer = current_authority(queries.authority_rows(view))["der"]
        held = self._ring.held(Purpose.STATUS, issuer)
        if held is not None and not self._is_due(held):
            return 0
        self._issue_own(caller, Purpose.STATUS)
        return 1

    def ask_for_time(self, caller: Caller = US) -> bool:
        """Ask officials for the time service's next certificate when it is due; take an approved one."""
        if self._adopt_decided(caller):
            return True
        held = self._ring.held(Purpose.TIMESTAMPING)
        if held is None or not self._is_due(held):
            return False
        key = self._ring.ensure_next(caller, Purpose.TIMESTAMPING, self._means.plan.keys)
        profile, title = SERVICES[Purpose.TIMESTAMPING]
        csr = self._ring.request_for(key.id, title)
        self._asking.ask(caller, csr, profile, Holder(name=title))
        return True

    def retire_old(self, caller: Caller = US) -> int:
        """Retire issuing keys that are followed and have no certificate left that holds; return how many."""
        with self._means.database.reading() as view:
            rows = [row for row in queries.authority_rows(view) if row["role"] == "issuing"]
            done = [
                row["key"]
                for row in rows
                if not row["current"] and not queries.unexpired(view, row["sha256"], self._means.now)
            ]
        active = {key.id for key in self._ring.of(Purpose.ISSUING, KeyState.ACTIVE)}
        for key_id in active.intersection(done):
            self._ring.retire(caller, key_id)
        return len(active.intersection(done))

    def _adopt_decided(self, caller: Caller) -> bool:
        """Take the certificate of a pending key whose request officials approved."""
        for key in self._ring.of(Purpose.TIMESTAMPING, KeyState.PENDING):
            with self._means.database.reading() as view:
                asked = queries.requests_of_key(view, key.public_sha256)
                row = queries.certificate(view, asked[0]["serial"]) if asked else None
            if row is not None and row["der"]:
                self._ring.adopt(caller, _pem(row["der"], *self._issuing.chain(row)))
                return True
        return False

    def _issue_own(self, caller: Caller, purpose: Purpose) -> None:
        """Give a key of our own service its certificate; one that a killed process began is completed."""
        profile, title = SERVICES[purpose]
        key = self._ring.ensure_next(caller, purpose, self._means.plan.keys)
        with self._means.database.reading() as view:
            begun = queries.certificate_of_key(view, key.public_sha256, profile)
        if begun is None:
            name = subject_of(profile, Holder(name=title), self._means.plan)
            made = self._issuing.issue(caller, Order(profile, name, (), self._ring.opened(key.id).public_der))
        else:
            made = certificate_of(begun) if begun["der"] else self._issuing.complete(caller, begun)
        self._ring.adopt(caller, _pem(made.der, *self._issuing.chain(begun)))

    def _is_due(self, held: Held) -> bool:
        found = Certificate.read(held.certificate)
        return is_due(found.not_before, found.not_after, self._means.now)

    def _keep(self, write: Writing, der: bytes, role: str, key: str) -> None:
        """Put a certificate of the authority on record as the current one of its role."""
        digest, found = sha256(der).hexdigest(), Certificate.read(der)
        if any(row["sha256"] == digest for row in queries.authority_rows(write)):
            write.update(authorities, {"sha256": digest}, {"current": 1})
            return
        row = {
            "sha256": digest,
            "role": role,
            "subject": [list(pair) for pair in _name(found)],
            "der": der,
            "key": key,
            "not_before": rfc3339(found.not_before),
            "not_after": rfc3339(found.not_after),
            "adopted_at": rfc3339(write.at),
            "current": 1,
        }
        write.insert(authorities, row)


def _name(certificate: Certificate) -> Name:
    return tuple((str(attribute), str(value)) for attribute, value in certificate.subject)


def _pem(*certificates: bytes) -> bytes:
    return b"".join(to_pem(each) for each in certificates)
