# SPDX-License-Identifier: EUPL-1.2
"""What changed between two configurations, told by name; the order of things does not count."""

from __future__ import annotations

from dataclasses import replace

from tests.blocks.exchange.model.globalconf.test_lookups import CA, OWNER, SYSTEM, XA, XB

from flagstone.blocks.exchange.contract.globalconf import (
    Anchor,
    AnchorSource,
    CaInfo,
    GlobalConfiguration,
    GlobalSettings,
    InstanceConfiguration,
    ListedSubsystem,
    ManagementService,
    PrivateParameters,
    SharedParameters,
    Source,
)
from flagstone.blocks.exchange.model.globalconf.differences import differences, said

PRIVATE = PrivateParameters("XA", ManagementService("http://c", OWNER), 60)


def whole(
    shared: SharedParameters, private: PrivateParameters = PRIVATE, **more: SharedParameters
) -> GlobalConfiguration:
    instances = {"XA": InstanceConfiguration("XA", shared, private)}
    instances |= {name: InstanceConfiguration(name, each) for name, each in more.items()}
    return GlobalConfiguration("XA", instances)


def told(after: SharedParameters, before: SharedParameters = XA) -> list[tuple[str, str, str]]:
    return [(each.kind.value, each.what, each.which) for each in differences(whole(before), whole(after))]


def test_nothing_changed() -> None:
    assert told(XA) == []
    assert told(replace(XA, servers=XA.servers[::-1])) == []


def test_members_and_subsystems() -> None:
    (member,) = XA.members
    renamed = replace(XA, members=(replace(member, name="Ministry"),))
    assert told(renamed) == [("changed", "member", str(OWNER))]
    more = replace(member, subsystems=(*member.subsystems, ListedSubsystem("new")))
    assert told(replace(XA, members=(more,))) == [("added", "subsystem", "XA/GOV/1/new")]
    assert told(replace(XA, members=()), XA) == [
        ("removed", "member", str(OWNER)),
        ("removed", "subsystem", str(SYSTEM)),
    ]


def test_a_server_that_moves() -> None:
    first = replace(XA.servers[0], address="new.test", clients=())
    found = differences(whole(XA), whole(replace(XA, servers=(first, *XA.servers[1:]))))
    assert [(each.what, each.before, each.after) for each in found] == [
        ("server, address", "first.test", "new.test"),
        ("server, clients", str(SYSTEM), ""),
    ]


def test_trust_and_settings() -> None:
    changed = replace(
        XA,
        version=5,
        cas=(replace(CA, top=CaInfo(b"other")),),
        tsas=(),
        sources=(Source("c.test", (b"key",)),),
        settings=GlobalSettings((), 60),
    )
    assert {what for _, what, _ in told(changed)} == {
        "version",
        "source",
        "certification authority, top",
        "time-stamping authority",
        "OCSP freshness",
    }


def test_private_parameters_and_instances() -> None:
    anchors = (Anchor("XB", (AnchorSource("http://b", (b"k",)),)),)
    after = PrivateParameters("XA", ManagementService("http://d", OWNER), 30, anchors)
    found = differences(whole(XA), whole(XA, after, XB=XB))
    assert [(each.kind.value, each.what) for each in found] == [
        ("added", "instance"),
        ("added", "federated instance"),
        ("changed", "management service"),
        ("changed", "time-stamping interval"),
    ]
    other = replace(whole(XA), instance="XB")
    assert differences(whole(XA), other)[0].what == "own instance"


def test_values_in_a_line() -> None:
    assert said(b"bytes").startswith("SHA-256 ")
    assert said((1, None)) == "1, None"
    assert said(Source("c", (), (b"x",))).startswith("address c; external SHA-256 ")
