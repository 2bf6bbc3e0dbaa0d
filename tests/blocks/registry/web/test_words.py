# SPDX-License-Identifier: EUPL-1.2
"""Every message of the desk's pages and of the registry's faults is said in every language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract
from tests.blocks.registry.web.sites import REGISTRY

from flagstone.blocks.registry.contract import faults
from flagstone.blocks.registry.web import caller, entries, searches
from flagstone.blocks.registry.web.purposes import PURPOSES
from flagstone.kernel.errors import Fault


def messages() -> Iterator[str]:
    options = {"trim_blocks": "true", "lstrip_blocks": "true"}
    for template in sorted((REGISTRY / "templates").rglob("*.html")):
        with template.open("rb") as lines:
            for _line, _function, message, _comments in babel_extract(lines, ("_", "ngettext"), [], options):
                first = message[0] if isinstance(message, tuple) else message
                if first is not None:
                    yield first
    yield from PURPOSES.values()
    for module in (faults, caller, entries, searches):
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, Fault) and each is not Fault:
                yield from (each.title, each.remedy)


@pytest.mark.parametrize("language", ["et", "ar"])
def test_no_message_is_left_unsaid(language: str) -> None:
    with (REGISTRY / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as lines:
        catalogue = read_po(lines, locale=language, abort_invalid=True)
    said = {
        entry.id[0] if isinstance(entry.id, tuple) else entry.id
        for entry in catalogue
        if entry.id and all(entry.string if isinstance(entry.string, tuple) else [entry.string])
    }
    assert sorted({*messages()} - said) == []
