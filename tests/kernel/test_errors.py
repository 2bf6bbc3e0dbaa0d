# SPDX-License-Identifier: EUPL-1.2
"""Faults: each class of the whole program says what happened, under a code of its own, and what to do."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter

import flagstone
from flagstone.kernel.errors import Fault, Flaw, Kind, SettingsFault

CODE = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*")


def every_fault() -> list[type[Fault]]:
    for module in pkgutil.walk_packages(flagstone.__path__, "flagstone."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: list[type[Fault]] = []
    waiting: list[type[Fault]] = [Fault]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__.startswith("flagstone.")]


def test_every_fault_has_a_code_of_its_own_and_says_what_to_do() -> None:
    faults = every_fault()
    assert len(faults) > 50
    for kind in faults:
        assert CODE.fullmatch(kind.code), kind
        assert kind.title, kind
        assert not kind.title.endswith("."), kind
        assert kind.remedy.endswith((".", "?")), kind
    stated = [kind.code for kind in faults if "code" in vars(kind)]
    assert [code for code, times in Counter(stated).items() if times > 1] == []


def test_a_fault_without_detail_speaks_by_its_title() -> None:
    assert str(SettingsFault()) == SettingsFault.title
    assert SettingsFault().detail == ""
    assert str(SettingsFault("http.port")) == "http.port"


def test_a_fault_carries_flaws_and_when_to_try_again() -> None:
    flaw = Flaw("/name", "it is empty")
    fault = Fault("two words", flaws=(flaw,), retry_after_seconds=3)
    assert (fault.flaws, fault.retry_after_seconds, fault.kind) == ((flaw,), 3, Kind.INTERNAL)


def test_a_flaw_made_from_a_pattern_keeps_it_and_is_the_same_as_its_message() -> None:
    made = Flaw.filled("/a", "From %(least)s to %(most)s.", least=1, most="9")
    assert made == Flaw("/a", "From 1 to 9.")
    assert hash(made) == hash(Flaw("/a", "From 1 to 9."))
    assert (made.pattern, dict(made.values)) == ("From %(least)s to %(most)s.", {"least": 1, "most": "9"})
