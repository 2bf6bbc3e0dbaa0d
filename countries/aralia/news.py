# SPDX-License-Identifier: EUPL-1.2
"""Aralia's life events, read from `news.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from flagstone.blocks.exchange.contract.news_plan import NewsPlan
from flagstone.blocks.exchange.model.news_reader import parse_news

_FILE = Path(__file__).parent / "news.yaml"


@lru_cache(maxsize=1)
def news_plan() -> NewsPlan:
    """Return the types, rules and reactions; NewsPlanInvalid names what is wrong."""
    return parse_news(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
