# SPDX-License-Identifier: EUPL-1.2
"""Companies, offices, places, services, officials and the featured test persons fit each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from aralia.chance import Chance
from aralia.codes import check_organisation_code
from aralia.companies import companies
from aralia.featured import featured
from aralia.goods import goods
from aralia.names import in_arabic, in_ascii
from aralia.notices import contacts
from aralia.offices import office_codes
from aralia.officials import officials
from aralia.people import people_by_code
from aralia.permits import permits
from aralia.person import ADULT_YEARS, TODAY, years_between
from aralia.places import on_land, outline, places
from aralia.services import life_events, services
from aralia.sites import sites
from aralia.taxes import incomes, tax_minor
from flagstone.blocks.registry.contract.register import Value

LANGUAGES = {"en", "et", "ar"}


def listed(value: Value) -> list[Mapping[str, Value]]:
    assert isinstance(value, Sequence)
    return [one for one in value if isinstance(one, Mapping)]


def test_organisations_have_right_codes_and_at_least_one_representative() -> None:
    for company in companies():
        assert check_organisation_code(str(company["register_code"]))
        assert listed(company["representatives"])


def test_representatives_are_living_adults_when_appointed() -> None:
    for company in companies():
        for one in listed(company["representatives"]):
            person = people_by_code()[str(one["personal_code"])]
            begun = date.fromisoformat(str(one["from"]))
            assert years_between(person.birth, begun) >= ADULT_YEARS
            assert begun >= date.fromisoformat(str(company["registered_on"]))
            assert person.death is None or begun < person.death
            assert "to" in one or person.alive
            assert str(one.get("to", "9999")) >= str(one["from"])


def test_owners_hold_the_whole() -> None:
    owned = [listed(company["owners"]) for company in companies() if "owners" in company]
    assert len(owned) > 1_500
    for owners in owned:
        assert sum(int(str(owner["share_permille"])) for owner in owners) == 1000
        assert len({owner["personal_code"] for owner in owners}) == len(owners)


def test_places_lie_on_the_island_and_the_coast_is_a_ring() -> None:
    assert all(on_land(place.spot) for place in places())
    assert outline()[0] == outline()[-1]
    assert len({place.spot for place in places()}) > 3_000
    area = sum(
        float(x1) * float(y2) - float(x2) * float(y1)
        for (x1, y1), (x2, y2) in zip(outline(), outline()[1:], strict=False)
    )
    assert area > 0, "an outer ring runs against the clock (RFC 7946, 3.1.6)"
    assert not on_land((0, 0))


def test_services_and_life_events_name_each_other() -> None:
    known = {str(service["code"]) for service in services()}
    assert len(known) == len(services()) >= 60
    for event in life_events():
        assert set(event.services) <= known
        assert set(event.title) == set(event.text) == LANGUAGES
    assert len({event.code for event in life_events()}) == len(life_events()) >= 12
    told = {str(event) for service in services() for event in service.get("life_events") or []}  # type: ignore[union-attr]
    assert told == {event.code for event in life_events()}


def test_officials_are_living_adults_of_known_offices_each_appointed_once() -> None:
    assert len({official.personal_code for official in officials()}) == len(officials())
    for official in officials():
        assert people_by_code()[official.personal_code].adult
        assert official.organisation in office_codes().values()
    assert {role for official in officials() for role in official.roles} == {
        "registrar",
        "clerk",
        "analyst",
        "auditor",
        "operator",
        "trust-officer",
        "rules-officer",
        "rules-analyst",
    }


def test_featured_persons_are_living_adults_each_once_in_three_languages() -> None:
    assert len({one.personal_code for one in featured()}) == len(featured()) == 19
    for one in featured():
        person = people_by_code()[one.personal_code]
        assert person.adult
        assert one.name == f"{person.given} {person.family}".strip()
        assert set(one.role) == set(one.try_this) == LANGUAGES


def test_featured_officials_hold_the_role_they_are_named_for() -> None:
    by_word = {one.word: one.personal_code for one in featured()}
    roles = {official.personal_code: official.roles for official in officials()}
    for word in ("registrar", "clerk", "analyst", "auditor", "operator"):
        assert roles[by_word[word]] == (word,)


def test_every_agency_with_a_site_has_somebody_who_audits_it() -> None:
    audited = {official.organisation for official in officials() if "auditor" in official.roles}
    assert {plan.owner.rpartition("/")[2] for plan in sites()} <= audited


def test_every_featured_person_is_known_to_the_tax_board_the_ministry_and_the_agency() -> None:
    shown = {one.personal_code for one in featured()}
    for register in (incomes, permits, contacts):
        assert shown <= {row["personal_code"] for row in register()}


def test_somebody_featured_is_known_to_every_agency() -> None:
    director = next(one for one in featured() if one.word == "company_director")
    named = [one for company in companies() for one in listed(company["representatives"])]
    assert director.personal_code in {one["personal_code"] for one in named}


def test_tax_is_a_fifth_of_what_is_above_the_allowance() -> None:
    assert tax_minor(780_000) == tax_minor(0) == 0
    assert tax_minor(1_780_000) == 200_000
    rows = list(incomes())
    assert len(rows) <= 12_000
    assert all(row["tax_withheld_minor"] == tax_minor(int(str(row["gross_minor"]))) for row in rows)


def test_only_adults_earn_and_at_organisations_that_are_there() -> None:
    employers = {company["register_code"] for company in companies() if company["status"] == "active"}
    for row in incomes():
        assert people_by_code()[str(row["personal_code"])].adult
        assert row["employer"] in employers


def test_a_permit_ends_after_it_begins_and_is_expired_only_when_it_has_ended() -> None:
    for row in permits():
        assert str(row["valid_from"]) < str(row["valid_to"])
        assert (row["status"] == "expired") == (str(row["valid_to"]) < TODAY.isoformat())


def test_an_address_for_notices_is_there_exactly_where_notices_go_by_mail() -> None:
    rows = list(contacts())
    assert all(("email" in row) == (row["channel"] == "email") for row in rows)
    assert all(str(row["email"]).endswith(".example") for row in rows if "email" in row)


def test_products_have_article_numbers_of_their_own() -> None:
    assert len({good["article_number"] for good in goods()}) == 1_500


def test_chance_falls_the_same_way_and_stays_in_its_bounds() -> None:
    one, other = Chance("test"), Chance("test")
    assert [one.below(1000) for _ in range(50)] == [other.below(1000) for _ in range(50)]
    assert {Chance("x").weighted((("a", 0), ("b", 1))) for _ in range(5)} == {"b"}
    first, last = date(2020, 1, 1), date(2020, 1, 3)
    assert all(first <= one.day(first, last) <= last for _ in range(50))
    assert one.day(last, first) == last


def test_names_can_be_written_in_other_letters() -> None:
    assert in_ascii("D'Õnne-Märi") == "donnemari"
    assert all("\u0600" <= letter <= "\u06ff" for letter in in_arabic("Kolagoa"))
