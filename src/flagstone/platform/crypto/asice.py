# SPDX-License-Identifier: EUPL-1.2
"""ASiC-E containers of signed messages, read and written (ETSI TS 102 918, EN 319 162-1; section 2.9).

A container holds one message with its parts, one signature document, and what leads from the signature and
from a time-stamp to them. It is written as X-Road writes it; `strict` follows the standard to the letter.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.xml import EVIDENCE, XmlRefused, parse
from flagstone.platform.crypto.xmldsig import DS, SignatureRefused, children, decoded, digest_method, same
from flagstone.platform.crypto.zip_read import CONTAINER, ZipBounds, ZipFile, ZipRefused
from flagstone.platform.crypto.zip_write import write_zip

MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"
MIMETYPE = "mimetype"
MESSAGE = "message.xml"
SIGNATURES = "META-INF/signatures.xml"
CHAIN_RESULT = "sig-hashchainresult.xml"
CHAIN = "sig-hashchain.xml"
STAMP_RESULT = "ts-hashchainresult.xml"
STAMP_CHAIN = "ts-hashchain.xml"
MANIFEST = "META-INF/manifest.xml"
ASIC_MANIFEST = "META-INF/ASiCManifest.xml"
TIMESTAMP = "META-INF/timestamp.tst"
ATTACHMENTS_MAX = 1_000

PARTS = Check(
    "container.parts",
    "Has the container a media type, a message and a signature, and each chain with its result?",
    "Fetch the container again from the server that made it; the detail names what is missing.",
    "asic_invalid_container",
)
STAMPED = Check(
    "container.timestamp-manifest",
    "Does the ASiC manifest name the time-stamp and the result that it is over, with its digest?",
    "The time-stamp or its manifest was changed. Fetch the container again from the server that made it.",
    "asic_manifest_not_found",
)

_ASIC = "http://uri.etsi.org/2918/v1.2.1#"
_ATTACHMENT = re.compile(r"attachment[1-9][0-9]{0,5}", re.ASCII)


class ContainerRefused(Fault):
    """A file is not a container that can be read, or what it is to hold does not fit together."""

    code = "crypto.container-refused"
    kind = Kind.INVALID
    title = "The container is not accepted"
    remedy = "Fetch the container again from the server that made it; the detail says what is wrong."


@dataclass(frozen=True)
class Container:
    """What a container holds: the bytes of each file by its name, in order. Nothing of it is verified."""

    parts: Mapping[str, bytes] = field(repr=False)

    def part(self, uri: str) -> bytes | None:
        """Return what a reference such as `/message.xml` or `/attachment1` leads to, or None."""
        return self.parts.get(uri[1:]) if uri.startswith("/") else None

    @property
    def message(self) -> bytes:
        """Return the message: a SOAP document or a REST header block; empty where there is none."""
        return self.parts.get(MESSAGE, b"")

    @property
    def signature(self) -> bytes:
        """Return the signature document; empty where there is none."""
        return self.parts.get(SIGNATURES, b"")

    @property
    def attachments(self) -> tuple[str, ...]:
        """Return the URIs of the attachments in their order, `/attachment1` first."""
        names = [each for each in self.parts if _ATTACHMENT.fullmatch(each)]
        return tuple(f"/{each}" for each in sorted(names, key=lambda name: int(name[10:])))

    @property
    def strangers(self) -> tuple[str, ...]:
        """Return the names of files that mean nothing in a container, and that no signature covers."""
        return tuple(each for each in self.parts if each not in _KNOWN and not _ATTACHMENT.fullmatch(each))


@dataclass(frozen=True)
class Contents:
    """What to write into a container; chains and time-stamp are empty where there are none.

    `stamp` is (token DER, `ts-hashchainresult.xml`, `ts-hashchain.xml`) of a batch time-stamp. A single one
    stands in the signature.
    """

    message: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    attachments: tuple[bytes, ...] = field(default=(), repr=False)
    chain_result: bytes = field(default=b"", repr=False)
    chain: bytes = field(default=b"", repr=False)
    stamp: tuple[bytes, bytes, bytes] | None = field(default=None, repr=False)


_KNOWN = (
    MIMETYPE,
    MESSAGE,
    SIGNATURES,
    CHAIN_RESULT,
    CHAIN,
    STAMP_RESULT,
    STAMP_CHAIN,
    MANIFEST,
    ASIC_MANIFEST,
    TIMESTAMP,
)


def read_container(data: bytes, bounds: ZipBounds = CONTAINER) -> Container:
    """Return the files of a container; ContainerRefused for what is not a plain ZIP file within bounds."""
    try:
        return Container(dict(ZipFile(data, bounds)))
    except ZipRefused as error:
        raise ContainerRefused(f"{error.title}: {error.detail}") from None


def verify_parts(container: Container, findings: Findings) -> bool:
    """Tell whether the container has what belongs in it, and its manifests agree; say what was found."""
    missing = [*_missing(container.parts)]
    good = findings.that(PARTS, "container", "; ".join(missing), so=not missing)
    if good and TIMESTAMP in container.parts:
        return _verify_asic_manifest(container, findings)
    return good


def write_container(contents: Contents, at: datetime, *, strict: bool = False) -> bytes:
    """Return the bytes of a container; `at` is the time of its entries.

    X-Road compresses `mimetype` as well; `strict` stores it, as EN 319 162-1 annex A.1 asks. Raises
    ContainerRefused where something is missing, or too large to be read again.
    """
    files = dict(_files(contents))
    missing = [*_missing(files)]
    if missing or len(contents.attachments) > ATTACHMENTS_MAX:
        raise ContainerRefused("; ".join(missing) or "too many attachments")
    comment = f"mimetype={MEDIA_TYPE}".encode()
    try:
        return write_zip(files, at, comment=comment, stored=(MIMETYPE,) if strict else ())
    except ZipRefused as error:
        raise ContainerRefused(f"{error.title}: {error.detail}") from None


def _missing(parts: Mapping[str, bytes]) -> list[str]:
    """Return what is missing or alone, in words."""
    found = []
    if parts.get(MIMETYPE, b"").strip().lower() != MEDIA_TYPE.encode():
        found.append(f"{MIMETYPE} is missing or names another media type")
    found += [
        f"{name} is missing or empty" for name in (MESSAGE, SIGNATURES) if not parts.get(name, b"").strip()
    ]
    for names in ((CHAIN_RESULT, CHAIN), (STAMP_RESULT, STAMP_CHAIN)):
        here = [name for name in names if parts.get(name, b"").strip()]
        if len(here) == 1:
            found.append(f"{here[0]} stands alone")
    stamped = [name for name in (STAMP_RESULT, ASIC_MANIFEST, TIMESTAMP) if name in parts]
    if len(stamped) not in (0, 3):
        found.append(f"of a time-stamp there is only {', '.join(stamped)}")
    return found


def _verify_asic_manifest(container: Container, findings: Findings) -> bool:
    """Check that ASiCManifest.xml leads from the time-stamp to the result (TS 102 918, 6.2.2)."""
    try:
        digest, value = _asic_manifest(container.parts[ASIC_MANIFEST])
    except (XmlRefused, SignatureRefused, DigestRefused) as error:
        return findings.that(STAMPED, ASIC_MANIFEST, f"{error.title}: {error.detail}", so=False)
    so = same(digest_of(container.parts[STAMP_RESULT], digest), value)
    return findings.that(
        STAMPED, STAMP_RESULT, "" if so else "its digest is not the one in the manifest", so=so
    )


@lru_cache(maxsize=64)
def _asic_manifest(document: bytes) -> tuple[Digest, bytes]:
    root = parse(document, EVIDENCE)
    names = [f"{{{_ASIC}}}{each}" for each in ("ASiCManifest", "SigReference", "DataObjectReference")]
    if root.tag != names[0]:
        raise SignatureRefused("the document is not an ASiC manifest")
    signed, item = children(root, *names[1:])
    if (signed.get("URI"), item.get("URI")) != (TIMESTAMP, STAMP_RESULT):
        raise SignatureRefused("it leads to other files")
    method, value = children(item, f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue")
    return digest_method(method), decoded(value)


def _files(contents: Contents) -> list[tuple[str, bytes]]:
    """Return the files in the order of X-Road, those that are empty left out."""
    token, stamp_result, stamp_chain = contents.stamp or (b"", b"", b"")
    chains = [
        (CHAIN_RESULT, contents.chain_result),
        (CHAIN, contents.chain),
        (STAMP_RESULT, stamp_result),
        (STAMP_CHAIN, stamp_chain),
    ]
    attachments = [(f"attachment{place}", each) for place, each in enumerate(contents.attachments, 1)]
    listed = [MESSAGE, *(name for name, content in chains if content), *(name for name, _ in attachments)]
    asic_manifest = _written_asic_manifest(stamp_result) if token else b""
    files = [
        (MIMETYPE, MEDIA_TYPE.encode()),
        (MESSAGE, contents.message),
        (SIGNATURES, contents.signature),
        *chains,
        (MANIFEST, _manifest(listed)),
        (ASIC_MANIFEST, asic_manifest),
        (TIMESTAMP, token),
    ]
    return [*((name, content) for name, content in files if content), *attachments]


def _manifest(names: list[str]) -> bytes:
    """Return the OpenDocument manifest (OpenDocument 1.2 part 3, section 4)."""
    types = [("/", MEDIA_TYPE), *((name, _media_type(name)) for name in names)]
    entries = "".join(
        f'\n    <manifest:file-entry manifest:media-type="{media_type}" manifest:full-path="{name}"/>'
        for name, media_type in types
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        f' manifest:version="1.2">{entries}\n</manifest:manifest>\n'
    ).encode()


def _media_type(name: str) -> str:
    return "text/xml" if name.endswith(".xml") else "application/octet-stream"


def _written_asic_manifest(stamp_result: bytes) -> bytes:
    """Return ASiCManifest.xml for a time-stamp over the result (TS 102 918, annex A.4)."""
    digest = Digest.SHA512
    value = base64.b64encode(digest_of(stamp_result, digest)).decode("ascii")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<asic:ASiCManifest xmlns:asic="{_ASIC}" xmlns:ds="{DS}">'
        f'<asic:SigReference URI="{TIMESTAMP}" MimeType="vnd.etsi.timestamp-token"/>'
        f'<asic:DataObjectReference URI="{STAMP_RESULT}" MimeType="text/xml">'
        f'<ds:DigestMethod Algorithm="{digest.uri}"/><ds:DigestValue>{value}</ds:DigestValue>'
        "</asic:DataObjectReference></asic:ASiCManifest>"
    ).encode()
