# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange conf`: every command for people and for machines, and what each says when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import (
    ON_DISK,
    SIGNED,
    Centre,
    Web,
    centre,
    follower,
    needs_vectors,
    web,
)
from typer.testing import CliRunner, Result

from flagstone.blocks.exchange.cli.globalconf import Opened, commands
from flagstone.blocks.exchange.contract.globalconf_faults import AnchorMissing
from flagstone.blocks.exchange.service.globalconf.anchors import read_anchor, write_anchor
from flagstone.blocks.exchange.service.globalconf.following import Follower
from flagstone.kernel.clock import SetClock, SystemClock

Run = Callable[..., Result]
ANCHOR = SIGNED / "configuration_anchor_CS_internal.xml"


@pytest.fixture
def now() -> SetClock:
    """The commands go by the machine's own clock."""
    return SetClock(SystemClock().now())


@pytest.fixture
def served(tmp_path: Path, now: SetClock) -> Iterator[tuple[Centre, Web]]:
    with web() as site, centre(tmp_path, now) as found:
        found.address[0] = site.address
        found.publisher.publish()
        site.folder = found.folder
        yield found, site


@pytest.fixture
def run(served: tuple[Centre, Web], tmp_path: Path, now: SetClock) -> Run:
    """Run a command at the centre, or with `at="site"` at another site."""
    found, _ = served
    kept = follower(tmp_path / "kept", found.anchor(), now)
    file = tmp_path / "anchor.xml"
    file.write_bytes(write_anchor(found.anchor()))

    def apart(anchor: Path, into: Path) -> Follower:
        return follower(into, read_anchor(anchor.read_bytes()), now)

    def go(*words: str, at: str = "centre") -> Result:
        @contextmanager
        def opened() -> Iterator[Opened]:
            yield Opened(kept, lambda: file, found.publisher if at == "centre" else None)

        return CliRunner().invoke(commands(opened, apart), list(words), env={"COLUMNS": "200"})

    return go


def test_fetch_and_show(run: Run, served: tuple[Centre, Web]) -> None:
    assert "Nothing was fetched yet." in run("show", at="site").output
    fetched = run("fetch")
    assert fetched.exit_code == 0
    assert "XA: version 6 from http://127.0.0.1:" in fetched.output
    shown = run("show").output
    assert "XA (own)" in shown
    assert "Published    XA, V2 to V6" in shown
    (record,) = json.loads(run("fetch", "--json").output)
    assert (record["good"], record["version"]) == (True, 6)
    found = json.loads(run("show", "--json").output)
    assert found["instances"]["XA"]["certification_authorities"] == 1
    assert found["fetched"][0]["findings"][0]["code"] == "configuration.directory-readable"
    assert "stamp" in found["published"]


def test_a_fetch_that_fails_says_why(run: Run, served: tuple[Centre, Web]) -> None:
    served[1].folder = None
    failed = run("fetch", at="site")
    assert failed.exit_code == 1
    assert "FAILS   configuration.source-answers" in failed.output
    assert "404: another status" in failed.output
    assert "Look whether the publisher runs" in failed.output
    assert "not fetched at" in run("show", at="site").output


def test_fetch_without_a_site(run: Run, tmp_path: Path) -> None:
    done = run("fetch", "--anchor", str(tmp_path / "anchor.xml"), "--into", str(tmp_path / "apart"))
    assert done.exit_code == 0
    assert "XA (own)" in run("show", "--folder", str(tmp_path / "apart" / "current")).output
    assert run("fetch", "--anchor", str(tmp_path / "anchor.xml")).exit_code == 2
    missing = run("fetch", "--anchor", str(tmp_path / "none"), "--into", str(tmp_path / "apart"))
    assert missing.exit_code == 1
    assert "No such file" in missing.output


def test_differences(run: Run, served: tuple[Centre, Web], tmp_path: Path, now: SetClock) -> None:
    run("fetch")
    copy = str(tmp_path / "apart" / "current")
    run("fetch", "--anchor", str(tmp_path / "anchor.xml"), "--into", str(tmp_path / "apart"))
    assert "0 differences" in run("diff", copy).output
    served[0].directory[0] = type(served[0].directory[0])("XA", 2, now.now())
    served[0].publisher.publish()
    run("fetch")
    said = run("diff", copy).output
    assert "removed  member XA/COM/20000002" in said
    found = json.loads(run("diff", copy, copy, "--json").output)
    assert found == []
    assert json.loads(run("diff", copy, "--json").output)[0]["kind"] == "removed"
    assert run("diff", str(tmp_path / "nowhere")).exit_code == 1


def test_publish_and_rotate(run: Run) -> None:
    assert "Until" in run("publish").output
    assert json.loads(run("publish", "--json").output)["instance"] == "XA"
    assert " next since" in run("rotate", "internalconf").output
    early = run("rotate", "internalconf", "--switch")
    assert early.exit_code == 1
    assert "seconds longer" in early.output
    assert " former since" in run("rotate", "internalconf", "--switch", "--at-once").output
    retired = run("rotate", "internalconf", "--retire").output
    assert "former" not in retired
    for words in (("publish",), ("rotate", "internalconf")):
        refused = run(*words, at="site")
        assert refused.exit_code == 1
        assert "exchange.not-the-centre" in refused.output


def test_anchors(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.xml"
    said = run("anchor", "externalconf", "--output", str(output)).output
    assert "Fingerprint  " in said
    assert "/externalconf (1 certificates)" in said
    assert said == run("anchor", "--file", str(output)).output
    assert "/internalconf" in run("anchor", at="site").output


def test_verify(run: Run, tmp_path: Path) -> None:
    published = tmp_path / "XA-published" / "current"
    good = run("verify", str(published / "V6" / "internalconf"), "--anchor", str(tmp_path / "anchor.xml"))
    assert good.exit_code == 0
    assert "It is good." in good.output
    unknown = run("verify", str(published / "V6" / "internalconf"))
    assert unknown.exit_code == 1
    assert "unknown configuration.signer-anchored" in unknown.output
    assert run("verify", str(published / "anchor-internalconf.xml")).exit_code == 0
    assert run("verify", str(tmp_path / "none")).exit_code == 1


@needs_vectors
def test_verify_what_others_made(run: Run) -> None:
    words = ("verify", str(SIGNED / "V6" / "internalconf"), "--anchor", str(ANCHOR), "--json")
    assert json.loads(run(*words).output)["good"]
    stale = run("verify", str(SIGNED / "V6" / "externalconf"))
    assert stale.exit_code == 1
    assert "FAILS   configuration.part-digest  SHARED-PARAMETERS" in stale.output
    assert "listed: ec53b95f" in stale.output
    assert run("verify", str(ON_DISK / "globalconf_good_v6")).exit_code == 0
    malformed = run("verify", str(ON_DISK / "globalconf_malformed"))
    assert "configuration.folder-readable" in malformed.output
    assert malformed.exit_code == 1


def test_no_anchor_is_said(tmp_path: Path, now: SetClock) -> None:
    def none() -> Path:
        raise AnchorMissing("nowhere")

    @contextmanager
    def opened() -> Iterator[Opened]:
        yield Opened(follower(tmp_path, read_anchor(none().read_bytes()), now), none)

    said = CliRunner().invoke(commands(opened, lambda *_: pytest.fail("a site is there")), ["anchor"])
    assert said.exit_code == 1
    assert "exchange.anchor-missing" in said.output
