# SPDX-License-Identifier: EUPL-1.2
"""Every option, typed and read once: from a TOML file, then FLAGSTONE_* variables, then the command line.

A secret is never a value here, only the path of the file that holds it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import parse_qsl, urlsplit

from flagstone.kernel.errors import Flaw, SettingsFault

ENVIRONMENT = "FLAGSTONE_"
FILE_BYTES_MAX = 1_000_000
ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
SITE = re.compile(r"[a-z][a-z0-9-]{0,30}")
POSTGRESQL_NAME_MAX = 40
"""Characters of country and site together in the name of a schema, which PostgreSQL cuts at 63."""

FORMATS = ("auto", "json", "console")
LEVELS = ("auto", "debug", "info", "warning", "error")


def _option(default: Any, words: str, *, minimum: int = 0, maximum: int = 0) -> Any:
    """Return a dataclass field with its documentation and, for a number, its bounds."""
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
    concurrency_max: int = _option(
        64, "Requests served at once; more wait, then get 503.", minimum=1, maximum=10_000
    )
    requests_per_second_max: int = _option(
        200, "Requests a second from one address.", minimum=1, maximum=1_000_000
    )


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

    idle_minutes: int = _option(
        30, "Minutes without a request after which a session ends.", minimum=1, maximum=72 * 60
    )
    absolute_hours: int = _option(12, "Hours after which a session ends in any case.", minimum=1, maximum=72)


@dataclass(frozen=True)
class LogOptions:
    """What is told to the operator."""

    format: str = _option("auto", "json, console, or auto: console on a terminal.")
    level: str = _option(
        "auto", "debug, info, warning, error, or auto: warning on the console, info in JSON."
    )
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
) -> Loaded:
    """Read the settings; unknown, mistyped and out-of-bounds options are collected as flaws.

    `overrides` are dotted names from the command line, None where an option was not given.
    """
    flaws: list[Flaw] = []
    found = {name: (value, str(file)) for name, value in _from_file(file, flaws).items()}
    variables = _from_environment(os.environ if environment is None else environment, flaws)
    found |= {name: (value, _variable(name)) for name, value in variables.items()}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    found |= {name: (value, "command line") for name, value in given.items()}
    settings = _filled(Settings(), found, flaws)
    flaws += _contradictions(settings)
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
                values[each.name] = _fitted(found[name][0], hints[each.name], each.metadata)
            except ValueError as error:
                flaws.append(Flaw(name, f"{error} (from {found[name][1]})"))
    if not prefix:
        known = {name for name, _ in _leaves(section)}
        strange = {name: source for name, (_, source) in found.items() if name not in known}
        flaws.extend(Flaw(name, f"there is no such option (from {strange[name]})") for name in strange)
    return replace(section, **values)


def _fitted(value: Any, kind: Any, bounds: Mapping[str, Any]) -> Any:
    """Return `value` as `kind`; ValueError with words when it does not fit."""
    if kind is bool:
        return _truth(value)
    if kind is int:
        return _bounded(value, bounds)
    if kind == tuple[str, ...]:
        return _texts(value)
    text = _text(value)
    if kind is str:
        return text
    if not text and kind is Path:
        raise ValueError("it must name a file or folder")
    return _path(text) if text else None


def _text(value: Any) -> str:
    """Return text without control characters."""
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("it must be text")  # noqa: TRY004 - what does not fit is one sort of error
    if any(ord(character) < 32 for character in value):
        raise ValueError("it must not hold control characters")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    """Return texts from a TOML list, or from a variable's text with commas between."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise ValueError("it must be a list of texts")  # noqa: TRY004 - as above
    return tuple(part.strip() for part in map(_text, parts) if part.strip())


def _path(text: str) -> Path:
    """Return a path, `~` being the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("it begins with ~, and there is no such home folder") from error


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
    if not low <= number <= high:
        raise ValueError(f"it must be between {low} and {high}")
    return number


def _contradictions(settings: Settings) -> Iterator[Flaw]:
    """Yield what no option may be by itself, and what does not go together."""
    if not SITE.fullmatch(settings.site):
        yield Flaw("site", "it must be at most 31 lower-case letters, digits and hyphens")
    if settings.log.format not in FORMATS:
        yield Flaw("log.format", f"it must be one of {', '.join(FORMATS)}")
    if settings.log.level not in LEVELS:
        yield Flaw("log.level", f"it must be one of {', '.join(LEVELS)}")
    if settings.sessions.idle_minutes > settings.sessions.absolute_hours * 60:
        yield Flaw("sessions.idle_minutes", "it is longer than sessions.absolute_hours")
    yield from _of_http(settings.http)
    yield from _of_database(settings)


def _of_http(http: Http) -> Iterator[Flaw]:
    """Yield what is wrong with the addresses."""
    if (http.tls_certificate is None) != (http.tls_key is None):
        yield Flaw("http.tls_key", "a certificate and its key go together")
    if http.public_url and not _is_address(http.public_url):
        yield Flaw("http.public_url", "it must be http(s)://HOST or http(s)://HOST:PORT, without a path")
    for each in http.trusted_proxies:
        try:
            ip_network(each)
        except ValueError:
            yield Flaw("http.trusted_proxies", f"{each} is neither an address nor a network")


def _is_address(url: str) -> bool:
    """Tell whether `url` is a scheme, a host and perhaps a port."""
    try:
        parts = urlsplit(url)
        return bool(ADDRESS.fullmatch(url) and parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _of_database(settings: Settings) -> Iterator[Flaw]:
    """Yield what is wrong with the address of PostgreSQL."""
    url = settings.database.url
    if not url:
        return
    try:
        parts = urlsplit(url)
        password = parts.password is not None or "password" in dict(parse_qsl(parts.query))
    except ValueError:
        parts, password = None, False
    if parts is None or parts.scheme != "postgresql" or not url.startswith("postgresql://"):
        yield Flaw("database.url", "it must be postgresql://ROLE@HOST/DATABASE")
    elif password:
        yield Flaw("database.url", "it must not hold the password; name its file in database.password_file")
    if len(settings.country) + len(settings.site) > POSTGRESQL_NAME_MAX:
        yield Flaw("site", f"country and site have more than {POSTGRESQL_NAME_MAX} characters together")
