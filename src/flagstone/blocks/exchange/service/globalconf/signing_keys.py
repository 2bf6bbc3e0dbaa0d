# SPDX-License-Identifier: EUPL-1.2
"""The keys that sign what a centre publishes: one for each directory, changed without a gap.

A change has three steps: the next key's certificate is published beside the active one's; once every server
has had time to fetch it, the next key signs; in the end the former key's certificate is published no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flagstone.blocks.exchange.contract.globalconf import Audience, KeyState, PublishedKey, Source
from flagstone.blocks.exchange.contract.globalconf_faults import RotationRefused
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.model.roles import require_operator
from flagstone.blocks.exchange.store import globalconf as store
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.issuing import Draft, Extensions, fresh_serial, signed, to_be_signed
from flagstone.platform.crypto.signing import Algorithm, PrivateKey, SoftKey
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row

FIRST = Caller(job("first configuration"))
FIRST_REASON = Reason("First signing key of the global configuration")
YEARS = 20
PUBLISHED_SECONDS_MIN = 660
"""For how long a next key's certificate must have been published before it signs: a directory's validity
and one interval of publication, so that no server that has a valid configuration misses it."""

MakeKey = Callable[[], SoftKey]


@dataclass(frozen=True)
class Signer:
    """What signs one directory now, and every certificate that servers are told of."""

    key: PrivateKey
    certificate: Certificate
    published: tuple[Certificate, ...]
    since: datetime


class SigningKeys:
    """Keeps the keys of one centre in `folder`, and where each stands in the site's database."""

    def __init__(
        self, database: Database, folder: Path, server: ServerId, *, make: MakeKey = SoftKey.generate_rsa
    ) -> None:
        """Keep keys for the instance of `server`, whose operators decide on them."""
        self._database = database
        self._folder = folder
        self._server = server
        self._make = make

    def listed(self) -> tuple[PublishedKey, ...]:
        """Return every key: the internal directory's first, the active one before next and former."""
        with self._database.reading() as view:
            found = [_published(row) for row in store.keys(view)]
        audiences, order = list(Audience), [KeyState.ACTIVE, KeyState.NEXT, KeyState.FORMER]
        return tuple(
            sorted(found, key=lambda each: (audiences.index(each.audience), order.index(each.state)))
        )

    def ensure(self) -> None:
        """Make the first key of each directory that has none."""
        for audience in Audience:
            with self._database.reading() as view:
                found = store.key(view, audience.value, KeyState.ACTIVE.value)
            if found is None:
                self._add(FIRST, audience, KeyState.ACTIVE, FIRST_REASON)

    def signer(self, audience: Audience) -> Signer:
        """Return what signs a directory; RotationRefused before there is a key."""
        with self._database.reading() as view:
            rows = [row for row in store.keys(view) if row["audience"] == audience.value]
        active = next((row for row in rows if row["state"] == KeyState.ACTIVE.value), None)
        if active is None:
            raise RotationRefused("there is no active key yet")
        order = [state.value for state in (KeyState.ACTIVE, KeyState.NEXT, KeyState.FORMER)]
        rows.sort(key=lambda row: (order.index(row["state"]), row["since"]))
        certificates = tuple(Certificate.read(row["certificate"]) for row in rows)
        since = max(parse_rfc3339(row["since"]) for row in rows)
        key = SoftKey.from_file(self._file(active["name"]))
        return Signer(key, Certificate.read(active["certificate"]), certificates, since)

    def source(self, address: str) -> Source:
        """Return the publisher at `address` with the certificates of both directories."""
        internal, external = self.signer(Audience.INTERNAL), self.signer(Audience.EXTERNAL)
        return Source(
            address,
            tuple(each.der for each in internal.published),
            tuple(each.der for each in external.published),
        )

    def add_next(self, caller: Caller, audience: Audience, reason: Reason) -> PublishedKey:
        """Make the next key of a directory, whose certificate is published from now on."""
        require_operator(caller, self._server)
        self._require_none(audience, KeyState.NEXT, "there is a next key already")
        self._add(caller, audience, KeyState.NEXT, reason)
        return next(
            each for each in self.listed() if each.audience is audience and each.state is KeyState.NEXT
        )

    def switch(self, caller: Caller, audience: Audience, reason: Reason, *, at_once: bool = False) -> None:
        """Let the next key sign; RotationRefused before its certificate has been published long enough.

        `at_once` does not wait, for a key that others have: servers that lack the certificate need an anchor.
        """
        require_operator(caller, self._server)
        self._require_none(audience, KeyState.FORMER, "the former key must be retired first")
        with self._database.writing(caller.actor, reason) as write:
            fresh = store.key(write, audience.value, KeyState.NEXT.value)
            active = store.key(write, audience.value, KeyState.ACTIVE.value)
            if fresh is None or active is None:
                raise RotationRefused("there is no next key")
            waited = write.at - parse_rfc3339(fresh["since"])
            if not at_once and waited < timedelta(seconds=PUBLISHED_SECONDS_MIN):
                rest = PUBLISHED_SECONDS_MIN - round(waited.total_seconds())
                raise RotationRefused(f"its certificate must be published {rest} seconds longer")
            store.place(write, active["name"], KeyState.FORMER.value, rfc3339(write.at))
            store.place(write, fresh["name"], KeyState.ACTIVE.value, rfc3339(write.at))

    def retire(self, caller: Caller, audience: Audience, reason: Reason) -> None:
        """Publish the former key's certificate no more, and destroy the key."""
        require_operator(caller, self._server)
        with self._database.writing(caller.actor, reason) as write:
            former = store.key(write, audience.value, KeyState.FORMER.value)
            if former is None:
                raise RotationRefused("there is no former key")
            store.remove(write, former["name"])
        self._file(former["name"]).unlink(missing_ok=True)

    def _require_none(self, audience: Audience, state: KeyState, trouble: str) -> None:
        """Raise RotationRefused when a directory has a key in `state`."""
        with self._database.reading() as view:
            if store.key(view, audience.value, state.value) is not None:
                raise RotationRefused(trouble)

    def _add(self, caller: Caller, audience: Audience, state: KeyState, reason: Reason) -> None:
        """Make a key: its file first, so that no row is ever without it."""
        name = f"{audience.value}-{secrets.token_hex(6)}"
        key = self._make()
        key.to_file(self._file(name))
        try:
            with self._database.writing(caller.actor, reason) as write:
                certificate = _self_signed(key, f"{self._server.owner.instance} {name}", write.at)
                row = {"name": name, "audience": audience.value, "certificate": certificate}
                store.add(write, {**row, "state": state.value, "since": rfc3339(write.at)})
        except BaseException:
            with suppress(OSError):
                self._file(name).unlink()
            raise

    def _file(self, name: str) -> Path:
        """Return the file of a key."""
        return self._folder / f"{name}.pem"


def _self_signed(key: SoftKey, name: str, at: datetime) -> bytes:
    """Return a certificate for a key that is trusted because the anchor holds it; DER."""
    extensions = Extensions(key_usage=("digital_signature",))
    until = at.replace(year=at.year + YEARS, day=min(at.day, 28))
    draft = Draft(fresh_serial(), (("CN", name[:64]),), at, until, key.public_der, extensions)
    algorithm: Algorithm = key.algorithm
    return signed(to_be_signed(draft, None, algorithm), key, algorithm)


def _published(row: Row) -> PublishedKey:
    """Return a key as it is told of."""
    certificate = Certificate.read(row["certificate"])
    return PublishedKey(
        row["name"],
        Audience(row["audience"]),
        KeyState(row["state"]),
        certificate.subject_text,
        certificate.sha256.hex(),
        parse_rfc3339(row["since"]),
    )
