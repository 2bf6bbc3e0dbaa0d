# SPDX-License-Identifier: EUPL-1.2
"""Settings: every source and their order, and every flaw told at once with where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.errors import SettingsFault
from flagstone.settings.options import Settings
from flagstone.settings.reading import Loaded, load

NAMES = [option.name for option in load(None, {}).options()]
VARIABLES = [option.variable for option in load(None, {}).options()]


def flaws(loaded: Loaded) -> dict[str, str]:
    return {flaw.pointer: flaw.message for flaw in loaded.flaws}


def toml(folder: Path, text: str) -> Path:
    file = folder / "site.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_are_sound_and_say_so() -> None:
    loaded = load(None, {})
    assert loaded.sound() == Settings()
    assert {option.source for option in loaded.options()} == {"default"}
    assert all(option.words for option in loaded.options())


def test_each_source_is_read(tmp_path: Path) -> None:
    file = toml(tmp_path, 'country = "tiny"\n[http]\nport = 8001\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n')
    environment = {
        "FLAGSTONE_LOG_FORMAT": "json",
        "FLAGSTONE_GOVSTACK_REGISTRIES_DIALECT": "yes",
        "FLAGSTONE_HTTP_TLS_KEY": "",
        "HOME": "/root",
    }
    loaded = load(file, environment, {"data": tmp_path, "site": None})
    settings = loaded.sound()
    assert (settings.country, settings.http.port) == ("tiny", 8001)
    assert settings.http.trusted_proxies == ("10.0.0.0/8", "::1")
    assert (settings.log.format, settings.govstack.registries_dialect) == ("json", True)
    assert (settings.data, settings.http.tls_key) == (tmp_path, None)
    sources = {option.name: option.source for option in loaded.options()}
    assert sources["http.port"] == str(file)
    assert sources["log.format"] == "FLAGSTONE_LOG_FORMAT"
    assert sources["data"] == "command line"
    assert sources["site"] == "default"


def test_the_command_line_wins_over_variables_and_those_over_the_file(tmp_path: Path) -> None:
    file, variables = toml(tmp_path, "http.port = 1"), {"FLAGSTONE_HTTP_PORT": "2"}
    assert load(file, {}).sound().http.port == 1
    assert load(file, variables).sound().http.port == 2
    assert load(file, variables, {"http.port": 3}).sound().http.port == 3
    assert load(file, variables, {"http.port": None}).sound().http.port == 2


def test_unknown_options_are_named_with_their_source(tmp_path: Path) -> None:
    file = toml(tmp_path, 'color = "red"\n[http]\nports = 1\n[empty]\n[log]\n')
    loaded = load(file, {"FLAGSTONE_HTTP_PORTS": "2"}, {"http.prot": 3})
    found = flaws(loaded)
    assert set(found) == {"color", "http.ports", "empty", "FLAGSTONE_HTTP_PORTS", "http.prot"}
    assert str(file) in found["color"]
    assert "command line" in found["http.prot"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("http.port", "http", "whole number"),
        ("http.port", True, "whole number"),
        ("http.port", 8000.5, "whole number"),
        ("http.port", 65_536, "between 0 and 65535"),
        ("http.port", -1, "between 0 and 65535"),
        ("http.body_bytes_max", 1, "between 1024 and"),
        ("http.concurrency_max", 0, "between 1 and"),
        ("sessions.idle_minutes", 10**17, "between 1 and"),
        ("http.trusted_proxies", 5, "list"),
        ("http.trusted_proxies", [5], "text"),
        ("http.trusted_proxies", ["10.0.0.1/8"], "neither an address nor a network"),
        ("govstack.registries_dialect", "perhaps", "true or false"),
        ("site", 5, "text"),
        ("site", "Ministry of Sums", "lower-case"),
        ("site", "../other", "lower-case"),
        ("data", "", "must name"),
        ("data", "a\0b", "control characters"),
        ("data", "~nobody-at-all/data", "home folder"),
        ("data", [], "text"),
        ("http", 5, "no such option"),
        ("log.format", "xml", "one of auto, json, console"),
        ("log.level", "loud", "one of auto, debug"),
        ("http.public_url", "https://state.example/portal", "without a path"),
        ("http.public_url", "https://user@state.example", "without a path"),
        ("http.public_url", "http://[", "without a path"),
        ("http.public_url", "http://a:99999", "without a path"),
        ("http.public_url", "ftp://a", "without a path"),
        ("database.url", "mysql://a/b", "postgresql://ROLE@HOST/DATABASE"),
        ("database.url", "postgresql://[", "postgresql://ROLE@HOST/DATABASE"),
        ("database.url", "postgresql://role:word@host/base", "must not hold the password"),
        ("database.url", "postgresql://role@host/base?password=word", "must not hold the password"),
    ],
)
def test_what_does_not_fit_is_named_with_words(name: str, value: Any, words: str) -> None:
    loaded = load(None, {}, {name: value})
    assert words in flaws(loaded)[name]
    with pytest.raises(SettingsFault) as raised:
        loaded.sound()
    assert raised.value.flaws == loaded.flaws


def test_a_mistyped_option_says_where_it_came_from(tmp_path: Path) -> None:
    assert "FLAGSTONE_HTTP_PORT" in flaws(load(None, {"FLAGSTONE_HTTP_PORT": "x"}))["http.port"]
    file = toml(tmp_path, "http.port = [1]")
    assert str(file) in flaws(load(file, {}))["http.port"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"http.tls_certificate": "a.pem"}, "http.tls_key"),
        ({"rules.extensions": ["../law"]}, "rules.extensions"),
        ({"rules.reforms": ["a..b"]}, "rules.reforms"),
        ({"rules.cluster": "http://localhost:8786"}, "rules.cluster"),
        ({"rules.cluster": "tcp://localhost"}, "rules.cluster"),
        ({"rules.cluster": "tcp://somebody@localhost:8786"}, "rules.cluster"),
        ({"rules.cluster": "tls://localhost:8786"}, "rules.cluster"),
        ({"rules.cluster": "tls://localhost:8786", "rules.cluster_ca": "ca.pem"}, "rules.cluster"),
        ({"rules.cluster": "tcp://localhost:8786", "rules.cluster_key": "key.pem"}, "rules.cluster"),
        ({"http.tls_key": "a.pem"}, "http.tls_key"),
        ({"sessions.idle_minutes": 90, "sessions.absolute_hours": 1}, "sessions.idle_minutes"),
        ({"database.url": "postgresql://r@h/d", "country": "c" * 20, "site": "s" * 21}, "site"),
    ],
)
def test_what_does_not_go_together_is_named(given: dict[str, Any], pointer: str) -> None:
    assert list(flaws(load(None, {}, given))) == [pointer]


def test_all_flaws_are_told_at_once() -> None:
    loaded = load(None, {}, {"http.port": "x", "log.level": "x", "site": "X"})
    assert set(flaws(loaded)) == {"http.port", "log.level", "site"}
    with pytest.raises(SettingsFault, match="3 of them"):
        loaded.sound()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"http.port = ", "not TOML"),
        (b"[http]\nport = 1\nport = 2\n", "not TOML"),
        (b'site = "\xff"', "not UTF-8"),
        (b"site = " + b"[" * 20_000, "not TOML|nested too deeply"),
        (b"#" * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_a_broken_file_is_one_flaw(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes(content)
    (flaw,) = load(file, {}).flaws
    assert flaw.pointer == str(file)
    assert any(each in flaw.message for each in words.split("|"))


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_a_file_that_cannot_be_read_is_one_flaw(tmp_path: Path, name: str) -> None:
    (flaw,) = load(tmp_path / name, {}).flaws
    assert "cannot be read" in flaw.message


def test_the_address_follows_port_and_certificate() -> None:
    assert load(None, {}, {"http.port": 8001}).sound().public_url == "http://localhost:8001"
    tls = {"http.tls_certificate": "c.pem", "http.tls_key": "k.pem", "http.port": 443}
    assert load(None, {}, tls).sound().public_url == "https://localhost:443"
    assert load(None, {}, {"http.public_url": "https://a.example"}).sound().public_url == "https://a.example"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), VALUES, max_size=4))
def test_no_value_raises(overrides: dict[str, Any]) -> None:
    loaded = load(None, {}, overrides)
    assert isinstance(loaded.settings, Settings)
    assert loaded.options()
    assert loaded.settings.public_url


@given(
    st.dictionaries(st.sampled_from(VARIABLES) | st.text().map("FLAGSTONE_".__add__), st.text(), max_size=4)
)
def test_no_variable_raises(environment: dict[str, str]) -> None:
    assert load(None, environment).options()


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_no_file_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    assert load(file, {}).options()
