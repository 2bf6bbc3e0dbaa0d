# SPDX-License-Identifier: EUPL-1.2
"""Add up pytest's JUnit reports and print `N passed, N failed, N skipped` alone on a line."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree.ElementTree import parse


def main(paths: list[str]) -> int:
    """Print the counts of the reports at `paths`; return 1 when there is no report."""
    passed = failed = skipped = 0
    reports = [Path(path) for path in paths if Path(path).exists()]
    for report in reports:
        for case in parse(report).getroot().iter("testcase"):  # noqa: S314 - our own file
            outcomes = {part.tag for part in case}
            if outcomes & {"failure", "error"}:
                failed += 1
            elif "skipped" in outcomes:
                skipped += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if reports else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
