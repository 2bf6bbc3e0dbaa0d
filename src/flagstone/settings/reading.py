# SPDX-License-Identifier: EUPL-1.2
"""Reads the options: from TOML files, then FLAGSTONE_* variables, then the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

from flagstone.kernel.errors import Flaw, SettingsFault
from flagstone.settings.checks import contradictions
from flagstone.settings.options import Settings
from flagstone.settings.values import fitted

ENVIRONMENT = "FLAGSTONE_"
FILE_BYTES_MAX = 1_000_000
_SECTIONS = frozenset(each.name for each in fields(Settings) if each.default_factory is not MISSING)


@dataclass(frozen=True)
class Option:
    """One option as documents and `flagstone check` show it."""

    name: str  # dotted, `http.port`
    words: str
    default: Any
    value: Any
    source: str

    @property
    def variable(self) -> str:
        """Return the environment variable that sets it."""
        return _variable(self.name)


@dataclass(frozen=True)
class Loaded:
    """Settings, and for each option where its value came from."""

    settings: Settings
    sources: Mapping[str, str]
    flaws: tuple[Flaw, ...]

    def options(self) -> list[Option]:
        """Return every option with its effective value and source."""
        defaults = dict(_leaves(Settings()))
        return [
            Option(name, words, defaults[name][1], value, self.sources.get(name, "default"))
            for name, (words, value) in _leaves(self.settings)
        ]

    def sound(self) -> Settings:
        """Return the settings; SettingsFault naming every flaw when there is one."""
        if self.flaws:
            raise SettingsFault(f"{len(self.flaws)} of them are wrong", flaws=self.flaws)
        return self.settings


def load(
    file: Path | None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    own: Path | None = None,
) -> Loaded:
    """Read the settings; unknown, mistyped and out-of-bounds options are collected as flaws.

    `overrides` are dotted names from the command line, None where an option was not given. `own` is the
    file in the site's own folder; it counts more than `file`, which several sites may share.
    """
    flaws: list[Flaw] = []
    found: dict[str, tuple[Any, str]] = {}
    for each in (file, own):
        found |= {name: (value, str(each)) for name, value in _from_file(each, flaws).items()}
    variables = _from_environment(os.environ if environment is None else environment, flaws)
    found |= {name: (value, _variable(name)) for name, value in variables.items()}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    found |= {name: (value, "command line") for name, value in given.items()}
    settings = _filled(Settings(), found, flaws)
    flaws += contradictions(settings)
    return Loaded(settings, {name: source for name, (_, source) in found.items()}, tuple(flaws))


def _variable(name: str) -> str:
    """Return the environment variable that sets the option `name`."""
    return ENVIRONMENT + name.replace(".", "_").upper()


def _from_file(file: Path | None, flaws: list[Flaw]) -> dict[str, Any]:
    """Return the dotted options of a TOML file."""
    if file is None:
        return {}
    try:
        with file.open("rb") as stream:
            data = stream.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise ValueError(f"it has more than {FILE_BYTES_MAX} bytes")
        return _flattened(tomllib.loads(data.decode("utf-8")))
    except OSError as error:
        flaws.append(Flaw(str(file), f"the settings file cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        flaws.append(Flaw(str(file), "the settings file is not UTF-8 text"))
    except ValueError as error:
        flaws.append(Flaw(str(file), f"the settings file is not TOML: {error}"))
    except RecursionError:
        flaws.append(Flaw(str(file), "the settings file is nested too deeply"))
    return {}


def _flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as dotted names; an empty table stays, so that an unknown one is noticed."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        name = prefix + key
        if isinstance(value, dict) and value:
            flat |= _flattened(value, f"{name}.")
        elif value != {} or name not in _SECTIONS:
            flat[name] = value
    return flat


def _from_environment(environment: Mapping[str, str], flaws: list[Flaw]) -> dict[str, str]:
    """Return the options that variables set; a FLAGSTONE_ variable that names none is a flaw."""
    known = {_variable(name): name for name, _ in _leaves(Settings())}
    found = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT):
            continue
        name = known.get(variable)
        if name is None:
            flaws.append(Flaw(variable, "there is no such option"))
        else:
            found[name] = text
    return found


def _leaves(section: Any, prefix: str = "") -> list[tuple[str, tuple[str, Any]]]:
    """Return every option below `section` as (dotted name, (words, value))."""
    leaves: list[tuple[str, tuple[str, Any]]] = []
    for each in fields(section):
        value = getattr(section, each.name)
        if is_dataclass(value):
            leaves += _leaves(value, f"{prefix}{each.name}.")
        else:
            leaves.append((prefix + each.name, (each.metadata["doc"], value)))
    return leaves


def _filled(section: Any, found: Mapping[str, tuple[Any, str]], flaws: list[Flaw], prefix: str = "") -> Any:
    """Return `section` with the values found; flaws for what has no place or does not fit."""
    hints = get_type_hints(type(section))
    values: dict[str, Any] = {}
    for each in fields(section):
        name, present = prefix + each.name, getattr(section, each.name)
        if is_dataclass(present):
            values[each.name] = _filled(present, found, flaws, f"{name}.")
        elif name in found:
            try:
                values[each.name] = fitted(found[name][0], hints[each.name], each.metadata)
            except ValueError as error:
                flaws.append(Flaw(name, f"{error} (from {found[name][1]})"))
    if not prefix:
        known = {name for name, _ in _leaves(section)}
        strange = {name: source for name, (_, source) in found.items() if name not in known}
        flaws.extend(Flaw(name, f"there is no such option (from {strange[name]})") for name in strange)
    return replace(section, **values)
