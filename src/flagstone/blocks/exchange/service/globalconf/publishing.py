# SPDX-License-Identifier: EUPL-1.2
"""What a centre publishes: both signed directories and their parts in every version, and the anchors.

Each publication is a whole folder as a web server would serve it, swapped in at once. Parts that did not
change keep their place, so that nobody fetches them again.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flagstone.blocks.exchange.contract.directory import Directory
from flagstone.blocks.exchange.contract.globalconf import (
    PRIVATE,
    SHARED,
    VERSION_MAX,
    VERSION_MIN,
    Anchor,
    AnchorSource,
    ApprovedServices,
    Audience,
    InstanceTerms,
    Part,
    Publication,
)
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.model.globalconf.directory import (
    Signature,
    write_directory,
    write_signed,
)
from flagstone.blocks.exchange.model.globalconf.generation import private_parameters, shared_parameters
from flagstone.blocks.exchange.service.globalconf.anchors import write_anchor
from flagstone.blocks.exchange.service.globalconf.disk import PRIVATE_FILE, SHARED_FILE
from flagstone.blocks.exchange.service.globalconf.keeping import Swapped
from flagstone.blocks.exchange.service.globalconf.private_parameters import write_private
from flagstone.blocks.exchange.service.globalconf.shared_writing import write_shared
from flagstone.blocks.exchange.service.globalconf.signing_keys import Signer, SigningKeys
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.keys import write_private as write_file

EXPIRY_SECONDS = 600
VERSIONS = tuple(range(VERSION_MIN, VERSION_MAX + 1))
INDEX = "index.json"
ANCHORS = {audience: f"anchor-{audience.value}.xml" for audience in Audience}
BOUNDARY_LENGTH = 20
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Publishing:
    """What a publisher says and where: its terms, the anchors of federated instances, its public address."""

    terms: Callable[[], InstanceTerms]
    public_url: Callable[[], str]
    federated: Callable[[], Sequence[Anchor]] = tuple


class Publisher:
    """Publishes the configuration of one instance in a folder."""

    def __init__(
        self,
        folder: Swapped,
        keys: SigningKeys,
        clock: Clock,
        *,
        directory: Callable[[], Directory],
        approved: ApprovedServices,
        publishing: Publishing,
    ) -> None:
        """Publish `directory` with what is `approved`, signed with `keys`, in `folder`."""
        self.folder = folder
        self.keys = keys
        self._clock = clock
        self._directory = directory
        self._approved = approved
        self._publishing = publishing

    def publish(self) -> Publication:
        """Publish what is true now; RotationRefused before there are keys."""
        now = self._clock.now().replace(microsecond=0)
        stamp = f"{self._clock.now():%Y%m%d%H%M%S%f}000"
        signers = {audience: self.keys.signer(audience) for audience in Audience}
        parts = self._parts()
        files: dict[str, bytes] = {}
        for version in VERSIONS:
            placed = self._placed(version, parts[version], stamp)
            files |= placed
            listed = _listed(placed, self._directory().instance)
            for audience, signer in signers.items():
                mine = [each for each in listed if audience is Audience.INTERNAL or each.identifier == SHARED]
                expires = now + timedelta(seconds=EXPIRY_SECONDS)
                files[f"V{version}/{audience.value}"] = _signed(mine, signer, version, expires)
        for audience, signer in signers.items():
            files[ANCHORS[audience]] = write_anchor(self.anchor(audience, signer))
        files[INDEX] = self._index(now, stamp)
        self.folder.replace(files)
        return self.published()

    def anchor(self, audience: Audience, signer: Signer | None = None) -> Anchor:
        """Return the anchor for servers of this instance, or with EXTERNAL for other instances."""
        found = signer or self.keys.signer(audience)
        certificates = tuple(each.der for each in found.published)
        url = f"{self._publishing.public_url()}/{audience.value}"
        instance = self._directory().instance
        return Anchor(instance, (AnchorSource(url, certificates),), found.since.replace(microsecond=0))

    def published(self) -> Publication:
        """Return what is published; ConfigurationMissing before anything is."""
        index = read_index(self.folder.current)
        return Publication(
            str(index["instance"]),
            parse_rfc3339(str(index["made_at"])),
            parse_rfc3339(str(index["expires_at"])),
            VERSIONS,
            str(index["stamp"]),
            self.keys.listed(),
        )

    def leave_anchors(self, folder: Path) -> None:
        """Put the anchors where sites on the same machine look for them: `INSTANCE-internalconf.xml`."""
        for audience in Audience:
            anchor = self.anchor(audience)
            file = folder / f"{anchor.instance}-{audience.value}.xml"
            text = write_anchor(anchor)
            if not file.exists() or file.read_bytes() != text:
                write_file(file, text, replace=True)

    def _parts(self) -> dict[int, dict[str, bytes]]:
        """Return the parts of each version by the name of their file."""
        directory, approved = self._directory(), self._approved.approved()
        terms = self._publishing.terms()
        source = self.keys.source(terms.address)
        private = write_private(private_parameters(directory, terms, self._publishing.federated()))
        made = {}
        for version in VERSIONS:
            shared = shared_parameters(
                directory,
                approved,
                terms,
                version=version,
                sources=[source],
                hash_of=_sha1 if version == VERSION_MIN else _sha256,
            )
            made[version] = {SHARED_FILE: write_shared(shared), PRIVATE_FILE: private}
        return made

    def _placed(self, version: int, parts: Mapping[str, bytes], stamp: str) -> dict[str, bytes]:
        """Return the parts by their path: where they were if none of them changed, else under `stamp`."""
        before = self.folder.current / f"V{version}"
        for folder in before.glob("[0-9]*"):
            if all(_holds(folder / name, content) for name, content in parts.items()):
                return {f"V{version}/{folder.name}/{name}": content for name, content in parts.items()}
        return {f"V{version}/{stamp}/{name}": content for name, content in parts.items()}

    def _index(self, now: datetime, stamp: str) -> bytes:
        """Return what is said of a publication beside it."""
        said = {
            "instance": self._directory().instance,
            "made_at": rfc3339(now),
            "expires_at": rfc3339(now + timedelta(seconds=EXPIRY_SECONDS)),
            "stamp": stamp,
        }
        return json.dumps(said).encode()


def read_index(folder: Path) -> Mapping[str, object]:
    """Return what is said of a publication; ConfigurationMissing where there is none."""
    try:
        found = json.loads((folder / INDEX).read_bytes())
        return {str(name): value for name, value in found.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationMissing("nothing is published yet") from error


def _listed(placed: Mapping[str, bytes], instance: str) -> list[Part]:
    """Return the parts of a version as its directories list them."""
    identifiers = {SHARED_FILE: SHARED, PRIVATE_FILE: PRIVATE}
    return [
        Part(
            identifiers[path.rpartition("/")[2]],
            instance,
            f"/{path}",
            Digest.SHA512.uri,
            digest_of(content, Digest.SHA512),
        )
        for path, content in placed.items()
    ]


def _signed(parts: Sequence[Part], signer: Signer, version: int, expires_at: datetime) -> bytes:
    """Return a signed directory."""
    inner, outer = _boundary(), _boundary()
    directory = write_directory(parts, version=version, expires_at=expires_at, boundary=inner)
    signature = Signature(
        signer.key.algorithm.uri,
        signer.key.sign(directory),
        Digest.SHA512.uri,
        digest_of(signer.certificate.der, Digest.SHA512),
    )
    return write_signed(directory, signature, boundary=outer)


def _boundary() -> str:
    """Return a boundary that nobody can foresee."""
    return "".join(secrets.choice(_LETTERS) for _ in range(BOUNDARY_LENGTH))


def _holds(file: Path, content: bytes) -> bool:
    """Tell whether a published file is these bytes."""
    try:
        return file.read_bytes() == content
    except OSError:
        return False


def _sha1(data: bytes) -> bytes:
    return digest_of(data, Digest.SHA1)


def _sha256(data: bytes) -> bytes:
    return digest_of(data, Digest.SHA256)
