# SPDX-License-Identifier: EUPL-1.2
"""Every option, typed and read once: from a TOML file, then FLAGSTONE_* variables, then the command line.

A secret is never a value here, only the path of the file that holds it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

from flagstone.kernel.errors import Flaw, SettingsFault

ENVIRONMENT = "FLAGSTONE_"


def _option(default: Any, words: str, *, minimum: int | None = None, maximum: int | None = None) -> Any:
    """Return a dataclass field with its documentation and bounds."""
    return field(default=default, metadata={"doc": words, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True)
class Http:
    """Where and how the site answers."""

    host: str = _option("127.0.0.1", "Address to listen on; plain HTTP is refused off the loopback.")
    port: int = _option(8000, "Port to listen on; 0 takes any free one.", minimum=0, maximum=65_535)
    public_url: str = _option("", "Address that browsers use, without a path; by default made of port.")
    tls_certificate: Path | None = _option(None, "PEM file of the certificate chain; with it, HTTPS only.")
    tls_key: Path | None = _option(None, "PEM file of the certificate's private key.")
    trusted_proxies: tuple[str, ...] = _option((), "Addresses whose X-Forwarded-For is believed.")
    body_bytes_max: int = _option(10_485_760, "Largest request body.", minimum=1_024, maximum=1 << 31)
    concurrency_max: int = _option(64, "Requests served at once; more wait, then get 503.", minimum=1)
    requests_per_second_max: int = _option(200, "Requests a second from one address.", minimum=1)


@dataclass(frozen=True)
class DatabaseOptions:
    """Where the registers are kept."""

    url: str = _option("", "postgresql://ROLE@HOST/DATABASE; empty keeps SQLite files in the data folder.")
    password_file: Path | None = _option(
        None, "File with the password of ROLE, where the server asks for one."
    )


@dataclass(frozen=True)
class SessionOptions:
    """How long a sign-in lasts."""

    idle_minutes: int = _option(30, "Minutes without a request after which a session ends.", minimum=1)
    absolute_hours: int = _option(12, "Hours after which a session ends in any case.", minimum=1, maximum=72)


@dataclass(frozen=True)
class LogOptions:
    """What is told to the operator."""

    format: str = _option("auto", "json, console, or auto: console on a terminal.")
    level: str = _option("info", "debug, info, warning or error.")
    metrics_token_file: Path | None = _option(
        None, "File with the token that opens /metrics off the loopback."
    )


@dataclass(frozen=True)
class GovstackOptions:
    """Compatibility with GovStack's published test suites, never mixed into the canonical surface."""

    registries_dialect: bool = _option(default=False, words="Mount the test suite's dialect; sandbox only.")


@dataclass(frozen=True)
class Settings:
    """The settings of one site."""

    country: str = _option("aralia", "The country package: an importable name.")
    site: str = _option("state", "Name of this site within the country.")
    data: Path = _option(Path("data"), "Folder of databases, keys and job state.")
    http: Http = field(default_factory=Http)
    database: DatabaseOptions = field(default_factory=DatabaseOptions)
    sessions: SessionOptions = field(default_factory=SessionOptions)
    log: LogOptions = field(default_factory=LogOptions)
    govstack: GovstackOptions = field(default_factory=GovstackOptions)

    @property
    def public_url(self) -> str:
        """Return the address that browsers use."""
        scheme = "https" if self.http.tls_certificate else "http"
        return self.http.public_url or f"{scheme}://localhost:{self.http.port}"


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
        return ENVIRONMENT + self.name.replace(".", "_").upper()


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
            raise SettingsFault("; ".join(f"{f.pointer}: {f.message}" for f in self.flaws), flaws=self.flaws)
        return self.settings


def load(
    file: Path | None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read the settings; unknown, mistyped and out-of-bounds options are collected as flaws.

    `overrides` are dotted names from the command line, None where an option was not given.
    """
    found: dict[str, tuple[Any, str]] = {}
    flaws: list[Flaw] = []
    for name, value in _from_file(file, flaws).items():
        found[name] = (value, str(file))
    for name, value in _from_environment(os.environ if environment is None else environment, flaws).items():
        found[name] = (value, f"{ENVIRONMENT}{name.replace('.', '_').upper()}")
    for name, value in (overrides or {}).items():
        if value is not None:
            found[name] = (value, "command line")
    settings = _filled(Settings(), found, flaws)
    flaws += _contradictions(settings)
    return Loaded(settings, {name: source for name, (_, source) in found.items()}, tuple(flaws))


def _from_file(file: Path | None, flaws: list[Flaw]) -> dict[str, Any]:
    """Return the dotted options of a TOML file."""
    if file is None:
        return {}
    try:
        return _flattened(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        flaws.append(Flaw(str(file), f"the settings file cannot be read: {type(error).__name__}"))
        return {}


def _flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as dotted names."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flattened(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _from_environment(environment: Mapping[str, str], flaws: list[Flaw]) -> dict[str, str]:
    """Return the options that variables set; a FLAGSTONE_ variable that names none is a flaw."""
    known = {name.replace(".", "_").upper(): name for name, _ in _leaves(Settings())}
    found = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT):
            continue
        name = known.get(variable.removeprefix(ENVIRONMENT))
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
                values[each.name] = _fitted(found[name][0], hints[each.name], each.metadata)
            except ValueError as error:
                flaws.append(Flaw(name, f"{error} (from {found[name][1]})"))
    if not prefix:
        known = {name for name, _ in _leaves(section)}
        flaws.extend(Flaw(name, "there is no such option") for name in found if name not in known)
    return replace(section, **values)


def _fitted(value: Any, kind: Any, bounds: Mapping[str, Any]) -> Any:
    """Return `value` as `kind`; ValueError with words when it does not fit."""
    if kind is bool:
        return _truth(value)
    if kind is int:
        return _bounded(value, bounds)
    if kind == tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if kind is str:
        return str(value)
    return Path(str(value)).expanduser() if str(value) else None


def _truth(value: Any) -> bool:
    """Return a boolean from a TOML boolean or the words of a variable."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if str(value).lower() not in words:
        raise ValueError("it must be true or false")
    return words[str(value).lower()]


def _bounded(value: Any, bounds: Mapping[str, Any]) -> int:
    """Return a whole number within its bounds."""
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
        raise ValueError("it must be a whole number")
    number = int(value)
    low, high = bounds["minimum"], bounds["maximum"]
    if (low is not None and number < low) or (high is not None and number > high):
        raise ValueError(f"it must be between {low} and {'any' if high is None else high}")
    return number


def _contradictions(settings: Settings) -> list[Flaw]:
    """Return what does not go together."""
    flaws = []
    http, log = settings.http, settings.log
    if (http.tls_certificate is None) != (http.tls_key is None):
        flaws.append(Flaw("http.tls_key", "a certificate and its key go together"))
    if http.public_url and not re.fullmatch(r"https?://[^/?#\s]+", http.public_url):
        flaws.append(Flaw("http.public_url", "it must be http(s)://HOST without a path"))
    if log.format not in {"auto", "json", "console"}:
        flaws.append(Flaw("log.format", "it must be auto, json or console"))
    if log.level not in {"debug", "info", "warning", "error"}:
        flaws.append(Flaw("log.level", "it must be debug, info, warning or error"))
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", settings.site):
        flaws.append(Flaw("site", "it must be lower-case letters, digits and hyphens"))
    if settings.database.url and not settings.database.url.startswith("postgresql://"):
        flaws.append(Flaw("database.url", "it must begin with postgresql://"))
    return flaws
