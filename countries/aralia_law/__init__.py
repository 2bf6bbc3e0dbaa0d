# SPDX-License-Identifier: EUPL-1.2
"""Aralia's law of taxes, contributions and family benefits as an OpenFisca country package."""

from pathlib import Path

from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from aralia_law.entities import entities
from aralia_law.situations.couple import COUPLE

_HERE = Path(__file__).parent


class CountryTaxBenefitSystem(TaxBenefitSystem):
    """The law in force from 2016 on; each variable and parameter names the section that says it."""

    def __init__(self) -> None:
        """Read the variables and the dated parameters."""
        super().__init__(entities)
        self.add_variables_from_directory(str(_HERE / "variables"))
        self.load_parameters(str(_HERE / "parameters"))
        self.open_api_config = {
            "variable_example": "income_tax",
            "parameter_example": "income_tax.basic_allowance",
            "simulation_example": COUPLE,
        }
