# SPDX-License-Identifier: EUPL-1.2
"""What happens to certificates and keys, as events; they name no person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CertificateRequested:
    """A request waits for a decision."""

    request: str
    profile: str


@dataclass(frozen=True)
class CertificateIssued:
    """A certificate was signed; `sha256` is of its DER."""

    serial: str
    profile: str
    sha256: str


@dataclass(frozen=True)
class CertificateStandingChanged:
    """A certificate was revoked, suspended or released: `standing` is what holds from now on."""

    serial: str
    standing: str
    reason: str


@dataclass(frozen=True)
class KeyChanged:
    """A key of the site became active, retired or destroyed."""

    key: str
    purpose: str
    state: str
