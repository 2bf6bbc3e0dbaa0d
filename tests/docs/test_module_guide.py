# SPDX-License-Identifier: EUPL-1.2
"""The guide to keys in a module does what it says."""

from __future__ import annotations

import shutil

import pytest
from tests.docs.terminal import DOCS, Terminal, follow


@pytest.mark.slow
def test_the_guide_to_keys_in_a_module(haven: Terminal) -> None:
    if shutil.which("softhsm2-util") is None:
        pytest.skip("component missing: SoftHSM")
    haven.environment["SOFTHSM2_CONF"] = str(haven.folder / "softhsm2.conf")
    follow(DOCS / "how-to" / "keep-keys-in-an-hsm.md", haven)
