# SPDX-License-Identifier: EUPL-1.2
"""Skeletons that pass `make check`: a block with its contract, and a country from the one that is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from flagstone.cli.skeletons import BLOCK, COUNTRY
from flagstone.kernel.errors import Fault, Kind

NAME = re.compile(r"[a-z][a-z0-9]{1,29}")
SAYS_NOTHING = frozenset({"utils", "helpers", "misc", "common", "manager"})
COUNTRY_NAME_LETTERS_MAX = 12  # keeps copied lines within their length
COPIED = ("registers", "look", "codes.py", "definitions.py")
TEXT_SUFFIXES = frozenset({".css", ".py", ".svg", ".yaml"})


class NameUnusable(Fault):
    """The name cannot be that of a block or a country."""

    code = "new.name-unusable"
    kind = Kind.INVALID
    title = "The name cannot be used"
    remedy = "Give 2 to 30 lower-case letters and digits, beginning with a letter: a noun of the field."


class FolderTaken(Fault):
    """Something stands already where the skeleton should go; nothing was written."""

    code = "new.folder-taken"
    kind = Kind.CONFLICT
    title = "There is something there already"
    remedy = "Choose another name or folder, or remove what is there."


class NotASourceTree(Fault):
    """A block can only be made inside a clone of Flagstone's source."""

    code = "new.not-a-source-tree"
    kind = Kind.INVALID
    title = "This is not Flagstone's source tree"
    remedy = "Run the command in the top folder of a clone."


def new_block(name: str, root: Path) -> list[Path]:
    """Make the block `name` in the source tree at `root` and return the files written.

    It gets a contract, a README of one screen and a test, and the reference pages are written again.
    NameUnusable, FolderTaken and NotASourceTree leave everything as it was.
    """
    _require_name(name)
    blocks, tests = root / "src" / "flagstone" / "blocks", root / "tests" / "blocks"
    if not (blocks / "__init__.py").is_file():
        raise NotASourceTree(str(root))
    for folder in (blocks / name, tests / name):
        _require_free(folder)
    words = {"name": name, "Name": name.capitalize()}
    places = {part: (tests if part.startswith("test_") else blocks) / name / part for part in BLOCK}
    written = [_write(places[part], _filled(text, words)) for part, text in BLOCK.items()]
    _write_reference(root)
    return written


def new_country(name: str, folder: Path, *, like: Path) -> list[Path]:
    """Make the country package `name` in `folder` after the country package at `like`; return its files.

    Registers, checks and look are copied with the name and the instance code changed; its first content is
    two invented persons. NameUnusable and FolderTaken leave everything as it was.
    """
    _require_name(name, letters_max=COUNTRY_NAME_LETTERS_MAX)
    _require_free(folder)
    words = {"name": name, "Name": name.capitalize(), "CODE": name[:2].upper()}
    written = [_write(folder / _filled(part, words), _filled(text, words)) for part, text in COUNTRY.items()]
    for part in COPIED:
        source = like / part
        paths = sorted(source.rglob("*")) if source.is_dir() else [source]
        targets = {path: folder / name / path.relative_to(like) for path in paths if path.is_file()}
        written += [_copy(path, target, like.name, words) for path, target in targets.items()]
    return written


def _require_name(name: str, *, letters_max: int = 30) -> None:
    """Raise NameUnusable for a name that says nothing, is too long or is not a plain word."""
    if len(name) > letters_max:
        raise NameUnusable(f"at most {letters_max} letters and digits")
    if not NAME.fullmatch(name) or name in SAYS_NOTHING or name in sys.stdlib_module_names:
        raise NameUnusable(name[:60])


def _require_free(folder: Path) -> None:
    """Raise FolderTaken when something is in `folder`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(str(folder))


def _filled(text: str, words: dict[str, str]) -> str:
    """Return `text` with each `<word>` put in its place."""
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    return text


def _write(path: Path, text: str) -> Path:
    """Write a new file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _copy(path: Path, target: Path, model: str, words: dict[str, str]) -> Path:
    """Copy a file of the country `model`, in text files with its name and its instance code `XA` replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix not in TEXT_SUFFIXES:
        return Path(shutil.copyfile(path, target))
    text = path.read_text(encoding="utf-8")
    for old, new in ((model.capitalize(), words["Name"]), (model, words["name"])):
        text = text.replace(old, new)
    return _write(target, re.sub(r"\bXA/", words["CODE"] + "/", text))


def _write_reference(root: Path) -> None:
    """Write the reference pages of the tree at `root` again, by its own script."""
    script = root / "scripts" / "write_reference.py"
    if script.is_file():
        paths = os.pathsep.join([str(root / "src"), str(root / "countries")])
        environment = {**os.environ, "PYTHONPATH": paths}
        subprocess.run([sys.executable, str(script)], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
