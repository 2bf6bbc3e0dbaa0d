# SPDX-License-Identifier: EUPL-1.2
"""One instance's configuration downloaded: the newest version that a source has, believed or refused whole.

A directory that says it expires well before the one that is kept is refused: somebody plays back an older
one. Publishers beside each other may differ by `ROLLBACK_SECONDS`, and what has expired never counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

from flagstone.blocks.exchange.contract.globalconf import (
    PRIVATE,
    SHARED,
    VERSION_MAX,
    VERSION_MIN,
    Audience,
    Part,
    PartMetadata,
    PrivateParameters,
    SharedParameters,
)
from flagstone.blocks.exchange.model.globalconf.directory import SignedDirectory, instant_text
from flagstone.blocks.exchange.model.globalconf.locations import (
    Location,
    names_version,
    part_address,
    versioned,
)
from flagstone.blocks.exchange.model.globalconf.multipart import BYTES_MAX
from flagstone.blocks.exchange.service.globalconf.disk import FILE_BYTES_MAX, FILE_NAMES, METADATA
from flagstone.blocks.exchange.service.globalconf.keeping import KeptFile
from flagstone.blocks.exchange.service.globalconf.verifying import (
    is_parameters,
    read_part,
    verify_directory,
    verify_part,
)
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto import digests
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.http.client import Answer

SOURCE_ANSWERS = Check(
    "configuration.source-answers",
    "Does the source answer with what is asked for?",
    "Look whether the publisher runs and can be reached from here; another source is tried meanwhile.",
)
PART_LISTED = Check(
    "configuration.part-listed",
    "Does the directory list the parts that must be there, under names that can be kept?",
    "The anchor may be one for other instances (externalconf); a server needs its own (internalconf).",
)
NOT_OLDER = Check(
    "configuration.not-older",
    "Is it at least as new as what is kept?",
    "Somebody may play back an older one; if the publisher truly went back, fetch with --accept-older.",
)

ROLLBACK_SECONDS = 120
INSTANCE_SECONDS_MAX = 120.0
_RANDOM = secrets.SystemRandom()


def by_chance(locations: list[Location]) -> None:
    """Put locations into an order that nobody can foresee."""
    _RANDOM.shuffle(locations)


class Documents(Protocol):
    """Gets documents over the network; `platform.http.public.PublicDocuments` is one."""

    def get(self, url: str, bytes_max: int = 0) -> Answer:
        """Return the answer of an address; a Fault when there is none within bounds."""
        ...


@dataclass(frozen=True)
class Wanted:
    """What is to be downloaded of `instance`, and what is kept of it: parts' bytes by identifier."""

    instance: str
    audience: Audience
    kept: Mapping[str, bytes] = field(default_factory=dict)
    kept_until: datetime | None = None
    accept_older: bool = False


@dataclass(frozen=True)
class Downloaded:
    """A configuration that was believed: from where, its directory and its files."""

    url: str
    directory: SignedDirectory
    shared: SharedParameters
    private: PrivateParameters | None
    files: tuple[KeptFile, ...]


