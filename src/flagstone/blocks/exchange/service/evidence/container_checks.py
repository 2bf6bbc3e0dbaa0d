# SPDX-License-Identifier: EUPL-1.2
"""What is checked of a container beyond its signature, hash chain, time-stamp and certificates."""

from __future__ import annotations

from flagstone.kernel.findings import Check

OPENS = Check(
    "container.opens",
    "Is the file an ASiC-E container within bounds: a plain ZIP file of few, small entries?",
    "Fetch the container again from the server that made it; do not repack it. Bombs are never opened.",
)
MESSAGE = Check(
    "container.message",
    "Does the message say from whom to whom it is?",
    "Without a sender nobody can be held to it. Fetch the container again from the server that made it.",
)
STAMPED = Check(
    "timestamp.present",
    "Is there a time-stamp?",
    "Wait until the server that made the container has its time-stamp, then fetch the container again.",
    "missing_timestamp",
)
STATUS_THERE = Check(
    "ocsp.embedded",
    "Does the signature hold an answer on the status of each certificate?",
    "The signer's server must embed the answers when it signs; nothing can be added afterwards.",
    "signature_verification.cert_validation_error",
)
FOR_SIGNING = Check(
    "certificate.for-signing",
    "Is the certificate one for signatures (key usage nonRepudiation)?",
    "The signer used a certificate for another purpose, such as TLS; it needs a signing certificate.",
    "signature_verification.invalid_certificate",
)
INSTANCE_KNOWN = Check(
    "trust.instance-known",
    "Does the configuration know the instance that the sender belongs to?",
    "Verify with the configuration of the sender's country, or of one that federates with it.",
    "unknown_member",
)
AUTHORITY_SIGNS = Check(
    "trust.authority-for-signing",
    "Is the authority approved for certificates that sign messages?",
    "The authority is approved for authentication only; the member needs a certificate of another one.",
    "signature_verification.invalid_certificate",
)
PROFILE_READ = Check(
    "trust.member-readable",
    "Can the member be read from the certificate, by the rules of its authority?",
    "The certificate's name does not follow the profile that the configuration gives for its authority.",
    "signature_verification.incorrect_certificate",
)
SIGNER_IS_SENDER = Check(
    "trust.signer-is-sender",
    "Does the signing certificate belong to the member that the message is from?",
    "Somebody else signed in the sender's name. Do not rely on the message; ask the sender.",
    "signature_verification.incorrect_certificate",
)
REQUEST_ANSWERED = Check(
    "container.request-hash",
    "Does the response name the hash of the request that is here with it?",
    "The response belongs to another request, or one of both was changed. Compare them with the peer's log.",
    "inconsistent_response",
)
