# SPDX-License-Identifier: EUPL-1.2
"""The law computed by Flagstone beside plain OpenFisca, in one run, in alternating rounds; CPU seconds count.

Run it with `make bench-rules`; it needs `wrk`. The peers get environments of their own, made from pinned
versions below FLAGSTONE_BENCH_CACHE (`~/.cache/flagstone/bench`) the first time. France is measured too when
FLAGSTONE_FRANCE names a folder that holds openfisca-france 176.0.7 with its tests; README.md tells how to get
it, and which environment variables set sizes and rounds. The last line is for machines.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import rules_decisions
import rules_population
import rules_prefill
from rules_serving import (
    FAMILY,
    FRANCE,
    FRENCH,
    HERE,
    ROOT,
    ROUNDS,
    TEMPLATE,
    WHOLE,
    Found,
    Side,
    boots,
    environment,
    exactness,
    requests,
    sides,
    told,
)

PEOPLE = int(os.environ.get("FLAGSTONE_BENCH_PEOPLE", "30000"))
DECISIONS = int(os.environ.get("FLAGSTONE_BENCH_DECISIONS", "500"))
PARTS = os.environ.get("FLAGSTONE_BENCH_PARTS", "R1 R4 R5 R6 R7 R8 R9 R11 R12 R13 R14").split()
PLAIN = ("openfisca-core[web-api]==46.0.1", "openfisca-country-template==8.2.0")
FRENCH_PARTS = ("openfisca-core[web-api]==44.7.1", "openfisca-france==176.0.7", "numpy<2.4")
EXPLAINED = {"impot_revenu_restant_a_payer": "tax", "revenu_disponible": "income"}
SUITE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.suites import run
done = run(LawName(sys.argv[1]), [Path(each) for each in sys.argv[2:]], Mode.FAST)
print(json.dumps({"passed": done.passed, "failed": len(done.failed), "cpu_seconds": done.cpu_seconds}))
"""


@dataclass(frozen=True)
class Row:
    """A line of the result: what is measured, under which names, and what it must reach.

    `ours` and `theirs` name measures (`theirs` empty for one without a peer). `least` bounds how many times
    better we are, or our own measure where there is no peer; `most` bounds it from above.
    """

    part: str
    what: str
    ours: str
    theirs: str = ""
    least: float | None = None
    most: float | None = None
    more: bool = False

    def value(self, found: Found) -> float:
        """Return how many times better we are; without a peer our measure itself."""
        if not self.theirs:
            return found[self.ours]
        ratio = found[self.ours] / found[self.theirs]
        return ratio if self.more else 1 / ratio

    def met(self, found: Found) -> bool:
        """Tell whether the target is reached."""
        value = self.value(found)
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def line(self, found: Found) -> str:
        """Return the row for people."""
        peer = f"{found[self.theirs]:>12,.4g}" if self.theirs else " " * 12
        ratio = f"{self.value(found):>8,.3g}x" if self.theirs else " " * 9
        wanted = f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}" if self.most else ""
        verdict = ("met" if self.met(found) else "MISSED") if wanted else ""
        return f"{self.part:<4}{self.what:<58}{peer}{found[self.ours]:>12,.4g}{ratio} {wanted:>9} {verdict}"


def _beside(part: str, what: str, name: str, least: float | None = None, *, more: bool = False) -> Row:
    return Row(part, what, name.format("flagstone"), name.format("openfisca"), least=least, more=more)


def _explained(name: str, what: str) -> tuple[Row, ...]:
    def row(told: str, measure: str, **bounds: float) -> Row:
        return Row("R11", f"France, {what}: {told}", f"{name}_{measure}", **bounds)

    return (
        row("share of steps that cite", "cited", least=0.95),
        row("that cite themselves", "cited_itself"),
        row("beside a calculation, times", "time_vs_calculation", most=1.5),
        row("the same with what decided", "time_with_influences_vs_calculation"),
        row("smaller than the trace, times", "times_smaller_than_trace", least=50),
    )


ROWS = (
    _beside(
        "R1", "calls of one variable, a CPU second", "{}_calculate_requests_per_cpu_second", 5, more=True
    ),
    _beside("R1", "the same, a second", "{}_calculate_requests_per_second", more=True),
    _beside("R1", "the same, median seconds", "{}_calculate_p50_seconds", 4),
    _beside(
        "R1", "calls of a household, a CPU second", "{}_calculate_whole_requests_per_cpu_second", more=True
    ),
    _beside("R4", "France: first answer, CPU seconds", "france_{}_first_answer_cpu_seconds", 5),
    _beside("R5", "France: start to the first 200, seconds", "france_{}_boot_seconds", 10),
    _beside("R6", "France: persons a CPU second", "{}_population_persons_per_cpu_second", 3, more=True),
    Row("R6", "France: difference of the sums", "population_sum_relative_difference", most=1e-6),
    _beside("R7", "France: megabytes for all these persons", "{}_population_megabytes"),
    Row("R7", "France: megabytes for a fifth of them", "population_megabytes_of_a_fifth", most=4000),
    Row("R8", "France: two processes beside one, times", "population_two_processes_speedup", least=1.7),
    _beside("R9", "country template: its tests, CPU seconds", "template_{}_suite_cpu_seconds"),
    _beside("R9", "France: tests, CPU seconds", "france_{}_suite_cpu_seconds", 2.5),
    Row("R9", "France: tests passed, as many as there", "france_tests_passed"),
    *(row for name, what in EXPLAINED.items() for row in _explained(name, what)),
    Row("R12", "largest error of 1,000 taxes, in units of money", "flagstone_error_max", most=0.005),
    *rules_decisions.rows(Row),
    *rules_prefill.rows(Row),
)


