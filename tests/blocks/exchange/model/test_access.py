# SPDX-License-Identifier: EUPL-1.2
"""Who may call what: golden paths and globs, exact subjects, groups, and paths that mean two things."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.service import Endpoint, LocalGroup, Purpose, Right, Snapshot
from flagstone.blocks.exchange.model.access import allowing, entries, glob_compiled, glob_matches, path_normal

MEMBER = ClientId("XA", "GOV", "1")
SYSTEM = ClientId("XA", "GOV", "1", "asks")
OTHER = ClientId("XA", "GOV", "2", "asks")
SERVICE = ServiceId(ClientId("XA", "GOV", "9", "tells"), "things")


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("**", "", True),
        ("***", "match/anything/*", True),
        ("**", "/a/b/c", True),
        ("/*/", "/a/", True),
        ("/*/", "/a/b/", False),
        ("", "", True),
        ("", " ", False),
        (".^$+{[]|()", ".^$+{[]|()", True),
        ("**/bar/**", "a/b/c/bar/e/f", True),
        ("**/bar/**", "a/b/c/foo/e/f", False),
        (r"**\*", "/what/ever*", True),
        (r"**\*", "/what/ever!", False),
        ("simple", "simple", True),
        ("simple", "prefix.simple.suffix", False),
        ("**/*/**", "something/bar/something/else", True),
        ("**/*/**", "/bar/", True),
        ("**/*/**", "//", True),
        ("**/*/**", "something/else", False),
        (r"\A", r"\A", True),
        (r"\*", "*", True),
        (r"\*", r"\*", False),
        (r"\\", "\\", True),
        ("aa\\", "aa\\", True),
        ("/foo/*/bar/", "/foo/zyggy/bar/", True),
        ("/foo/*/bar/", "/foo/zyggy/quux/bar/", False),
        ("/foo/**/bar", "/foo/whatever//bar", True),
        ("/*.json", "/a.b.json", True),
        ("/*.json", "/a/b.json", False),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "aXbY/bZc", False),
        ("**a*b", "ab/xa/ab", True),
        ("**a*b", "ab/xa/b", False),
        ("a\nb", "a\nb", True),
        ("**", "a\nb", True),
        ("abc", "abc\n", False),
    ],
)
def test_golden_globs(glob: str, path: str, *, matches: bool) -> None:
    assert glob_matches(glob, path) is matches


def slowly(glob: str, path: str) -> bool:
    """Match by trying everything; for globs without backslashes."""
    if not glob:
        return not path
    if glob.startswith("**"):
        rest = glob.lstrip("*")
        return any(slowly(rest, path[at:]) for at in range(len(path) + 1))
    if glob[0] == "*":
        end = path.find("/") if "/" in path else len(path)
        return any(slowly(glob[1:], path[at:]) for at in range(end + 1))
    return bool(path) and path[0] == glob[0] and slowly(glob[1:], path[1:])


@given(st.text("ab/*", max_size=10), st.text("ab/", max_size=12))
def test_a_glob_matches_what_its_words_say(glob: str, path: str) -> None:
    assert glob_matches(glob, path) is slowly(glob, path)


@pytest.mark.parametrize(
    "glob", ["*a" * 40 + "b", "**a" * 40 + "b", "**/*" * 20 + "/b", "*" * 500, "**a*a" * 30]
)
def test_no_path_makes_a_glob_slow(glob: str) -> None:
    began = perf_counter()
    glob_matches(glob, "a" * 8000)
    glob_matches(glob, "/a" * 4000)
    assert perf_counter() - began < 2


def test_a_glob_has_a_bound() -> None:
    with pytest.raises(ValueError, match="at most"):
        glob_compiled("a" * 1025)


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        (b"", ""),
        (b"/", "/"),
        (b"/a/b/c", "/a/b/c"),
        (b"/a/b/./c", "/a/b/c"),
        (b"/a/b/d/../c", "/a/b/c"),
        (b"/a/b/../../c", "/c"),
        (b"/a/b/%2e/c", "/a/b/c"),
        (b"/a/b/d/%2e%2e/c", "/a/b/c"),
        (b"/a/b/%2e%2e/%2e%2e/c", "/c"),
        (b"/a/b/../../%2e%2e/c/d", None),
        (b"/foo/bar/zy%2dggy", "/foo/bar/zy%2Dggy"),
        (b"/a%2Fb", "/a/b"),
        (b"/a//b", "/a/b"),
        (b"/a/.", "/a/"),
        (b"/a/b/..", "/a/"),
        (b"/.hidden", "/.hidden"),
        (b"/%C3%B6%20", "/\u00f6 "),
        (b"/%252e%252e/a", "/%2e%2e/a"),
    ],
)
def test_golden_paths(path: bytes, normal: str | None) -> None:
    assert path_normal(path) == normal


@pytest.mark.parametrize(
    "path",
    [
        b"/..",
        b"/../a",
        b"/a/../../b",
        b"/a/%2e%2e/%2E./b",
        b"/open/..;/secret",
        b"/a/..\\b",
        b"/a/..%5cb",
        b"/a..b",
        b"/open//../secret",
        b"/x%2f../open",
        b"/x%2F..%2Fopen",
        b"/%00",
        b"/a%0ab",
        b"/%ff",
        b"/%c0%ae%c0%ae/",
        b"/" + b"a" * 8192,
    ],
)
def test_paths_that_nobody_may_call(path: bytes) -> None:
    assert path_normal(path) is None


@given(st.lists(st.sampled_from(["a", "b", "..", ".", "", "%2e", "%2e%2e", "%2F"]), max_size=8))
def test_a_normal_path_has_no_dot_segments_and_is_its_own_normal_form(segments: list[str]) -> None:
    normal = path_normal("".join(f"/{segment}" for segment in segments).encode())
    if normal is not None:
        assert not {".", ".."} & set(normal.split("/"))
        assert path_normal(normal.encode()) == normal


def snapshot(*rights: Right) -> Snapshot:
    directory = Directory(
        "XA", 1, datetime(2026, 1, 1, tzinfo=UTC), groups=(GlobalGroup("all", {}, frozenset({OTHER})),)
    )
    groups = (
        LocalGroup(ClientId("XA", "GOV", "8", "x"), "friends", "", frozenset({SYSTEM})),
        LocalGroup(SERVICE.provider, "friends", "", frozenset({OTHER})),
    )
    return Snapshot(
        ServerId(SERVICE.provider.member, "s"), directory, {}, {}, {SERVICE: rights}, local_groups=groups
    )


def allowed(client: ClientId, *rights: Right, method: str = "GET", path: str = "/a") -> bool:
    return allowing(entries(snapshot(*rights), SERVICE), client, method, path) is not None


def test_a_members_right_is_not_its_subsystems() -> None:
    assert allowed(SYSTEM, Right(SYSTEM, SERVICE))
    assert not allowed(SYSTEM, Right(MEMBER, SERVICE))
    assert not allowed(MEMBER, Right(SYSTEM, SERVICE))
    assert not allowed(SYSTEM)


def test_a_group_is_that_of_the_instance_or_of_the_provider_itself() -> None:
    assert allowed(OTHER, Right(GroupId("all"), SERVICE))
    assert not allowed(SYSTEM, Right(GroupId("all"), SERVICE))
    assert not allowed(OTHER, Right(GroupId("all", local=True), SERVICE))
    assert allowed(OTHER, Right(GroupId("friends", local=True), SERVICE))
    assert not allowed(SYSTEM, Right(GroupId("friends", local=True), SERVICE)), "another provider's group"
    assert not allowed(OTHER, Right(GroupId("friends"), SERVICE))


def test_method_and_path_must_both_fit() -> None:
    right = Right(SYSTEM, SERVICE, Endpoint("GET", "/a/*"))
    assert allowed(SYSTEM, right, path="/a/b")
    assert not allowed(SYSTEM, right, path="/a/b/c")
    assert not allowed(SYSTEM, right, method="POST", path="/a/b")
    assert allowed(SYSTEM, Right(SYSTEM, SERVICE, Endpoint("*", "/a/**")), method="POST", path="/a/b/c")
    assert allowed(SYSTEM, Right(SYSTEM, SERVICE), method="DELETE", path="")


def test_of_several_rights_one_with_a_purpose_is_chosen() -> None:
    declared = Right(SYSTEM, SERVICE, Endpoint("GET", "/a"), Purpose("why"))
    found = allowing(entries(snapshot(Right(SYSTEM, SERVICE), declared), SERVICE), SYSTEM, "GET", "/a")
    assert found is not None
    assert found.right is declared
