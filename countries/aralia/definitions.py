# SPDX-License-Identifier: EUPL-1.2
"""The register definitions of Aralia, read from `registers/*.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.model.definition_reader import parse_definition

_REGISTERS = Path(__file__).parent / "registers"
ORDER = (
    "locations",
    "individuals",
    "organisations",
    "appointments",
    "processes",
    "products",
    "taxpayers",
    "incomes",
    "permits",
    "contacts",
)
"""Register codes, so ordered that what a register links to comes before it."""


@lru_cache(maxsize=1)
def definitions() -> tuple[RegisterDefinition, ...]:
    """Return the definitions in `ORDER`; DefinitionInvalid names what is wrong in a file."""
    return tuple(_definition(code) for code in ORDER)


def _definition(code: str) -> RegisterDefinition:
    text = (_REGISTERS / f"{code}.yaml").read_text(encoding="utf-8")
    return parse_definition(yaml.safe_load(text))
