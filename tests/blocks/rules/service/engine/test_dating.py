# SPDX-License-Identifier: EUPL-1.2
"""The law as it was known on a day, and where two such laws differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfisca_core.parameters import ParameterNode

from flagstone.blocks.rules.contract.engine import AS_IT_IS
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.differences import Difference, names_read_by
from flagstone.blocks.rules.service.engine.dating import as_known, days_of_news, differences, knowledge
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.reforming import Reforms

JUNE, JULY = date(2026, 6, 15), date(2026, 7, 20)


def tree(**values: Any) -> Any:
    """Return a small law: a dated amount, one that never changes, and a scale."""
    return ParameterNode(
        data={
            "benefit": {"child": {"values": {"2025-01-01": {"value": 80.0}, **values}}},
            "still": {"values": {"2020-01-01": {"value": 3}}},
            "scale": {
                "brackets": [
                    {
                        "threshold": {"2020-01-01": {"value": 0}},
                        "rate": {
                            "2020-01-01": {
                                "value": 0.2,
                                "metadata": {"known_since": "2026-07-20", "before": [{"value": 0.1}]},
                            }
                        },
                    }
                ]
            },
        }
    )


def raised(value: Any = 90.0, **metadata: Any) -> dict[str, Any]:
    return {"2026-01-01": {"value": value, "metadata": metadata}}


def at(law: Any, day: str) -> Any:
    return law.get_at_instant(day).benefit.child


RETROACTIVE = raised(known_since="2026-06-15", before=[{"value": 81.0}])


def test_a_value_counts_from_the_day_on_which_it_was_known_and_the_one_before_until_then() -> None:
    law = tree(**RETROACTIVE)
    assert at(as_known(law, JUNE - timedelta(days=1)), "2026-03-01") == 81.0
    assert at(as_known(law, JUNE), "2026-03-01") == 90.0
    assert at(as_known(law, JUNE), "2025-12-31") == 80.0


def test_a_value_that_nobody_knew_of_leaves_the_one_before_in_force() -> None:
    law = tree(**raised(known_since="2026-06-15"))
    assert at(as_known(law, date(2026, 6, 14)), "2026-03-01") == 80.0


def test_a_value_that_was_corrected_twice_has_each_of_its_versions() -> None:
    before = [{"value": 81.0}, {"value": 85.0, "known_since": "2026-02-01"}]
    law = tree(**raised(known_since="2026-06-15", before=before))
    found = [at(as_known(law, date(2026, month, 1)), "2026-03-01") for month in (1, 2, 5, 7)]
    assert found == [81.0, 85.0, 85.0, 90.0]


def test_plain_openfisca_computes_with_what_is_known_at_last() -> None:
    assert at(tree(**RETROACTIVE), "2026-03-01") == 90.0


def test_what_was_known_all_along_is_the_same_object_and_the_tree_stays_as_it_is() -> None:
    law = tree(**RETROACTIVE)
    early = as_known(law, date(2026, 1, 1))
    assert as_known(law, JULY) is law
    assert early.still is law.still
    assert early.benefit is not law.benefit
    assert early.children["benefit"] is early.benefit
    assert at(law, "2026-03-01") == 90.0
    assert early.scale.get_at_instant("2026-03-01").rates == [0.1]


def test_days_between_two_pieces_of_news_are_one() -> None:
    news = days_of_news(tree(**RETROACTIVE))
    assert news == (JUNE, JULY)
    assert knowledge(news, JUNE) == knowledge(news, date(2026, 7, 1)) == JUNE
    assert knowledge(news, JULY) is None
    assert knowledge(news, None) is None
    assert knowledge(news, date(2020, 1, 1)) == date.min
    assert knowledge((), date(2020, 1, 1)) is None


def test_two_laws_differ_by_parameter_and_days() -> None:
    values = {**RETROACTIVE, "2026-09-01": {"value": 95.0}}
    law = tree(**values)
    found = list(differences(as_known(law, date(2026, 1, 1)), law))
    assert found == [
        Difference("benefit.child", "2026-01-01", "2026-09-01"),
        Difference("scale[0].rate", "2020-01-01", ""),
    ]
    assert list(differences(law, law)) == []


def test_true_is_not_one() -> None:
    one, true = (ParameterNode(data={"a": {"values": {"2020-01-01": {"value": v}}}}) for v in (1, True))
    assert list(differences(one, true)) == [Difference("a", "2020-01-01", "")]


def test_a_parameter_is_read_under_its_own_name_its_scales_or_its_groups() -> None:
    assert names_read_by("tax.scale[1].rate") == ("tax.scale[1].rate", "tax.scale[1]", "tax.scale", "tax")


@pytest.mark.parametrize(
    "metadata",
    [
        {"known_since": "soon"},
        {"known_since": "2026-06-15", "before": {"value": 1}},
        {"known_since": "2026-06-15", "before": [1]},
        {"known_since": "2026-06-15", "before": [{"known_since": "2026-01-01"}]},
        {"known_since": "2026-06-15", "before": [{"value": 1, "known_since": "2026-06-15"}]},
        {"known_since": "2026-06-15", "before": [{"value": 1, "known_since": "2026-08-01"}]},
        {"before": [{"value": 1}]},
    ],
)
def test_metadata_that_cannot_be_understood_are_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(LawUnavailable, match=r"benefit\.child"):
        as_known(tree(**raised(**metadata)), JUNE)


@given(st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_any_day_is_known_as_the_day_of_its_last_news(known: date, day: date) -> None:
    law = tree(**RETROACTIVE)
    stands = knowledge(days_of_news(law), known)
    usual = law if stands is None else as_known(law, stands)
    assert at(usual, day.isoformat()) == at(as_known(law, known), day.isoformat())


def dated(law: Law) -> Law:
    """Return a law whose rate of income tax was changed backwards."""
    reformed = Reforms(law, frozenset()).under(
        Reform(parameters={"taxes.income_tax_rate": {"2015-01-01": 0.2}})
    )
    leaf = reformed.system.parameters.taxes.income_tax_rate
    newest = leaf.values_list[0]
    newest.metadata = {"known_since": "2026-06-15", "before": [{"value": 0.15}]}
    return reformed


def test_a_worker_computes_with_the_law_as_it_was_known_and_says_so_in_the_fingerprint(law: Law) -> None:
    reforms = Reforms(dated(law), frozenset())
    early, late = (reforms.under(AS_IT_IS, day) for day in (date(2026, 6, 14), date(2026, 6, 15)))
    rates = [each.system.parameters.taxes.income_tax_rate.values_list[0].value for each in (early, late)]
    assert rates == [0.15, 0.2]
    assert early.snapshot.digest != late.snapshot.digest
    assert replace(early.snapshot, parameters_sha256="") == replace(late.snapshot, parameters_sha256="")
    assert reforms.under(AS_IT_IS, date(2026, 1, 1)) is early
    assert reforms.under(AS_IT_IS, date(2029, 1, 1)) is late
