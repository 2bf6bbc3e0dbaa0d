# SPDX-License-Identifier: EUPL-1.2
"""The terms on which the provider works: its name, its times, and whom the law lets know more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Terms:
    """The provider's settings, given by the composition root.

    `issuer` is an https address (http only on loopback) without a path. `public_subject_clients` are the
    registers that may see a public subject, `personal_code_clients` those that may learn the personal
    code; both are lists in a law, so both are settings and not fields of a registration.
    """

    issuer: str
    country: str
    locales: tuple[str, ...] = ("en",)
    public_subject_clients: frozenset[str] = frozenset()
    personal_code_clients: frozenset[str] = frozenset()
    request_lifetime: timedelta = timedelta(minutes=10)
    code_lifetime: timedelta = timedelta(seconds=30)
    access_token_lifetime: timedelta = timedelta(minutes=5)
    machine_token_lifetime: timedelta = timedelta(minutes=10)
    id_token_lifetime: timedelta = timedelta(seconds=120)
    logout_token_lifetime: timedelta = timedelta(seconds=120)
    session_idle: timedelta = timedelta(minutes=30)
    session_absolute: timedelta = timedelta(hours=12)
    assertion_ahead: timedelta = timedelta(hours=1)
    clock_slack: timedelta = timedelta(seconds=30)
    key_published_before_use: timedelta = timedelta(hours=1)
    key_published_after_use: timedelta = timedelta(hours=1)
    kept_after_end: timedelta = timedelta(days=30)
