# SPDX-License-Identifier: EUPL-1.2
"""Aralia's first content: counted, the same everywhere, valid by its registers, its links whole."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache

import pytest

from aralia.codes import CHECKS
from aralia.definitions import ORDER, definitions
from aralia.seed import csv_lines, rows
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.blocks.registry.model.csv_rows import read_csv
from flagstone.blocks.registry.model.records import checked
from flagstone.blocks.registry.model.values import Inspection

COUNTS = {
    "locations": 3_264,
    "individuals": 20_000,
    "appointments": 33,
    "organisations": 2_000,
    "processes": 61,
    "products": 1_500,
    "taxpayers": 1_821,
    "incomes": 10_467,
    "permits": 3_000,
    "contacts": 8_000,
}
DIGEST = "b0f34767d10167d1ee45a74108a2805594420d9033158a6a2a7aa4bdbe0f08e7"
DIGEST_PROGRAM = "from tests.countries.aralia.test_seed import digest; print(digest())"


@cache
def seeded(register: str) -> tuple[Mapping[str, Value], ...]:
    return tuple(rows(register))


def defined(register: str) -> RegisterDefinition:
    return next(each for each in definitions() if each.code == register)


def digest() -> str:
    """Return the SHA-256 of every row of every register as compact JSON with sorted keys."""
    whole = hashlib.sha256()
    for register in ORDER:
        for row in rows(register):
            whole.update(json.dumps(row, sort_keys=True, separators=(",", ":")).encode())
    return whole.hexdigest()


@pytest.mark.parametrize("register", ORDER)
def test_each_register_has_its_rows(register: str) -> None:
    assert len(seeded(register)) == COUNTS[register]


def test_the_rows_are_the_same_on_every_machine() -> None:
    assert digest() == DIGEST


@pytest.mark.slow
def test_the_rows_do_not_hang_on_the_hash_seed_of_the_process() -> None:
    for hash_seed in ("0", "4711"):
        environment = {
            "PYTHONHASHSEED": hash_seed,
            "PATH": "",
            "PYTHONPATH": ":".join(filter(None, sys.path)),
        }
        made = subprocess.run(
            [sys.executable, "-c", DIGEST_PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert made.stdout.strip() == DIGEST


@pytest.mark.slow
def test_the_time_of_making_is_told_not_judged() -> None:
    program = "import time; t = time.process_time(); import tests.countries.aralia.test_seed as s; s.digest()"
    told = f"{program}; print(round(time.process_time() - t, 1))"
    made = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    print(f"all rows made and digested in {made.stdout.strip()} s of processor time")


@pytest.mark.parametrize("register", ORDER)
def test_every_row_is_valid_and_already_canonical(register: str) -> None:
    definition = defined(register)
    for row in seeded(register):
        inspection = Inspection(checks=CHECKS)
        assert checked(definition, row, inspection) == row
        assert inspection.flaws == []


@pytest.mark.parametrize("register", ORDER)
def test_ids_and_unique_values_occur_once(register: str) -> None:
    for field in defined(register).fields:
        if field.unique:
            values = [row[field.code] for row in seeded(register)]
            assert len(set(map(str, values))) == len(values)


@pytest.mark.parametrize("register", ORDER)
def test_every_link_finds_its_record_written_before(register: str) -> None:
    for link in defined(register).links:
        target = defined(link.register)
        assert target.key
        known = set() if target.code == register else {row[target.key] for row in seeded(link.register)}
        for row in seeded(register):
            assert link.field not in row or row[link.field] in known
            if target.code == register:
                known.add(row[target.key])


@pytest.mark.parametrize("register", ORDER)
def test_csv_text_reads_back_as_the_same_rows(register: str) -> None:
    definition = defined(register)
    some = seeded(register)[:400]
    file = io.BytesIO("".join(csv_lines(definition, some)).encode())
    for cells, row in zip(read_csv(file, definition), some, strict=True):
        inspection = Inspection(checks=CHECKS, from_table=True)
        assert checked(definition, cells, inspection) == row
        assert inspection.flaws == []


def test_an_unknown_register_has_no_rows() -> None:
    with pytest.raises(KeyError):
        next(rows("dragons"))


def test_links_go_to_the_kinds_that_they_mean() -> None:
    kinds = {row["code"]: row["kind"] for row in seeded("locations")}
    people = Counter(kinds[row["address"]] for row in seeded("individuals") if "address" in row)
    assert set(people) == {"address"}
    roles = {row["register_code"]: row.get("epr_role") for row in seeded("organisations")}
    for product in seeded("products"):
        assert roles[product["producer"]] == "producer"
        assert roles.get(product.get("recovery_scheme"), "recovery_scheme") == "recovery_scheme"
    forms = {row["register_code"]: row["legal_form"] for row in seeded("organisations")}
    assert {forms[row["office"]] for row in seeded("processes")} == {"public_body"}


def test_electrical_equipment_carries_what_producer_responsibility_needs() -> None:
    electrical = [row for row in seeded("products") if row["group"] == "electrical"]
    assert len(electrical) == 1_000
    assert len({row["epr_category"] for row in electrical}) == 6
    assert all("epr_category" not in row for row in seeded("products") if row["group"] != "electrical")
    assert any("recovery_scheme" not in row for row in electrical)
