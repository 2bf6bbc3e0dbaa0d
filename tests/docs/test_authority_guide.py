# SPDX-License-Identifier: EUPL-1.2
"""The guide to a certification authority does what it says."""

from __future__ import annotations

import pytest
from tests.docs.terminal import DOCS, Terminal, follow


@pytest.mark.slow
def test_the_guide_to_a_certification_authority(haven: Terminal) -> None:
    follow(DOCS / "how-to" / "run-a-certification-authority.md", haven)
