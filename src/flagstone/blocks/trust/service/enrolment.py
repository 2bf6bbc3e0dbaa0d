# SPDX-License-Identifier: EUPL-1.2
"""How the sites of one machine get their certificates: requests and certificates in a folder that they share.

The folder belongs to the user who runs the sites and is closed to everybody else. The authority issues only
what the country's plan says a site is; each step can be repeated, and what a kill left is done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from flagstone.blocks.trust.contract.authority import REQUESTER, Holder, Profile, RequestState
from flagstone.blocks.trust.contract.faults import KeyUnknown, RequestInvalid
from flagstone.blocks.trust.contract.keys import Key, KeyState, KeyType, Purpose
from flagstone.blocks.trust.model.profiles import is_due
from flagstone.blocks.trust.service.asking import Asking
from flagstone.blocks.trust.service.issuing import Issuing
from flagstone.blocks.trust.service.ring import LIVING, Ring
from flagstone.blocks.trust.service.terms import Means
from flagstone.blocks.trust.store import queries
from flagstone.kernel.audit import Caller, job
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.issuing import (
    CertificateNotMade,
    CertificateRequestRefused,
    public_of,
    read_request,
)
from flagstone.platform.crypto.keys import KeyFileUnusable, read_private, write_private
from flagstone.platform.crypto.pem import all_of_pem, to_pem

ENROLLER = Caller(job("trust-enrolment"), frozenset({REQUESTER}))
PROFILES = {Purpose.AUTHENTICATION: Profile.AUTHENTICATION, Purpose.SIGNING: Profile.SIGNING}
AT_ONCE = timedelta()


@dataclass(frozen=True)
class Enrolled:
    """The shared folder and the name of this site in it."""

    folder: Path
    site: str

    def file(self, purpose: Purpose, ending: str) -> Path:
        """Return the file of this site for a purpose."""
        return self.folder / f"{self.site}.{purpose.value}.{ending}"


class Applicant:
    """A site that asks for its certificates."""

    def __init__(self, ring: Ring, means: Means, place: Enrolled) -> None:
        """Keep keys in `ring` and leave requests at `place`."""
        self._ring, self._means, self._place = ring, means, place

    def apply(self) -> int:
        """Leave a request for each purpose that has no certificate or a due one; return how many wait."""
        return sum(self._applied(purpose) for purpose in PROFILES)

    def collect(self) -> int:
        """Take the certificates that are there for keys that wait; return how many were taken."""
        taken = 0
        for purpose in PROFILES:
            for key in self._ring.of(purpose, KeyState.PENDING):
                taken += self._collected(purpose, key)
        return taken

    def _applied(self, purpose: Purpose) -> bool:
        pending = self._ring.of(purpose, KeyState.PENDING)
        if not pending and not self._is_due(purpose):
            return False
        key = pending[0] if pending else self._ring.make(ENROLLER, purpose, self._type)
        file = self._place.file(purpose, "csr")
        if not _asks_for(file, key):
            csr = self._ring.request_for(key.id, f"{self._place.site} {purpose.value}")
            write_private(file, csr, replace=True)
        return True

    @property
    def _type(self) -> KeyType:
        return self._means.plan.keys

    def _is_due(self, purpose: Purpose) -> bool:
        """Tell whether the site has no certificate for a purpose, or one that ends soon."""
        held = self._ring.held(purpose)
        if held is None:
            return not self._ring.of(purpose, *LIVING)
        found = Certificate.read(held.certificate)
        return is_due(found.not_before, found.not_after, self._means.now)

    def _collected(self, purpose: Purpose, key: Key) -> bool:
        """Take the certificate when it is this key's; another's is left alone."""
        try:
            pem = read_private(self._place.file(purpose, "pem"))
            if sha256(public_of(all_of_pem(pem)[0])).hexdigest() != key.public_sha256:
                return False
            self._ring.adopt(ENROLLER, pem)
        except (KeyFileUnusable, KeyUnknown, CertificateNotMade, ValueError, IndexError):
            return False
        return True


def _asks_for(file: Path, key: Key) -> bool:
    """Tell whether a request is there for this key; one for another key is written anew."""
    try:
        return sha256(read_request(read_private(file)).public_der).hexdigest() == key.public_sha256
    except (KeyFileUnusable, CertificateRequestRefused):
        return False


class Registrar:
    """The authority's side of the folder."""

    def __init__(self, means: Means, asking: Asking, issuing: Issuing, folder: Path) -> None:
        """Look for requests in `folder`."""
        self._means, self._asking, self._issuing, self._folder = means, asking, issuing, folder

    def take(self, holders: Mapping[str, Holder]) -> int:
        """Issue for each request of a site that the plan knows; return how many certificates were left."""
        left = 0
        with self._means.database.reading() as view:
            if not queries.authority_rows(view):
                return 0
        for site, holder in holders.items():
            for purpose, profile in PROFILES.items():
                left += self._taken(Enrolled(self._folder, site), purpose, (profile, holder))
        return left

    def _taken(self, place: Enrolled, purpose: Purpose, what: tuple[Profile, Holder]) -> bool:
        """Answer one request; one that cannot be read is left for its site to write anew."""
        file = place.file(purpose, "csr")
        if not file.exists():
            return False
        try:
            request = self._asking.ask(ENROLLER, read_private(file), what[0], what[1])
        except (KeyFileUnusable, RequestInvalid):
            return False
        if request.state is not RequestState.ISSUED:
            request = self._asking.approve_ours(ENROLLER, request.id)
        if request.state is RequestState.APPROVED:
            self._issuing.complete_left(older_than=AT_ONCE)
            request = self._asking.request(ENROLLER, request.id)
        if request.state is RequestState.ISSUED:
            self._leave(place.file(purpose, "pem"), request.serial)
            file.unlink(missing_ok=True)
        return request.state is RequestState.ISSUED

    def _leave(self, file: Path, serial: str) -> None:
        """Write a certificate with those above it, for its site to take."""
        with self._means.database.reading() as view:
            row = queries.certificate(view, serial)
        assert row is not None
        chain = self._issuing.chain(row)
        write_private(file, b"".join(to_pem(each) for each in (row["der"], *chain)), replace=True)