class Downloader:
    """Downloads configurations from locations in the order that they are given in."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        """Get documents by `documents`, and judge them by `clock`."""
        self._documents = documents
        self._clock = clock

    def download(
        self, wanted: Wanted, locations: Sequence[Location], findings: Findings
    ) -> Downloaded | None:
        """Return what the first location gives that can be believed, else None.

        `findings` then hold what failed at each; otherwise only what was found at the one that did well.
        """
        until, failed = monotonic() + INSTANCE_SECONDS_MAX, Findings()
        for location in locations:
            tried = Findings()
            found = self._from(location, wanted, tried)
            if found is not None:
                findings.add(tried.verdict.findings)
                return found
            failed.add(tried.verdict.failed)
            if monotonic() > until:
                failed.unknown(SOURCE_ANSWERS, "further sources", "the time for this fetch is used up")
                break
        findings.add(failed.verdict.findings)
        return None

    def _from(self, location: Location, wanted: Wanted, findings: Findings) -> Downloaded | None:
        """Return what one location gives, None where it cannot be had or believed."""
        answered = self._directory(location.url, findings)
        if answered is None:
            return None
        url, text = answered
        directory = verify_directory(text, location.certificates, self._clock.now(), findings, name=url)
        if directory is None or not self._newer(directory, wanted, findings, url):
            return None
        if not _lists(directory, wanted, findings, url):
            return None
        return self._with_parts(url, directory, wanted, findings)

    def _directory(self, url: str, findings: Findings) -> tuple[str, bytes] | None:
        """Return the directory of the newest version there is, with the address that had it."""
        probed = (
            [] if names_version(url) else [versioned(url, at) for at in range(VERSION_MAX, VERSION_MIN, -1)]
        )
        last = url if names_version(url) else versioned(url, VERSION_MIN)
        for address in (*probed, last):
            answer = self._get(address, BYTES_MAX, findings, missing_is_fine=address != last)
            if answer is None:
                return None
            if answer.status == 200:
                return address, answer.body
        return None

    def _get(
        self, url: str, bytes_max: int, findings: Findings, *, missing_is_fine: bool = False
    ) -> Answer | None:
        """Return an answer of status 200, or of 404 where that is fine; None for all else."""
        try:
            answer = self._documents.get(url, bytes_max)
        except Fault as fault:
            findings.fails(SOURCE_ANSWERS, url, fault.detail or fault.title)
            return None
        if answer.status == 200 or (missing_is_fine and answer.status == 404):
            return answer
        said = "a redirect, which is not followed" if 300 <= answer.status < 400 else "another status"
        findings.fails(SOURCE_ANSWERS, url, f"{answer.status}: {said}", status=str(answer.status))
        return None

    def _newer(self, directory: SignedDirectory, wanted: Wanted, findings: Findings, url: str) -> bool:
        """Tell whether a directory is not older than what is kept, as far as that still counts."""
        kept = wanted.kept_until
        if kept is None or wanted.accept_older or kept <= self._clock.now():
            return True
        seconds = round((kept - directory.expires_at).total_seconds())
        so = directory.expires_at >= kept - timedelta(seconds=ROLLBACK_SECONDS)
        said = "" if so else f"it expires {seconds} seconds before the one that is kept"
        times = {"expires_at": instant_text(directory.expires_at), "kept_until": instant_text(kept)}
        return findings.that(NOT_OLDER, url, said, so=so, clock_difference_seconds=str(-seconds), **times)

    def _with_parts(
        self, url: str, directory: SignedDirectory, wanted: Wanted, findings: Findings
    ) -> Downloaded | None:
        """Return a believed directory with every part of it, fetched or as it is kept."""
        read: dict[str, SharedParameters | PrivateParameters] = {}
        files = []
        for part in _wanted_parts(directory, wanted.audience):
            content = self._content(url, part, wanted, findings)
            if content is None:
                return None
            if is_parameters(part):
                found = read_part(
                    part, content, findings, version=directory.version, instance=wanted.instance
                )
                if found is None:
                    return None
                read[part.identifier] = found
            files.append(KeptFile(file_name(part), content, _metadata(part, directory)))
        shared, private = read[SHARED], read.get(PRIVATE)
        if not isinstance(shared, SharedParameters) or isinstance(private, SharedParameters):
            return None
        return Downloaded(url, directory, shared, private, tuple(files))

    def _content(self, url: str, part: Part, wanted: Wanted, findings: Findings) -> bytes | None:
        """Return the bytes of a part: those that are kept where the digest is the same, else fetched."""
        kept = wanted.kept.get(part.identifier)
        if kept is not None and _has_digest(part, kept):
            verify_part(part, kept, findings)
            return kept
        try:
            address = part_address(url, part.location)
        except Fault as fault:
            findings.fails(PART_LISTED, part.identifier, fault.detail)
            return None
        answer = self._get(address, FILE_BYTES_MAX, findings)
        return answer.body if answer is not None and verify_part(part, answer.body, findings) else None


def file_name(part: Part) -> str:
    """Return the name that a part is kept under; empty when it has none."""
    return FILE_NAMES.get(part.identifier) or part.file_name


def _wanted_parts(directory: SignedDirectory, audience: Audience) -> list[Part]:
    """Return the parts to keep: of a federated instance the shared parameters alone."""
    return [
        each
        for each in directory.parts
        if file_name(each) and (audience is Audience.INTERNAL or each.identifier == SHARED)
    ]


def _lists(directory: SignedDirectory, wanted: Wanted, findings: Findings, url: str) -> bool:
    """Tell whether a directory lists what must be there, and nothing that would hide something else."""
    needed = {SHARED, PRIVATE} if wanted.audience is Audience.INTERNAL else {SHARED}
    listed = {each.identifier for each in directory.parts}
    missing = ", ".join(sorted(needed - listed))
    names = [file_name(each) for each in _wanted_parts(directory, wanted.audience)]
    clash = len(set(names)) < len(names) or any(name.endswith(METADATA) for name in names)
    said = f"{missing} is not listed" if missing else "two parts would have one name" if clash else ""
    return findings.that(PART_LISTED, url, said, so=not said)


def _has_digest(part: Part, content: bytes) -> bool:
    """Tell whether `content` has the digest that is listed."""
    try:
        return digest_of(content, digests.by_uri(part.digest_uri)) == part.digest
    except Fault:
        return False


def _metadata(part: Part, directory: SignedDirectory) -> PartMetadata:
    """Return what is kept beside a part."""
    return PartMetadata(
        part.identifier,
        part.instance,
        directory.expires_at,
        part.file_name,
        part.location,
        directory.version,
    )
