# SPDX-License-Identifier: EUPL-1.2
"""Files of a configuration verified where they lie: a signed directory and its parts, an anchor, a folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flagstone.blocks.exchange.contract.globalconf import (
    SHARED,
    VERSION_MAX,
    VERSION_MIN,
    Anchor,
    Part,
    SharedParameters,
)
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.model.globalconf.directory import SignedDirectory, read_directory
from flagstone.blocks.exchange.model.globalconf.multipart import BYTES_MAX
from flagstone.blocks.exchange.model.globalconf.standing import counting
from flagstone.blocks.exchange.service.globalconf.anchors import fingerprint, read_anchor
from flagstone.blocks.exchange.service.globalconf.disk import FILE_BYTES_MAX, bounded, read_folder
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.blocks.exchange.service.globalconf.verifying import (
    IN_TIME,
    is_parameters,
    read_part,
    verify_directory,
    verify_part,
)
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Check, Findings, Verdict

ANCHOR_READABLE = Check(
    "configuration.anchor-readable",
    "Is the anchor written as its format has it?",
    "Get the anchor from the centre again.",
)
FOLDER_READABLE = Check(
    "configuration.folder-readable",
    "Can the folder be read as a security server's configuration?",
    "Name the folder that holds `instance-identifier`, or fetch the configuration anew.",
)
PART_FOUND = Check(
    "configuration.part-found",
    "Is the part where the directory says?",
    "Name with --parts the folder at which the locations begin.",
)
SIGNER_ANCHORED = Check(
    "configuration.signer-anchored",
    "Is it known from elsewhere who may sign it?",
    "Name the instance's anchor with --anchor, and compare its fingerprint with what the centre says.",
)
XML_BEGINS = (b"<", b"\xef\xbb\xbf<")


def verify_files(path: Path, anchor: Anchor | None, at: datetime, *, parts: Path | None = None) -> Verdict:
    """Return what was found of the file or folder at `path` when it is judged at `at`.

    A signed directory is judged by the certificates of `anchor` and, where the anchor has none that fits or
    is not given, by those that its own shared parameters name: then it is whole, but who signed it is not
    known. OSError when there is no such file.
    """
    findings = Findings()
    if path.is_dir():
        _folder(path, at, findings)
        return findings.verdict
    text = bounded(path, BYTES_MAX)
    if text.startswith(XML_BEGINS):
        _anchor(path, text, findings)
    else:
        _directory(path, text, anchor, findings, at=at, root=parts)
    return findings.verdict


def _folder(path: Path, at: datetime, findings: Findings) -> None:
    """Note whether a folder can be read, and whether it counts."""
    try:
        configuration = read_folder(path)
    except Fault as fault:
        findings.fails(FOLDER_READABLE, path.name, fault.detail or fault.title)
        return
    findings.holds(FOLDER_READABLE, path.name, ", ".join(configuration.instances))
    try:
        counting(configuration, at)
    except Fault as fault:
        findings.fails(IN_TIME, configuration.instance, fault.detail)
        return
    findings.holds(IN_TIME, configuration.instance)


def _anchor(path: Path, text: bytes, findings: Findings) -> None:
    """Note whether a file is an anchor."""
    try:
        anchor = read_anchor(text)
    except Fault as fault:
        findings.fails(ANCHOR_READABLE, path.name, fault.detail or fault.title)
        return
    findings.holds(
        ANCHOR_READABLE,
        path.name,
        f"{anchor.instance}, {len(anchor.sources)} sources",
        fingerprint=fingerprint(text),
    )


def _directory(
    path: Path,
    text: bytes,
    anchor: Anchor | None,
    findings: Findings,
    *,
    at: datetime,
    root: Path | None,
) -> None:
    """Note whether a signed directory and its parts are to be believed."""
    roots = [root] if root else [path.parent, path.parent.parent]
    certificates = [each for source in anchor.sources for each in source.certificates] if anchor else []
    certificates += [] if anchor else _named_by_itself(text, roots)
    if anchor is None:
        findings.unknown(
            SIGNER_ANCHORED, path.name, "its own shared parameters are all that names its signer"
        )
    directory = verify_directory(text, certificates, at, findings, name=path.name)
    if directory is None:
        return
    for part in directory.parts:
        content = _content(part, roots)
        if content is None:
            findings.unknown(PART_FOUND, part.identifier, part.location)
        elif verify_part(part, content, findings) and is_parameters(part):
            instance = anchor.instance if anchor else part.instance
            read_part(part, content, findings, version=directory.version, instance=instance)


def _named_by_itself(text: bytes, roots: list[Path]) -> list[bytes]:
    """Return the certificates that the shared parameters beside a directory name."""
    try:
        directory = read_directory(text)
        shared = _shared(directory, roots)
    except Fault:
        return []
    return [each for source in shared.sources for each in (*source.internal, *source.external)]


def _shared(directory: SignedDirectory, roots: list[Path]) -> SharedParameters:
    """Return the shared parameters that a directory lists."""
    part = directory.part(SHARED)
    content = _content(part, roots) if part else None
    if content is None:
        raise ConfigurationMissing("no shared parameters")
    return read_shared(content, min(max(directory.version, VERSION_MIN), VERSION_MAX))


def _content(part: Part, roots: list[Path]) -> bytes | None:
    """Return the bytes of a part below the first of `roots` that has it; never from elsewhere."""
    relative = part.location.lstrip("/")
    if ".." in relative.split("/") or ":" in relative:
        return None
    for root in roots:
        file = root / relative
        if file.is_file():
            return bounded(file, FILE_BYTES_MAX)
    return None
