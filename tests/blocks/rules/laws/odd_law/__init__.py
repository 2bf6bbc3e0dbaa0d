# SPDX-License-Identifier: EUPL-1.2
"""A law whose formulas do what no formula should: each value tries a worker in another way."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.reforms import Reform
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Person = build_entity(key="person", plural="persons", label="Person", is_person=True)
Group = build_entity(
    key="group", plural="groups", label="Group", roles=[{"key": "member", "plural": "members"}]
)
PLACE = "ODD_LAW_PLACE"
"""The environment variable that names a folder for the formulas' files."""


def _file(name: str) -> Path:
    return Path(os.environ[PLACE]) / name


def plain(persons: Any, period: Any, parameters: Any) -> Any:
    """Twice the rate."""
    return persons.filled_array(2.0) * parameters(period).rate


def talks(persons: Any, _period: Any) -> Any:
    """Writes where a worker's answers go."""
    print("\x00\x00\x00\x02{}" * 10, flush=True)
    os.write(1, b"\xff" * 100)
    return persons.filled_array(float(len(sys.stdin.read())))


def ends(persons: Any, _period: Any) -> Any:
    """Ends its process."""
    os._exit(7)


def ends_once(persons: Any, _period: Any) -> Any:
    """Ends its process the first time."""
    if not _file("ended").exists():
        _file("ended").touch()
        os._exit(7)
    return persons.filled_array(1.0)


def waits(persons: Any, _period: Any) -> Any:
    """Waits for a file, so that a test knows when it goes on; says that it waits, and by which process."""
    _file(f"waiting-{os.getpid()}").touch()
    while not _file("go").exists():
        time.sleep(0.01)
    return persons.filled_array(float(os.getpid()))


def deaf(persons: Any, _period: Any) -> Any:
    """Goes on whatever it is told."""
    while True:
        try:
            time.sleep(60)
        except BaseException:  # noqa: BLE001 - that is what is odd
            continue


def breaks(persons: Any, _period: Any) -> Any:
    """Raises an error that holds a value."""
    raise KeyError("38001010008")


def exits(persons: Any, _period: Any) -> Any:
    """Asks Python to end."""
    sys.exit("38001010008")


def huge(persons: Any, _period: Any) -> Any:
    """Takes more memory than there is."""
    return numpy.ones(10_000_000_000)[: persons.count]


def knows(persons: Any, _period: Any) -> Any:
    """Counts the settings of the site that its process knows."""
    return persons.filled_array(float(sum(name.startswith("FLAGSTONE_") for name in os.environ)))


FORMULAS: tuple[Callable[..., Any], ...] = (
    plain,
    talks,
    ends,
    ends_once,
    waits,
    deaf,
    breaks,
    exits,
    huge,
    knows,
)


def _variable(formula: Callable[..., Any]) -> type[Any]:
    """Return a monthly amount of persons with a formula."""
    own = {
        "value_type": float,
        "entity": Person,
        "definition_period": DateUnit.MONTH,
        "formula": formula,
    }
    return type(formula.__name__, (Variable,), own)


class CountryTaxBenefitSystem(TaxBenefitSystem):  # type: ignore[misc]
    """The odd law."""

    def __init__(self) -> None:
        super().__init__([Person, Group])
        self.add_variables(*map(_variable, FORMULAS))
        self.load_parameters(str(Path(__file__).parent / "parameters"))


class BreakingReform(Reform):  # type: ignore[misc]
    """A reform that cannot be applied."""

    def apply(self) -> None:
        raise ValueError("38001010008")


class DoublingReform(Reform):  # type: ignore[misc]
    """Doubles the rate, and neutralizes a variable."""

    def apply(self) -> None:
        self.neutralize_variable("talks")

        def doubled(parameters: Any) -> Any:
            parameters.rate.update(start="2000-01-01", value=20)
            return parameters

        self.modify_parameters(doubled)
