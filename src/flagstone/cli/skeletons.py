# SPDX-License-Identifier: EUPL-1.2
"""The texts of skeletons: `<name>` is the name in lower case, `<Name>` capitalised, `<CODE>` two letters."""

from __future__ import annotations

_LICENCE = "# SPDX-License-Identifier: EUPL-1.2\n"

_BLOCK_README = """\
# <Name>

What the block does, in two sentences, and for whom.

| | |
|---|---|
| follows | the specification and its version |
| promises | `<Name>` in `contract.py` |
| tells | no events yet |
| listens to | nothing |
| limits | what it refuses, and from what size |
| deviates | nowhere known |

Rooms come when they have something to hold: `model` for the rules, `store` and `migrations` for tables,
`service` for the use cases, `web` for routes. `app.py` puts the block into a site.
"""

_BLOCK_CONTRACT = '''\
"""All that others may know of the block <name>: its values, the `<Name>` promise, faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault, Kind


@dataclass(frozen=True)
class Matter:
    """One thing that the block <name> keeps: `id` is opaque, `title` is for people."""

    id: str
    title: str


class MatterMissing(Fault):
    """No such matter, or the caller may not know of it."""

    code = "<name>.matter-missing"
    kind = Kind.MISSING
    title = "There is no such matter"
    remedy = "Check the identifier."


class <Name>(Protocol):
    """The promise of the block <name>; its service keeps it, and its client to another site."""

    def read(self, caller: Caller, matter: str, reason: Reason) -> Matter:
        """Return one matter by id; MatterMissing."""
        ...
'''

_BLOCK_TEST = '''\
"""The contract of the block <name>: its values cannot be changed, its faults have stable codes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from flagstone.blocks.<name>.contract import Matter, MatterMissing
from flagstone.kernel.errors import Kind


def test_a_matter_cannot_be_changed() -> None:
    matter = Matter(id="M-1", title="A first one")
    with pytest.raises(FrozenInstanceError):
        matter.title = "Another"  # type: ignore[misc]


def test_a_missing_matter_has_a_stable_code() -> None:
    assert (MatterMissing.code, MatterMissing.kind) == ("<name>.matter-missing", Kind.MISSING)
'''

BLOCK = {
    "__init__.py": _LICENCE + '"""<Name>: what the block does, in one sentence."""\n',
    "contract.py": _LICENCE + _BLOCK_CONTRACT,
    "README.md": _BLOCK_README,
    "test_contract.py": _LICENCE + _BLOCK_TEST,
}
"""Files of a new block by name; those that begin with `test_` go to the tests."""

_COUNTRY_MODULE = '''\
"""<Name> as one value: what the package hands to Flagstone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from flagstone.country import Country, Row, TestPerson
from flagstone.kernel.ids import PersonCode

from <name>.codes import CHECKS
from <name>.definitions import definitions

_HERE = Path(__file__).parent


def rows(register: str) -> Iterator[Row]:
    """Yield the first content of a register, from `content/REGISTER.yaml` where there is one."""
    file = _HERE / "content" / f"{register}.yaml"
    if file.is_file():
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))


def test_persons() -> tuple[TestPerson, ...]:
    """Return who is worth signing in as; only a sandbox country has any."""
    resident, registrar = PersonCode("49005170017"), PersonCode("38402290021")
    return (
        TestPerson(resident, "Ena Vell", {"en": "Resident"}, {"en": "Read what is known of you."}),
        TestPerson(registrar, "Taro Lin", {"en": "Registrar"}, {"en": "Correct a record with a reason."}),
    )


COUNTRY = Country(
    code="<name>",
    instance="<CODE>",
    name={"en": "<Name>", "et": "<Name>", "ar": "<Name>"},
    languages=("en", "et", "ar"),
    sandbox=True,
    look=_HERE / "look",
    definitions=definitions,
    rows=rows,
    test_persons=test_persons,
    checks=CHECKS,
)
'''

_COUNTRY_CONTENT = """\
# The first persons, invented. Decimals and dates are text, between quotes.
- personal_code: "49005170017"
  given_name: Ena
  family_name: Vell
  birth_date: "1990-05-17"
  sex: female
  status: alive
- personal_code: "38402290021"
  given_name: Taro
  family_name: Lin
  birth_date: "1984-02-29"
  sex: male
  status: alive
"""

_COUNTRY_APPOINTMENTS = """\
# Who may act for the state.
- code: A-1
  personal_code: "38402290021"
  organisation: "10000001"
  organisation_name: Population Office
  roles: [registrar]
"""

_COUNTRY_TEST = '''\
"""<Name> can be used: its registers are sound and its first content keeps their checks."""

from __future__ import annotations

from <name>.codes import check_personal_code
from <name>.country import COUNTRY, rows, test_persons


def test_every_register_can_be_read() -> None:
    assert {definition.code for definition in COUNTRY.definitions()} >= {"individuals", "appointments"}


def test_every_check_that_a_register_names_is_there() -> None:
    fields = [field for definition in COUNTRY.definitions() for field in definition.fields]
    assert {field.check for field in fields if field.check} <= set(COUNTRY.checks)


def test_the_first_persons_have_sound_codes() -> None:
    codes = {str(row["personal_code"]) for row in rows("individuals")}
    assert all(check_personal_code(code) for code in codes)
    assert {person.personal_code for person in test_persons()} <= codes
'''

_COUNTRY_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "flagstone-<name>"
version = "0.1.0"
description = "<Name>, a country for Flagstone"
readme = "README.md"
license = "EUPL-1.2"
requires-python = ">=3.11"
dependencies = ["flagstone", "pyyaml"]

[tool.hatch.build.targets.wheel]
packages = ["<name>"]

[tool.ruff]
line-length = 110

[tool.ruff.lint]
select = ["B", "E", "F", "I", "N", "RUF", "UP", "W"]

[tool.ruff.lint.isort]
known-first-party = ["flagstone"]
known-local-folder = ["<name>"]

[tool.mypy]
strict = true
packages = ["<name>"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""

_COUNTRY_MAKEFILE = """\
.PHONY: check

check:
\truff format --check .
\truff check .
\tmypy
\tpytest -q
"""

_COUNTRY_README = """\
# <Name>

A country for Flagstone. It is marked as a sandbox: its persons are invented, and everybody can sign in as
one of them.

| file | holds |
|---|---|
| `<name>/country.py` | the one value that Flagstone reads |
| `<name>/registers/*.yaml`, `definitions.py` | the registers as data, and their order |
| `<name>/content/*.yaml` | the first records |
| `<name>/codes.py` | the checks that registers name |
| `<name>/look/` | words, colours and emblem |

Install it beside Flagstone, then start it: `flagstone up --country <name> --data <name>-data`. `make check`
checks format, lint, types and content with the tools of Flagstone's environment.
"""

COUNTRY = {
    "pyproject.toml": _LICENCE + _COUNTRY_PROJECT,
    "Makefile": _LICENCE + _COUNTRY_MAKEFILE,
    "README.md": _COUNTRY_README,
    "<name>/__init__.py": _LICENCE + '"""<Name>, a country for Flagstone."""\n',
    "<name>/country.py": _LICENCE + _COUNTRY_MODULE,
    "<name>/content/individuals.yaml": _LICENCE + _COUNTRY_CONTENT,
    "<name>/content/appointments.yaml": _LICENCE + _COUNTRY_APPOINTMENTS,
    "tests/test_<name>.py": _LICENCE + _COUNTRY_TEST,
}
"""Files of a new country by path; its registers, codes and look are copied from the one that is there."""
