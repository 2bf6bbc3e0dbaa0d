# SPDX-License-Identifier: EUPL-1.2
"""Every check that trust is decided by is a constant of a module, well named, and on the page of reasons."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from flagstone.kernel.findings import Check

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "trust-reasons.md"
CODE = re.compile(
    r"(xml|signature|certificate|ocsp|timestamp|hash-chain|container|archive|configuration|trust)"
    r"\.[a-z0-9]+(-[a-z0-9]+)*"
)
SOURCE = ROOT / "src"
DEFINED = SOURCE / "flagstone" / "kernel" / "findings.py"


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted((ROOT / "src" / "flagstone").rglob("*.py")):
        text = file.read_text()
        if "kernel.findings import" in text and file != DEFINED:
            yield file, ast.parse(text)


def is_check(node: ast.AST) -> bool:
    """Tell whether `node` declares a check; one that is read back from a file has no code of its own."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check"
    return called and isinstance(node, ast.Call) and any(isinstance(each, ast.Constant) for each in node.args)


@cache
def declared() -> dict[str, tuple[Path, ast.Call]]:
    """Return the checks that are module-level constants, by code; a code may be declared once."""
    found: dict[str, tuple[Path, ast.Call]] = {}
    for file, tree in sources():
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and is_check(node.value):
                call = node.value
                assert isinstance(call, ast.Call)
                code = ast.literal_eval(call.args[0])
                assert code not in found, f"{code} is declared in {file} and {found[code][0]}"
                found[code] = (file, call)
    return found


@cache
def constants() -> dict[str, Check]:
    """Return the checks as they are when the modules that declare them are imported."""
    found: dict[str, Check] = {}
    for file in {file for file, _ in declared().values()}:
        name = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        values = vars(importlib.import_module(name)).values()
        found |= {each.code: each for each in values if isinstance(each, Check)}
    return found


def test_every_check_is_a_constant_of_its_module() -> None:
    made = {file: sum(map(is_check, ast.walk(tree))) for file, tree in sources()}
    known = [file for file, _ in declared().values()]
    assert {file: count for file, count in made.items() if count != known.count(file)} == {}
    assert sum(made.values()) > 20


def test_codes_are_areas_and_kebab_case() -> None:
    assert [code for code in declared() if not CODE.fullmatch(code)] == []


@pytest.mark.parametrize("code", sorted(declared()))
def test_every_check_is_on_the_page_with_its_remedy(code: str) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{code}` |")]
    assert len(rows) == 1, "run `make reference`"
    check = constants()[code]
    assert check.question.endswith("?")
    assert f"| {check.question} | {check.remedy} |" in rows[0]
    assert len(check.remedy) > 20


def test_the_page_names_no_reason_that_is_gone() -> None:
    assert set(re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(), re.MULTILINE)) == set(declared())
