# SPDX-License-Identifier: EUPL-1.2
"""`verify` and `sign` at the command line: the verdict first, then reasons and remedies; three statuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import Asking, country
from typer.testing import CliRunner, Result

from flagstone.blocks.exchange.cli.commands import commands
from flagstone.blocks.exchange.cli.tools import EvidenceTools, Tools
from flagstone.blocks.exchange.contract.exchange import Exchange, Governance
from flagstone.blocks.exchange.contract.onboarding import Onboarding
from flagstone.blocks.exchange.service.evidence.making import sign
from flagstone.blocks.exchange.service.globalconf.shared_writing import write_shared
from flagstone.kernel.clock import SystemClock

Run = Callable[..., Result]


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """The configuration of the country in a folder."""
    folder = tmp_path / "conf"
    (folder / "XA").mkdir(parents=True)
    (folder / "instance-identifier").write_text("XA")
    shared = country().configuration().own.shared
    assert shared is not None
    (folder / "XA" / "shared-params.xml").write_bytes(write_shared(shared))
    (folder / "XA" / "shared-params.xml.metadata").write_text('{"configurationVersion":"6"}')
    return folder


@pytest.fixture
def ask() -> Asking:
    return Asking(SystemClock())


@pytest.fixture
def run(ask: Asking) -> Run:
    """Run a command at a site of the tax office, which is opened only where it is needed."""

    @contextmanager
    def opened() -> Iterator[Tools]:
        evidence = EvidenceTools(
            rig.TAX.member,
            country().configuration,
            lambda: country().party(rig.TAX, datetime.now(UTC)),
            rig.authorities(ask),
        )
        yield Tools(
            cast("Exchange", None),
            cast("Governance", None),
            lambda _: cast("Onboarding", None),
            False,
            lambda: None,
            lambda: evidence,
        )

    return lambda *arguments: CliRunner().invoke(
        commands(opened), [str(each) for each in arguments], env={"COLUMNS": "160"}
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.asice"
    file.write_bytes(rig.container(b"body"))
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    signed = sign(rig.drafts(1), country().party(rig.REGISTRY), rig.NOW)
    file = tmp_path / "bad.asice"
    file.write_bytes(rig.contained(replace(signed[0], message=rig.request_head(2))))
    return file


def test_a_good_container_is_good_in_a_few_lines(run: Run, conf: Path, good: Path) -> None:
    done = run("verify", good, "--conf", conf)
    assert done.exit_code == 0, done.output
    first, *rest = done.output.splitlines()
    assert re.match(r"Good +.*good\.asice: all \d+ checks hold", first)
    said = "\n".join(rest)
    assert "From     XA/GOV/10000099/declarations" in said
    assert "together with others, by CN=TSA 1" in said
    assert "→" not in said
    assert "✓" in run("verify", good, "--conf", conf, "--all").output


def test_each_reason_says_what_to_do(run: Run, conf: Path, bad: Path) -> None:
    done = run("verify", bad, "--conf", conf)
    assert done.exit_code == 1
    assert done.output.startswith("Not good")
    assert "signature.part-digest" in done.output
    assert "trust.signer-is-sender" in done.output
    assert done.output.count("→") == done.output.count("✗") == 2
    assert "the certificate is of XA/GOV/10000001" in done.output


def test_machines_read_json(run: Run, conf: Path, good: Path, bad: Path) -> None:
    done = run("verify", good, bad, "--conf", conf, "--json")
    assert done.exit_code == 1
    first, second = json.loads(done.output)
    assert (first["good"], second["good"]) == (True, False)
    assert first["kind"] == "container"
    assert first["says"]["message_kind"] == "REST request"
    assert first["says"]["stamped"]["batch"] is True
    failed = [each for each in second["findings"] if each["outcome"] == "fails"]
    assert {"code", "outcome", "subject", "question", "remedy"} <= failed[0].keys()
    assert failed[0]["wire"] == "signature_verification.invalid_signature_value"


def test_what_cannot_be_used_is_status_2_and_the_rest_is_verified(
    run: Run, conf: Path, good: Path, tmp_path: Path
) -> None:
    junk = tmp_path / "junk.asice"
    junk.write_bytes(b"PK\x03\x04 junk")
    done = run("verify", good, junk, tmp_path / "missing.asice", "--conf", conf)
    assert done.exit_code == 2
    assert "container.opens" in done.output
    assert "container.readable" in done.output
    assert "1 of 3 files are good." in done.output
    assert "Traceback" not in done.output


def test_a_folder_is_verified_file_by_file(
    run: Run, conf: Path, good: Path, bad: Path, tmp_path: Path
) -> None:
    done = run("verify", tmp_path, "--conf", conf, "--json")
    assert done.exit_code == 1
    assert [(Path(each["file"]).name, each["good"]) for each in json.loads(done.output)] == [
        (bad.name, False),
        (good.name, True),
    ]
    assert run("verify", conf, "--conf", conf).exit_code == 2


@pytest.mark.parametrize("text", ["", "no folder", "<a/>"])
def test_a_configuration_that_cannot_be_used_is_status_2(
    run: Run, good: Path, tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "broken"
    if text:
        folder.mkdir()
        (folder / "instance-identifier").write_text(text)
    done = run("verify", good, "--conf", folder)
    assert done.exit_code == 2
    assert "exchange.configuration-" in done.output
    anchor = tmp_path / "anchor.xml"
    anchor.write_text(text)
    assert run("verify", good, "--anchor", anchor).exit_code == 2


def test_options_that_contradict_or_cannot_be_read_are_refused(run: Run, conf: Path, good: Path) -> None:
    assert run("verify", good, "--conf", conf, "--anchor", conf).exit_code == 2
    assert run("verify", good, "--conf", conf, "--at", "yesterday").exit_code == 2
    assert run("verify").exit_code == 2


def test_what_is_signed_here_verifies_by_the_sites_own_configuration(
    run: Run, tmp_path: Path, ask: Asking
) -> None:
    files = [tmp_path / name for name in ("contract.pdf", "block.txt")]
    files[0].write_bytes(b"%PDF a contract")
    files[1].write_bytes(rig.request_head())
    done = run("sign", *files)
    assert done.exit_code == 0, done.output
    assert "Time-stamped at" in done.output
    made = [each.with_name(each.name + ".asice") for each in files]
    shown = run("verify", *made, "--json")
    assert shown.exit_code == 0, shown.output
    contract, block = json.loads(shown.output)
    assert contract["says"]["parts"] == ["/message.xml", "/attachment1"]
    assert contract["says"]["sender"] == "XA/GOV/10000099"
    assert (block["says"]["message_id"], block["says"]["parts"]) == ("XA-1", ["/message.xml"])
    assert len(ask.asked) == 1
    again = run("sign", files[0])
    assert again.exit_code == 1
    assert "exists" in again.output


def test_without_a_time_stamper_a_container_is_made_and_says_what_it_lacks(
    run: Run, tmp_path: Path, ask: Asking
) -> None:
    ask.down = set(rig.TSA_URLS)
    file, beside, out = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "out"
    file.write_text("a")
    beside.write_text("b")
    out.mkdir()
    done = run("sign", file, "--attachment", beside, "--out", out)
    assert done.exit_code == 0
    assert "Not time-stamped: http://tsa-1.test/: connection refused" in done.output
    shown = run("verify", out / "a.txt.asice", "--json")
    assert shown.exit_code == 1
    (report,) = json.loads(shown.output)
    assert [each["code"] for each in report["findings"] if each["outcome"] != "holds"] == [
        "timestamp.present"
    ]
    assert report["says"]["parts"] == ["/message.xml", "/attachment1", "/attachment2"]
    assert run("sign", file, beside, "--attachment", beside).exit_code == 2
    assert run("sign", tmp_path / "nothing").exit_code == 1
