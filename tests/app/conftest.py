# SPDX-License-Identifier: EUPL-1.2
"""The tiny country, and sites of it in the test's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.country import Country, load
from flagstone.settings.options import Settings

LANDS = Path(__file__).with_name("lands")


@pytest.fixture
def country(monkeypatch: pytest.MonkeyPatch) -> Country:
    """A country of two small registers and eleven rows."""
    monkeypatch.syspath_prepend(LANDS)
    return load("tiny")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A site of it, on SQLite."""
    return Settings(country="tiny", site="state", data=tmp_path / "data")
