# SPDX-License-Identifier: EUPL-1.2
"""What a law says of itself, in the documents of OpenFisca's web API, made when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy, deepcopy
from functools import cached_property
from typing import Any

from openfisca_web_api.loader.entities import build_entities
from openfisca_web_api.loader.parameters import build_api_parameter
from openfisca_web_api.loader.spec import build_openAPI_specification
from openfisca_web_api.loader.variables import build_variable

from flagstone.blocks.rules.contract.calculation import Bounds
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.tracing import trace

_EXAMPLE = "simulation_example"
_SCHEMAS = ("components", "schemas")


class Documents:
    """The documents about one law; each raises KeyError for a name that the law does not have."""

    def __init__(self, law: Law) -> None:
        """Describe `law`."""
        self._law = law
        self._system = law.system

    @cached_property
    def package(self) -> Mapping[str, str]:
        """The package's `name` (lower case), `version`, `repository_url` and `location`."""
        found: Mapping[str, str] = self._system.get_package_metadata()
        return found

    @cached_property
    def entities(self) -> dict[str, Any]:
        """Every entity with its roles."""
        found: dict[str, Any] = build_entities(self._system)
        return found

    def variables(self, address: str) -> dict[str, Any]:
        """Return every variable's label, and where more is told below `address`."""
        return {
            name: {"description": each.label, "href": f"{address}variable/{name}"}
            for name, each in self._system.variables.items()
        }

    def variable(self, name: str) -> dict[str, Any]:
        """Return one variable with the source of its formulas by date."""
        found: dict[str, Any] = build_variable(self._system.variables[name], self.package)
        return found

    def parameters(self, address: str) -> dict[str, Any]:
        """Return every parameter's description, and where more is told below `address`, without nodes."""
        return {
            each.name: {
                "description": getattr(each, "description", None),
                "href": f"{address}parameter/{name}",
            }
            for name, each in self._parameters.items()
            if not hasattr(each, "children")
        }

    def parameter(self, name: str) -> dict[str, Any]:
        """Return one parameter, scale or node, named with `/` or, as of old, with dots."""
        node = self._parameters.get(name) or self._parameters[name.replace(".", "/")]
        found: dict[str, Any] = build_api_parameter(node, self.package)
        return found

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        return {each.name.replace(".", "/"): each for each in self._system.parameters.get_descendants()}

    @cached_property
    def specification(self) -> dict[str, Any]:
        """The OpenAPI 3 document of the nine endpoints, with an example that this law computed."""
        system = copy(self._system)
        config = dict(self._system.open_api_config)
        example = config.pop(_EXAMPLE, None)
        system.open_api_config = config
        document: dict[str, Any] = build_openAPI_specification(
            {
                "tax_benefit_system": system,
                "country_package_metadata": self.package,
                "parameters": {
                    name: self.parameter(name) for name in self._shown(config.get("parameter_example"))
                },
                "variables": {
                    name: self.variable(name) for name in self._first(config.get("variable_example"))
                },
            }
        )
        return self._with_examples(document, example) if example else document

    def _shown(self, name: str | None) -> list[str]:
        return [name.replace(".", "/") if name else next(iter(self._parameters))]

    def _first(self, name: str | None) -> list[str]:
        return [name or next(iter(self._system.variables))]

    def _with_examples(self, document: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
        schemas = document
        for key in _SCHEMAS:
            schemas = schemas[key]
        schemas["SituationInput"]["example"] = example
        schemas["SituationOutput"]["example"] = calculate(self._law, deepcopy(example), Bounds())
        schemas["Trace"]["example"] = trace(self._law, deepcopy(example), Bounds())
        return document
