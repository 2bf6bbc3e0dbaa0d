# SPDX-License-Identifier: EUPL-1.2
"""Verifies archives of the message log: the chain of their containers, each container, and what comes before.

An archive holds containers and `linkinginfo`, nothing else and no archive again. Its containers are expanded
one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.blocks.exchange.contract.evidence import FileKind
from flagstone.blocks.exchange.model.linking import (
    LINKING_INFO,
    LinkingInfo,
    LinkingInvalid,
    file_digest,
    next_digest,
    read,
)
from flagstone.blocks.exchange.service.evidence.containers import Containers, Verified
from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto.zip_read import ARCHIVE, ZipFile, ZipRefused

CONTAINER_SUFFIX = ".asice"

OPENS = Check(
    "archive.opens",
    "Is the file an archive within bounds: a plain ZIP file?",
    "Copy the archive again from where the server wrote it, or from a backup. Bombs are never opened.",
)
LINKING = Check(
    "archive.linking-info",
    "Does the archive say how its containers are chained (linkinginfo)?",
    "Copy the archive again; without linkinginfo nobody can tell whether a container was taken out.",
)
LINK = Check(
    "archive.link",
    "Is each container the one that was chained, in its place?",
    "The container was changed, or the chain was. Compare the archive with its copy elsewhere.",
)
COMPLETE = Check(
    "archive.complete",
    "Is everything in the archive that was chained, and nothing else?",
    "A file was taken out or put in after the archive was made. Compare it with its copy elsewhere.",
)
FOLLOWS = Check(
    "archive.follows",
    "Does the archive go on where the one before it ended?",
    "An archive is missing, in another order, or of another server. Name the archives in the order of time.",
)


@dataclass(frozen=True)
class Archive:
    """An archive as far as it was verified: where its chain begins and ends, and its containers."""

    file: str
    kind: FileKind
    findings: Findings
    inside: tuple[Verified, ...] = ()
    info: LinkingInfo | None = None


def is_archive(names: tuple[str, ...]) -> bool:
    """Tell whether a ZIP file with these entries is an archive rather than a container."""
    return LINKING_INFO in names or any(each.endswith(CONTAINER_SUFFIX) for each in names)


def verify_archive(name: str, data: bytes, containers: Containers) -> Archive:
    """Return what verifying the archive `data`, called `name`, found; it is not compared with others yet."""
    findings = Findings()
    try:
        zipped = ZipFile(data, ARCHIVE)
    except ZipRefused as refused:
        findings.fails(OPENS, name, refused.detail or refused.title)
        return Archive(name, FileKind.UNUSABLE, findings)
    findings.holds(OPENS, name, f"{len(zipped.names)} files")
    info = _linking_info(zipped, findings)
    inside, digests = _verify_inside(zipped, containers, findings)
    if info is not None:
        _verify_links(info, digests, findings)
    return Archive(name, FileKind.ARCHIVE, findings, inside, info)


def verify_follows(archive: Archive, before: Archive) -> None:
    """Note whether `archive` goes on where `before` ended."""
    if archive.info is None or before.info is None:
        archive.findings.unknown(FOLLOWS, archive.file, "one of both chains cannot be read")
        return
    known, said = before.info.last.digest, archive.info.before
    same = said.digest == known and bool(known)
    detail = (
        f"after {before.file}" if same else f"{before.file} ends in {known[:16]}, it says {said.digest[:16]}"
    )
    if same and said.file != before.file.rpartition("/")[2]:
        same = False
        detail = f"it says that it goes on from {said.file}, not from {before.file}"
    archive.findings.that(FOLLOWS, archive.file, detail, so=same)


def _linking_info(zipped: ZipFile, findings: Findings) -> LinkingInfo | None:
    if LINKING_INFO not in zipped.names:
        findings.fails(LINKING, LINKING_INFO, "there is none")
        return None
    try:
        info = read(zipped.read(LINKING_INFO))
    except (LinkingInvalid, ZipRefused) as error:
        findings.fails(LINKING, LINKING_INFO, getattr(error, "detail", "") or str(error))
        return None
    before = f"goes on from {info.before.file}" if info.before.digest else "the first of its chain"
    findings.holds(LINKING, LINKING_INFO, f"{len(info.links)} links, {before}")
    return info


def _verify_inside(
    zipped: ZipFile, containers: Containers, findings: Findings
) -> tuple[tuple[Verified, ...], dict[str, str]]:
    """Return what verifying each container found, and the digest of each by its name."""
    inside, digests = [], {}
    for name in zipped.names:
        if name == LINKING_INFO:
            continue
        try:
            content = zipped.read(name)
        except ZipRefused as refused:
            findings.fails(COMPLETE, name, refused.detail or refused.title)
            continue
        digests[name] = file_digest(content)
        if name.endswith(CONTAINER_SUFFIX):
            inside.append(containers.verify(name, content))
        else:
            findings.fails(COMPLETE, name, "it is no container; archives hold containers only")
    return tuple(inside), digests


def _verify_links(info: LinkingInfo, digests: dict[str, str], findings: Findings) -> None:
    """Note whether each link is that of its file, one after the other, and whether none is left over."""
    digest, good = info.before.digest, 0
    for link in info.links:
        of_file = digests.get(link.file)
        if of_file is None:
            findings.fails(COMPLETE, link.file, "it was chained and is not in the archive")
        elif next_digest(digest, of_file) == link.digest:
            good += 1
        else:
            findings.fails(LINK, link.file, "its digest does not give the link that stands in linkinginfo")
        digest = link.digest
    for name in sorted(set(digests) - {link.file for link in info.links}):
        findings.fails(COMPLETE, name, "it is in the archive and was not chained")
    if good == len(info.links) == len(digests):
        findings.holds(LINK, LINKING_INFO, f"{good} containers")
        findings.holds(COMPLETE, LINKING_INFO, f"{good} containers")
