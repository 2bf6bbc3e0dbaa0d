# SPDX-License-Identifier: EUPL-1.2
"""Languages of pages: which one a person wants, its catalogue of messages, and its formats by CLDR."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format, get_timezone
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol
from babel.support import Translations
from starlette.requests import Request
from starlette.responses import Response

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.cookies import read_cookie, set_cookie

SOURCE = "en"
DAY_FIRST = {"en": "en-GB"}  # English as most of the world writes dates
COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600
ACCEPTED_MAX = 20  # languages looked at in one Accept-Language
NO_BREAK_SPACE = "\u00a0"  # of Unicode class CS: keeps the order of digits in right-to-left text


def marked(message: str) -> str:
    """Return `message` as it is: it marks a text in code, by `_ = marked`, for the catalogues."""
    return message


Moment: TypeAlias = datetime
"""An aware instant; a name that the methods of `Formats` do not hide."""


@dataclass(frozen=True)
class Formats:
    """How one language writes dates, times and numbers (CLDR), with Latin digits."""

    locale: Locale
    zone: tzinfo = UTC

    def date(self, value: date | datetime | str) -> str:
        """Return `22 November 2026`; a text must be ISO 8601 or RFC 3339."""
        moment = _parsed(value)
        if isinstance(moment, datetime):
            moment = moment.astimezone(self.zone).date()
        return format_date(moment, format="long", locale=self.locale)

    def datetime(self, value: datetime | str) -> str:
        """Return date and time of day in the country's zone, `22 November 2026, 08:00`."""
        moment = _parsed(value)
        if not isinstance(moment, datetime):
            return self.date(moment)
        pattern = str(get_datetime_format("medium", locale=self.locale))
        day = format_date(moment.astimezone(self.zone).date(), format="long", locale=self.locale)
        return pattern.replace("{1}", day).replace("{0}", self.time(moment)).replace("'", "")

    def time(self, value: Moment | time | str) -> str:
        """Return the time of day, `08:00`."""
        moment = time.fromisoformat(value) if isinstance(value, str) else value
        return format_time(moment, format="HH:mm", tzinfo=self.zone, locale=self.locale)

    def number(self, value: int | Decimal | str) -> str:
        """Return a whole or decimal number in groups of three parted by no-break spaces."""
        exact = Decimal(value)
        places = max(0, -int(exact.as_tuple().exponent))
        pattern = "#,##0" + ("." + "0" * places if places else "")
        written = format_decimal(exact, format=pattern, locale=self.locale, numbering_system="latn")
        return _regrouped(written, self.locale)

    def hundredths(self, value: int) -> str:
        """Return an amount that is given in hundredths, such as money, with its two decimals."""
        return self.number(Decimal(value).scaleb(-2))


def _regrouped(written: str, locale: Locale) -> str:
    """Return `written` with no-break spaces between its groups, whatever the language uses."""
    group = get_group_symbol(locale, numbering_system="latn")
    point = get_decimal_symbol(locale, numbering_system="latn")
    whole, found, rest = written.partition(point)
    return whole.replace(group, NO_BREAK_SPACE) + found + rest


def _parsed(value: date | datetime | str) -> date | datetime:
    if not isinstance(value, str):
        return value
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)


@dataclass(frozen=True)
class Language:
    """One language: BCP 47 code, its own name, direction, catalogue and formats."""

    code: str
    name: str
    direction: str  # `ltr` or `rtl`
    catalogue: Translations
    formats: Formats

    def localised(self, texts: Mapping[str, str] | str) -> str:
        """Return the text of a `{en: ..., et: ...}` mapping in this language, or the nearest there is."""
        if isinstance(texts, str):
            return texts
        return texts.get(self.code) or texts.get(SOURCE) or next(iter(texts.values()), "")


class Languages:
    """The languages of a site, the first of which is the country's own default."""

    def __init__(
        self, codes: Sequence[str], folders: Iterable[Path], *, zone: str = "UTC", default: str = ""
    ) -> None:
        """Read the catalogues of `codes` from locale `folders`; SettingsFault when one cannot be used."""
        if not codes:
            raise SettingsFault("A country needs at least one language.")
        places = tuple(folders)
        self.default = default or codes[0]
        self.by_code = {code: read_language(code, places, zone) for code in codes}
        if self.default not in self.by_code:
            raise SettingsFault(f"The default language {self.default} is not among {', '.join(codes)}.")

    def __iter__(self) -> Iterator[Language]:
        """Return the languages in the country's order."""
        return iter(self.by_code.values())

    def wanted(self, request: Request, preferred: str | None = None) -> Language:
        """Return the language by the cookie, the person's choice, Accept-Language, or the default."""
        choices = [read_cookie(request, COOKIE), preferred]
        choices += accepted(request.headers.get("accept-language", ""))
        for choice in choices:
            if choice and choice in self.by_code:
                return self.by_code[choice]
        return self.by_code[self.default]

    def choose(self, request: Request, response: Response, code: str) -> None:
        """Remember the choice of `code` in a cookie for a year; an unknown language changes nothing."""
        if code in self.by_code:
            set_cookie(request, response, COOKIE, code, max_age_seconds=COOKIE_SECONDS)


def accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, best first, without regions (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:ACCEPTED_MAX]:
        name, _, parameter = part.partition(";")
        weight = _weight(parameter.strip())
        if weight > 0:
            weighed.append((weight, name.strip().lower().split("-")[0]))
    weighed.sort(key=lambda pair: -pair[0])  # stable: equal weights keep the browser's order
    return [name for _, name in weighed if name]


def _weight(parameter: str) -> float:
    """Return the weight of `q=0.5`: 1 when there is none, 0 when it is malformed."""
    if not parameter:
        return 1.0
    key, _, digits = parameter.partition("=")
    plain = digits.strip().replace(".", "", 1)
    well_formed = key.strip() == "q" and plain.isascii() and plain.isdigit() and len(plain) <= 4
    return min(float(digits), 1.0) if well_formed else 0.0


def read_language(code: str, folders: Sequence[Path], zone: str) -> Language:
    """Return language `code` with every `FOLDER/CODE/LC_MESSAGES/messages.po`; the first folder wins."""
    try:
        locale = Locale.parse(code, sep="-")
        formats = Formats(Locale.parse(DAY_FIRST.get(code, code), sep="-"), get_timezone(zone))
    except (ValueError, LookupError) as error:
        raise SettingsFault(f"Language {code} with time zone {zone}: {error}") from error
    own_name = locale.get_display_name(locale) or code
    return Language(
        code,
        own_name[:1].upper() + own_name[1:],
        locale.text_direction,
        read_catalogue(code, folders),
        formats,
    )


def read_catalogue(code: str, folders: Sequence[Path]) -> Translations:
    """Return the merged messages of `code`; a folder without that language adds none.

    What was read once serves all sites of the process, until a file changes.
    """
    sources = [folder / code / "LC_MESSAGES" / "messages.po" for folder in reversed(folders)]
    return _merged(code, tuple((path, path.stat().st_mtime_ns) for path in sources if path.is_file()))


@lru_cache(maxsize=128)
def _merged(code: str, sources: Sequence[tuple[Path, int]]) -> Translations:
    merged = Catalog(locale=code)
    for path, _ in sources:
        with path.open("rb") as lines:
            for message in read_po(lines, locale=code, abort_invalid=True):
                if message.id and message.string:
                    merged.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)
