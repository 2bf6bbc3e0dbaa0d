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

COUNTRY: dict[str, str] = {}
