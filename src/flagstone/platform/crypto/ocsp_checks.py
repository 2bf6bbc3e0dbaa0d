# SPDX-License-Identifier: EUPL-1.2
"""The checks of a certificate's status (RFC 6960 section 3.2), with what each failure means for people."""

from __future__ import annotations

from datetime import datetime

from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.chains import text_of_time

_INFORMATION, _STATUS = "incorrect_validation_info", "cert_validation"

READABLE = Check(
    "ocsp.readable",
    "Can the status answer be read?",
    "Look at what the responder's address answers: often a proxy's or an error page comes instead. Check the "
    "address in the configuration, and the firewall between this server and the responder.",
    wire=_INFORMATION,
)
ANSWERED = Check(
    "ocsp.answered",
    "Did the responder answer the question, and not with an error?",
    "Ask again after a minute; when it stays, give the operator of the responder the error and the time.",
    wire=_INFORMATION,
)
MATCHES = Check(
    "ocsp.certificate-matches",
    "Is the answer about this certificate of this issuer?",
    "Fetch a fresh answer. When it stays: two authorities share a name, or the responder was set up for "
    "another authority; tell its operator both names.",
    wire=_INFORMATION,
)
SIGNER_KNOWN = Check(
    "ocsp.signer-known",
    "Is the certificate of the responder that signed the answer at hand?",
    "The responder may have a new certificate: check that the configuration lists it for this authority, "
    "and that the configuration is up to date.",
    wire=_INFORMATION,
)
SIGNATURE = Check(
    "ocsp.signature",
    "Was the answer signed by the responder that it names?",
    "The answer was altered on its way, or the responder signs with another key than its certificate's. "
    "Fetch it again; when it stays, tell the operator of the responder.",
    wire=_INFORMATION,
)
SIGNER_ALLOWED = Check(
    "ocsp.signer-allowed",
    "May the signer answer for this authority: approved in the configuration, the authority itself, or "
    "certified by it for OCSPSigning?",
    "Have the responder's certificate approved for this authority in the configuration, or ask the authority "
    "for one with the usage OCSPSigning.",
    wire=_INFORMATION,
)
SIGNER_IN_TIME = Check(
    "ocsp.signer-in-time",
    "Was the certificate of the delegated responder valid at the time asked about?",
    "The operator of the responder must renew its certificate; when it is new, compare the clocks.",
    wire=_INFORMATION,
)
DIGEST = Check(
    "ocsp.digest-strong",
    "Was the answer signed on a digest that could be believed at the time?",
    "SHA-1 is believed only for times before 2020; its operator must sign on SHA-256 or more.",
    wire=_INFORMATION,
)
FRESH = Check(
    "ocsp.fresh",
    "Was the answer made recently enough before the time asked about?",
    "Either an old answer was kept and not replaced: see why the responder cannot be reached. Or a clock is "
    "wrong: compare this server's clock with the responder's.",
    wire=_INFORMATION,
)
NOT_AHEAD = Check(
    "ocsp.not-yet-valid",
    "Was the answer made at or before the time asked about, as far as clocks agree?",
    "The clocks differ: set this server's clock by a time server, then ask whether the responder's is right.",
    wire=_INFORMATION,
)
NEXT_UPDATE = Check(
    "ocsp.next-update",
    "Was no newer answer due at the time asked about?",
    "An old answer was kept: see why the responder cannot be reached, and compare the clocks. The "
    "configuration may switch this check off where responders set the time wrongly.",
    wire=_INFORMATION,
)
KNOWN = Check(
    "ocsp.known",
    "Does the responder know the certificate?",
    "Ask the authority: the certificate may be too new for its responder, or was never issued by it.",
    wire=_STATUS,
)
NOT_REVOKED = Check(
    "ocsp.not-revoked",
    "Is the certificate neither revoked nor suspended?",
    "Do not rely on it. Its owner must ask the authority why, and for a new certificate or a release.",
    wire=_STATUS,
)
ERRORS = {
    "malformed_request": "malformedRequest: the responder did not understand the question",
    "internal_error": "internalError: the responder is broken at the moment",
    "try_later": "tryLater: the responder is busy",
    "sig_required": "sigRequired: the responder wants signed questions, which are not made here",
    "unauthorized": "unauthorized: the responder does not answer for this authority, or not to this server",
}


class Subject:
    """Makes findings about one certificate's status at one time that all name it, and the responder."""

    def __init__(self, certificate: Certificate, at: datetime, responder: str, findings: Findings) -> None:
        self._described, self._findings = certificate.describe(), findings
        self._facts = {"certificate": self._described, "at": text_of_time(at)}
        if responder:
            self._facts["responder"] = responder

    def name(self, responder: str) -> None:
        """Take in how the responder calls itself."""
        asked = self._facts.get("responder", "")
        self._facts["responder"] = f"{responder} at {asked}" if asked else responder

    def fails(self, check: Check, detail: str) -> bool:
        """Note that `check` does not hold; False."""
        return self.that(check, detail)

    def that(self, check: Check, trouble: str, *, said: str = "", difference: int | None = None) -> bool:
        """Note whether `check` holds: it does when there is no `trouble`; `said` is its detail then.

        `difference` is how many seconds the time asked about lies behind the time of the answer.
        """
        facts = dict(self._facts)
        if difference is not None:
            facts["clock_difference_seconds"] = str(difference)
        detail = f"{trouble} (responder: {facts.get('responder', 'not named')})" if trouble else said
        return self._findings.that(check, self._described, detail, so=not trouble, **facts)
