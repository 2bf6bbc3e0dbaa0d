# SPDX-License-Identifier: EUPL-1.2
"""Names follow from holders by rules, and what cannot be in a name is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.trust.rig import PERSON, PLAN, SERVER

from flagstone.blocks.trust.contract.authority import Holder, Profile
from flagstone.blocks.trust.contract.country import Naming
from flagstone.blocks.trust.contract.faults import HolderInvalid
from flagstone.blocks.trust.model.naming import hosts_of, is_host, subject_of

FINNISH = replace(PLAN, naming=Naming.FIVRK, country_code="FI")


def test_members_and_servers_are_written_as_others_read_them() -> None:
    assert subject_of(Profile.SIGNING, SERVER, PLAN) == (("C", "XA"), ("O", "GOV"), ("CN", "10000001"))
    assert subject_of(Profile.AUTHENTICATION, SERVER, PLAN)[-1] == ("CN", "ss1")
    finnish = dict(subject_of(Profile.SIGNING, replace(SERVER, member="FI-TEST/GOV/1"), FINNISH))
    assert finnish["serialNumber"] == "FI-TEST/ss1/GOV"
    assert (finnish["C"], finnish["CN"]) == ("FI", "1")
    with pytest.raises(HolderInvalid):
        subject_of(Profile.SIGNING, replace(SERVER, member="FI-TEST/GOV/1"), PLAN)


def test_persons_are_named_by_code_and_name() -> None:
    name = dict(subject_of(Profile.PERSON_SIGNING, PERSON, PLAN))
    assert name == {
        "C": "XA",
        "serialNumber": "PNOXA-60001019906",
        "GN": "Mari",
        "SN": "Maasikas",
        "CN": "Mari Maasikas",
    }


@pytest.mark.parametrize("host", ["a", "a.example", "xn--mnd-0ma.example", "a-b.c1"])
def test_hosts_are_dns_names(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize("host", ["", ".", "a.", "*.example", "-a.example", "a_b", "A", "a b", "é", "a" * 64])
def test_other_words_are_no_hosts(host: str) -> None:
    assert not is_host(host)


def test_hosts_are_for_servers_alone_and_lower_case() -> None:
    assert hosts_of(Profile.SERVER, Holder(hosts=("WWW.Example", "www.example"))) == ("www.example",)
    with pytest.raises(HolderInvalid):
        hosts_of(Profile.SIGNING, Holder(hosts=("a.example",)))
    with pytest.raises(HolderInvalid):
        hosts_of(Profile.SERVER, Holder(hosts=tuple(f"h{number}.example" for number in range(21))))


TEXT = st.text(max_size=70)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(Profile), TEXT, TEXT, TEXT, TEXT)
def test_a_name_is_whole_or_refused(profile: Profile, member: str, server: str, name: str, code: str) -> None:
    holder = Holder(f"XA/{member}/{server}", server, name, (), code, name, member)
    try:
        found = subject_of(profile, holder, PLAN)
    except HolderInvalid:
        return
    assert all(0 < len(value) <= 64 and value.isprintable() for _, value in found)
