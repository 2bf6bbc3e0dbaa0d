# SPDX-License-Identifier: EUPL-1.2
"""What is asked of the tables of the trust services."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flagstone.blocks.trust.contract.authority import CertificateQuery, Profile, RequestState, Standing
from flagstone.blocks.trust.contract.keys import KeyState, Purpose
from flagstone.blocks.trust.store.tables import (
    authorities,
    certificates,
    key_uses,
    keys,
    lists,
    requests,
    stampings,
)
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import ColumnElement, Row, and_, func, select, true

LISTED_MAX = 200_000
"""Most lines of a revocation list."""


def key(view: Reading, key_id: str) -> Row | None:
    """Return one key."""
    return view.row(select(keys).where(keys.c.id == key_id))


def key_by_public(view: Reading, public_sha256: str) -> Row | None:
    """Return the key with this public part."""
    return view.row(select(keys).where(keys.c.public_sha256 == public_sha256))


def all_keys(view: Reading) -> list[Row]:
    """Return every key, the newest first."""
    return view.rows(select(keys).order_by(keys.c.made_at.desc(), keys.c.id.desc()))


def keys_for(view: Reading, purpose: Purpose, *states: KeyState) -> list[Row]:
    """Return the keys of a purpose in any of `states`, the newest first."""
    fits = and_(keys.c.purpose == purpose.value, keys.c.state.in_([state.value for state in states]))
    return view.rows(select(keys).where(fits).order_by(keys.c.made_at.desc(), keys.c.id.desc()))


def uses_by_key(view: Reading) -> dict[str, tuple[int, int]]:
    """Return for each key how many uses were counted, and how many at most were lost."""
    used, lost = func.sum(key_uses.c.used), func.sum(key_uses.c.lost)
    query = select(key_uses.c.key, used.label("used"), lost.label("lost")).group_by(key_uses.c.key)
    return {row["key"]: (int(row["used"] or 0), int(row["lost"] or 0)) for row in view.rows(query)}


def open_uses(view: Reading) -> list[Row]:
    """Return the grants of uses that nobody closed."""
    return view.rows(select(key_uses).where(key_uses.c.closed_at.is_(None)).order_by(key_uses.c.id))


def request(view: Reading, request_id: str) -> Row | None:
    """Return one request."""
    return view.row(select(requests).where(requests.c.id == request_id))


def requests_of_key(view: Reading, public_sha256: str) -> list[Row]:
    """Return the requests for one key, the newest first."""
    theirs = requests.c.public_sha256 == public_sha256
    return view.rows(select(requests).where(theirs).order_by(requests.c.asked_at.desc()))


def requests_in(view: Reading, states: Collection[RequestState], most: int) -> list[Row]:
    """Return requests in any of `states`, the oldest first."""
    fits = requests.c.state.in_([state.value for state in states])
    return view.rows(select(requests).where(fits).order_by(requests.c.asked_at, requests.c.id).limit(most))


def newest_requests(view: Reading, most: int) -> list[Row]:
    """Return requests of any state, the newest first."""
    return view.rows(select(requests).order_by(requests.c.asked_at.desc(), requests.c.id.desc()).limit(most))


def certificate(view: Reading, serial: str) -> Row | None:
    """Return one certificate."""
    return view.row(select(certificates).where(certificates.c.serial == serial))


def standing_of(view: Reading, serial: str, issuer: str) -> Row | None:
    """Return how a certificate stands, without its bytes."""
    columns = (certificates.c.standing, certificates.c.changed_at, certificates.c.reason)
    these = and_(certificates.c.serial == serial, certificates.c.issuer == issuer)
    return view.row(select(*columns, certificates.c.revision, certificates.c.not_after).where(these))


def certificate_of_request(view: Reading, request_id: str) -> Row | None:
    """Return the certificate that was made for a request."""
    return view.row(select(certificates).where(certificates.c.request == request_id))


def certificate_of_key(view: Reading, public_sha256: str, profile: Profile) -> Row | None:
    """Return the newest certificate of a key, for one profile."""
    these = and_(certificates.c.public_sha256 == public_sha256, certificates.c.profile == profile.value)
    return view.row(select(certificates).where(these).order_by(certificates.c.changed_at.desc()))


def prepared(view: Reading) -> list[Row]:
    """Return the certificates that are on record and not signed."""
    these = certificates.c.standing == Standing.PREPARED.value
    return view.rows(select(certificates).where(these).order_by(certificates.c.changed_at))


def found(view: Reading, query: CertificateQuery, within: tuple[int, int]) -> tuple[list[Row], int]:
    """Return one page of certificates, the newest first, and how many there are in all."""
    fits = _fits(query)
    ordered = select(certificates).where(fits)
    ordered = ordered.order_by(
        certificates.c.not_before.desc(), certificates.c.changed_at.desc(), certificates.c.serial
    )
    total = int(view.scalar(select(func.count()).select_from(certificates).where(fits)))
    return view.rows(ordered.offset(within[0]).limit(within[1])), total


def expiring(view: Reading, profile: Profile, before: datetime) -> list[Row]:
    """Return valid certificates of a profile that end before an instant."""
    these = and_(
        certificates.c.profile == profile.value,
        certificates.c.standing == Standing.VALID.value,
        certificates.c.not_after < rfc3339(before),
    )
    return view.rows(select(certificates).where(these).order_by(certificates.c.not_after))


def listed(view: Reading, issuer: str, now: datetime) -> list[Row]:
    """Return what a revocation list must name: suspended and revoked, not expired, by number."""
    these = and_(
        certificates.c.issuer == issuer,
        certificates.c.standing.in_([Standing.SUSPENDED.value, Standing.REVOKED.value]),
        certificates.c.not_after >= rfc3339(now),
    )
    columns = (certificates.c.serial, certificates.c.changed_at, certificates.c.reason)
    return view.rows(select(*columns).where(these).order_by(certificates.c.serial).limit(LISTED_MAX))


def unexpired(view: Reading, issuer: str, now: datetime) -> int:
    """Return how many certificates of an issuer have not ended."""
    these = and_(certificates.c.issuer == issuer, certificates.c.not_after >= rfc3339(now))
    return int(view.scalar(select(func.count()).select_from(certificates).where(these)))


def authority_rows(view: Reading) -> list[Row]:
    """Return the certificates of the authority, the current ones first, issuing before root."""
    ordered = (authorities.c.current.desc(), authorities.c.role, authorities.c.adopted_at.desc())
    return view.rows(select(authorities).order_by(*ordered))


def revocation_list(view: Reading, issuer: str) -> Row | None:
    """Return the newest list of an issuer."""
    return view.row(select(lists).where(lists.c.issuer == issuer))


def stamping(view: Reading, key_id: str) -> Row | None:
    """Return what is reserved for the stamps of a key."""
    return view.row(select(stampings).where(stampings.c.key == key_id))


def _fits(query: CertificateQuery) -> ColumnElement[bool]:
    """Return the condition of a query; its text is matched as it is, without wildcards of its own."""
    fits: list[ColumnElement[bool]] = [true()]
    if query.text.strip():
        fits.append(certificates.c.search.contains(query.text.strip().lower(), autoescape=True))
    if query.standing is not None:
        fits.append(certificates.c.standing == query.standing.value)
    if query.profile is not None:
        fits.append(certificates.c.profile == query.profile.value)
    if query.expires_before is not None:
        fits.append(certificates.c.not_after < rfc3339(query.expires_before))
    return and_(*fits)
