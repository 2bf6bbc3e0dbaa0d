# SPDX-License-Identifier: EUPL-1.2
"""How a country describes its trust services as data: which site has the authority, names and lifetimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from flagstone.blocks.trust.contract.authority import Profile
from flagstone.blocks.trust.contract.keys import KeyType


class Naming(Enum):
    """How members and servers are written into names, as X-Road's profiles of these names read them.

    EJBCA: C instance, O class, CN code. FIVRK: C country, serialNumber instance/server/class, CN code.
    """

    EJBCA = "ejbca"
    FIVRK = "fivrk"


@dataclass(frozen=True)
class TrustPlan:
    """A country's trust services: `site` runs the authority; `organisation` is in the authority's names.

    `country_code` has two letters (ISO 3166-1, or from its user-assigned codes). `days` are lifetimes by
    profile where they are not the defaults. `policy` is the object identifier under which time is stamped.
    """

    site: str
    organisation: str
    country_code: str
    naming: Naming = Naming.EJBCA
    root_years: int = 20
    issuing_years: int = 10
    authority_keys: KeyType = KeyType.RSA_3072
    keys: KeyType = KeyType.RSA_2048
    days: Mapping[Profile, int] = field(default_factory=dict)
    policy: str = "1.3.6.1.4.1.13762.3"
    status_minutes: int = 30
    list_hours: int = 24


def no_trust() -> TrustPlan | None:
    """Return that a country has no trust services of its own."""
    return None
