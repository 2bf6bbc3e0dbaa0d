# SPDX-License-Identifier: EUPL-1.2
"""What loading a law found out, kept for the next time: its parameters, and where its variables are written.

An entry is used only when everything it was made from is the same, byte for byte, and so is the entry; a law
loaded with a cache has the fingerprint that it has without. Entries are Python's own pickles, so the folder
must belong to the user of the process and nobody else may write there: another is not used.
"""

from __future__ import annotations

import ast
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from openfisca_core.parameters import ParameterNode
from openfisca_core.parameters import config as parameter_config
from openfisca_core.taxbenefitsystems import tax_benefit_system

from flagstone.blocks.rules.service.engine.hooks import Hook, Target, Undo, install, replaced

_FORMAT = "1"
_DIGEST_BYTES = 32
_LOAD = Target(tax_benefit_system, "TaxBenefitSystem.load_parameters")
_ADD = Target(tax_benefit_system, "TaxBenefitSystem.add_variables_from_file")
_METADATA = Target(tax_benefit_system, "TaxBenefitSystem.get_package_metadata")
_AST = Target(tax_benefit_system, "ast")

_KNOWN = frozenset({"7baaf68ea4d94f70", "dc07d6c9780190c0"})
_plain_metadata = tax_benefit_system.TaxBenefitSystem.get_package_metadata


class Shelf:
    """A folder of entries by key; several processes may use one at once."""

    def __init__(self, folder: Path) -> None:
        """Keep entries below `folder`, which is made when it is not there."""
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """Return an entry; None when there is none, it is broken, or others may write to the folder."""
        if not self._private():
            return None
        try:
            whole = self._path(key).read_bytes()
        except OSError:
            return None
        content = whole[_DIGEST_BYTES:]
        return content if sha256(content).digest() == whole[:_DIGEST_BYTES] else None

    def put(self, key: str, content: bytes) -> None:
        """Keep an entry, whole or not at all; a folder that cannot be written keeps none."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._private():
                return
            with NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(sha256(content).digest() + content)
            Path(file.name).replace(self._path(key))

    def _path(self, key: str) -> Path:
        return self._folder / f"{sha256(key.encode()).hexdigest()}.law"

    def _private(self) -> bool:
        """Tell whether only this process's user can write to the folder."""
        try:
            found = self._folder.stat()
        except OSError:
            return False
        return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def users_shelf() -> Shelf:
    """Return the shelf in the user's folder of caches."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Shelf(Path(base) / "flagstone" / "laws")


@contextmanager
def remembering(shelf: Shelf | None, package: str) -> Iterator[None]:
    """Load a law inside with what `shelf` keeps, and keep there what it lacks; None remembers nothing."""
    if shelf is None:
        yield
        return
    outlines = _Outlines(shelf, package)

    def put() -> Undo:
        return replaced((_LOAD, _loader(shelf)), (_AST, outlines), (_METADATA, _once(_plain_metadata)))

    hook = Hook("law-remembered", (_LOAD, _ADD, _METADATA), _KNOWN, put)
    installed = install([hook])
    try:
        yield
    finally:
        installed.undo()
        outlines.keep()


def _once(asked: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a method that asks each object once."""
    known: list[tuple[Any, Any]] = []

    def get_package_metadata(self: Any) -> Any:
        for system, found in known:
            if system is self:
                return found
        known.append((self, asked(self)))
        return known[-1][1]

    return get_package_metadata


def _versions() -> str:
    return f"{_FORMAT} {sys.version} {metadata.version('openfisca-core')}"


def _loader(shelf: Shelf) -> Any:
    def load_parameters(self: Any, path_to_yaml_dir: Any) -> None:
        """Load the parameters below a folder, or those that were found there before."""
        folder = str(path_to_yaml_dir)
        key = f"parameters {_versions()} {folder} {folder_digest(folder)}"
        kept = shelf.get(key)
        if kept is None:
            found = ParameterNode("", directory_path=path_to_yaml_dir)
            shelf.put(key, pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
        else:
            found = pickle.loads(kept)  # noqa: S301 - our own, in a folder that is ours alone
        if self.preprocess_parameters is not None:
            found = self.preprocess_parameters(found)
        self.parameters = found

    return load_parameters


def folder_digest(folder: str) -> str:
    """Return the SHA-256 of the names and contents of the parameter files below a folder."""
    whole = sha256()
    for path in sorted(_files_below(folder)):
        whole.update(f"{path}\0{file_digest(path)}\n".encode())
    return whole.hexdigest()


def _files_below(folder: str) -> Iterator[str]:
    for parent, _folders, names in os.walk(folder):
        for name in names:
            if name.endswith(tuple(parameter_config.FILE_EXTENSIONS)):
                yield f"{parent}/{name}"


def file_digest(path: str) -> str:
    """Return the SHA-256 of a file's content; one that has not been written to since is read once."""
    found = os.stat(path)  # noqa: PTH116 - thousands of them: a Path each is half the time
    return _file_digest(path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _file_digest(path: str, _size: int, _written: int) -> str:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
        return sha256(file.read()).hexdigest()


@dataclass(frozen=True)
class _Class:
    """A class in a source: all that OpenFisca asks of Python's syntax tree."""

    name: str
    lineno: int
    end_lineno: int


@dataclass(frozen=True)
class _Module:
    body: tuple[_Class, ...]


class _Outlines:
    """Stands in for Python's `ast` where OpenFisca looks up the lines of a variable's class."""

    ClassDef = _Class

    def __init__(self, shelf: Shelf, package: str) -> None:
        self._shelf = shelf
        self._key = f"outlines {_versions()} {package}"
        kept = shelf.get(self._key)
        self._known: dict[bytes, tuple[_Class, ...]] = (
            pickle.loads(kept) if kept else {}  # noqa: S301 - our own, in a folder that is ours alone
        )
        self._more = False

    def parse(self, source: str) -> _Module:
        """Return the classes at the top of a source; one that is known by its digest is not parsed."""
        key = sha256(source.encode()).digest()
        found = self._known.get(key)
        if found is None:
            body = [each for each in ast.parse(source).body if isinstance(each, ast.ClassDef)]
            found = tuple(_Class(each.name, each.lineno, each.end_lineno or each.lineno) for each in body)
            self._known[key] = found
            self._more = True
        return _Module(found)

    def keep(self) -> None:
        """Keep what was not known before."""
        if self._more:
            self._shelf.put(self._key, pickle.dumps(self._known, pickle.HIGHEST_PROTOCOL))
