# SPDX-License-Identifier: EUPL-1.2
"""The peer of `rules.py`: plain OpenFisca, started in an environment of its own that has nothing of ours.

`rules_plain.py suite PACKAGE PATH...` runs YAML tests with OpenFisca's own runner, `rules_plain.py exact`
computes the salaries on the standard input. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from time import process_time
from typing import Any

import pytest
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.tools.test_runner import OpenFiscaPlugin

MONTH = "2017-01"


class Counting:
    """Counts the tests that passed and failed; a plugin of pytest."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test at its call."""
        self.passed += report.when == "call" and report.passed
        self.failed += report.failed


def system(package: str) -> Any:
    """Return the law of a package."""
    module = import_module(package)
    found = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, TaxBenefitSystem) and each is not TaxBenefitSystem
    ]
    return found[0]()


def suite(package: str, paths: list[str]) -> dict[str, float]:
    """Run tests and count."""
    law, counting = system(package), Counting()
    started = process_time()
    quiet = ["-c", os.devnull, "-q", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
    stdout = os.dup(1)
    os.dup2(2, 1)
    pytest.main([*quiet, *paths], plugins=[OpenFiscaPlugin(law, {}), counting])
    os.dup2(stdout, 1)
    return {"passed": counting.passed, "failed": counting.failed, "cpu_seconds": process_time() - started}


def exact(salaries: list[float]) -> list[float]:
    """Return the income tax of each salary."""
    law = system("openfisca_country_template")
    persons = {str(number): {"salary": {MONTH: salary}} for number, salary in enumerate(salaries)}
    simulation = SimulationBuilder().build_from_entities(law, {"persons": persons})
    return [float(each) for each in simulation.calculate("income_tax", MONTH)]


def main() -> None:
    """Do what the arguments say."""
    what, *rest = sys.argv[1:]
    done: Any = exact(json.load(sys.stdin)) if what == "exact" else suite(rest[0], rest[1:])
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