def suites(pair: tuple[Side, Side], package: str, paths: list[str], folder: str | Path) -> Found:
    """Return the tests passed and their CPU seconds on both sides."""
    plain = [str(pair[0].python), str(HERE / "rules_plain.py"), "suite", package, *paths]
    theirs = told(plain, folder=folder)
    found = told([str(pair[1].python), "-c", SUITE, package, *paths], folder=folder)
    if theirs["passed"] != found["passed"] or found["failed"]:
        raise SystemExit(f"{package}: {theirs['passed']} passed there, {found['passed']} here")
    return {
        "tests_passed": found["passed"],
        "openfisca_suite_cpu_seconds": theirs["cpu_seconds"],
        "flagstone_suite_cpu_seconds": found["cpu_seconds"],
    }


def explanations(python: Path) -> Found:
    """Return the measures of each explained variable of France."""
    said = told([str(python), "-W", "ignore", str(HERE / "rules_explanations.py"), *EXPLAINED], folder=FRANCE)
    return {f"{name}_{key}": value for name, each in said.items() for key, value in each.items()}


def template(folder: str) -> Found:
    """Measure what the country template is enough for."""
    plain = environment("openfisca-46", PLAIN)
    pair = sides(plain, Path(sys.executable))
    where = f"import json,{TEMPLATE} as p;print(json.dumps(p.__path__[0]+'/tests'))"
    parts: dict[str, Callable[[], Found]] = {
        "R1": lambda: requests(pair, folder),
        "R4": lambda: _named("template", boots(pair, TEMPLATE, WHOLE, folder)),
        "R9": lambda: _named("template", suites(pair, TEMPLATE, [told([str(plain), "-c", where])], ROOT)),
        "R12": lambda: exactness(pair, folder),
        "R13": lambda: rules_decisions.measure(DECISIONS),
        "R14": rules_prefill.measure,
    }
    return _measured(parts, "template")


def france(folder: str) -> Found:
    """Measure what only a large law shows."""
    python = environment("openfisca-france", (*FRENCH_PARTS, "-e", str(ROOT)))
    pair = sides(python, python)
    parts: dict[str, Callable[[], Found]] = {
        "R4": lambda: _named("france", boots(pair, FRENCH, FAMILY, folder)),
        "R6": lambda: rules_population.measure(python, FRANCE, PEOPLE, max(1, ROUNDS // 5)),
        "R9": lambda: _named("france", suites(pair, FRENCH, french_tests(), FRANCE)),
        "R11": lambda: explanations(python),
    }
    return _measured(parts, "France")


def _measured(parts: dict[str, Callable[[], Found]], where: str) -> Found:
    found: Found = {}
    for name, measure in parts.items():
        if name in PARTS:
            print(f"measuring {name}, {where} ...", file=sys.stderr)
            found |= measure()
    return found


def _named(prefix: str, found: Found) -> Found:
    return {f"{prefix}_{key}": value for key, value in found.items()}


def french_tests() -> list[str]:
    """Return the part of France's suite that is run: FLAGSTONE_FRANCE_TESTS, or the income tax."""
    return (os.environ.get("FLAGSTONE_FRANCE_TESTS") or "tests/impot_revenu").split()


def main() -> int:
    """Measure, show, and compare with the targets."""
    if shutil.which("wrk") is None:
        raise SystemExit("this benchmark needs wrk")
    with TemporaryDirectory() as folder:
        found = template(folder)
        if FRANCE:
            found |= france(folder)
        else:
            print("FLAGSTONE_FRANCE is not set: France is left out: R4 to R8, most of R9, and R11")
    rows = [row for row in ROWS if row.ours in found]
    print(f"{'':<62}{'openfisca':>12}{'flagstone':>12}{'better':>9} {'target':>9}")
    for row in rows:
        print(row.line(found))
    missed = [row for row in rows if not row.met(found)]
    better = {f"{row.ours}_vs_openfisca": row.value(found) for row in rows if row.theirs}
    whole = {name: round(value, 6) for name, value in {**found, **better}.items()}
    print(json.dumps({"at": f"{datetime.now(UTC):%Y-%m-%d}", **whole, "targets_met": not missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
