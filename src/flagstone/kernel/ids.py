# SPDX-License-Identifier: EUPL-1.2
"""Identifiers: typed names for text that must not be mixed up, and fresh ones in time order."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import NewType
from uuid import UUID

PersonCode = NewType("PersonCode", str)
"""A national personal code with its check digit."""

SiteCode = NewType("SiteCode", str)
"""Name of a site within a country: lower-case letters, digits and hyphens."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fresh_uuid(instant: datetime) -> UUID:
    """Return a UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 of chance.

    Raises ValueError for an instant before 1970.
    """
    milliseconds = (instant - EPOCH) // timedelta(milliseconds=1)
    if milliseconds < 0:
        raise ValueError("a UUID version 7 begins in 1970")
    chance = secrets.randbits(74)
    value = milliseconds << 80
    value |= 0x7 << 76 | (chance >> 62) << 64
    value |= 0b10 << 62 | (chance & ((1 << 62) - 1))
    return UUID(int=value)
