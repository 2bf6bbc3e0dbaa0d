# SPDX-License-Identifier: EUPL-1.2
"""What each profile puts into a certificate, how long it lasts, and how many officials decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flagstone.blocks.trust.contract.authority import Profile
from flagstone.blocks.trust.contract.faults import RequestInvalid

SKEW = timedelta(minutes=5)
"""How long before now a certificate begins, so that a slow clock of a reader does not refuse it."""

RENEWED_BEFORE = 1 / 3
"""The last part of its lifetime in which a site renews a certificate of its own."""


@dataclass(frozen=True)
class ProfileRules:
    """What goes into a certificate: names of key usages as RFC 5280 has them, in snake case.

    `key_usage` is for RSA keys, `curve_usage` for those on curves (RFC 5480, 3). `days` and `days_max` are
    its lifetime by default and at most. `eyes` is how many officials must approve.
    """

    key_usage: tuple[str, ...]
    curve_usage: tuple[str, ...]
    extended: tuple[str, ...]
    days: int
    days_max: int
    eyes: int = 1
    extended_critical: bool = False
    no_check: bool = False


_TLS, _TLS_CURVE = ("digital_signature", "key_encipherment"), ("digital_signature", "key_agreement")
_REPUDIATES_NOT = ("non_repudiation",)
_SIGNS = ("digital_signature",)

RULES: Mapping[Profile, ProfileRules] = {
    Profile.AUTHENTICATION: ProfileRules(_TLS, _TLS_CURVE, ("client_auth", "server_auth"), 730, 1_095),
    Profile.SIGNING: ProfileRules(_REPUDIATES_NOT, _REPUDIATES_NOT, (), 1_095, 1_825),
    Profile.SERVER: ProfileRules(_TLS, _TLS_CURVE, ("server_auth",), 90, 398),
    Profile.TIMESTAMPING: ProfileRules(
        _SIGNS, _SIGNS, ("time_stamping",), 1_825, 3_650, eyes=2, extended_critical=True
    ),
    Profile.STATUS: ProfileRules(_SIGNS, _SIGNS, ("ocsp_signing",), 30, 92, eyes=2, no_check=True),
    Profile.PERSON_AUTHENTICATION: ProfileRules(
        _SIGNS, _SIGNS, ("client_auth", "email_protection"), 1_825, 1_826
    ),
    Profile.PERSON_SIGNING: ProfileRules(_REPUDIATES_NOT, _REPUDIATES_NOT, (), 1_825, 1_826),
}

PERSONAL = frozenset({Profile.PERSON_AUTHENTICATION, Profile.PERSON_SIGNING})
"""Profiles whose names tell of a person."""

KEY_KINDS = frozenset({"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"})
"""Kinds of key that certificates are issued for."""


def require_key(kind: str) -> None:
    """Raise RequestInvalid for a kind of key that no certificate is issued for."""
    if kind not in KEY_KINDS:
        raise RequestInvalid(f"a key of the kind {kind} is not accepted")


def usage_of(profile: Profile, key_kind: str) -> tuple[str, ...]:
    """Return the key usages of a profile for a kind of key."""
    rules = RULES[profile]
    return rules.curve_usage if key_kind.startswith("ec-") else rules.key_usage


def lifetime(
    profile: Profile, now: datetime, authority_ends: datetime, days: Mapping[Profile, int]
) -> tuple[datetime, datetime]:
    """Return from when until when a certificate holds, in whole seconds; never longer than its issuer."""
    rules = RULES[profile]
    length = timedelta(days=min(days.get(profile, rules.days), rules.days_max))
    start = (now - SKEW).replace(microsecond=0)
    return start, min(start + length, authority_ends)


def is_due(not_before: datetime, not_after: datetime, now: datetime) -> bool:
    """Tell whether a certificate of the site's own should be renewed now."""
    return now >= not_after - (not_after - not_before) * RENEWED_BEFORE
