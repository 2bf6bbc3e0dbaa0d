# SPDX-License-Identifier: EUPL-1.2
"""A ring of signing keys that is turned without a gap: published before use, kept until all has expired.

A ring is a folder: one private file for each key and `ring.json`, which names them and their dates.
Other processes see a turn at their next look, because the ring reads the file again when it changed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.platform.crypto.keys import (
    KeyFileUnusable,
    KeyKind,
    SigningKey,
    ensure_folder,
    folder_lock,
    generate_signing_key,
    load_signing_key,
    read_private,
    save_signing_key,
    write_private,
)

RING_FILE = "ring.json"


class KeyState(Enum):
    """Where a key stands on the ring at a given time."""

    NEXT = "next"  # published, not yet signing
    CURRENT = "current"  # signs
    RETIRED = "retired"  # signs no more, still published
    GONE = "gone"  # no longer published


@dataclass(frozen=True)
class Place:
    """A key's place on the ring: it signs from `used_from` until the next one does.

    `retired_at` is when it leaves the published set, empty while it may still sign.
    """

    id: str
    used_from: str
    retired_at: str = ""

    def state(self, now: datetime, current: str) -> KeyState:
        """Return the key's state at `now`, given the id of the current key."""
        if self.retired_at and parse_rfc3339(self.retired_at) <= now:
            return KeyState.GONE
        if self.id == current:
            return KeyState.CURRENT
        return KeyState.NEXT if parse_rfc3339(self.used_from) > now else KeyState.RETIRED


class KeyRing:
    """The keys of one purpose and one kind in one folder."""

    def __init__(self, folder: Path, kind: KeyKind) -> None:
        """Name the ring's folder; nothing is read or made yet."""
        self._folder = folder
        self._kind = kind
        self._seen: tuple[int, int, int] | None = None
        self._places: tuple[Place, ...] = ()
        self._keys: dict[str, SigningKey] = {}

    def ensure(self, now: datetime) -> None:
        """Make the ring with one key in use from `now` on where there is none."""
        ensure_folder(self._folder)
        with folder_lock(self._folder):
            if not (self._folder / RING_FILE).exists():
                self._save((self._fresh(now),))

    def current(self, now: datetime) -> SigningKey:
        """Return the key that signs at `now`; KeyFileUnusable when the ring has none."""
        self._refresh()
        return self._keys[self._current(now).id]

    def published(self, now: datetime) -> tuple[SigningKey, ...]:
        """Return the keys that verifiers must know at `now`, the current one first."""
        self._refresh()
        current = self._current(now).id
        known = [p for p in self._places if p.state(now, current) is not KeyState.GONE]
        known.sort(key=lambda place: (place.id != current, place.used_from))
        return tuple(self._keys[place.id] for place in known)

    def states(self, now: datetime) -> tuple[tuple[Place, KeyState], ...]:
        """Return every key's place and state at `now`, the oldest first."""
        self._refresh()
        current = self._current(now).id
        return tuple((place, place.state(now, current)) for place in self._places)

    def rotate(self, now: datetime, *, publish_before: timedelta, retire_after: timedelta) -> SigningKey:
        """Add a key that is published now and signs after `publish_before`.

        The keys before it leave the published set `retire_after` later. A key that waits already is
        returned unchanged: turning twice does no harm.
        """
        with folder_lock(self._folder):
            self._refresh()
            waiting = [p for p in self._places if parse_rfc3339(p.used_from) > now]
            if waiting:
                return self._keys[waiting[-1].id]
            used_from = now + publish_before
            leaves = rfc3339(used_from + retire_after)
            kept = [replace(p, retired_at=p.retired_at or leaves) for p in self._alive(now)]
            place = self._fresh(used_from)
            self._save((*kept, place))
            self._refresh()
            return self._keys[place.id]

    def revoke(self, now: datetime, key_id: str) -> SigningKey:
        """Take a key out of use at once (it may be known to others); return the key that signs now.

        Whatever it signed is no longer accepted. Raises KeyFileUnusable for an id not on the ring.
        """
        with folder_lock(self._folder):
            self._refresh()
            kept = tuple(p for p in self._places if p.id != key_id)
            if len(kept) == len(self._places):
                raise KeyFileUnusable(f"no key {key_id} on this ring")
            if not any(self._may_sign(p, now) for p in kept):
                kept = (*kept, self._fresh(now))
            self._save(kept)
            (self._folder / f"{key_id}.pem").unlink(missing_ok=True)
        return self.current(now)

    def _current(self, now: datetime) -> Place:
        """Return the place of the newest key that may sign at `now`."""
        usable = [place for place in self._places if self._may_sign(place, now)]
        if not usable:
            raise KeyFileUnusable(f"{self._folder} has no key in use at this time; is the clock right?")
        return max(usable, key=lambda place: place.used_from)

    @staticmethod
    def _may_sign(place: Place, now: datetime) -> bool:
        """Tell whether the key at `place` has begun and has not left the published set."""
        begun = parse_rfc3339(place.used_from) <= now
        return begun and not (place.retired_at and parse_rfc3339(place.retired_at) <= now)

    def _alive(self, now: datetime) -> list[Place]:
        """Return the places not yet gone, and delete the files of those gone."""
        gone = [p for p in self._places if p.retired_at and parse_rfc3339(p.retired_at) <= now]
        for place in gone:
            (self._folder / f"{place.id}.pem").unlink(missing_ok=True)
        return [place for place in self._places if place not in gone]

    def _fresh(self, used_from: datetime) -> Place:
        """Make and save a key, and return its place."""
        key = generate_signing_key(self._kind)
        save_signing_key(self._folder / f"{key.id}.pem", key)
        return Place(key.id, rfc3339(used_from))

    def _save(self, places: tuple[Place, ...]) -> None:
        """Replace `ring.json`, whole or not at all."""
        text = json.dumps({"keys": [asdict(place) for place in places]}, indent=2)
        write_private(self._folder / RING_FILE, text.encode(), replace=True)

    def _refresh(self) -> None:
        """Read the ring again when its file is another than the one last seen."""
        path = self._folder / RING_FILE
        try:
            status = path.stat()
        except OSError as error:
            raise KeyFileUnusable(f"{path} is missing") from error
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen == self._seen:
            return
        places = _parse(read_private(path), path)
        keys = {p.id: self._keys.get(p.id) or self._load(p.id) for p in places}
        self._places, self._keys, self._seen = places, keys, seen

    def _load(self, key_id: str) -> SigningKey:
        """Return the key of one place; KeyFileUnusable when the file holds another."""
        key = load_signing_key(self._folder / f"{key_id}.pem")
        if key.id != key_id or key.kind is not self._kind:
            raise KeyFileUnusable(f"{self._folder / key_id}.pem holds another key than its name says")
        return key


def _parse(data: bytes, path: Path) -> tuple[Place, ...]:
    """Return the places that `ring.json` lists; KeyFileUnusable when it is damaged."""
    try:
        places = tuple(Place(**entry) for entry in json.loads(data)["keys"])
        for place in places:
            parse_rfc3339(place.used_from)
            if place.retired_at:
                parse_rfc3339(place.retired_at)
            if not place.id.replace("-", "").replace("_", "").isalnum():
                raise ValueError("not a thumbprint")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyFileUnusable(f"{path} is damaged") from error
    return places
