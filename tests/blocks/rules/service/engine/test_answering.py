# SPDX-License-Identifier: EUPL-1.2
"""The nine endpoints that clients of OpenFisca know, and what is better here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from openfisca_country_template.situation_examples import couple, single

from flagstone.blocks.rules.contract.calculation import Bounds, Mode
from flagstone.blocks.rules.contract.engine import Question, Reply
from flagstone.blocks.rules.service.engine.answering import Api
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.modes import enter

HOME = "http://127.0.0.1:5000/"
MONTH = "2017-01"


@pytest.fixture(params=list(Mode))
def api(template: Law, request: pytest.FixtureRequest) -> Iterator[Api]:
    installed = enter(request.param)
    yield Api(template, Bounds())
    installed.undo()


def get(api: Api, path: str, *, known: str = "") -> Reply:
    return api.answer(Question("GET", path, HOME, known=known))


def post(api: Api, path: str, body: object) -> tuple[int, Any]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = api.answer(Question("POST", path, HOME, sent))
    return reply.status, json.loads(reply.body)


def read(api: Api, path: str) -> Any:
    reply = get(api, path)
    assert reply.status == 200
    return json.loads(reply.body)


def test_the_root_welcomes_and_leads_on(api: Api) -> None:
    reply = get(api, "/")
    assert reply.status == 300
    assert f"{HOME}spec" in json.loads(reply.body)["welcome"]


def test_the_law_is_named_with_every_answer(api: Api) -> None:
    for path in ("/", "/parameters", "/nothing"):
        headers = get(api, path).headers
        assert headers["Country-Package"].startswith("openfisca-country")
        assert headers["Country-Package-Version"].count(".") == 2
        assert headers["Access-Control-Allow-Origin"] == "*"


def test_variables_lead_to_their_own_documents(api: Api) -> None:
    variables = read(api, "/variables")
    assert variables["birth"] == {"description": "Birth date", "href": f"{HOME}variable/birth"}
    document = read(api, "/variable/birth")
    assert (document["valueType"], document["definitionPeriod"], document["entity"]) == (
        "Date",
        "ETERNITY",
        "person",
    )
    assert document["defaultValue"] == "1970-01-01"
    assert "formulas" not in document


def test_formulas_are_there_by_date_with_their_source(api: Api) -> None:
    formulas = read(api, "/variable/basic_income")["formulas"]
    assert set(formulas) == {"2015-12-01", "2016-12-01"}
    assert "def formula_2016_12" in formulas["2016-12-01"]["content"]
    ended = read(api, "/variable/housing_allowance")["formulas"]
    assert ended["2016-12-01"] is None


def test_items_of_an_enumeration_are_there(api: Api) -> None:
    document = read(api, "/variable/housing_occupancy_status")
    assert document["possibleValues"]["owner"] == "Owner"
    assert document["defaultValue"] == "tenant"


def test_parameters_are_there_with_values_by_date(api: Api) -> None:
    parameters = read(api, "/parameters")
    assert parameters["taxes.income_tax_rate"]["href"] == f"{HOME}parameter/taxes/income_tax_rate"
    assert "taxes" not in parameters
    for path in ("/parameter/taxes/income_tax_rate", "/parameter/taxes.income_tax_rate"):
        assert read(api, path)["values"]["2015-01-01"] == 0.15


def test_a_scale_is_there_by_threshold(api: Api) -> None:
    brackets = read(api, "/parameter/taxes/social_security_contribution")["brackets"]
    assert brackets["2017-01-01"] == {"0.0": 0.02, "6000.0": 0.06, "12400.0": 0.12}


def test_a_node_names_what_is_below(api: Api) -> None:
    assert "income_tax_rate" in read(api, "/parameter/taxes")["subparams"]


def test_entities_are_there_with_roles(api: Api) -> None:
    entities = read(api, "/entities")
    assert entities["household"]["plural"] == "households"
    assert entities["household"]["roles"]["adult"]["plural"] == "adults"


def test_the_specification_is_valid_and_its_example_computed(api: Api) -> None:
    document = read(api, "/spec")
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []
    assert document["servers"] == [{"url": HOME.rstrip("/")}]
    example = document["components"]["schemas"]["SituationOutput"]["example"]
    assert isinstance(example["households"]["_"]["disposable_income"][MONTH], float)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/variable/none", "/variable", "/parameter", "/parameter/taxes/none", "/parameter/ÜN©ød€",
     "/parameter/with%20url%20encoding", "/entities/household", "/spec/x", "//", "/calculate/x"],
)  # fmt: skip
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    reply = get(api, path)
    assert reply.status in {302, 404}
    assert reply.status == 404 or path.endswith("/")


def test_a_last_stroke_leads_to_the_address_without(api: Api) -> None:
    reply = get(api, "/parameter/taxes/income_tax_rate/")
    assert (reply.status, reply.headers["Location"]) == (302, "/parameter/taxes/income_tax_rate")


def test_what_is_known_already_is_not_sent_again(api: Api) -> None:
    first = get(api, "/variables")
    again = get(api, "/variables", known=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/calculate"), ("PUT", "/trace"), ("POST", "/variables")]
)
def test_another_method_is_405(api: Api, method: str, path: str) -> None:
    reply = api.answer(Question(method, path, HOME))
    assert reply.status == 405
    assert reply.headers["Allow"]


@pytest.mark.parametrize("path", ["/calculate", "/variables"])
def test_browsers_of_others_may_ask(api: Api, path: str) -> None:
    assert api.answer(Question("OPTIONS", path, HOME)).status == 204


def test_a_couple_is_computed(api: Api) -> None:
    status, answer = post(api, "/calculate", couple)
    assert status == 200
    assert answer["households"]["_"]["disposable_income"][MONTH] == pytest.approx(6578.3333333, abs=1e-6)


@pytest.mark.parametrize(
    ("body", "status", "path", "said"),
    [
        (b'{"a" : "x", "b"}', 400, ["error"], "Invalid JSON"),
        (b'{"persons": {"bob": {"salary": {"2017-01": NaN}}}}', 400, ["error"], "Invalid JSON"),
        (b'["An", "array"]', 400, ["error"], "Invalid type"),
        (b"\xff", 400, ["error"], "Invalid JSON"),
        (b"[" * 100_000, 400, ["error"], "Invalid JSON"),
        ({"persons": {}}, 400, ["persons"], "At least one person"),
        ({"persons": {"bob": {}}, "x": {}}, 400, ["x"], "entities are not found"),
        ({"persons": {"bob": {"wealth": {}}}}, 404, ["persons", "bob", "wealth"], "not found"),
        (
            {"persons": {"bob": {"housing_allowance": {}}}},
            400,
            ["persons", "bob", "housing_allowance"],
            "entity",
        ),
        (
            {"persons": {"bob": {"salary": {MONTH: "toto"}}}},
            400,
            ["persons", "bob", "salary", MONTH],
            "number",
        ),
        ({"persons": {"bob": {"age": {MONTH: "toto"}}}}, 400, ["persons", "bob", "age", MONTH], "integer"),
        (
            {"persons": {"bob": {"salary": {"2017": None}}}},
            400,
            ["persons", "bob", "salary", "2017"],
            "whole month",
        ),
        (
            {"persons": {"bob": {"basic_income": {"2017": 20}}}},
            400,
            ["persons", "bob", "basic_income", "2017"],
            "month",
        ),
        ({"persons": {"1000000000": {"salary": 1}}}, 400, ["persons", "1000000000", "salary"], "period"),
        (
            {"persons": {"bob": {}}, "households": {"h": {"adults": ["bob", {}]}}},
            400,
            ["households", "h", "adults", "1"],
            "Invalid type",
        ),
        (
            {"persons": {"bob": {}}, "households": {"h": {"housing_occupancy_status": {MONTH: "castle"}}}},
            400,
            ["households", "h", "housing_occupancy_status", MONTH],
            "castle",
        ),
    ],
)
def test_a_mistake_has_its_place_and_reason(
    api: Api, body: object, status: int, path: list[str], said: str
) -> None:
    got, answer = post(api, "/calculate", body)
    for key in path:
        answer = answer[key]
    assert got == status
    assert said in answer


def test_several_mistakes_are_told_at_once(api: Api) -> None:
    _status, answer = post(
        api, "/calculate", {"persons": {"a": {"salary": {MONTH: "x"}}, "b": {"salary": {MONTH: []}}}}
    )
    assert set(answer["persons"]) == {"a", "b"}


def test_axes_are_answered(api: Api) -> None:
    axes = [[{"count": 3, "name": "salary", "min": 0, "max": 2000, "period": MONTH}]]
    asked = {
        "persons": {"a": {"income_tax": {MONTH: None}}},
        "households": {"h": {"adults": ["a"]}},
        "axes": axes,
    }
    assert post(api, "/calculate", asked)[1]["persons"]["a"]["income_tax"][MONTH] == [0, 150, 300]


def test_a_trace_tells_each_step_and_what_it_needed(api: Api) -> None:
    status, answer = post(api, "/trace", single)
    steps = answer["trace"]
    assert status == 200
    assert answer["requestedCalculations"][-1] == "disposable_income<2017-01>"
    assert set(answer["entitiesDescription"]) == {"persons", "households"}
    assert "income_tax<2017-01>" in steps["disposable_income<2017-01>"]["dependencies"]
    assert steps["basic_income<2017-01>"]["dependencies"] == ["age<2017-01>"]
    assert steps["income_tax<2017-01>"]["parameters"] == {"taxes.income_tax_rate<2017-01-01>": 0.15}


def test_a_trace_has_the_tax_scales(api: Api) -> None:
    steps = post(api, "/trace", single)[1]["trace"]
    assert steps["social_security_contribution<2017-01>"]["parameters"] == {
        "taxes.social_security_contribution<2017-01-01>": [
            {"threshold": 0.0, "rate": 0.02},
            {"threshold": 6000.0, "rate": 0.06},
            {"threshold": 12400.0, "rate": 0.12},
        ]
    }


def test_a_trace_is_the_same_each_time_and_dates_are_dates(api: Api) -> None:
    asked = {"persons": {"a": {"age": {MONTH: None}, "birth": {"ETERNITY": "1980-01-01"}}}}
    sent = json.dumps(asked).encode()
    one, two = (api.answer(Question("POST", "/trace", HOME, sent)).body for _ in range(2))
    assert one == two
    assert json.loads(one)["trace"]["birth<2017-01>"]["value"] == ["1980-01-01"]
