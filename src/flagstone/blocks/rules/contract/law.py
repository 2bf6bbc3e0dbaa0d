# SPDX-License-Identifier: EUPL-1.2
"""Which law: what is asked for by name, and exactly what was then computed with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256


@dataclass(frozen=True)
class LawName:
    """A law as it is asked for: a country package, with extensions and reforms in the order of their use.

    `package` and `extensions` are importable module names (`openfisca_country_template`), a reform is the
    dotted path of its class.
    """

    package: str
    extensions: tuple[str, ...] = ()
    reforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A package that gives a part of the law: its distribution, version and the SHA-256 of its files."""

    distribution: str
    version: str
    sha256: str


@dataclass(frozen=True)
class LawSnapshot:
    """Exactly the law of a calculation; two of the same digest compute the same.

    `parameters_sha256` is over a canonical text of the whole tree of parameters, `variables_sha256` over one
    of all variables with the code of their formulas, both after extensions and reforms. `precision_bits` is
    the width of amounts (64, where plain OpenFisca has 32).
    """

    name: LawName
    parts: tuple[Part, ...]
    core_version: str
    parameters_sha256: str
    variables_sha256: str
    precision_bits: int = 64

    @property
    def digest(self) -> str:
        """The SHA-256 of all the fields, as lower-case hex: the law's fingerprint."""
        whole = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return sha256(whole.encode()).hexdigest()
