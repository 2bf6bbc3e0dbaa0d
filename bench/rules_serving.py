# SPDX-License-Identifier: EUPL-1.2
"""Plain OpenFisca and Flagstone each serve a law in processes of their own, and are asked; for `rules.py`."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("FLAGSTONE_BENCH_CACHE") or Path.home() / ".cache" / "flagstone" / "bench")
FRANCE = os.environ.get("FLAGSTONE_FRANCE", "")
ROUNDS = int(os.environ.get("FLAGSTONE_BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("FLAGSTONE_BENCH_SECONDS", "1"))
TURNS = 4 * ROUNDS
"""Of both sides under load: many short ones, since a machine's speed changes from minute to minute."""

TEMPLATE, FRENCH = "openfisca_country_template", "openfisca_france"
MONTH, YEAR = "2017-01", "2023"
ONE = {
    "persons": {"Bill": {"salary": {MONTH: 4000}, "income_tax": {MONTH: None}}},
    "households": {"_": {"adults": ["Bill"]}},
}
WHOLE = {
    "persons": {
        "Bill": {
            "birth": {MONTH: "1980-01-01"},
            "age": {MONTH: None},
            "salary": {MONTH: 4000},
            "basic_income": {MONTH: None},
            "income_tax": {MONTH: None},
        }
    },
    "households": {"_": {"adults": ["Bill"], "disposable_income": {MONTH: None}}},
}
FAMILY = {
    "individus": {
        "a": {"date_naissance": {"ETERNITY": "1980-01-01"}, "salaire_de_base": {YEAR: 30000}},
        "b": {"date_naissance": {"ETERNITY": "1982-01-01"}, "salaire_de_base": {YEAR: 20000}},
        "c": {"date_naissance": {"ETERNITY": "2012-01-01"}},
    },
    "familles": {"f": {"parents": ["a", "b"], "enfants": ["c"]}},
    "foyers_fiscaux": {
        "x": {
            "declarants": ["a", "b"],
            "personnes_a_charge": ["c"],
            "impot_revenu_restant_a_payer": {YEAR: None},
        }
    },
    "menages": {"m": {"personne_de_reference": ["a"], "conjoint": ["b"], "enfants": ["c"]}},
}
Found = dict[str, float]


@dataclass(frozen=True)
class Side:
    """One of the two: the Python that has it, and how it serves a law."""

    name: str
    python: Path
    serve: Callable[[str, int], list[str]]


def environment(name: str, parts: tuple[str, ...]) -> Path:
    """Return the Python of an environment with pinned packages, made when it is not there."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        print(f"making {folder} ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), *parts], check=True)
        subprocess.run([str(python), "-m", "compileall", "-q", str(folder / "lib")], check=False)
        (folder / "made").touch()
    return python


def sides(python: Path, ours: Path) -> tuple[Side, Side]:
    """Return plain OpenFisca in one environment, and us in the same or another."""
    command = python.parent / "openfisca"
    return (
        Side(
            "openfisca",
            python,
            lambda package, port: [
                str(command),
                "serve",
                "--country-package",
                package,
                "--workers",
                "1",
                "--port",
                str(port),
            ],
        ),
        Side(
            "flagstone",
            ours,
            lambda package, port: [
                str(ours),
                "-m",
                "flagstone",
                "rules",
                "serve",
                package,
                "--port",
                str(port),
            ],
        ),
    )


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process and those below it have used."""
    ticks = 0
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = sum(map(int, fields[11:15]))  # its own, and those of children that it waited for
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                ticks += round(cpu_seconds(int(child)) * os.sysconf("SC_CLK_TCK"))
    except FileNotFoundError:
        pass
    return ticks / os.sysconf("SC_CLK_TCK")


