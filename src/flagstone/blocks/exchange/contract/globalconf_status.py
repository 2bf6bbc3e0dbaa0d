# SPDX-License-Identifier: EUPL-1.2
"""How a site stands with its global configuration, for the pages that tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.blocks.exchange.contract.globalconf import (
    Audience,
    Fetched,
    GlobalConfiguration,
    Publication,
)


@dataclass(frozen=True)
class ConfigurationStatus:
    """What is kept and how it came; at the centre also what is published.

    `anchor` is the fingerprint of the anchor that the site goes by, `anchors` those that the centre gives
    out; both are SHA-224 in pairs of digits. `trouble` is the code of a fault that hides the rest.
    """

    kept: GlobalConfiguration | None = None
    fetched: tuple[Fetched, ...] = ()
    anchor: str = ""
    publication: Publication | None = None
    anchors: Mapping[Audience, str] = field(default_factory=dict)
    trouble: str = ""
