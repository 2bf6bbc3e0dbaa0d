# SPDX-License-Identifier: EUPL-1.2
"""Aralia's sites: every register at exactly one, hard links only within a site, one provider."""

from __future__ import annotations

from aralia.definitions import ORDER, definitions
from aralia.offices import offices
from aralia.sites import sites


def test_every_register_is_kept_at_exactly_one_site() -> None:
    assert sorted(code for site in sites() for code in site.registers) == sorted(ORDER)


def test_a_site_makes_its_registers_in_the_order_of_their_links() -> None:
    for site in sites():
        assert sorted(site.registers, key=ORDER.index) == list(site.registers)


def test_one_site_signs_in_and_one_is_for_citizens() -> None:
    assert [site.code for site in sites() if site.identity] == ["interior"]
    assert [site.code for site in sites() if site.citizens] == ["interior"]


def test_each_site_is_run_by_an_office_under_its_name() -> None:
    names = {
        f"XA/GOV/{one.code}": {"en": one.name, "et": one.name_et, "ar": one.name_ar} for one in offices()
    }
    for site in sites():
        assert dict(site.name) == names[site.owner]


def test_hard_links_stay_within_a_site_and_all_others_are_soft() -> None:
    home = {code: site.code for site in sites() for code in site.registers}
    for register in definitions():
        for link in register.links:
            assert link.hard == (home[link.register] == home[register.code]), f"{register.code}.{link.field}"
