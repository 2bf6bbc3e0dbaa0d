# SPDX-License-Identifier: EUPL-1.2
"""A site that decides by Aralia's law, with real processes that compute, and a family to decide about."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flagstone.blocks.rules.contract.calculation import JsonValue, Mode, Situation
from flagstone.blocks.rules.contract.decision import Case, Fact, Origin, SignedDecision
from flagstone.blocks.rules.contract.engine import USUAL, Question, Terms
from flagstone.blocks.rules.contract.explanation import Explained, Explanation, Step, Wanted
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.archives import Archives
from flagstone.blocks.rules.service.decisions import Service, program
from flagstone.blocks.rules.service.keeping import Means
from flagstone.blocks.rules.service.signing_keys import SIGNS, Keys
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Pool, PoolBounds
from flagstone.blocks.tracker.contract import Unread, Use
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason, job
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.keys import (
    KeyFileExists,
    KeyKind,
    SecretKey,
    generate_signing_key,
    save_signing_key,
)
from flagstone.platform.storage.database import Database

LAW = LawName("aralia_law")
MARI, OMAR = PersonCode("48504120001"), PersonCode("38309300002")
WHY = Reason("assess the year", "Income Tax Act § 12")
SIGNING = generate_signing_key(KeyKind.EC_P256)
SECRET = SecretKey("key", bytes(range(32)))
SITE = Caller(job("flagstone rules"))


def herself(code: str = MARI) -> Caller:
    return Caller(Actor(ActorKind.PERSON, code, "Mari Somebody"), frozenset({"signed-in"}))


def official(*roles: str, code: str = "36003030003") -> Caller:
    actor = Actor(ActorKind.OFFICIAL, code, "Olev Official", "10000002")
    return Caller(actor, frozenset({"signed-in", *roles}))


OFFICER = official("rules-officer")


def family(income: float = 24_000.0, *, month: str = "2026-03") -> dict[str, Any]:
    """Return Mari with her child: the income tax of 2025 and the child benefit of a month are asked."""
    return {
        "persons": {
            "me": {
                "birth_date": {"ETERNITY": "1985-04-12"},
                "employment_income": {"2025": income},
                "income_tax": {"2025": None},
            },
            "child": {"birth_date": {"ETERNITY": "2018-06-15"}},
        },
        "families": {"family": {"partners": ["me"], "children": ["child"], "child_benefit": {month: None}}},
        "households": {"household": {"adults": ["me"], "children": ["child"]}},
    }


def case(income: float = 24_000.0, *, person: PersonCode = MARI, month: str = "2026-03") -> Case:
    asked = datetime(2026, 11, 22, 7, 59, tzinfo=UTC)
    incomes = Fact(
        "/persons/me/employment_income/2025",
        Origin.REGISTER,
        "XA/GOV/10000002/incomes/registry",
        "0192-aa",
        asked,
        "Income Tax Act § 20",
    )
    return Case(person, "income-tax-2025", family(income, month=month), (incomes,), ("donations",))


class Plain(Pool):
    """A pool whose explanations are plain: a step for each value asked, and what OpenFisca's trace read."""

    def explain(self, situation: Situation, wanted: Wanted, terms: Terms = USUAL) -> Explained:
        outcome = self.calculate(situation, terms)
        said = self.answer(Question("POST", "/trace", "http://localhost/", json.dumps(situation).encode()))
        read = {
            f"{name.removesuffix('>').replace('<', '@')}"
            for step in json.loads(said.body)["trace"].values()
            for name in step["parameters"]
        }
        steps = (Step("income_tax<2025>@me", "income_tax", "me", "2025", 1.5, "Income tax"),)
        told = Explanation(outcome.law_digest, (steps[0].key,), steps)
        return Explained(outcome, told, tuple(sorted(read)))


def pool(law: LawName = LAW, path: tuple[str, ...] = ()) -> Plain:
    return Plain(Task(law, Mode.FAST, path=path), PoolBounds(workers_max=1))


@dataclass
class Heard:
    """Keeps the tracker's `Recorder`, in memory."""

    uses: list[Use] = field(default_factory=list)

    def record(self, uses: Any) -> int:
        self.uses += uses
        return len(uses)

    def unread(self, message: Unread) -> None:
        raise AssertionError("no message of the exchange is at hand")


@dataclass
class Deciding:
    """What the tests drive and what they look at."""

    service: Service
    means: Means
    database: Database
    heard: Heard

    def decide(self, income: float = 24_000.0, *, terms: Terms = USUAL, **said: Any) -> SignedDecision:
        what = case(income, **said)
        signed, _ = self.service.decide(what, herself(what.subject), WHY, terms)
        return signed


def keys_in(folder: Path) -> Keys:
    """Return the keys of a site in a folder, which signs by the one of the tests at first."""
    with suppress(KeyFileExists):
        save_signing_key(folder / "keys" / SIGNS, SIGNING)
    return Keys(folder / "keys", SECRET)


def deciding(database: Database, folder: Path, engine: Any, **changes: Any) -> Deciding:
    """Return a site that decides on a database and a folder of archives."""
    heard = Heard()
    means = Means(
        database,
        engine,
        Archives(folder / "laws"),
        keys_in(folder),
        program(),
        recorder=heard,
        organisation="10000002",
    )
    means = replace(means, **changes)
    return Deciding(Service(means, LAW), means, database, heard)


Claimed = dict[str, JsonValue]
Kill = Callable[[str], None]
