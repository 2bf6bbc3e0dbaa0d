# SPDX-License-Identifier: EUPL-1.2
"""Chains to approved authorities: found, refused with the reason, and compared with openssl."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.findings import Check, Findings
from flagstone.platform.crypto import chains
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.chains import CHAIN_LENGTH_MAX, Chain, build_chain
from flagstone.platform.crypto.digests import Digest
from tests.platform.crypto.pki import (
    AUTHORITY,
    NOW,
    SIGNER,
    YEAR,
    Holder,
    Wish,
    issue,
    needs_openssl,
    openssl,
)

ROOT = issue("Root", AUTHORITY)
MIDDLE = issue("Middle", AUTHORITY, ROOT)
LOW = issue("Low", AUTHORITY, MIDDLE)
LEAF = issue("ss1", SIGNER, LOW)


def chained(
    leaf: Holder, between: list[Holder], anchors: list[Holder], at: datetime = NOW
) -> tuple[Chain | None, Findings]:
    findings = Findings()
    found = build_chain(
        leaf.certificate,
        [each.certificate for each in between],
        [each.certificate for each in anchors],
        at=at,
        findings=findings,
    )
    assert findings.verdict.good is (found is not None)
    return found, findings


def why(leaf: Holder, between: list[Holder], anchors: list[Holder], at: datetime = NOW) -> list[str]:
    """The codes of what failed."""
    found, findings = chained(leaf, between, anchors, at)
    assert found is None
    return [each.code for each in findings.verdict.failed]


def test_a_chain_goes_from_the_leaf_to_the_anchor_whatever_the_order() -> None:
    wanted = tuple(each.certificate for each in (LEAF, LOW, MIDDLE, ROOT))
    for seed in range(6):
        between = [LOW, MIDDLE, issue("Stranger", AUTHORITY), LEAF, LOW]
        random.Random(seed).shuffle(between)
        assert chained(LEAF, between, [issue("Other", AUTHORITY), ROOT])[0] == wanted


def test_the_nearest_anchor_ends_the_chain() -> None:
    assert chained(LEAF, [LOW, MIDDLE], [ROOT, MIDDLE])[0] == (
        LEAF.certificate,
        LOW.certificate,
        MIDDLE.certificate,
    )


def test_an_approved_certificate_is_its_own_chain() -> None:
    assert chained(ROOT, [], [ROOT])[0] == (ROOT.certificate,)
    assert why(ROOT, [], [ROOT], NOW + 2 * YEAR) == ["certificate.in-time"]


def test_an_unknown_issuer_is_named() -> None:
    assert why(LEAF, [LOW], [ROOT]) == ["certificate.issuer-known"]
    finding = chained(LEAF, [LOW], [ROOT])[1].verdict.failed[0]
    assert finding.subject == LOW.certificate.describe()
    assert "CN=Middle,O=Aralia,C=XA" in finding.detail
    assert finding.facts["issuer"] == "CN=Middle,O=Aralia,C=XA"
    assert why(issue("alone", SIGNER), [], [ROOT]) == ["certificate.issuer-known"]
    assert why(LEAF, [], []) == ["certificate.issuer-known"]


def test_an_authority_of_the_same_name_does_not_stand_for_another() -> None:
    false_root = issue("Root", AUTHORITY, key_name="false root")
    assert why(MIDDLE, [], [false_root]) == ["certificate.signature"]
    finding = chained(MIDDLE, [], [false_root])[1].verdict.failed[0]
    assert false_root.certificate.describe() in finding.detail
    for anchors in ([false_root, ROOT], [ROOT, false_root]):
        assert chained(LEAF, [LOW, MIDDLE], anchors)[0] is not None
    bare = Wish(ca=True, usages=None, key_ids=False)
    one, other = issue("Twin", bare, key_name="one"), issue("Twin", bare, key_name="other")
    leaf = issue("of other", Wish(key_ids=False), other)
    for anchors in ([one, other], [other, one]):
        assert chained(leaf, [], anchors)[0] == (leaf.certificate, other.certificate)


@pytest.mark.parametrize(
    ("at", "difference"),
    [(NOW + YEAR + timedelta(seconds=90), "90"), (NOW - YEAR - timedelta(milliseconds=1), "-1")],
)
def test_times_out_of_bounds_say_by_how_many_seconds(at: datetime, difference: str) -> None:
    assert why(LEAF, [LOW, MIDDLE], [ROOT], at) == ["certificate.in-time"] * 3
    finding = chained(LEAF, [LOW, MIDDLE], [ROOT], at)[1].verdict.failed[0]
    assert finding.facts["clock_difference_seconds"] == difference
    assert f"{difference.strip('-')} seconds" in finding.detail
    assert finding.facts["certificate"] == LEAF.certificate.describe()


@pytest.mark.parametrize("at", [NOW - YEAR, NOW + YEAR])
def test_both_ends_of_the_times_are_in(at: datetime) -> None:
    assert chained(LEAF, [LOW, MIDDLE], [ROOT], at)[0] is not None


def test_an_expired_intermediate_breaks_the_chain_unless_a_renewed_one_is_at_hand() -> None:
    expired = issue("Mid", Wish(ca=True, usages=("key_cert_sign",), not_after=NOW - timedelta(days=1)), ROOT)
    renewed = issue("Mid", AUTHORITY, ROOT)
    leaf = issue("below", SIGNER, expired)
    assert why(leaf, [expired], [ROOT]) == ["certificate.in-time"]
    assert chained(leaf, [expired, renewed], [ROOT])[0] == (
        leaf.certificate,
        renewed.certificate,
        ROOT.certificate,
    )


def test_an_anchors_own_times_are_not_judged() -> None:
    old = issue("Old", Wish(ca=True, usages=("key_cert_sign",), not_after=NOW - timedelta(days=1)))
    leaf = issue("young", SIGNER, old)
    assert chained(leaf, [], [old])[0] is not None


@pytest.mark.parametrize(
    "wish",
    [
        SIGNER,
        Wish(ca=False, usages=("key_cert_sign",)),
        Wish(ca=True, usages=("digital_signature",)),
        Wish(ca=None, usages=("key_cert_sign",)),
    ],
)
def test_only_authorities_issue(wish: Wish) -> None:
    pretender = issue("Pretender", wish, ROOT)
    leaf = issue("victim", SIGNER, pretender)
    assert why(leaf, [pretender], [ROOT]) == ["certificate.issuer-is-authority"]
    assert why(leaf, [], [pretender]) == ["certificate.issuer-is-authority"]


def test_an_absent_key_usage_forbids_nothing() -> None:
    quiet = issue("Quiet", Wish(ca=True, usages=None), ROOT)
    assert chained(issue("x", Wish(), quiet), [quiet], [ROOT])[0] is not None


def test_path_lengths_bind() -> None:
    tight = issue("Tight", Wish(ca=True, usages=("key_cert_sign",), path_length=0), ROOT)
    below = issue("Below", AUTHORITY, tight)
    assert chained(issue("x", SIGNER, tight), [tight], [ROOT])[0] is not None
    assert why(issue("y", SIGNER, below), [tight, below], [ROOT]) == ["certificate.path-length"]
    anchor = issue("Anchor", Wish(ca=True, usages=("key_cert_sign",), path_length=1))
    one = issue("One", AUTHORITY, anchor)
    two = issue("Two", AUTHORITY, one)
    assert chained(issue("z", SIGNER, one), [one], [anchor])[0] is not None
    assert why(issue("w", SIGNER, two), [one, two], [anchor]) == ["certificate.path-length"]


def test_self_issued_authorities_do_not_count_towards_the_path_length() -> None:
    anchor = issue("Roll", Wish(ca=True, usages=("key_cert_sign",), path_length=0))
    rolled = issue("Roll", AUTHORITY, anchor, key_name="rolled")
    assert chained(issue("v", SIGNER, rolled), [rolled], [anchor])[0] is not None


def test_what_nobody_understands_is_refused() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    leaf = issue("odd", Wish(more=((strange, True),)), ROOT)
    assert why(leaf, [], [ROOT]) == ["certificate.extensions-known"]
    assert "1.3.6.1.4.1.99999.1" in chained(leaf, [], [ROOT])[1].verdict.failed[0].detail


def test_loops_end() -> None:
    one = issue("Loop A", AUTHORITY, issue("Loop B", AUTHORITY))
    two = issue("Loop B", AUTHORITY, one)
    leaf = issue("looped", SIGNER, two)
    assert why(leaf, [one, two], [ROOT]) == ["certificate.issuer-known"]


def test_a_chain_that_is_too_long_is_not_followed() -> None:
    holders = [ROOT]
    for number in range(CHAIN_LENGTH_MAX):
        holders.append(issue(f"Step {number}", AUTHORITY, holders[-1]))
    leaf = issue("far", SIGNER, holders[-1])
    assert why(leaf, holders[1:], [ROOT]) == ["certificate.issuer-known"]
    near = issue("near", SIGNER, holders[CHAIN_LENGTH_MAX - 2])
    assert chained(near, holders[1:], [ROOT])[0] is not None


def test_a_thousand_namesakes_are_not_all_tried() -> None:
    leaf = issue("wanted", SIGNER, issue("Crowd", AUTHORITY, key_name="the one"))
    crowd = [issue("Crowd", Wish(ca=True, usages=None, key_ids=False), key_name="crowd") for _ in range(300)]
    assert why(leaf, crowd, [ROOT]) == ["certificate.signature"]
    assert why(leaf, [], crowd) == ["certificate.signature"]


def test_webs_of_authorities_that_certify_each_other_end() -> None:
    names = [f"Web {number}" for number in range(6)]
    own = [issue(name, AUTHORITY) for name in names]
    web = [issue(name, AUTHORITY, by) for name in names for by in own]
    leaf = issue("caught", SIGNER, own[0])
    assert why(leaf, web, [ROOT]) == ["certificate.issuer-known"]


def test_sha_1_is_believed_before_2020_only() -> None:
    assert chains.digest_believed(Digest.SHA1, datetime(2019, 12, 31, tzinfo=UTC))
    assert not chains.digest_believed(Digest.SHA1, datetime(2020, 1, 1, tzinfo=UTC))
    assert chains.digest_believed(Digest.SHA256, NOW)


def test_every_failing_finding_names_a_certificate_and_what_to_do() -> None:
    for check in (value for value in vars(chains).values() if isinstance(value, Check)):
        assert check.code.startswith("certificate.")
        assert check.remedy.endswith(".")
        assert check.question.endswith("?")


@given(st.integers(0, 3), st.integers(0, 2000), st.integers(1, 255))
@settings(max_examples=150)
def test_no_changed_certificate_is_part_of_a_chain(which: int, at: int, change: int) -> None:
    holders = [LEAF, LOW, MIDDLE]
    whole = [each.certificate for each in holders]
    changed = bytearray(whole[which % 3].der)
    changed[at % len(changed)] ^= change
    try:
        whole[which % 3] = Certificate.read(bytes(changed))
    except CertificateUnreadable:
        return
    found = build_chain(whole[0], whole[1:], [ROOT.certificate], at=NOW, findings=Findings())
    assert found is None


@given(st.permutations([LOW, MIDDLE, ROOT, LEAF]), st.integers(0, 4), st.integers(-400, 400))
@settings(max_examples=60)
def test_a_chain_holds_only_with_every_link_and_in_time(order: list[Holder], count: int, days: int) -> None:
    given_ones = order[:count]
    found, _ = chained(LEAF, given_ones, [ROOT], NOW + timedelta(days=days))
    assert (found is not None) is (LOW in given_ones and MIDDLE in given_ones and abs(days) <= 365)


WISHES = st.builds(
    Wish,
    ca=st.sampled_from([True, True, True, False, None]),
    path_length=st.just(None),
    usages=st.sampled_from([("key_cert_sign",), ("key_cert_sign", "crl_sign"), ("digital_signature",), None]),
    not_after=st.sampled_from([NOW + YEAR, NOW + YEAR, NOW - timedelta(days=1)]),
    key_ids=st.just(True),
)


@needs_openssl
@given(st.lists(WISHES, min_size=1, max_size=3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_openssl_agrees_on_chains(wishes: list[Wish], lost: bool) -> None:
    holders = [issue("Top", AUTHORITY)]
    for number, wish in enumerate(wishes):
        holders.append(issue(f"Level {number}", wish, holders[-1]))
    leaf = issue("end", SIGNER, holders[-1])
    between = holders[2:] if lost else holders[1:]
    found, _ = chained(leaf, between, holders[:1])
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    assert (found is not None) is _openssl_verifies(leaf, between, holders[0], folder)


def _openssl_verifies(leaf: Holder, between: list[Holder], anchor: Holder, folder: Path) -> bool:
    import tempfile

    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        (place / "leaf").write_bytes(leaf.pem)
        (place / "between").write_bytes(b"".join(each.pem for each in between) or anchor.pem)
        (place / "anchor").write_bytes(anchor.pem)
        ended = openssl(
            "verify",
            "-attime",
            str(int(NOW.timestamp())),
            "-CAfile",
            place / "anchor",
            "-untrusted",
            place / "between",
            place / "leaf",
        )
    return ended.returncode == 0
