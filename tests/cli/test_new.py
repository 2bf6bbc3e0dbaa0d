# SPDX-License-Identifier: EUPL-1.2
"""Skeletons pass the checks of the tree they are made for, and refuse what would harm it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flagstone.cli.new import FolderTaken, NameUnusable, NotASourceTree, new_block, new_country

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "countries", "scripts", "docs", "pyproject.toml", "ARCHITECTURE.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "_build", "node_modules")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source tree to make skeletons in."""
    root = tmp_path / "flagstone"
    root.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=LEFT_OUT)
        else:
            shutil.copyfile(source, root / name)
    return root


def run(tree: Path, *command: str, paths: str = "") -> None:
    """Run a tool of this environment in `tree` on the tree's own source; fail with what it said."""
    program = Path(sys.executable).with_name(command[0])
    paths = paths or os.pathsep.join([str(tree / "src"), str(tree / "countries")])
    done = subprocess.run(
        [str(program), *command[1:]],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def checked_by_itself(folder: Path) -> None:
    """Run the country's own `make check` with the tools of this environment."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["make", "check"],
        cwd=folder,
        env={**os.environ, "PATH": programs, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def checked(tree: Path, paths: list[Path]) -> None:
    """Run format, lint and types over the files, and the import contracts over the tree."""
    python = [str(path) for path in paths if path.suffix == ".py"]
    run(tree, "ruff", "format", "--check", *python)
    run(tree, "ruff", "check", *python)
    run(tree, "mypy", *python)
    run(tree, "lint-imports")


@pytest.mark.slow
def test_a_new_block_passes_the_checks(tree: Path) -> None:
    written = new_block("parking", tree)
    checked(tree, written)
    run(tree, "python", "scripts/write_reference.py", "--check")
    run(tree, "pytest", "-q", "-p", "no:cacheprovider", "tests/blocks/parking")
    assert "parking.matter-missing" in (tree / "docs/reference/errors.md").read_text()


@pytest.mark.slow
def test_a_new_country_passes_the_checks(tmp_path: Path) -> None:
    folder = tmp_path / "mistria"
    written = new_country("mistria", folder, like=ROOT / "countries" / "aralia")
    checked_by_itself(folder)
    assert not [path for path in written if "ralia" in path.read_text(encoding="utf-8")]


def test_a_country_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(FolderTaken):
        new_country("mistria", tmp_path, like=ROOT / "countries" / "aralia")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    "name", ["", "x", "Parking", "par king", "../parking", "utils", "json", "p" * 31, "p\u0430rk"]
)
def test_a_name_that_says_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NameUnusable):
        new_block(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_block_is_made_only_in_the_source(tmp_path: Path) -> None:
    with pytest.raises(NotASourceTree):
        new_block("parking", tmp_path)


def test_a_block_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "src/flagstone/blocks/parking/contract.py"
    there.parent.mkdir(parents=True)
    there.write_text("kept")
    (there.parents[1] / "__init__.py").write_text("")
    with pytest.raises(FolderTaken):
        new_block("parking", tmp_path)
    assert there.read_text() == "kept"
