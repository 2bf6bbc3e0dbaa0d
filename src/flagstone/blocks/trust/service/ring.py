# SPDX-License-Identifier: EUPL-1.2
"""The keys of the site: made, loaded, given their certificate, retired and destroyed, each step on record."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from flagstone.blocks.trust.contract.events import KeyChanged
from flagstone.blocks.trust.contract.faults import KeyGone, KeyInUse, KeyUnknown, WordsInvalid
from flagstone.blocks.trust.contract.keys import Key, KeyState, KeyType, Purpose
from flagstone.blocks.trust.model.deciding import checked_words
from flagstone.blocks.trust.service.places import KeyPlace
from flagstone.blocks.trust.service.terms import Means
from flagstone.blocks.trust.service.uses import CountedKey, Uses
from flagstone.blocks.trust.store import queries
from flagstone.blocks.trust.store.tables import keys
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.crypto.issuing import CertificateNotMade, is_issued_by, public_of, write_request
from flagstone.platform.crypto.pem import all_of_pem
from flagstone.platform.crypto.signing import PrivateKey
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

MAKING = Reason("make a key")
ADOPTING = Reason("take the certificate of a key")
DESTROYING = Reason("destroy a key")
LIVING = (KeyState.PENDING, KeyState.ACTIVE)


@dataclass(frozen=True)
class Held:
    """A key of the site with its certificate and the certificates above it, all in DER."""

    id: str
    key: CountedKey
    certificate: bytes
    chain: tuple[bytes, ...]


class Ring:
    """The use cases of keys. Safe to share between threads."""

    def __init__(self, means: Means, place: KeyPlace, uses: Uses) -> None:
        """Keep keys at `place`; `uses` counts them."""
        self._means, self._place, self._uses = means, place, uses
        self._opened: dict[str, CountedKey] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[Key, ...]:
        """Return every key, the newest first."""
        with self._means.database.reading() as view:
            counted = queries.uses_by_key(view)
            return tuple(key_of(row, counted.get(row["id"], (0, 0))) for row in queries.all_keys(view))

    def make(self, caller: Caller, purpose: Purpose, type_: KeyType) -> Key:
        """Make a key that waits for its certificate."""
        key_id = str(fresh_uuid(self._means.now))
        made = self._place.make(key_id, type_)
        row: dict[str, Any] = {
            "id": key_id,
            "purpose": purpose.value,
            "type": type_.value,
            "place": self._place.name,
            "state": KeyState.PENDING.value,
            "public_der": made.public_der,
            "public_sha256": sha256(made.public_der).hexdigest(),
            "chain": [],
            "words": "",
        }
        with self._means.database.writing(caller.actor, MAKING) as write:
            at = rfc3339(write.at)
            return key_of(write.insert(keys, row | {"made_at": at, "changed_at": at}))

    def ensure(self, caller: Caller, purpose: Purpose, type_: KeyType) -> Key:
        """Return the newest key of a purpose that is pending or active, made when there is none."""
        found = self.of(purpose, *LIVING)
        return found[0] if found else self.make(caller, purpose, type_)

    def ensure_next(self, caller: Caller, purpose: Purpose, type_: KeyType) -> Key:
        """Return the newest key of a purpose that is pending, made when there is none."""
        found = self.of(purpose, KeyState.PENDING)
        return found[0] if found else self.make(caller, purpose, type_)

    def of(self, purpose: Purpose, *states: KeyState) -> tuple[Key, ...]:
        """Return the keys of a purpose in any of `states`, the newest first."""
        with self._means.database.reading() as view:
            return tuple(key_of(row) for row in queries.keys_for(view, purpose, *states))

    def held(self, purpose: Purpose, issuer: bytes | None = None) -> Held | None:
        """Return the newest active key of a purpose, below `issuer` where one is given."""
        with self._means.database.reading() as view:
            rows = queries.keys_for(view, purpose, KeyState.ACTIVE)
        for row in rows:
            chain = _chain(row)
            if issuer is None or chain[:1] == (issuer,):
                return Held(row["id"], self.opened(row["id"]), row["certificate"], chain)
        return None

    def opened(self, key_id: str) -> CountedKey:
        """Return a key that signs, counted; KeyUnknown, KeyGone, KeyStoreUnusable."""
        with self._lock:
            found = self._opened.get(key_id)
        if found is not None:
            return found
        row = self._row(key_id)
        if row["state"] not in {state.value for state in LIVING}:
            raise KeyGone
        loaded: PrivateKey = self._place.load(key_id)
        counted = CountedKey(key_id, loaded, self._uses)
        with self._lock:
            return self._opened.setdefault(key_id, counted)

    def request_for(self, key_id: str, title: str) -> bytes:
        """Return a PKCS#10 request, PEM, that asks for the name `title`."""
        return write_request(self.opened(key_id), (("CN", title),))

    def waiting_for(self, certificate: bytes) -> Key | None:
        """Return the key that a certificate is for, when it is pending or active; None otherwise."""
        leaf, _ = _parts(certificate)
        with self._means.database.reading() as view:
            row = queries.key_by_public(view, sha256(public_of(leaf)).hexdigest())
        return key_of(row) if row and row["state"] in {state.value for state in LIVING} else None

    def adopt(self, caller: Caller, certificate: bytes) -> Held:
        """Take a certificate, with those above it when it is PEM; the key is active from now on."""
        leaf, chain = _parts(certificate)
        public = sha256(public_of(leaf)).hexdigest()
        with self._means.database.writing(caller.actor, ADOPTING) as write:
            row = queries.key_by_public(write, public)
            if row is None or row["state"] not in {state.value for state in LIVING}:
                raise KeyUnknown
            self._retire_before(write, row, chain)
            changes = {
                "certificate": leaf,
                "chain": [base64.b64encode(each).decode() for each in chain],
                "state": KeyState.ACTIVE.value,
                "changed_at": rfc3339(write.at),
            }
            write.update(keys, {"id": row["id"]}, changes)
            write.publish(KeyChanged(row["id"], row["purpose"], KeyState.ACTIVE.value))
        return Held(row["id"], self.opened(row["id"]), leaf, chain)

    def destroy(self, caller: Caller, key_id: str, words: str) -> Key:
        """Destroy a key that is not active: on record first, so that it cannot be used, then in its place."""
        said = checked_words(words)
        if not said:
            raise WordsInvalid("say why the key is destroyed")
        with self._means.database.writing(caller.actor, DESTROYING) as write:
            row = queries.key(write, key_id)
            if row is None:
                raise KeyUnknown
            if row["state"] == KeyState.ACTIVE.value:
                raise KeyInUse
            changes = {"state": KeyState.DESTROYED.value, "changed_at": rfc3339(write.at), "words": said}
            after = write.update(keys, {"id": key_id}, changes)
            write.publish(KeyChanged(key_id, row["purpose"], KeyState.DESTROYED.value))
        self._forget(key_id)
        self._place.destroy(key_id)
        return key_of(after)

    def retire(self, caller: Caller, key_id: str) -> None:
        """Let a key sign nothing more."""
        with self._means.database.writing(caller.actor, ADOPTING) as write:
            row = queries.key(write, key_id)
            if row is None:
                raise KeyUnknown
            _retire(write, row)
        self._forget(key_id)

    def sweep(self) -> None:
        """Destroy in their place the keys that are destroyed on record, where a kill came between."""
        with self._means.database.reading() as view:
            gone = [row for row in queries.all_keys(view) if row["state"] == KeyState.DESTROYED.value]
        for row in gone:
            self._place.destroy(row["id"])

    def _retire_before(self, write: Writing, row: Row, chain: tuple[bytes, ...]) -> None:
        """Retire what the key follows: not issuing keys, whose lists go on; answers only under one issuer."""
        if row["purpose"] == Purpose.ISSUING.value:
            return
        for before in queries.keys_for(write, Purpose(row["purpose"]), KeyState.ACTIVE):
            same = row["purpose"] != Purpose.STATUS.value or _chain(before)[:1] == chain[:1]
            if before["id"] != row["id"] and same:
                _retire(write, before)
                self._forget(before["id"])

    def _row(self, key_id: str) -> Row:
        with self._means.database.reading() as view:
            row = queries.key(view, key_id)
        if row is None:
            raise KeyUnknown
        return row

    def _forget(self, key_id: str) -> None:
        with self._lock:
            self._opened.pop(key_id, None)


