# SPDX-License-Identifier: EUPL-1.2
"""Names of Aralia, put together from syllables: any likeness to a real name is chance."""

from __future__ import annotations

from functools import lru_cache

from aralia.chance import Chance

NAME_LENGTH_MAX = 150

_ONSETS = (
    "t",
    "r",
    "v",
    "l",
    "m",
    "n",
    "s",
    "k",
    "d",
    "b",
    "f",
    "h",
    "j",
    "p",
    "z",
    "br",
    "tr",
    "sk",
    "th",
    "š",
)
_PLAIN = ("a", "e", "i", "o", "u", "ai", "ea", "io")
_VOWELS = (*_PLAIN, *_PLAIN, *_PLAIN, "õ", "ä", "ü", "é")
_CODAS = ("", "", "", "n", "r", "l", "s", "m")
_FEMALE_ENDS = ("la", "ne", "ria", "mi", "sä", "tha", "vie", "na", "le", "ra")
_MALE_ENDS = ("ko", "ren", "tur", "vis", "dan", "mek", "lo", "rik", "jan", "bor")
_FAMILY_ENDS = ("vel", "maro", "sund", "tare", "lino", "dask", "reth", "kaal", "vist", "noor", "bran", "seki")
_PLACE_ENDS = ("haven", "mere", "tor", "vik", "lagoa", "saar", "holm", "rand", "fell", "ness")
_ARABIC_LETTERS = tuple("بتجدرزسشطعفقكلمنهي")
_ARABIC_VOWELS = ("ا", "و", "ي", "")  # noqa: RUF001  # Arabic letters are meant
_LATIN = "abdefghijklmnoprstuvzšõäüé "
_IN_ARABIC = "ابديفغهيجكلمنوبرستوفزشواوي "  # letter by letter beside `_LATIN`
_ARABIC_BY_LATIN = dict(zip(_LATIN, _IN_ARABIC, strict=True))


def _stem(chance: Chance, most: int) -> str:
    parts = []
    for _ in range(chance.between(1, most)):
        parts.append(chance.pick(_ONSETS) + chance.pick(_VOWELS) + chance.pick(_CODAS))
    return "".join(parts)


def _many(name: str, ends: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return `count` different names that end in one of `ends`."""
    chance = Chance(name)
    found: dict[str, None] = {}
    while len(found) < count:
        found[(_stem(chance, 2) + chance.pick(ends)).capitalize()] = None
    return tuple(found)


@lru_cache(maxsize=1)
def female_names() -> tuple[str, ...]:
    """Return the given names that girls are given."""
    return _many("female", _FEMALE_ENDS, 420)


@lru_cache(maxsize=1)
def male_names() -> tuple[str, ...]:
    """Return the given names that boys are given."""
    return _many("male", _MALE_ENDS, 420)


@lru_cache(maxsize=1)
def family_names() -> tuple[str, ...]:
    """Return the family names: some with an apostrophe, some double."""
    plain = _many("family", _FAMILY_ENDS, 1600)
    chance = Chance("family/forms")
    return tuple(_with_form(name, chance) for name in plain)


def _with_form(name: str, chance: Chance) -> str:
    return chance.weighted(
        (
            (name, 940),
            (f"D'{name}", 20),
            (f"O\u2019{name}", 10),
            (f"{name}-{chance.pick(_FAMILY_ENDS).capitalize()}", 30),
        )
    )


@lru_cache(maxsize=1)
def arabic_names() -> tuple[str, ...]:
    """Return names in Arabic script, for given and family names alike."""
    chance = Chance("arabic")
    letter, vowel = _ARABIC_LETTERS, _ARABIC_VOWELS
    return tuple(
        "".join(chance.pick(letter) + chance.pick(vowel) for _ in range(chance.between(2, 3)))
        for _ in range(120)
    )


def long_name(chance: Chance, sex: str, length: int) -> str:
    """Return given names in a row that have exactly `length` characters, at most `NAME_LENGTH_MAX`."""
    names = female_names() if sex == "female" else male_names()
    words: list[str] = []
    while len(" ".join(words)) < length:
        words.append(chance.pick(names))
    cut = " ".join(words)[:length]
    return cut if cut[-1] != " " else f"{cut[:-1]}a"


def place_name(chance: Chance) -> str:
    """Return a name for a district, a town or a street."""
    return (_stem(chance, 1) + chance.pick(_PLACE_ENDS)).capitalize()


def in_arabic(name: str) -> str:
    """Return `name` written letter by letter in Arabic script."""
    return "".join(_ARABIC_BY_LATIN.get(letter, "") for letter in name.lower())


def in_ascii(name: str) -> str:
    """Return the letters of `name` that an e-mail address can carry."""
    plain = name.lower().translate(str.maketrans("šõäüé", "soaue"))
    return "".join(letter for letter in plain if "a" <= letter <= "z")
