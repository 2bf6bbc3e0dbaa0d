# SPDX-License-Identifier: EUPL-1.2
"""Loading ahead what every site loads as it starts, so that sites forked later share its memory."""

from __future__ import annotations

import encodings.idna
from collections.abc import Iterable

import jinja2.ext
import pydantic.v1
from babel import Locale

from flagstone.platform.http.client import OtherSite

LOADED_LATE = (encodings.idna, jinja2.ext, pydantic.v1)
"""What the parts would load of their own accord once they are used."""
NOWHERE = "http://127.0.0.1"


def warm(languages: Iterable[str]) -> None:
    """Load the formats of `languages` (ISO 639) and what calls need; nothing is called or kept."""
    for code in languages:
        _ = Locale.parse(code).plural_form
    OtherSite(NOWHERE).close()
