# SPDX-License-Identifier: EUPL-1.2
"""Containers and archives that X-Road itself made, good and bad, each with the outcome that it must have.

They are read from the folder of vectors beside the repository. `wire` is the fault code that X-Road's own
verifier gives; where the order of checks differs, ours is named beside it. Run with `-s` to see the table.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from flagstone.blocks.exchange.contract.evidence import FileKind, NamedFile, Report
from flagstone.blocks.exchange.model.linking import LINKING_INFO, chained, file_digest, read
from flagstone.blocks.exchange.model.reports import all_findings
from flagstone.blocks.exchange.service.evidence.configurations import in_folder
from flagstone.blocks.exchange.service.evidence.verifying import Verifier
from flagstone.kernel.findings import Outcome

VECTORS = Path(__file__).parents[6] / "shared" / "vectors" / "xroad"
pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the vectors are not at {VECTORS}")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    """Whether a container is good, which codes must be among those that fail, and what it shows."""

    name: str
    codes: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()
    wire: str = ""

    @property
    def good(self) -> bool:
        return not self.codes


CASES = [
    Expected("valid-signed-message"),
    Expected("valid-signed-hashchain", unverified=("/attachment1",)),
    Expected("valid-batch-ts"),
    Expected("valid-non-batch-rest"),
    Expected("valid-non-batch-soap-attachments"),
    Expected(
        "invalid-not-signed-hashchain",  # good by design: what is not signed for changes nothing
        unsigned=("hashchain.xml", "hashchainresult.xml", "sig-hashchain.xml", "sig-hashchainresult.xml"),
    ),
    Expected("wrong-message", ("signature.part-digest",), wire="invalid_signature_value"),
    Expected("invalid-digest", ("signature.part-digest",), wire="invalid_signature_value"),
    Expected(
        "invalid-signed-hashchain",
        ("hash-chain.part-digest", "hash-chain.result"),
        unverified=("/attachment1",),
        wire="invalid_signature_value (ours: invalid_hash_chain_ref)",
    ),
    Expected(
        "invalid-hashchain-modified-message",
        ("hash-chain.inputs-used", "signature.part-digest"),
        unverified=("/attachment1",),
        unsigned=("messageX.xml",),
        wire="hashchain_unused_inputs",
    ),
    Expected("invalid-incorrect-references", ("signature.form",), wire="malformed_signature"),
    Expected(
        "invalid-ts-hashchainresult",
        ("hash-chain.form", "timestamp.imprint", "container.timestamp-manifest"),
        wire="malformed_signature",
    ),
    Expected("attachments", ("container.parts", "signature.form"), wire="malformed_signature (of 2015)"),
]


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier(in_folder(VECTORS / "globalconf-on-disk" / "globalconf_good2_v3"), NOW)


def verified(verifier: Verifier, file: Path) -> Report:
    (report,) = verifier.verify([NamedFile(file.name, file.read_bytes())])
    return report


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_container_has_its_outcome(verifier: Verifier, case: Expected) -> None:
    report = verified(verifier, VECTORS / "asice" / f"{case.name}.asice")
    failed = {each.code for each in report.failed}
    print(f"\n{case.name:<36}{'good' if report.good else 'bad':<6}{case.wire:<56}{' '.join(sorted(failed))}")
    assert report.kind is FileKind.CONTAINER
    assert report.good is case.good
    assert set(case.codes) <= failed
    assert (report.read.unverified, set(report.read.unsigned) >= set(case.unsigned)) == (
        case.unverified,
        True,
    )
    assert all(each.check.remedy for each in report.failed)


def test_every_vector_is_in_the_table() -> None:
    assert {each.stem for each in (VECTORS / "asice").glob("*.asice")} == {case.name for case in CASES}


def test_what_a_container_says_is_told(verifier: Verifier) -> None:
    read_ = verified(verifier, VECTORS / "asice" / "valid-non-batch-rest.asice").read
    assert read_.message_kind == "REST response"
    assert read_.sender == "DEV/COM/1234/TestService"
    assert read_.client == "DEV/COM/4422/TestClient"
    assert read_.signer.startswith("serialNumber=DEV/")
    assert read_.parts == ("/message.xml", "/attachment1")
    assert read_.stamped is not None
    assert read_.stamped.batch
    assert read_.stamped.at == datetime(2024, 7, 11, 12, 51, 12, tzinfo=UTC)
    assert "TSA" in read_.stamped.signer


def test_each_finding_of_status_and_chain_is_about_the_time_of_the_stamp(verifier: Verifier) -> None:
    report = verified(verifier, VECTORS / "asice" / "valid-batch-ts.asice")
    times = {
        each.facts["at"] for each in report.verdict.findings if each.code.startswith("ocsp.") and each.facts
    }
    assert times == {"2024-12-05T07:34:14Z"}


def test_an_archive_is_chained_whole_and_its_container_is_of_an_unknown_instance(verifier: Verifier) -> None:
    """The vectors hold no configuration of its instance; everything that needs none holds."""
    report = verified(verifier, VECTORS / "archives" / "message-archive-0.zip")
    (inside,) = report.inside
    assert report.kind is FileKind.ARCHIVE
    assert report.verdict.good
    assert {each.code for each in inside.failed} == {"timestamp.signer-known", "trust.instance-known"}
    assert inside.read.batch
    assert {each.code for each in all_findings(report) if each.outcome is Outcome.HOLDS} >= {
        "archive.opens",
        "archive.linking-info",
        "archive.link",
        "archive.complete",
        "hash-chain.result",
        "signature.value",
    }


def test_an_archive_links_as_its_linkinginfo_says() -> None:
    with zipfile.ZipFile(VECTORS / "archives" / "message-archive-0.zip") as archive:
        info = read(archive.read(LINKING_INFO))
        assert info.before.digest == ""
        files = [(link.file, file_digest(archive.read(link.file))) for link in info.links]
        assert chained(info.before, files) == info


@pytest.mark.parametrize("name", ["valid-batch-ts", "valid-non-batch-rest", "valid-signed-hashchain"])
def test_without_its_time_stamper_or_authority_a_good_container_is_not_good(name: str) -> None:
    other = Verifier(in_folder(VECTORS / "globalconf-on-disk" / "globalconf_good_v6"), NOW)
    report = verified(other, VECTORS / "asice" / f"{name}.asice")
    assert {each.code for each in report.failed} == {"timestamp.signer-known", "trust.instance-known"}


def test_two_containers_of_one_exchange_are_compared(verifier: Verifier) -> None:
    """A response of another exchange is not taken for an answer."""
    files = [VECTORS / "asice" / f"valid-{name}.asice" for name in ("batch-ts", "non-batch-rest")]
    reports = verifier.verify([NamedFile(each.name, each.read_bytes()) for each in files])
    assert all(each.good for each in reports)
    assert "container.request-hash" not in {f.code for each in reports for f in each.verdict.findings}


def test_a_container_within_an_archive_has_the_same_findings(verifier: Verifier) -> None:
    content = (VECTORS / "asice" / "valid-batch-ts.asice").read_bytes()
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("valid-batch-ts.asice", content)
    (report,) = verifier.verify([NamedFile("a.zip", out.getvalue())])
    assert report.inside[0].good
    assert {each.code for each in report.failed} == {"archive.linking-info"}
