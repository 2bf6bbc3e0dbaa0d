# SPDX-License-Identifier: EUPL-1.2
"""The root of a country's trust, made and used offline in a folder of its own; nothing here knows a network.

A new root's folder is made beside and then renamed, so that it is whole or not there. Each thing that the
root does adds a signed line to the transcript, which names the digest of the line before.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from flagstone.blocks.trust.contract.authority import Name
from flagstone.blocks.trust.contract.faults import CeremonyInvalid
from flagstone.blocks.trust.contract.keys import KeyType
from flagstone.blocks.trust.service.places import FileKeys, KeyPlace, passphrase_in
from flagstone.kernel.clock import rfc3339
from flagstone.platform.crypto import issuing
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.keys import KeyFileUnusable, ensure_folder, read_private, write_private
from flagstone.platform.crypto.pem import der_of, to_pem
from flagstone.platform.crypto.signing import PrivateKey, verify

ROOT_CERTIFICATE, TRANSCRIPT, KEYS, ISSUED = "root.pem", "transcript.jsonl", "keys", "issued"
ROOT_KEY = "root"
SKEW = timedelta(minutes=5)
YEAR = timedelta(days=365, hours=6)
LINES_MAX = 10_000


@dataclass(frozen=True)
class Terms:
    """What a ceremony is to make: names and lifetimes of the root and of what it signs."""

    name: Name
    type: KeyType
    years: int
    issuing_name: Name
    issuing_years: int


@dataclass(frozen=True)
class Line:
    """One line of the transcript: what was done, when, the digests of what came of it, and the signature."""

    number: int
    at: str
    what: str
    digests: Mapping[str, str]
    before: str
    signature: str = field(repr=False)

    @property
    def signed(self) -> bytes:
        """Return the bytes that the root signs."""
        return json.dumps(
            [self.number, self.at, self.what, dict(sorted(self.digests.items())), self.before],
            separators=(",", ":"),
        ).encode()


OpenPlace = Callable[[Path], KeyPlace]
"""Returns the place of the root's key for its folder; nothing of it is opened yet."""


def files_closed_by(passphrase_file: Path) -> OpenPlace:
    """Return the place of a root's key in files, closed by the passphrase in a private file."""

    def place(folder: Path) -> KeyPlace:
        passphrase_in(passphrase_file)
        return FileKeys(folder / KEYS, passphrase_file)

    return place


class Ceremony:
    """The root in one folder, and what it signs."""

    def __init__(self, folder: Path, place: OpenPlace) -> None:
        """Work in `folder`; the root's key is at `place`."""
        self._folder, self._open = folder, place

    @property
    def root(self) -> bytes:
        """Return the root's certificate, DER; CeremonyInvalid when the folder has none."""
        try:
            return der_of(read_private(self._folder / ROOT_CERTIFICATE))
        except (KeyFileUnusable, ValueError) as error:
            raise CeremonyInvalid("the folder holds no root") from error

    @property
    def name(self) -> Name:
        """Return the root's own name; CeremonyInvalid when the folder has none."""
        found = Certificate.read(self.root).subject
        return tuple((str(attribute), str(value)) for attribute, value in found)

    def has_root(self) -> bool:
        """Tell whether the folder holds a root."""
        return (self._folder / ROOT_CERTIFICATE).exists()

    def make_root(self, terms: Terms, now: datetime) -> bytes:
        """Make the root, once, and return its certificate, DER; CeremonyInvalid when something is there."""
        if self._folder.exists() and any(self._folder.iterdir()):
            raise CeremonyInvalid("the folder is not empty")
        draft = self._folder.with_name(f".{self._folder.name}.making")
        shutil.rmtree(draft, ignore_errors=True)
        ensure_folder(draft)
        place = self._open(draft)
        key = place.make(ROOT_KEY, terms.type)
        made = _self_signed(key, terms, now)
        write_private(draft / ROOT_CERTIFICATE, to_pem(made))
        _note(draft, key, now, "made the root", {"root.pem": _digest(made), "key": _digest(key.public_der)})
        if self._folder.exists():
            self._folder.rmdir()
        draft.rename(self._folder)
        return made

    def sign_issuing(self, csr: bytes, terms: Terms, now: datetime) -> bytes:
        """Return the certificate, DER, of an issuing authority for a PKCS#10 request; the same one again.

        CeremonyInvalid when the folder has no root, or the root is over.
        """
        asked = issuing.read_request(csr)
        root = self.root
        file = self._folder / ISSUED / f"{_digest(asked.public_der)[:32]}.pem"
        if file.exists():
            return der_of(read_private(file))
        key = self._open(self._folder).load(ROOT_KEY)
        if key.public_der != issuing.public_of(root):
            raise CeremonyInvalid("the key is not the root's")
        made = _below(root, key, (asked.public_der, terms), now)
        digests = {"request": _digest(der_of(csr)), file.name: _digest(made)}
        _note(self._folder, key, now, "signed an issuing authority", digests)
        write_private(file, to_pem(made))
        return made

    def transcript(self) -> tuple[Line, ...]:
        """Return the transcript, checked: order, digests and signatures; CeremonyInvalid says which line."""
        lines = _lines(self._folder)
        public, before = issuing.public_of(self.root), ""
        for number, line in enumerate(lines, 1):
            algorithm = issuing.algorithm_for(public)
            good = verify(public, bytes.fromhex(line.signature), line.signed, algorithm)
            if line.number != number or line.before != before or not good:
                raise CeremonyInvalid(f"line {number} of the transcript is not what the root signed")
            before = _digest(line.signed)
        return lines


