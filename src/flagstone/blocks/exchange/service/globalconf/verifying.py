# SPDX-License-Identifier: EUPL-1.2
"""Whether a signed directory and its parts are to be believed: each check made by name, in order.

The first is whether it can be read at all, then whose key signed it, whether the signature is good, and
whether it still counts; of each part the digest, the content and the instance that it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flagstone.blocks.exchange.contract.globalconf import (
    PRIVATE,
    SHARED,
    VERSION_MAX,
    VERSION_MIN,
    Part,
    PrivateParameters,
    SharedParameters,
)
from flagstone.blocks.exchange.model.globalconf.directory import (
    SignedDirectory,
    instant_text,
    read_directory,
)
from flagstone.blocks.exchange.service.globalconf.private_parameters import read_private
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto import digests, signing
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest, digest_of

READABLE = Check(
    "configuration.directory-readable",
    "Is the signed directory written as its format has it?",
    "Download it again. If it stays so, something other than the publisher answers at that address.",
)
VERSION_KNOWN = Check(
    "configuration.version-known",
    "Is the directory of a version that is known here?",
    f"Ask for a version from {VERSION_MIN} to {VERSION_MAX}.",
)
SIGNER_KNOWN = Check(
    "configuration.signer-known",
    "Is the certificate that the directory names one of those that may sign it?",
    "Compare the hash with the centre's keys. After a change of keys that was missed, take its new anchor.",
)
SIGNATURE_GOOD = Check(
    "configuration.signature-good",
    "Was the directory signed, as it stands, with the key of that certificate?",
    "Do not use it: it was changed after it was signed. Download it again, over another way if need be.",
)
IN_TIME = Check(
    "configuration.in-time",
    "Does the configuration still count?",
    "Compare this machine's clock with the publisher's; if it is right, the publisher no longer publishes.",
    wire="global_conf_outdated",
)
PART_DIGEST = Check(
    "configuration.part-digest",
    "Has the part the digest that the directory lists?",
    "The part was changed, or the directory not made anew after it was. Tell the publisher.",
)
PART_READABLE = Check(
    "configuration.part-readable",
    "Is the part written as its format has it?",
    "Tell the publisher; the configuration before it stays in use until it expires.",
)
PART_INSTANCE = Check(
    "configuration.part-instance",
    "Does the part speak of the instance that is asked for?",
    "The address publishes another instance's configuration. Compare the anchor's address and instance.",
)

Parameters = SharedParameters | PrivateParameters


def verify_directory(
    text: bytes, certificates: Sequence[bytes], at: datetime, findings: Findings, *, name: str = "directory"
) -> SignedDirectory | None:
    """Return the directory of `text` when one of `certificates` signed it and it counts at `at`, else None.

    `certificates` are as anchors hold them; `name` is what findings call the directory.
    """
    try:
        directory = read_directory(text)
    except Fault as fault:
        findings.fails(READABLE, name, fault.detail or fault.title)
        return None
    findings.holds(READABLE, name)
    known = VERSION_MIN <= directory.version <= VERSION_MAX
    found = str(directory.version)
    signed = _signed(directory, certificates, findings, name)
    so = findings.that(VERSION_KNOWN, name, f"it is of version {found}", so=known, version=found)
    return directory if _in_time(directory, at, findings, name) and signed and so else None


def verify_part(part: Part, content: bytes, findings: Findings) -> bool:
    """Tell whether `content` has the digest that the directory lists for `part`."""
    try:
        digest = digests.by_uri(part.digest_uri)
    except Fault as fault:
        findings.fails(PART_DIGEST, part.identifier, f"{fault.title}: {fault.detail}")
        return False
    seen = digest_of(content, digest)
    facts = {"digest": digest.title, "listed": part.digest.hex(), "found": seen.hex(), "at": part.location}
    if digest is Digest.SHA1:
        findings.fails(PART_DIGEST, part.identifier, "SHA-1 proves nothing any more", **facts)
        return False
    same = seen == part.digest
    detail = "" if same else f"{digest.title} {seen.hex()[:16]}… where {part.digest.hex()[:16]}… is listed"
    return findings.that(PART_DIGEST, part.identifier, detail, so=same, **facts)


def read_part(
    part: Part, content: bytes, findings: Findings, *, version: int, instance: str
) -> Parameters | None:
    """Return the shared or private parameters that `content` is; None when it is not those of `instance`."""
    try:
        read: Parameters = (
            read_private(content) if part.identifier == PRIVATE else read_shared(content, version)
        )
    except Fault as fault:
        findings.fails(PART_READABLE, part.identifier, fault.detail or fault.title)
        return None
    findings.holds(PART_READABLE, part.identifier)
    named = {part.instance, read.instance}
    detail = f"it names {', '.join(sorted(named))} where {instance} is asked for"
    same = findings.that(
        PART_INSTANCE, part.identifier, "" if named == {instance} else detail, so=named == {instance}
    )
    return read if same else None


def is_parameters(part: Part) -> bool:
    """Tell whether a part holds shared or private parameters."""
    return part.identifier in {SHARED, PRIVATE}


def _signed(directory: SignedDirectory, certificates: Sequence[bytes], findings: Findings, name: str) -> bool:
    """Tell whether a known key signed the directory."""
    signature = directory.signature
    try:
        digest = digests.by_uri(signature.certificate_digest_uri)
        algorithm = signing.by_uri(signature.algorithm_uri)
    except Fault as fault:
        findings.fails(SIGNATURE_GOOD, name, f"{fault.title}: {fault.detail}")
        return False
    known = _known(certificates, digest)
    certificate = known.get(signature.certificate_digest)
    hashed = f"{digest.title} {signature.certificate_digest.hex()}"
    if certificate is None:
        listed = "; ".join(f"{each.hex()} ({known[each].subject_text})" for each in known) or "none"
        detail = f"no certificate has the hash {hashed[:24]}…; known are {len(known)}"
        findings.fails(SIGNER_KNOWN, name, detail, certificate_hash=hashed, known_hashes=listed)
        return False
    described = certificate.describe()
    findings.holds(SIGNER_KNOWN, name, described, certificate=described, certificate_hash=hashed)
    strong = Digest.SHA1 not in {digest, algorithm.digest}
    good = strong and signing.verify(certificate.public_der, signature.value, directory.signed, algorithm)
    detail = algorithm.title if strong else "SHA-1 proves nothing any more"
    return findings.that(SIGNATURE_GOOD, name, detail, so=good, certificate=described)


def _known(certificates: Sequence[bytes], digest: Digest) -> dict[bytes, Certificate]:
    """Return the certificates that can be read, by the digest of their DER."""
    found: dict[bytes, Certificate] = {}
    for each in certificates:
        try:
            certificate = Certificate.read(each)
        except Fault:
            continue  # a federation's anchors may hold what is no certificate; it can sign nothing
        found[digest_of(certificate.der, digest)] = certificate
    return found


def _in_time(directory: SignedDirectory, at: datetime, findings: Findings, name: str) -> bool:
    """Tell whether the directory counts at `at`."""
    seconds = round((directory.expires_at - at).total_seconds())
    until = instant_text(directory.expires_at)
    facts = {"expires_at": until, "checked_at": instant_text(at), "clock_difference_seconds": str(-seconds)}
    counts = directory.expires_at > at
    said = f"for {seconds} seconds more" if counts else f"it expired {-seconds} seconds ago, at {until}"
    return findings.that(IN_TIME, name, said, so=counts, **facts)
