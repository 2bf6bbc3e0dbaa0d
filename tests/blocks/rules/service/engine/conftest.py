# SPDX-License-Identifier: EUPL-1.2
"""Somebody else's law, with the repairs in place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.hooks import Installed, install
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.repairs import REPAIRS

TEMPLATE = LawName("openfisca_country_template")


@pytest.fixture
def repaired() -> Iterator[Installed]:
    installed = install(REPAIRS)
    yield installed
    installed.undo()


@pytest.fixture(scope="session")
def template() -> Law:
    return load(TEMPLATE)


@pytest.fixture
def law(template: Law, repaired: Installed) -> Law:
    assert repaired.switched_off == ()
    return template
