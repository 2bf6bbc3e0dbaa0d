# SPDX-License-Identifier: EUPL-1.2
"""The checks of a time-stamp (RFC 3161 sections 2.2 and 2.4.2), with what each failure means for people."""

from __future__ import annotations

from flagstone.kernel.findings import Check

_WIRE = "timestamp_validation"

READABLE = Check(
    "timestamp.readable",
    "Can the time-stamp be read?",
    "The file or the answer of the authority is damaged; take it from the source again.",
    wire=_WIRE,
)
ONE_SIGNER = Check(
    "timestamp.one-signer",
    "Does the time-stamp bear exactly one signature?",
    "A time-stamp has one signer; ask the authority for a proper one.",
    wire=_WIRE,
)
IMPRINT = Check(
    "timestamp.imprint",
    "Does the time-stamp stand for these very bytes?",
    "The stamped bytes were altered, or the time-stamp belongs to something else; find the original.",
    wire=_WIRE,
)
DIGEST = Check(
    "timestamp.digest-strong",
    "Was the time-stamp made on digests that could be believed at its time?",
    "SHA-1 is believed only for times before 2020; the authority must be asked with SHA-256 or more.",
    wire=_WIRE,
)
SIGNER_KNOWN = Check(
    "timestamp.signer-known",
    "Is the signer one of the approved time-stamping authorities?",
    "Check that the configuration of the time lists this authority's certificate; the authority may have "
    "renewed it without telling.",
    wire=_WIRE,
)
SIGNATURE = Check(
    "timestamp.signature",
    "Was the time-stamp signed by the key of that authority?",
    "The time-stamp was altered, or another authority uses the same name; do not rely on it.",
    wire=_WIRE,
)
ATTRIBUTES = Check(
    "timestamp.attributes",
    "Do the signed attributes belong to this statement of time?",
    "The statement was altered after signing; do not rely on it.",
    wire=_WIRE,
)
CERTIFICATE_BOUND = Check(
    "timestamp.certificate-bound",
    "Does the signature name the very certificate of the authority (ESSCertID or ESSCertIDv2)?",
    "The configuration may list an older or newer certificate with the same key; list the one that signed.",
    wire=_WIRE,
)
USAGE = Check(
    "timestamp.usage",
    "Is the authority's certificate for time-stamping alone (critical extended key usage timeStamping)?",
    "The authority must use a certificate made for time-stamping only.",
    wire=_WIRE,
)
SIGNER_IN_TIME = Check(
    "timestamp.signer-in-time",
    "Was the authority's certificate valid at the time that it states?",
    "The authority must renew its certificate; when it is new, its clock is behind.",
    wire=_WIRE,
)
