# SPDX-License-Identifier: EUPL-1.2
"""How workers share a run: what takes longest comes first, what needs one running country stays together."""

from __future__ import annotations

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

TOGETHER = ("tests/browser/", "tests/journeys/")
"""Folders whose tests share one running country, which every worker that takes a part of them must start."""

LONGEST = (
    "tests/browser/",
    "tests/journeys/",
    "tests/docs/test_globalconf_guide.py",
    "tests/docs/test_first_guide.py",
    "tests/cli/test_running.py",
    "tests/docs/test_authority_guide.py",
    "tests/cli/test_operating.py",
    "tests/docs/test_evidence_guide.py",
    "tests/docs/test_operators_guides.py",
    "tests/docs/test_module_guide.py",
    "tests/cli/test_new.py",
    "tests/app/test_seeding.py",
    "tests/cli/test_sites.py",
    "tests/docs/test_register_guide.py",
    "tests/app/test_trust.py",
    "tests/platform/jobs/test_crash.py",
    "tests/interop/test_schemathesis.py",
    "tests/countries/aralia_law/test_against_calculator.py",
    "tests/docs/test_simulation_guide.py",
)
"""No more than an order, so that it need not be exact."""


class Sharing(LoadFileScheduling):  # type: ignore[misc]
    """Gives a worker whole files, and all that is `TOGETHER` to one worker, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


def part_of(nodeid: str) -> str:
    """Return the part of the run that a test belongs to: its file, or a folder of `TOGETHER`."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by their parts: those of `LONGEST`, then those that hold slow tests, then by their count."""
    parts = {item: part_of(item.nodeid) for item in items}
    counts = Counter(parts.values())
    slow = {part for item, part in parts.items() if item.get_closest_marker("slow")}
    place = {part: number for number, part in enumerate(LONGEST)}

    def turn(item: pytest.Item) -> tuple[int, bool, int, str]:
        part = parts[item]
        return place.get(part, len(place)), part not in slow, -counts[part], part

    items.sort(key=turn)
