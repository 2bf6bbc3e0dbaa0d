# SPDX-License-Identifier: EUPL-1.2
"""Laws that are written for tests; workers find them on the path that their task names."""

from __future__ import annotations

from pathlib import Path

LAWS = Path(__file__).parent
