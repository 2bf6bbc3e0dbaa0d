# SPDX-License-Identifier: EUPL-1.2
"""What was loaded ahead is not loaded again by a process that was forked after it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from flagstone.platform.http import client, warming
warming.warm(["en", "et", "ar"])
from babel import localedata
assert {"en", "et", "ar"} <= localedata._cache.keys()
before = set(sys.modules)
from babel import Locale
from babel.dates import format_date
from datetime import date
for code in ("en", "et", "ar"):
    format_date(date(2026, 11, 22), format="long", locale=Locale.parse(code))
with client.OtherSite("http://127.0.0.1"):
    pass
sys.exit(len({name for name in set(sys.modules) - before if "." not in name}))
"""


def test_formats_and_calls_are_ready() -> None:
    assert subprocess.run([sys.executable, "-c", CODE], check=False, timeout=60).returncode == 0
