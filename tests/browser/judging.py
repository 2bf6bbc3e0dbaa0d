# SPDX-License-Identifier: EUPL-1.2
"""What must hold on every page: axe finds nothing, nothing overflows, addresses name nobody."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote_plus

from playwright.sync_api import Page

WIDTHS = (360, 1100)
HEIGHT = 800
_AXE = Path(__file__).parents[2] / "look" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(each => each.impact !== "minor")
    .map(each => `${each.impact} ${each.id}: ${each.nodes.map(node => node.html).slice(0, 3).join(" ")}`)"""
_FRAME = """() => { const root = document.documentElement;
    return [root.lang, root.dir, root.scrollWidth, root.clientWidth]; }"""
_PERSONAL_CODE = re.compile(r"(?<![A-Za-z0-9_-])[1-8][0-9]{10}(?![A-Za-z0-9_-])")
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.")


@cache
def axe_source() -> str:
    """Return axe-core as the lock of the pages' sources pins it."""
    assert _AXE.exists(), "axe-core is not there: python scripts/build_assets.py brings it"
    return _AXE.read_text("utf-8")


_LOOKS = 10


def found_by_axe(page: Page) -> list[str]:
    """Return what axe finds wrong with the page, minor things left out; it needs JavaScript."""
    page.evaluate(axe_source())
    found: list[str] = page.evaluate(_RUN)
    return found


def frame_faults(page: Page, language: str) -> list[str]:
    """Return what is wrong with the page's language, direction and width."""
    lang, direction, wide, seen = page.evaluate(_FRAME)
    for _ in range(_LOOKS):
        if wide <= seen:
            break
        page.wait_for_timeout(200)  # a style sheet may still be on its way
        lang, direction, wide, seen = page.evaluate(_FRAME)
    faults = [] if wide <= seen else [f"{wide} px wide in a window of {seen} px"]
    if (lang, direction) != (language, "rtl" if language == "ar" else "ltr"):
        faults.append(f"lang={lang} dir={direction} on a page in {language}")
    return faults


def addresses_naming(addresses: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the addresses that hold a personal code or one of `names`, in the open or in a token."""
    wanted = [name.casefold() for name in names]
    return [one for one in addresses if _names_somebody(_opened(one), wanted)]


def _names_somebody(text: str, names: list[str]) -> bool:
    return bool(_PERSONAL_CODE.search(text)) or any(name in text.casefold() for name in names)


def _opened(address: str) -> str:
    """Return an address without its escapes, with what its tokens say."""
    plain = unquote_plus(address)
    claims = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in _TOKEN.findall(plain))
    return plain + " " + " ".join(each.decode("utf-8", "replace") for each in claims)
