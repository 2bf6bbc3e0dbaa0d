# SPDX-License-Identifier: EUPL-1.2
"""The fingerprint of a loaded law: its packages, every parameter and the source of every formula."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from flagstone.blocks.rules.contract.law import LawName, LawSnapshot, Part
from flagstone.blocks.rules.service.engine.cache import file_digest
from flagstone.blocks.rules.service.engine.precision import bits

CORE = "openfisca-core"


def snapshot_of(name: LawName, system: Any) -> LawSnapshot:
    """Return the snapshot of `system`, which was loaded as `name`."""
    packages = dict.fromkeys(
        each.partition(".")[0] for each in (name.package, *name.extensions, *name.reforms)
    )
    return LawSnapshot(
        name=name,
        parts=tuple(part_of(package) for package in packages),
        core_version=metadata.version(CORE),
        parameters_sha256=parameters_digest(system),
        variables_sha256=_digest(_variables(system.variables)),
        precision_bits=bits(),
    )


def parameters_digest(system: Any) -> str:
    """Return the SHA-256 of every dated value of a system's parameters."""
    return _digest(_parameters(system.parameters))


@lru_cache(maxsize=64)
def part_of(package: str) -> Part:
    """Return the distribution that brought `package` and the SHA-256 of its files' names and contents.

    A package that no distribution brought, as one on the path, has an empty version.
    """
    distribution = _distribution(package)
    digest = _files_digest(package)
    if distribution is None:
        return Part(package, "", digest)
    return Part(distribution.metadata["Name"], distribution.version, digest)


def _distribution(package: str) -> metadata.Distribution | None:
    """Return the distribution that brought a package: by its name, as most are called, or else by looking."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.distribution(package)
    for name in metadata.packages_distributions().get(package, ()):
        return metadata.distribution(name)
    return None


def _files_digest(package: str) -> str:
    """Return a digest of every file of a loaded package, wherever it lies; empty for one without a folder."""
    folders = [Path(each) for each in getattr(sys.modules.get(package), "__path__", ())]
    whole = sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                name = file.relative_to(folder).as_posix()
                whole.update(f"{name}\0{file_digest(str(file))}\n".encode())
    return whole.hexdigest() if folders else ""


def _digest(lines: Iterable[str]) -> str:
    whole = sha256()
    for line in lines:
        whole.update(line.encode())
        whole.update(b"\n")
    return whole.hexdigest()


def _parameters(node: Any) -> Iterator[str]:
    """Yield each dated value of the tree, by name and from the newest; scales bracket by bracket."""
    if node is None:
        return
    for name in sorted(node.children):
        child = node.children[name]
        if hasattr(child, "children"):
            yield from _parameters(child)
        elif hasattr(child, "brackets"):
            yield f"{child.name} {child.metadata.get('type')} {child.metadata.get('rate_unit')}"
            for bracket in child.brackets:
                yield from _parameters(bracket)
        else:
            yield from (f"{child.name} {each.instant_str} {each.value!r}" for each in child.values_list)


def _variables(variables: dict[str, Any]) -> Iterator[str]:
    """Yield each variable's definition as far as it decides a result, with the source of its formulas."""
    for name in sorted(variables):
        variable = variables[name]
        yield (
            f"{name} {variable.entity.key} {variable.value_type.__name__} {variable.dtype} "
            f"{variable.definition_period} {variable.default_value!r} {variable.end} "
            f"{variable.is_neutralized} {_name_of(variable.set_input)} {_name_of(variable.calculate_output)}"
        )
        yield from (f"{date} {_code_of(formula)}" for date, formula in variable.formulas.items())


def _name_of(function: Any) -> str:
    return getattr(function, "__qualname__", repr(function)) if function else ""


def _code_of(formula: Any) -> str:
    """Return a digest of a formula's compiled code: its instructions, names and constants, at any depth."""
    code = getattr(formula, "__code__", None)
    return sha256(repr(_code_parts(code)).encode()).hexdigest() if code else repr(formula)


def _code_parts(code: Any) -> tuple[object, ...]:
    constants = tuple(_constant(each) for each in code.co_consts)
    return (code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants)


def _constant(value: Any) -> object:
    """Return a constant so that its text is the same in every process; sets have no order of their own."""
    if hasattr(value, "co_code"):
        return _code_parts(value)
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    return repr(value)
