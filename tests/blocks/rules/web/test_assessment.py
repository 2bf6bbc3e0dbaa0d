# SPDX-License-Identifier: EUPL-1.2
"""The pages of an assessment: what is shown, asked, tried, confirmed once, and what abuse meets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.blocks.rules.assessed import Assessed, assessed, fields_of, text_of
from tests.blocks.rules.kin import person
from tests.blocks.rules.registers import InMemory, indexed

from flagstone.blocks.rules.contract.decision import WORDS_LENGTH_MAX
from flagstone.kernel.clock import SetClock

ME, HE, KID, STRANGER, GONE, YOUNG = "100", "101", "102", "103", "104", "105"
PAGE = "/my/assessment/2025"


def income(code: str, gross: int, withheld: int = 0, year: int = 2025, **more: Any) -> dict[str, Any]:
    row = {"personal_code": code, "year": str(year), "currency": "XAM", "status": "declared"}
    return row | {"gross_minor": gross, "tax_withheld_minor": withheld} | more


def world() -> Mapping[str, list[dict[str, Any]]]:
    """Return a couple with a child, a stranger, somebody who died, and a child who signs in."""
    joint = [(ME, "joint"), (HE, "joint")]
    couple: dict[str, Any] = {"marital": "married", "children": [KID], "household": "H1"}
    return {
        "individuals": [
            person(ME, "1980-05-05", spouse=HE, **couple),
            person(HE, "1979-05-05", spouse=ME, **couple),
            person(KID, "2015-05-05", custody=joint, household="H1"),
            person(STRANGER, "1990-01-01", household="H2"),
            person(GONE, "1950-01-01", death="2026-01-01"),
            person(YOUNG, "2010-01-01", custody=[(STRANGER, "sole")], household="H2"),
        ],
        "incomes": [
            income(ME, 3_000_000, 400_000),
            income(HE, 1_000_000, 50_000),
            income(ME, 2_500_000, 300_000, 2024),
            income(STRANGER, 2_000_000, 100_000, status="disputed"),
        ],
    }


@pytest.fixture(scope="module")
def served() -> Iterator[Assessed]:
    clock = SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    with assessed(InMemory(indexed(world())), clock) as pages:
        yield pages


@pytest.fixture
def site(served: Assessed) -> Assessed:
    """The pages with registers as they were at first, nothing asked and nothing decided."""
    served.registers.rows, served.registers.down = indexed(world()), frozenset()
    served.registers.asked.clear()
    served.decisions.kept.clear()
    served.decisions.appealed.clear()
    served.assessing.forget()
    return served


def confirmed(site: Assessed, page: str, **more: str) -> Any:
    return site.post(f"{PAGE}/confirm", ME, {**fields_of(page), **more})


def test_the_last_whole_year_comes_first_with_each_fact_and_its_source(site: Assessed) -> None:
    found = site.get("/my/assessment", ME)
    assert found.status_code == 200
    text = text_of(found.text)
    assert "My assessment 2025" in text
    assert "You get back" in text or "You have to pay" in text
    assert "Pay of the year, before tax 30 000.00 XAM Register of incomes · Tax and Customs Board" in (
        text.replace("\u00a0", " ")
    )
    assert "Child born on 5 May 2015" in text
    assert "Counts as nothing" in text
    assert "It cannot be told, because this is not known: Rent of your home for a month" in text


def test_only_what_is_needed_is_read_each_time_with_purpose_and_legal_basis(site: Assessed) -> None:
    site.get(PAGE, ME)
    asked = site.registers.asked
    assert {reason.purpose for *_, reason in asked} == {"Assessing income tax and family benefits"}
    assert {reason.legal_basis for *_, reason in asked} == {"General Act § 7"}
    incomes = [(filters, fields) for register, filters, fields, _ in asked if register == "incomes"]
    assert [filters["personal_code"] for filters, _ in incomes] == [ME, HE]
    assert ["tax_withheld_minor" in fields for _, fields in incomes] == [True, False]
    assert not any("address" in fields or "given_name" in fields for *_, fields, _ in asked)


def test_whoever_lives_there_too_is_looked_at_only_for_the_rent(site: Assessed) -> None:
    site.post(PAGE, ME, {"rent": "900"})
    years = {
        (f["personal_code"], f["year"]) for register, f, *_ in site.registers.asked if register == "incomes"
    }
    assert years == {(ME, "2025"), (HE, "2025"), (ME, "2024"), (HE, "2024"), (KID, "2024")}


def test_an_unchanged_return_is_confirmed_once_however_often_it_is_sent(site: Assessed) -> None:
    page = site.get(PAGE, ME).text
    first, again = confirmed(site, page), confirmed(site, page)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert len(site.decisions.kept) == 1
    assert "You confirmed this already." in text_of(site.get(PAGE, ME).text)


def test_a_second_window_does_not_decide_over_what_the_first_decided(site: Assessed) -> None:
    one, other = site.get(PAGE, ME).text, site.post(PAGE, ME, {"donations": "100"}).text
    assert confirmed(site, one).status_code == 303
    refused = confirmed(site, other)
    assert refused.status_code == 409
    assert "Something changed since you looked." in text_of(refused.text)
    assert confirmed(site, refused.text).status_code == 303
    assert [signed.decision.kind for _, signed in site.decisions.kept] == ["assessment-2025"] * 2


def test_facts_that_changed_since_the_look_are_shown_again(site: Assessed) -> None:
    page = site.get(PAGE, ME).text
    rows = world()
    rows["incomes"][0]["gross_minor"] += 1
    site.registers.rows = indexed(rows)
    refused = confirmed(site, page)
    assert refused.status_code == 409
    assert "30 000.01" in text_of(refused.text).replace("\u00a0", " ")
    assert site.decisions.kept == []


def test_a_law_that_changed_since_the_look_is_shown_again(site: Assessed) -> None:
    page = site.get(PAGE, ME).text
    before = site.engine.digest
    site.engine.digest = "another law"
    try:
        assert confirmed(site, page).status_code == 409
    finally:
        site.engine.digest = before
    assert confirmed(site, page, shown="0" * 64).status_code == 409
    assert site.decisions.kept == []


def test_incomes_that_do_not_answer_are_named_asked_and_no_zero(site: Assessed) -> None:
    site.registers.down = frozenset({"incomes"})
    text = text_of(site.get(PAGE, ME).text)
    assert "Register of incomes did not answer." in text
    assert "It cannot be told, because this is not known: Pay of the year, before tax" in text
    assert "You get back" not in text
    stated = site.post(PAGE, ME, {"employment_income": "30000", "tax_withheld": "4000"})
    assert "You said so" in text_of(stated.text)
    assert confirmed(site, stated.text).status_code == 303
    origins = {fact.place: fact.origin.value for fact in site.decisions.kept[0][1].decision.facts}
    assert origins["/persons/me/employment_income/2025"] == "person"


def test_nothing_is_confirmed_while_the_family_is_not_known(site: Assessed) -> None:
    site.registers.down = frozenset({"individuals"})
    page = site.get(PAGE, ME)
    text = text_of(page.text)
    assert page.status_code == 200
    assert "Population register did not answer." in text
    assert "Child benefit of your family It cannot be told" in text
    assert confirmed(site, page.text).status_code == 409


@pytest.mark.parametrize("record", [{"birth_date": "soon"}, {"custody": "all"}])
def test_a_register_that_talks_nonsense_counts_as_silent(site: Assessed, record: dict[str, Any]) -> None:
    rows = world()
    rows["individuals"][0] |= record
    site.registers.rows = indexed(rows)
    assert "Population register did not answer." in text_of(site.get(PAGE, ME).text)


def test_a_disputed_income_is_marked(site: Assessed) -> None:
    assert "20 000.00 XAM Disputed" in text_of(site.get(PAGE, STRANGER).text).replace("\u00a0", " ")


@pytest.mark.parametrize("who", [GONE, "999"])
def test_the_dead_and_the_unknown_are_not_assessed(site: Assessed, who: str) -> None:
    found = site.get(PAGE, who)
    assert found.status_code == 409
    assert "knows no living person" in found.text


def test_a_child_sees_her_own_tax_and_nothing_of_whom_she_lives_with(site: Assessed) -> None:
    text = text_of(site.get(PAGE, YOUNG).text)
    assert "Income tax of the year 0.00" in text.replace("\u00a0", " ")
    assert "benefit" not in text.split("The facts")[0]
    assert {f["personal_code"] for register, f, *_ in site.registers.asked if register == "incomes"} == {
        YOUNG
    }


def test_this_year_is_not_known_before_employers_declared_it(site: Assessed) -> None:
    text = text_of(site.get("/my/assessment/2026", ME).text)
    assert "It cannot be told, because this is not known: Pay of the year, before tax" in text
    assert "Child benefit of your family" in text


@pytest.mark.parametrize("year", ["2023", "2027", "1900", "abc", "99999"])
def test_other_years_are_not_there(site: Assessed, year: str) -> None:
    assert site.get(f"/my/assessment/{year}", ME).status_code in (404, 422, 400)


@pytest.mark.parametrize("amount", ["-1", "1e9", "9999999999", "1,234", "=1+1", "<b>"])
def test_absurd_amounts_are_refused_where_they_stand(site: Assessed, amount: str) -> None:
    found = site.post(PAGE, ME, {"rent": amount})
    assert found.status_code == 400
    assert 'href="#rent"' in found.text
    assert "<b>" not in found.text


def test_other_figures_are_compared_and_nothing_is_kept(site: Assessed) -> None:
    site.get(PAGE, ME)
    asked = len(site.registers.asked)
    found = site.post(f"{PAGE}/what-if", ME, {"try": "1", "if.employment_income": "1000"})
    text = text_of(found.text).replace("\u00a0", " ")
    assert "Now: 30 000.00 XAM" in text
    assert "Your result now and with these figures" in text
    assert site.decisions.kept == []
    assert len(site.registers.asked) == asked


def test_how_it_came_about_is_told_for_what_was_told(site: Assessed) -> None:
    found = site.post(f"{PAGE}/explanation", ME, {"of": "child_benefit:2025-12"})
    assert found.status_code == 200
    assert "How we worked it out" in text_of(found.text)
    assert site.post(f"{PAGE}/explanation", ME, {"of": "housing_supplement:2025-01"}).status_code == 404
    assert site.post(f"{PAGE}/explanation", ME, {"of": "income_tax:2016"}).status_code == 404


def test_a_decision_is_shown_kept_and_appealed_by_whom_it_is_about_alone(site: Assessed) -> None:
    address = confirmed(site, site.get(PAGE, ME).text).headers["location"]
    shown = site.get(address, ME)
    assert "Decided and signed" in text_of(shown.text)
    record = site.get(f"{address}/record", ME)
    assert json.loads(record.content)["jws"].startswith("signed.")
    assert 'attachment; filename="decision-' in record.headers["content-disposition"]
    for path in (address, f"{address}/record"):
        assert site.get(path, HE).status_code == 404
    claim = {"claim./persons/me/employment_income/2025": "20000", "statement": "They erred."}
    assert site.post(f"{address}/appeal", HE, claim).status_code == 404
    assert site.post(f"{address}/appeal", ME, claim).status_code == 303
    assert site.decisions.appealed[0].claimed == {"/persons/me/employment_income/2025": 20_000.0}
    assert "They erred." in text_of(site.get(address, ME).text)


def test_an_appeal_that_cannot_be_read_is_shown_again(site: Assessed) -> None:
    address = confirmed(site, site.get(PAGE, ME).text).headers["location"]
    found = site.post(f"{address}/appeal", ME, {"claim./persons/me/employment_income/2025": "a lot"})
    assert found.status_code == 400
    assert 'value="a lot"' in found.text
    assert site.decisions.appealed == []


def test_what_is_said_at_an_appeal_is_never_cut(site: Assessed) -> None:
    address = confirmed(site, site.get(PAGE, ME).text).headers["location"]
    assert "At most 4\u00a0000 characters" in site.get(address, ME).text
    words = ("They erred. " * (WORDS_LENGTH_MAX // 12 + 1)).strip()
    long = {"claim./persons/me/employment_income/2025": "20000", "statement": words}
    found = site.post(f"{address}/appeal", ME, long)
    assert found.status_code == 400
    assert "This is longer than the page takes" in text_of(found.text)
    assert words in found.text
    assert site.decisions.appealed == []
    assert (
        site.post(f"{address}/appeal", ME, long | {"statement": words[:WORDS_LENGTH_MAX]}).status_code == 303
    )


def test_a_machine_has_no_assessment_and_a_strangers_form_is_refused(site: Assessed) -> None:
    assert site.get(PAGE, "machine").status_code == 403
    headers = {"cookie": f"__Host-session={ME}"}
    assert site.browser.post(f"{PAGE}/confirm", data={"csrf": "x"}, headers=headers).status_code == 403
    assert site.browser.get(PAGE).status_code == 303


def test_no_address_of_a_page_holds_a_code_or_an_amount(site: Assessed) -> None:
    page = site.get(PAGE, ME).text
    addresses = [part.split('"')[0] for part in page.split('href="')[1:] + page.split('action="')[1:]]
    assert not [each for each in addresses if any(code in each for code in (ME, HE, KID, "30000"))]


@pytest.mark.parametrize("language", ["et", "ar"])
def test_the_page_speaks_other_languages(site: Assessed, language: str) -> None:
    page = site.get(PAGE, ME, **{"accept-language": language}).text
    assert f'lang="{language}"' in page
    assert "Your result" not in page
