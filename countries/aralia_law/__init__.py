# SPDX-License-Identifier: EUPL-1.2
"""Aralia's law of taxes, contributions and family benefits as an OpenFisca country package."""

from pathlib import Path

from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from aralia_law.entities import entities
from aralia_law.situations.couple import COUPLE

VERSION = "2026.1"
"""The law in force, and its first edition."""

_HERE = Path(__file__).parent
_PUBLISHED = "https://law.xa.example/code"


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

    def get_package_metadata(self) -> dict[str, str]:
        """Return what OpenFisca tells of a package; this one need not be installed."""
        return {
            "name": "aralia_law",
            "version": VERSION,
            "repository_url": _PUBLISHED,
            "location": str(_HERE.parent),
        }
