# SPDX-License-Identifier: EUPL-1.2
"""Languages: what is negotiated, how dates and numbers are written, and that nothing lacks a translation."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.language import Languages, accepted
from flagstone.platform.http.pages import LOCALE

SCRIPT = Path(__file__).parents[3] / "scripts" / "messages.py"


@cache
def messages() -> ModuleType:
    """Return the script, loaded once: it goes through all the source."""
    spec = importlib.util.spec_from_file_location("messages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def languages() -> Languages:
    return Languages(["en", "et", "ar"], [LOCALE])


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": raw})


@pytest.mark.slow
@pytest.mark.parametrize("language", ["et", "ar"])
def test_every_message_is_translated(language: str) -> None:
    assert messages().missing(language) == {}


@pytest.mark.slow
def test_translations_keep_their_variables() -> None:
    module = messages()
    for folder, wanted in module.wanted().items():
        for language in module.LANGUAGES:
            catalogue = module.read(folder, language)
            for message in (catalogue.get(one) for one in wanted):
                assert message is None or list(message.check(catalogue)) == []


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("ar-EG;q=0.8, et;q=0.9,en;q=zz, *;q=0.1, fr", ["fr", "et", "ar", "*"]),
        ("", []),
        ("et;q=0", []),
        ("en;q=1;q=2", []),
        (",,;q=1", []),
    ],
)
def test_accept_language(header: str, names: list[str]) -> None:
    assert accepted(header) == names


@given(st.text(max_size=300))
def test_accept_language_takes_anything(header: str) -> None:
    assert all(isinstance(name, str) for name in accepted(header))


def test_the_order_of_choices() -> None:
    known = languages()
    assert known.wanted(request(cookie="language=ar", accept_language="et"), "en").code == "ar"
    assert known.wanted(request(cookie="language=xx", accept_language="et"), "en").code == "en"
    assert known.wanted(request(accept_language="fr, et;q=0.5")).code == "et"
    assert known.wanted(request(accept_language="fr")).code == "en"


def test_a_choice_is_remembered_only_when_known() -> None:
    known, response = languages(), Response()
    known.choose(request(), response, "xx\r\nSet-Cookie: a=b")
    assert "set-cookie" not in response.headers
    known.choose(request(), response, "et")
    assert response.headers["set-cookie"].startswith("language=et;")


def test_directions_and_names() -> None:
    assert [(one.name, one.direction) for one in languages()] == [
        ("English", "ltr"),
        ("Eesti", "ltr"),
        ("العربية", "rtl"),
    ]


def test_dates_and_numbers() -> None:
    written = {
        one.code: (one.formats.date("2026-03-02"), one.formats.number(Decimal("-1234567.50")))
        for one in languages()
    }
    assert written["en"] == ("2 March 2026", "-1\u00a0234\u00a0567.50")
    assert written["et"][0] == "2. märts 2026"
    assert written["et"][1].replace("\u2212", "-") == "-1\u00a0234\u00a0567,50"
    assert written["ar"][0] == "2 مارس 2026"
    assert "1\u00a0234\u00a0567" in written["ar"][1]


def test_moments_are_in_the_country_zone() -> None:
    formats = Languages(["en"], [], zone="Europe/Tallinn").by_code["en"].formats
    assert formats.datetime(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)) == "2 January 2026, 01:30"
    assert formats.datetime("2026-01-01T23:30:00.000000Z") == "2 January 2026, 01:30"
    assert formats.date("2026-01-01T23:30:00Z") == "2 January 2026"


def test_arabic_has_its_six_plurals(tmp_path: Path) -> None:
    folder = tmp_path / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    forms = "".join(f'msgstr[{number}] "form {number}"\n' for number in range(6))
    (folder / "messages.po").write_text(f'msgid "one"\nmsgid_plural "many"\n{forms}')
    catalogue = Languages(["ar"], [tmp_path]).by_code["ar"].catalogue
    assert [catalogue.ngettext("one", "many", number) for number in (0, 1, 2, 3, 11, 100)] == [
        "form 0",
        "form 1",
        "form 2",
        "form 3",
        "form 5",
        "form 4",
    ]


def test_unusable_settings_are_refused() -> None:
    with pytest.raises(SettingsFault):
        Languages(["en"], [], zone="Europe/Nowhere")
    with pytest.raises(SettingsFault):
        Languages(["no language"], [])
    with pytest.raises(SettingsFault):
        Languages(["en"], [], default="et")


def test_amounts_in_hundredths_are_exact() -> None:
    formats = next(one for one in languages() if one.code == "en").formats
    written = [formats.hundredths(amount) for amount in (0, 5, -5, 704_400, 10**15 + 1)]
    assert [one.replace("\u00a0", " ") for one in written] == [
        "0.00",
        "0.05",
        "-0.05",
        "7 044.00",
        "10 000 000 000 000.01",
    ]
