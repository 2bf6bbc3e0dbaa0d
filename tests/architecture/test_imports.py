# SPDX-License-Identifier: EUPL-1.2
"""The import contracts are complete, and libraries and modules come in only by their one door."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "flagstone"

# One door per library (HOUSE, section 3, rule 5), as patterns of module names; a library that appears in no
# row may be imported anywhere, one that nobody imports costs nothing.
DOORS = {
    "sqlalchemy alembic psycopg psycopg_pool": r"platform\.storage(\..*)?",
    "fastapi starlette jinja2 httpx2 pydantic babel": r"platform\.http(\..*)?|blocks\.\w+\.web(\..*)?",
    "cryptography joserfc cbor2 lxml asn1crypto pyhanko": r"platform\.crypto(\..*)?",
    "dbos": r"platform\.jobs(\..*)?",
    "typer rich": r"cli(\..*)?|blocks\.\w+\.cli(\..*)?",
    "openfisca_core openfisca_web_api numpy": r"blocks\.rules\.service\.engine(\..*)?",
}
# What is imported late on purpose: an extra, or what weighs from 5 to 30 MB that a site at rest does without.
LATE = {
    "alembic",
    "distributed",
    "flagstone.platform.crypto.pkcs11",
    "flagstone.platform.jobs.engine",
    "flagstone.platform.storage.session",
    "flagstone.platform.storage.steps",
    "pyarrow",
    "pyarrow.parquet",
}
BY_STRING = {
    "import_module",
    "__import__",
    "resolve_name",
    "run_module",
    "spec_from_file_location",
    "entry_points",
}


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Return each module's name below `flagstone` and its syntax tree."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        found.append((name, ast.parse(path.read_text())))
    return tuple(found)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def imported_late(tree: ast.Module) -> set[str]:
    """Return what is imported inside functions."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {
        what for function in functions for what in imported(ast.Module(body=function.body, type_ignores=[]))
    }


@pytest.mark.parametrize(("libraries", "door"), DOORS.items())
def test_each_library_has_one_door(libraries: str, door: str) -> None:
    named = set(libraries.split())
    wrong = [
        f"{name} imports {what}"
        for name, tree in modules()
        for what in imported(tree)
        if what.split(".")[0] in named and not re.fullmatch(door, name)
    ]
    assert wrong == []


def test_nothing_is_imported_by_string_but_a_country_and_a_law() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name not in {"country", "blocks.rules.service.engine.loading"}
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in BY_STRING)
        or (isinstance(node, ast.Attribute) and node.attr in BY_STRING)
    ]
    assert wrong == []


def test_imports_stand_at_the_top_and_in_full() -> None:
    """No relative import, and none inside a function except to keep a command's start quick."""
    wrong = []
    for name, tree in modules():
        wrong += [f"{name} imports {what}" for what in imported(tree) if what.startswith(".")]
        if not name.startswith("cli"):
            wrong += [f"{name} imports {what} late" for what in sorted(imported_late(tree) - LATE)]
    assert wrong == []


def test_the_contracts_leave_nothing_out() -> None:
    """Storeys and rooms are exhaustive, and no import is excused but by rule 3."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    assert contracts["storeys"]["exhaustive"] is True
    assert contracts["rooms"]["exhaustive"] is True
    assert contracts["rooms"]["containers"] == ["flagstone.blocks.*"]
    excused = {
        id_: contract["ignore_imports"] for id_, contract in contracts.items() if "ignore_imports" in contract
    }
    assert excused == {
        "blocks": [
            "flagstone.blocks.** -> flagstone.blocks.*.contract",
            "flagstone.blocks.** -> flagstone.blocks.*.contract.**",
        ]
    }
    assert not [c for c in contracts.values() if "exhaustive_ignores" in c]