def ask(port: int, body: Any = None) -> tuple[int, Any]:
    """Return status and JSON of `/calculate`, or of `/entities` without a body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        sent = None if body is None else json.dumps(body).encode()
        method, path = ("GET", "/entities") if sent is None else ("POST", "/calculate")
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@contextmanager
def serving(side: Side, package: str, folder: str) -> Iterator[tuple[int, int, float]]:
    """Serve a law: its port, its process, and the seconds from the start to the first answer of 200."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    settings["XDG_CACHE_HOME"] = folder
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(side.serve(package, port), env=settings, cwd=FRANCE or ROOT, **quiet)  # type: ignore[call-overload]
    try:
        while process.poll() is None:
            try:
                if ask(port)[0] == 200:
                    break
            except OSError:
                time.sleep(0.02)
        yield port, process.pid, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def requests(pair: tuple[Side, Side], folder: str) -> Found:
    """Return requests a second and per CPU second, and the median latency, of both sides and both bodies."""
    script = Path(folder) / "post.lua"
    measured: dict[str, list[float]] = {}
    with serving(pair[0], TEMPLATE, folder) as plain, serving(pair[1], TEMPLATE, folder) as ours:
        both = {"openfisca": plain, "flagstone": ours}
        for name, body in (("calculate", ONE), ("calculate_whole", WHOLE)):
            if ask(plain[0], body)[1].keys() != ask(ours[0], body)[1].keys():
                raise SystemExit(f"the two answer {name} differently")
            script.write_text(
                f"wrk.method='POST'\nwrk.headers['Content-Type']='application/json'\n"
                f"wrk.body='{json.dumps(body)}'\n"
            )
            for _ in range(TURNS):
                for side, (port, pid, _seconds) in both.items():
                    for key, value in wrk(port, pid, script).items():
                        measured.setdefault(f"{side}_{name}_{key}", []).append(value)
    return {key: statistics.median(values) for key, values in measured.items()}


def wrk(port: int, pid: int, script: Path) -> Found:
    """Load one server for some seconds."""
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS:g}s", "--latency", "-s", str(script)]
    before = cpu_seconds(pid)
    said = subprocess.run([*command, f"http://127.0.0.1:{port}/calculate"], capture_output=True, text=True, check=True).stdout  # fmt: skip  # noqa: E501
    spent = cpu_seconds(pid) - before
    count, median = re.search(r"(\d+) requests in", said), re.search(r"50%\s+([\d.]+)(us|ms|s)", said)
    if count is None or median is None or "Non-2xx" in said:
        raise SystemExit(said)
    return {
        "requests_per_cpu_second": int(count[1]) / spent,
        "requests_per_second": int(count[1]) / SECONDS,
        "p50_seconds": float(median[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[median[2]],
    }


def boots(pair: tuple[Side, Side], package: str, body: Any, folder: str) -> Found:
    """Return the seconds to the first 200 and the CPU seconds of the first calculation, fresh each time."""
    with serving(pair[1], package, folder):
        pass  # fills the cache of loaded laws, as an installation does
    measured: dict[str, list[float]] = {}
    for _ in range(max(1, ROUNDS // 2)):
        for side in pair:
            with serving(side, package, folder) as (port, pid, seconds):
                before = cpu_seconds(pid)
                ask(port, body)
                measured.setdefault(f"{side.name}_boot_seconds", []).append(seconds)
                measured.setdefault(f"{side.name}_first_answer_cpu_seconds", []).append(
                    max(cpu_seconds(pid) - before, 0.01)
                )
    return {key: statistics.median(values) for key, values in measured.items()}


def told(command: list[str], *, given: str = "", folder: str | Path = ROOT) -> Any:
    """Run a script and return the JSON of its last line."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, input=given, capture_output=True, text=True, cwd=folder, env=settings, check=False)  # fmt: skip  # noqa: E501
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def exactness(pair: tuple[Side, Side], folder: str) -> Found:
    """Return the largest error, in units of money, of a thousand taxes of incomes up to a billion."""
    chance = random.Random(12)
    cents = [chance.randrange(10**11) for _ in range(1_000)]
    true = [Decimal(each) / 100 * Decimal("0.15") for each in cents]
    salaries = [each / 100 for each in cents]
    plain = told([str(pair[0].python), str(HERE / "rules_plain.py"), "exact"], given=json.dumps(salaries))
    ours: list[float] = []
    with serving(pair[1], TEMPLATE, folder) as (port, _pid, _seconds):
        for start in range(0, len(salaries), 400):
            persons = {
                str(number): {"salary": {MONTH: salary}, "income_tax": {MONTH: None}}
                for number, salary in enumerate(salaries[start : start + 400])
            }
            answer = ask(port, {"persons": persons})[1]["persons"]
            ours += [each["income_tax"][MONTH] for each in answer.values()]
    return {
        "openfisca_error_max": max(float(abs(Decimal(a) - b)) for a, b in zip(plain, true, strict=True)),
        "flagstone_error_max": max(float(abs(Decimal(a) - b)) for a, b in zip(ours, true, strict=True)),
    }
