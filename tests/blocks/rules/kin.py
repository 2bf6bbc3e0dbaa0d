# SPDX-License-Identifier: EUPL-1.2
"""Made-up records of a register of persons, for families of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.blocks.rules.registers import ASKED_AT, INTERIOR

from flagstone.blocks.rules.contract.assessment import Heard, PersonFields
from flagstone.blocks.rules.model.relatives import Family, Relative, family_of, read_people

NAMES = PersonFields()
CHILDREN_TO = 19


def person(
    code: str,
    birth: str = "1980-05-05",
    *,
    custody: Sequence[tuple[str, ...]] = (),
    parents: Sequence[str] = (),
    death: str = "",
    marital: str = "single",
    **more: Any,
) -> dict[str, Any]:
    """Return a record; who has custody is (holder, kind) or (holder, kind, since), by default from birth."""
    holders = [(*each, birth) if len(each) == 2 else each for each in custody]
    known = {
        "personal_code": code,
        "birth_date": birth,
        "death_date": death or None,
        "marital_status": marital,
        "custody": [{"personal_code": who, "kind": kind, "since": since} for who, kind, since in holders],
        "parents": [{"personal_code": each, "role": "parent"} for each in parents],
    }
    return known | more


def heard(*records: Mapping[str, Any]) -> Heard:
    return Heard(tuple(records), INTERIOR, "message", ASKED_AT)


def people(me: Mapping[str, Any], *others: Mapping[str, Any]) -> tuple[Relative, dict[str, Relative]]:
    """Return the first person, and all of them by code."""
    found = read_people([heard(me, *others)], NAMES)
    return found[str(me["personal_code"])], found


def family(me: Mapping[str, Any], *others: Mapping[str, Any], year: int = 2025) -> Family:
    """Return the family of the first person."""
    return family_of(*people(me, *others), year, NAMES, CHILDREN_TO)
