# SPDX-License-Identifier: EUPL-1.2
"""The trust services of a site as one: its keys everywhere, and the authority at the one site that has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flagstone.blocks.trust.contract.authority import (
    AuthorityCertificate,
    Certificate,
    CertificatePage,
    CertificateQuery,
    Holder,
    Profile,
    Request,
    RevocationList,
    RevocationReason,
    Standing,
)
from flagstone.blocks.trust.contract.faults import AuthorityAbsent, KeyUnknown
from flagstone.blocks.trust.contract.keys import Key, KeyType, Purpose
from flagstone.blocks.trust.service.asking import Asking
from flagstone.blocks.trust.service.authority import OwnCertificates
from flagstone.blocks.trust.service.issuing import Issuing, no_probe
from flagstone.blocks.trust.service.places import KeyPlace
from flagstone.blocks.trust.service.ring import Ring
from flagstone.blocks.trust.service.stamping import Stamping
from flagstone.blocks.trust.service.standing import Standings
from flagstone.blocks.trust.service.status import StatusAnswer, StatusResponder
from flagstone.blocks.trust.service.terms import Means
from flagstone.blocks.trust.service.uses import Uses
from flagstone.kernel.audit import Caller


class KeyService:
    """Keeps `Keys`: the keys of a site."""

    def __init__(self, means: Means, ring: Ring, own: OwnCertificates | None = None) -> None:
        """Keep the keys in `ring`; `own` takes the certificates of an authority."""
        self._means, self._ring, self._own = means, ring, own

    def keys(self, caller: Caller) -> tuple[Key, ...]:
        """Return every key there was, the newest first."""
        self._means.require_officer(caller)
        return self._ring.all()

    def make(self, caller: Caller, purpose: Purpose, type_: KeyType) -> Key:
        """Make a key that waits for its certificate."""
        self._means.require_officer(caller)
        if purpose is Purpose.ISSUING and self._own is None:
            raise AuthorityAbsent
        return self._ring.make(caller, purpose, type_)

    def request_for(self, caller: Caller, key_id: str) -> bytes:
        """Return a PKCS#10 request for the key, PEM."""
        self._means.require_officer(caller)
        return self._ring.request_for(key_id, f"key {key_id}")

    def adopt(self, caller: Caller, certificate: bytes) -> Key:
        """Take the certificate of a key that waits."""
        self._means.require_officer(caller)
        waiting = self._ring.waiting_for(certificate)
        if waiting is None:
            raise KeyUnknown
        if waiting.purpose is Purpose.ISSUING and self._own is not None:
            key = self._own.adopt(caller, certificate)
            self._own.establish(caller)
            return key
        self._ring.adopt(caller, certificate)
        return next(key for key in self._ring.all() if key.id == waiting.id)

    def destroy(self, caller: Caller, key_id: str, words: str) -> Key:
        """Destroy a key that is not active."""
        self._means.require_officer(caller)
        return self._ring.destroy(caller, key_id, words)


class Service:
    """Keeps `Authority` and `Stamper`: the authority of a country, at the site that runs it."""

    def __init__(
        self, means: Means, place: KeyPlace, uses: Uses, *, probe: Callable[[str], None] = no_probe
    ) -> None:
        """Work with `means`; keys are at `place`; `probe` is told each step of what is done in halves."""
        self.means, self.uses = means, uses
        self.ring = Ring(means, place, uses)
        self.issuing = Issuing(means, self.ring, probe=probe)
        self.asking = Asking(means, self.issuing)
        self.standings = Standings(means, self.ring)
        self.own = OwnCertificates(means, self.ring, self.issuing, self.asking)
        self.key_service = KeyService(means, self.ring, self.own)
        self._status = StatusResponder(means, self.ring)
        self._stamping = Stamping(means, self.ring, probe=probe)

    def ask(
        self, caller: Caller, csr: bytes, profile: Profile, holder: Holder, *, renews: str = ""
    ) -> Request:
        """Leave a request for a certificate."""
        return self.asking.ask(caller, csr, profile, holder, renews=renews)

    def renew(self, caller: Caller, csr: bytes, before: Certificate) -> Request:
        """Leave a request for what follows a certificate: the same holder and profile, another key."""
        return self.asking.renew(caller, csr, before.serial)

    def request(self, caller: Caller, request_id: str) -> Request:
        """Return one request."""
        return self.asking.request(caller, request_id)

    def requests(self, caller: Caller, *, waiting: bool = True) -> Sequence[Request]:
        """Return the requests that wait, or the newest of all."""
        return self.asking.all(caller, waiting=waiting)

    def decide(self, caller: Caller, request_id: str, *, approves: bool, words: str = "") -> Request:
        """Approve or refuse a request."""
        return self.asking.decide(caller, request_id, approves=approves, words=words)

    def certificate(self, caller: Caller, serial: str) -> Certificate:
        """Return one certificate."""
        return self.standings.one(caller, serial)

    def certificates(self, caller: Caller, query: CertificateQuery) -> CertificatePage:
        """Return certificates by number, name, standing and profile."""
        return self.standings.find(caller, query)

    def revoke(self, caller: Caller, serial: str, reason: RevocationReason, words: str = "") -> Certificate:
        """Revoke for good."""
        return self.standings.change(caller, serial, Standing.REVOKED, reason=reason.value, words=words)

    def suspend(self, caller: Caller, serial: str, words: str = "") -> Certificate:
        """Suspend until it is released or revoked."""
        return self.standings.change(caller, serial, Standing.SUSPENDED, words=words)

    def release(self, caller: Caller, serial: str, words: str = "") -> Certificate:
        """End a suspension."""
        return self.standings.change(caller, serial, Standing.VALID, words=words)

    def authority_certificates(self) -> tuple[AuthorityCertificate, ...]:
        """Return the certificates of the authority, the issuing ones first."""
        return self.own.all()

    def revocation_list(self) -> RevocationList:
        """Return the list that holds now."""
        return self.standings.current_list()

    def status(self, request: bytes) -> StatusAnswer:
        """Return the answer to a DER OCSPRequest."""
        return self._status.answer(request)

    def stamp(self, query: bytes) -> bytes:
        """Return the DER TimeStampResp to a DER TimeStampReq."""
        return self._stamping.stamp(query)

    def chain_of(self, caller: Caller, serial: str) -> tuple[bytes, ...]:
        """Return a certificate with those above it, DER, from its own to the root's."""
        found = self.certificate(caller, serial)
        return (found.der, *self.issuing.chain(self.standings.row(serial)))

    def upkeep(self) -> None:
        """Do what falls due: half-made certificates, lists, and the certificates of our own services."""
        if not self.own.all():
            return
        self.issuing.complete_left()
        self.own.answer_for_all()
        self.own.ask_for_time()
        self.own.retire_old()
        self.standings.publish_due()