def _self_signed(key: PrivateKey, terms: Terms, now: datetime) -> bytes:
    """Return the root's own certificate."""
    use = issuing.Extensions(("key_cert_sign", "crl_sign"), ca=True, path_length=1)
    start = (now - SKEW).replace(microsecond=0)
    draft = issuing.Draft(
        issuing.fresh_serial(), terms.name, start, start + terms.years * YEAR, key.public_der, use
    )
    algorithm = issuing.algorithm_for(key.public_der)
    return issuing.signed(issuing.to_be_signed(draft, None, algorithm), key, algorithm)


def _below(root: bytes, key: PrivateKey, asked: tuple[bytes, Terms], now: datetime) -> bytes:
    """Return the certificate of an issuing authority below the root."""
    public_der, terms = asked
    use = issuing.Extensions(("key_cert_sign", "crl_sign", "digital_signature"), ca=True, path_length=0)
    start = (now - SKEW).replace(microsecond=0)
    end = min(start + terms.issuing_years * YEAR, issuing.ends(root))
    draft = issuing.Draft(issuing.fresh_serial(), terms.issuing_name, start, end, public_der, use)
    algorithm = issuing.algorithm_for(key.public_der)
    try:
        return issuing.signed(issuing.to_be_signed(draft, root, algorithm), key, algorithm)
    except issuing.CertificateNotMade as error:
        raise CeremonyInvalid(error.detail) from error


def _note(folder: Path, key: PrivateKey, now: datetime, what: str, digests: Mapping[str, str]) -> None:
    """Add a signed line to the transcript; the file is written whole."""
    lines = _lines(folder)
    before = _digest(lines[-1].signed) if lines else ""
    bare = Line(len(lines) + 1, rfc3339(now), what, dict(digests), before, "")
    signature = key.sign(bare.signed, issuing.algorithm_for(key.public_der)).hex()
    plain = [vars(each) for each in lines] + [vars(bare) | {"signature": signature}]
    text = "".join(f"{json.dumps(each, sort_keys=True)}\n" for each in plain)
    write_private(folder / TRANSCRIPT, text.encode(), replace=True)


def _lines(folder: Path) -> tuple[Line, ...]:
    """Return the lines of the transcript as they stand; CeremonyInvalid when it cannot be read."""
    file = folder / TRANSCRIPT
    if not file.exists():
        return ()
    try:
        texts = file.read_text(encoding="utf-8").splitlines()[:LINES_MAX]
        return tuple(Line(**json.loads(text)) for text in texts)
    except (OSError, ValueError, TypeError) as error:
        raise CeremonyInvalid("the transcript cannot be read") from error


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
