# SPDX-License-Identifier: EUPL-1.2
"""Chains from a certificate to an approved authority (RFC 5280 section 6.1, without policies and revocation).

Issuers are found by name and told apart by signature, those with the named key identifier first: two
authorities of one name never stand for each other. Anchors are trusted as they are given: their own times
and signature are not judged (RFC 5280 section 6.1.1 d), their right to issue is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest

CHAIN_LENGTH_MAX = 10
CERTIFICATES_MAX = 1000
SIGNATURES_TRIED_MAX = 200
PATHS_TRIED_MAX = 16
TIMES_KEPT = 1024
SHA1_BELIEVED_UNTIL = datetime(2020, 1, 1, tzinfo=UTC)
"""Since that month a second certificate can be made for one SHA-1 signature; older evidence stands."""

Chain: TypeAlias = tuple[Certificate, ...]

ISSUER_KNOWN = Check(
    "certificate.issuer-known",
    "Is the issuer of the certificate an approved authority, or one that an approved authority leads to?",
    "Check that the authority is among the approved ones of the configuration, that its intermediate "
    "certificates came along, and that the configuration is up to date.",
    wire="cannot_create_cert_path",
)
SIGNATURE = Check(
    "certificate.signature",
    "Was the certificate signed by the key of its issuer?",
    "An authority of the same name with another key is known. Ask the owner which authority issued the "
    "certificate and have that one approved; if it is this one, the certificate was altered.",
    wire="cannot_create_cert_path",
)
IN_TIME = Check(
    "certificate.in-time",
    "Is the time that is asked about within the certificate's own times?",
    "Ask the owner to renew the certificate; when it is new, compare the clocks of both servers.",
    wire="cannot_create_cert_path",
)
AUTHORITY = Check(
    "certificate.issuer-is-authority",
    "May the issuer issue certificates at all (basic constraints, key usage keyCertSign)?",
    "The issuing certificate is not one of an authority; ask the authority which certificate it issues with.",
    wire="cannot_create_cert_path",
)
PATH_LENGTH = Check(
    "certificate.path-length",
    "Does each authority of the chain allow as many authorities below itself as there are?",
    "An authority issued another one although its own certificate forbids it; tell the authority.",
    wire="cannot_create_cert_path",
)
UNDERSTOOD = Check(
    "certificate.extensions-known",
    "Are all critical extensions of the certificate understood?",
    "The certificate restricts itself in a way that is not judged here; ask for one without that extension.",
    wire="cannot_create_cert_path",
)
DIGEST = Check(
    "certificate.digest-strong",
    "Was the certificate signed on a digest that could be believed at the time?",
    "SHA-1 is believed only for times before 2020; ask the authority for a certificate on SHA-256 or more.",
    wire="cannot_create_cert_path",
)


@dataclass
class _Search:
    """One search for paths: who may issue, what was tried, and why the search ended."""

    intermediates: Sequence[Certificate]
    anchors: Sequence[Certificate]
    tries_left: int = SIGNATURES_TRIED_MAX
    namesakes: list[tuple[Certificate, Certificate]] = field(default_factory=list)
    furthest: list[Certificate] = field(default_factory=list)

    def paths(self, begun: Chain) -> Iterator[Chain]:
        """Yield each chain that goes on from `begun` to an anchor, the shorter ones first."""
        last = begun[-1]
        if len(begun) > len(self.furthest):
            self.furthest = list(begun)
        above = [each for each in self._issuers(last, self.anchors) if self._signed(last, each)]
        yield from ((*begun, anchor) for anchor in above)
        if len(begun) >= CHAIN_LENGTH_MAX - 1:
            return
        for issuer in self._issuers(last, self.intermediates):
            seen = any(_same_authority(issuer, each) for each in begun)
            if not seen and issuer not in self.anchors and self._signed(last, issuer):
                yield from self.paths((*begun, issuer))

    def _issuers(self, certificate: Certificate, among: Sequence[Certificate]) -> list[Certificate]:
        """Return those that bear the issuer's name, first those with the key identifier that it names."""
        named = [each for each in among if each.subject_key == certificate.issuer_key]
        return sorted(named, key=lambda each: not _identified(certificate, each))

    def _signed(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Tell whether the issuer's key signed it; False when the search has tried too often."""
        self.tries_left -= 1
        if self.tries_left < 0:
            return False
        signed = certificate.is_signed_by(issuer)
        if not signed:
            self.namesakes.append((certificate, issuer))
        return signed


def build_chain(
    leaf: Certificate,
    intermediates: Sequence[Certificate],
    anchors: Sequence[Certificate],
    *,
    at: datetime,
    findings: Findings,
) -> Chain | None:
    """Return the chain from `leaf` to one of `anchors`, both included, that holds at the time `at`.

    `findings` gets every check of the chain that was taken, or of the best one when none holds (then None is
    returned). More than 1,000 candidates, 200 signatures or 10 certificates in a row are never looked at.
    """
    if leaf in anchors:
        return (leaf,) if _holds((leaf,), at, findings) else None
    search = _Search(intermediates[:CERTIFICATES_MAX], anchors[:CERTIFICATES_MAX])
    first: Findings | None = None
    for tried, chain in enumerate(search.paths((leaf,))):
        made = Findings()
        if _holds(chain, at, made):
            findings.add(made.verdict.findings)
            return chain
        first = first or made
        if tried + 1 >= PATHS_TRIED_MAX:
            break
    if first is None:
        _no_path(search, findings)
    else:
        findings.add(first.verdict.findings)
    return None


def check_in_time(certificate: Certificate, at: datetime, findings: Findings) -> bool:
    """Note whether `at` lies within the certificate's times, and by how many seconds it does not."""
    facts = {"certificate": certificate.describe(), "at": text_of_time(at)}
    if at < certificate.not_before:
        early = seconds_between(at, certificate.not_before)
        detail = (
            f"not valid before {text_of_time(certificate.not_before)}: {early} seconds after the time asked"
        )
        return findings.that(
            IN_TIME, certificate.describe(), detail, so=False, clock_difference_seconds=f"-{early}", **facts
        )
    if at > certificate.not_after:
        late = seconds_between(certificate.not_after, at)
        detail = f"expired at {text_of_time(certificate.not_after)}: {late} seconds before the time asked"
        return findings.that(
            IN_TIME, certificate.describe(), detail, so=False, clock_difference_seconds=str(late), **facts
        )
    detail = f"valid until {text_of_time(certificate.not_after)}"
    return findings.that(IN_TIME, certificate.describe(), detail, so=True, **facts)


def digest_believed(digest: Digest, at: datetime) -> bool:
    """Tell whether a signature on `digest` could be believed at the time `at`: SHA-1 only before 2020."""
    return digest is not Digest.SHA1 or at < SHA1_BELIEVED_UNTIL


@lru_cache(TIMES_KEPT)
def text_of_time(at: datetime) -> str:
    """Return the time as RFC 3339 text in UTC, without fractions."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Return the whole seconds from `earlier` to `later`, rounded up."""
    return -int((earlier - later).total_seconds() // 1)


def _holds(chain: Chain, at: datetime, findings: Findings) -> bool:
    """Make every check of a chain whose names and signatures fit; tell whether all hold."""
    good = True
    for depth, certificate in enumerate(chain):
        anchor = depth == len(chain) - 1
        if not anchor or depth == 0:
            good &= check_in_time(certificate, at, findings)
            good &= _understood(certificate, findings)
        if not anchor:
            good &= _signature(certificate, chain[depth + 1], at, findings)
        if depth > 0:
            good &= _authority(certificate, findings, anchor=anchor)
            good &= _path_length(certificate, chain[1:depth], findings)
    return good


def _signature(certificate: Certificate, issuer: Certificate, at: datetime, findings: Findings) -> bool:
    """Note the issuer, which signed it, and whether the digest could be believed."""
    named, facts = certificate.describe(), {"issuer": issuer.describe()}
    findings.holds(ISSUER_KNOWN, named, f"issued by {issuer.describe()}", **facts)
    findings.holds(SIGNATURE, named, f"signed by {issuer.describe()}", **facts)
    algorithm = certificate.signature_algorithm
    believed = algorithm is not None and digest_believed(algorithm.digest, at)
    return findings.that(DIGEST, named, algorithm.title if algorithm else "", so=believed)


def _authority(certificate: Certificate, findings: Findings, *, anchor: bool) -> bool:
    """Note whether the certificate is an authority's; an absent key usage forbids nothing (6.1.4 k, n)."""
    is_ca = certificate.is_ca or (anchor and certificate.version < 3)
    may_sign = certificate.key_usage is None or "keyCertSign" in certificate.key_usage
    detail = "may issue certificates"
    if not is_ca:
        detail = "its basic constraints do not make it an authority"
    elif not may_sign:
        detail = "its key usage lacks keyCertSign"
    return findings.that(AUTHORITY, certificate.describe(), detail, so=is_ca and may_sign)


def _path_length(certificate: Certificate, below: Chain, findings: Findings) -> bool:
    """Note whether the authorities below, self-issued ones not counted, are as few as it allows."""
    if certificate.path_length is None:
        return True
    count = sum(1 for each in below if not each.self_issued)
    detail = f"{count} authorities below, {certificate.path_length} allowed"
    return findings.that(PATH_LENGTH, certificate.describe(), detail, so=count <= certificate.path_length)


def _understood(certificate: Certificate, findings: Findings) -> bool:
    """Note whether nothing critical in the certificate is beyond us; silent when nothing is critical."""
    if not certificate.unknown_critical:
        return True
    detail = f"not understood: {', '.join(certificate.unknown_critical[:8])}"
    return findings.that(UNDERSTOOD, certificate.describe(), detail, so=False)


def _no_path(search: _Search, findings: Findings) -> None:
    """Note where the search for a chain ended: at an unknown issuer, or at a namesake with another key."""
    last = search.furthest[-1]
    named = last.describe()
    for certificate, namesake in search.namesakes:
        if certificate == last:
            detail = f"{namesake.describe()} has the issuer's name but not its key"
            findings.fails(SIGNATURE, named, detail, issuer=namesake.describe())
            return
    detail = f"no approved authority is named {last.issuer_text}"
    if search.tries_left < 0:
        detail = f"more than {SIGNATURES_TRIED_MAX} signatures would have to be tried"
    elif last.self_issued:
        detail = "it issued itself and is not among the approved authorities"
    findings.fails(ISSUER_KNOWN, named, detail, issuer=last.issuer_text)


def _identified(certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether what the certificate says of its issuer's key agrees with the issuer, where both speak."""
    wanted, own = certificate.authority_key_id, issuer.subject_key_id
    if wanted is not None and own is not None:
        return wanted == own
    return certificate.authority_serial in {None, issuer.serial}


def _same_authority(one: Certificate, other: Certificate) -> bool:
    """Tell whether two certificates name the same authority with the same key, as in a loop."""
    return one.subject_key == other.subject_key and one.public_der == other.public_der
