# SPDX-License-Identifier: EUPL-1.2
"""Loads a law: a country package with its extensions and reforms, and what can be said of it."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from flagstone.blocks.rules.contract.catalogue import Catalogue
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.blocks.rules.service.engine.cache import Shelf, remembering
from flagstone.blocks.rules.service.engine.catalogue import catalogue_of
from flagstone.blocks.rules.service.engine.precision import wide
from flagstone.blocks.rules.service.engine.snapshot import snapshot_of

_ALLOCATIONS = 20_000


@dataclass(frozen=True)
class Law:
    """A law in memory, ready to compute with; `system` is OpenFisca's own."""

    system: Any
    catalogue: Catalogue
    snapshot: LawSnapshot


def settle() -> None:
    """Tell Python's collector that what is in memory now, as a law and its engine, stays for good.

    It then looks at what calculations leave, and less often: each leaves a few circles and no more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 50)


def load(name: LawName, shelf: Shelf | None = None) -> Law:
    """Load a law with 64-bit amounts; LawUnavailable says which part failed and how.

    A package's code runs when it is loaded: load only what this site installed. What takes long to find out
    is kept on `shelf` for the next time.
    """
    with wide(), _uncollected(), remembering(shelf, name.package):
        system = _country(name.package)
        for extension in name.extensions:
            _attempt(extension, lambda extension=extension: system.load_extension(extension))
        for reform in name.reforms:
            system = _attempt(reform, lambda reform=reform, system=system: system.apply_reform(reform))
    return Law(system, catalogue_of(system), snapshot_of(name, system))


def tests_of(package: str) -> Path:
    """Return the folder of tests that a package brought; LawUnavailable when it brought none."""
    module = _attempt(package, lambda: import_module(package))
    for folder in getattr(module, "__path__", ()):
        if (Path(folder) / "tests").is_dir():
            return Path(folder) / "tests"
    raise LawUnavailable(f"{package} ships no tests; name a folder that has some")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python's collector from looking again and again at what is being loaded and stays."""
    at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if at_work:
            gc.enable()


def _country(package: str) -> Any:
    module = _attempt(package, lambda: import_module(package))
    found = getattr(module, "CountryTaxBenefitSystem", None) or _only_system(module)
    if found is None:
        raise LawUnavailable(f"{package} defines no tax and benefit system")
    return _attempt(package, found)


def _only_system(module: ModuleType) -> type[Any] | None:
    """Return the one class of tax and benefit systems that a module defines."""
    found = [
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, TaxBenefitSystem) and each is not TaxBenefitSystem
    ]
    return found[0] if len(found) == 1 else None


def _attempt(part: str, load: Any) -> Any:
    try:
        return load()
    except Exception as error:  # a country's package may raise whatever it likes
        first = str(error).partition("\n")[0][:300]
        raise LawUnavailable(f"{part}: {type(error).__name__}: {first}") from error
