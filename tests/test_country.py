# SPDX-License-Identifier: EUPL-1.2
"""The country's door: a package that cannot be a country is refused with words, whatever it does."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from flagstone.country import Country, load
from flagstone.kernel.errors import SettingsFault

NUMBERS = count()
GOOD = """
from pathlib import Path
from flagstone.country import Country
COUNTRY = Country({code!r}, "XT", {{"en": "T"}}, ("en",), True, Path({look!r}), tuple{more})
"""


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A package name that no test used before, to be found in the test's folder."""
    monkeypatch.syspath_prepend(tmp_path)
    return f"strange{next(NUMBERS)}"


def package(folder: Path, name: str, source: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    (folder / name / "country.py").write_text(source)


def good(name: str, folder: Path, more: str = "", *, code: str = "") -> str:
    return GOOD.format(code=code or name, look=str(folder), more=more)


def test_a_country_comes_as_it_is(name: str, tmp_path: Path) -> None:
    package(tmp_path, name, good(name, tmp_path))
    found = load(name)
    assert (found.code, found.instance, found.sandbox) == (name, "XT", True)
    assert list(found.rows("any")) == []
    assert (found.test_persons(), found.life_events()) == ((), ())


def test_the_shipped_country_comes_through_the_same_door() -> None:
    assert load("aralia").languages == ("en", "et", "ar")


@pytest.mark.parametrize("bad", ["", "Aralia", "a.b", "../a", "a-b", "a" * 32, "a\n"])
def test_a_name_that_is_no_package_is_refused(bad: str) -> None:
    with pytest.raises(SettingsFault, match="plain name"):
        load(bad)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "holds no Country"),
        ("COUNTRY = 5", "holds no Country"),
        ("def", "SyntaxError"),
        ("import no_such_module_at_all", "needs the module no_such_module_at_all"),
        ("from flagstone.country import Nothing", "ImportError"),
        ("None.attribute", "AttributeError"),
        ("raise ValueError('secret words')", "cannot be imported: ValueError"),
        ("from flagstone.country import Country\nCOUNTRY = Country()", "TypeError"),
    ],
)
def test_a_broken_package_is_refused_in_words(name: str, tmp_path: Path, source: str, words: str) -> None:
    package(tmp_path, name, source)
    with pytest.raises(SettingsFault, match=words) as raised:
        load(name)
    assert "secret words" not in str(raised.value)


def test_no_package_and_no_module_are_told_apart_from_a_missing_part(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match=f"there is no package {name}"):
        load(name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    sys.path_importer_cache.clear()
    with pytest.raises(SettingsFault, match="with a module country"):
        load(name)


def test_a_country_has_its_packages_name(name: str, tmp_path: Path) -> None:
    package(tmp_path, name, good(name, tmp_path, code="other"))
    with pytest.raises(SettingsFault, match="has the code other"):
        load(name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "Bad"}, "plain names"),
        ({"instance": "X/T"}, "plain names"),
        ({"languages": ()}, "each of its languages"),
        ({"languages": ("en", "fr")}, "each of its languages"),
        ({"look": Path("/no/such/folder")}, "look is missing"),
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"time_zone": ""}, "time zone"),
    ],
)
def test_a_country_that_cannot_be_used_is_refused(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    sound = Country("tiny", "XT", {"en": "Tiny"}, ("en",), sandbox=True, look=tmp_path, definitions=tuple)
    with pytest.raises(SettingsFault, match=words):
        replace(sound, **change)  # type: ignore[arg-type]
