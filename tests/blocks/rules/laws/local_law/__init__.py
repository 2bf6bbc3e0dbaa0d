# SPDX-License-Identifier: EUPL-1.2
"""A law whose towns' rates lie in a file that it asks for by a name that hangs on the working folder."""

import csv
from pathlib import Path
from typing import Any

from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERSON = build_entity(key="person", plural="persons", label="Person", is_person=True)
RATES = "local_law/assets/rates.csv"


class rent(Variable):  # type: ignore[misc]  # noqa: N801 - as laws name their variables
    value_type = float
    entity = PERSON
    definition_period = DateUnit.YEAR
    label = "Rent that could be asked for a home"


class local_tax(Variable):  # type: ignore[misc]  # noqa: N801
    value_type = float
    entity = PERSON
    definition_period = DateUnit.YEAR
    label = "Local tax on a home"

    def formula(person: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        rate = parameters(period).reduction
        if Path(RATES).is_file():
            with Path(RATES).open() as file:
                rate = sum(float(row["rate"]) for row in csv.DictReader(file))
        return person("rent", period) * rate


class CountryTaxBenefitSystem(TaxBenefitSystem):  # type: ignore[misc]
    """The law; a file that a test may add changes it while it is loaded."""

    def __init__(self) -> None:
        super().__init__([PERSON])
        self.add_variables(rent, local_tax)
        found = Path("local_law/assets/towns.txt")
        towns = float(found.read_text()) if found.is_file() else 0.0
        values = {"values": {"2020-01-01": {"value": towns}}}
        self.parameters = ParameterNode("", data={"reduction": values})
