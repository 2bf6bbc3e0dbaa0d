# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the portal: what it shows of a country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LifeEvent:
    """Something that happens in a life: words by language, and the codes of the services that help."""

    code: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    services: tuple[str, ...]