def key_of(row: Row, counted: tuple[int, int] = (0, 0)) -> Key:
    """Return a row as a key; `counted` are its uses and those that may be lost."""
    certificate = row["certificate"]
    return Key(
        row["id"],
        Purpose(row["purpose"]),
        KeyType(row["type"]),
        row["place"],
        KeyState(row["state"]),
        row["public_sha256"],
        parse_rfc3339(row["made_at"]),
        parse_rfc3339(row["changed_at"]),
        *counted,
        sha256(certificate).hexdigest() if certificate else "",
    )


def _retire(write: Writing, row: Row) -> None:
    changes = {"state": KeyState.RETIRED.value, "changed_at": rfc3339(write.at)}
    write.update(keys, {"id": row["id"]}, changes)
    write.publish(KeyChanged(row["id"], row["purpose"], KeyState.RETIRED.value))


def _chain(row: Row) -> tuple[bytes, ...]:
    """Return the certificates above a key's own, the issuer's first."""
    return tuple(base64.b64decode(each) for each in row["chain"])


def _parts(certificate: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Return a certificate and those above it; CertificateNotMade unless each is issued by the next."""
    try:
        found = all_of_pem(certificate) or (certificate,)
    except ValueError as error:
        raise CertificateNotMade("the PEM is broken") from error
    for below, above in pairwise(found):
        if not is_issued_by(below, above):
            raise CertificateNotMade("the certificates do not follow each other")
    return found[0], found[1:]
