# SPDX-License-Identifier: EUPL-1.2
"""Evidence made and verified beside openssl's raw speed, in one run, on one core.

Run it with `make bench-evidence`. Signing is measured in batches of 100 messages with one signature (P-256,
RSA-2048) and one by one; verification over whole containers: ZIP, XAdES, hash chains, time-stamp, chain of
certificates and the status that the signature holds. Rounds are interleaved with `openssl speed`; medians
count. The last line is for machines.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import NOW, TAX

from flagstone.blocks.exchange.contract.evidence import Signed
from flagstone.blocks.exchange.service.evidence.containers import Containers
from flagstone.blocks.exchange.service.evidence.making import Draft, sign
from flagstone.blocks.exchange.service.evidence.trusting import Trust
from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import xades
from flagstone.platform.crypto.asice import Contents, write_container
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.hash_chain_build import SIGNATURE_CHAIN, TIMESTAMP_CHAIN, build_chains
from flagstone.platform.crypto.xades import SIGNATURES

ROUNDS = 5
BATCH = 100
CONTAINERS = 200
SECONDS = 0.6
SIZES = (1, 10, 100, 1_000, 10_000)
TARGET_SIGNING, TARGET_CONTAINERS = 0.25, 1_000
KINDS = {"P-256": "ecdsap256", "RSA": "rsa2048"}
SPEEDS = {
    "ecdsap256": re.compile(r"nistp256\)\s+\S+s\s+\S+s\s+([\d.]+)\s+([\d.]+)"),
    "rsa2048": re.compile(r"rsa 2048 bits\s+\S+s\s+\S+s\s+([\d.]+)\s+([\d.]+)"),
}


def openssl_speed(name: str) -> tuple[float, float]:
    """Return how many signatures a second openssl makes and verifies on this core."""
    command = ["openssl", "speed", "-seconds", "1", name]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    found = SPEEDS[name].search(said)
    if found is None:
        raise SystemExit(f"openssl speed {name} said nothing that can be read")
    return float(found[1]), float(found[2])


def per_second(work: Callable[[], int]) -> float:
    """Return how many pieces of work are done in a second of the processor, which is how openssl counts."""
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < SECONDS:
        done += work()
    return done / spent


def signing(kind: str, size: int) -> Callable[[], int]:
    """Return work that signs `size` messages of 1 KiB with one signature."""
    party = rig.country(kind).party(TAX)
    drafts = (
        [Draft(rig.request_head(n), (os.urandom(1_024),)) for n in range(size)]
        if size > 1
        else [Draft(rig.request_head())]
    )
    return lambda: len(sign(drafts, party, datetime.now(UTC)))


def verifying_signatures(kind: str) -> Callable[[], int]:
    """Return work that reads and verifies signature documents alone."""
    party = rig.country(kind).party(TAX)
    made = [sign([Draft(rig.request_head(n))], party, NOW)[0] for n in range(CONTAINERS)]

    def work() -> int:
        for each in made:
            signature = xades.read_signature(each.signature)
            if not xades.verify(signature, {"/message.xml": each.message}.get, Findings()):
                raise SystemExit("a good signature does not verify")
        return len(made)

    return work


def verifying_containers(kind: str, *, body: bool, together: bool) -> Callable[[], int]:
    """Return work that verifies whole containers; nothing is remembered of them between rounds.

    As in an archive, `together` gives them one time-stamp; otherwise each has its own.
    """
    country = rig.country(kind)
    drafts = [Draft(rig.request_head(n), (os.urandom(1_024),) if body else ()) for n in range(CONTAINERS)]
    party = country.party(TAX)
    signed = [one for each in drafts for one in sign([each], party, NOW)]
    if together:
        made = stamped_together(signed, country)
    else:
        made = [rig.contained(each, trust=country, at=NOW) for each in signed]
    trust = Trust(country.configuration())

    def work() -> int:
        containers = Containers(trust, NOW)
        for each in made:
            report = containers.verify("a.asice", each).report
            if not report.good:
                raise SystemExit(f"a good container is refused: {report.failed}")
        return len(made)

    return work


def stamped_together(signed: list[Signed], country: rig.Country) -> list[bytes]:
    """Return containers with one time-stamp for all of them."""
    leaves = [{SIGNATURES: digest_of(each.signature)} for each in signed]
    chains = build_chains(leaves, TIMESTAMP_CHAIN)
    token = country.stamp(chains.result, NOW)
    return [
        write_container(
            Contents(
                each.message,
                each.signature,
                each.attachments,
                each.chain_result,
                each.chain,
                (token, chains.result, chain),
            ),
            NOW,
        )
        for each, chain in zip(signed, chains.chains, strict=True)
    ]


def measure() -> dict[str, float]:
    """Return the medians of interleaved rounds."""
    works: dict[str, Callable[[], int]] = {}
    for kind, name in (("P-256", "p256"), ("RSA", "rsa2048")):
        works[f"{name}_messages_signed_in_batches_per_second"] = signing(kind, BATCH)
        works[f"{name}_messages_signed_singly_per_second"] = signing(kind, 1)
        works[f"{name}_signatures_verified_per_second"] = verifying_signatures(kind)
        whole = f"{name}_containers_verified_per_second"
        works[whole] = verifying_containers(kind, body=False, together=True)
        works[f"{name}_bodies_and_{whole[len(name) + 1 :]}"] = verifying_containers(
            kind, body=True, together=True
        )
        works[f"{name}_own_stamp_{whole[len(name) + 1 :]}"] = verifying_containers(
            kind, body=False, together=False
        )
    rounds: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        for kind, name in KINDS.items():
            short = "p256" if kind == "P-256" else "rsa2048"
            made, checked = openssl_speed(name)
            rounds.setdefault(f"openssl_{short}_signatures_per_second", []).append(made)
            rounds.setdefault(f"openssl_{short}_verifications_per_second", []).append(checked)
        for name, work in works.items():
            rounds.setdefault(name, []).append(per_second(work))
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
    return {name: statistics.median(values) for name, values in rounds.items()}


def measure_chains() -> dict[str, float]:
    """Return the median seconds in which a tree over so many messages is built, with all its chains."""
    found = {}
    for size in SIZES:
        leaves = [{"/message.xml": os.urandom(64), "/attachment1": os.urandom(64)} for _ in range(size)]
        spent = []
        for _ in range(3):
            begun = time.process_time()
            build_chains(leaves, SIGNATURE_CHAIN)
            spent.append(time.process_time() - begun)
        found[f"chain_of_{size}_seconds"] = statistics.median(spent)
    return found


def show(found: dict[str, float]) -> dict[str, float | bool | str]:
    """Print the measures for people, and return those for machines with their ratios."""
    ratios: dict[str, float | bool | str] = {"at": f"{datetime.now(UTC):%Y-%m-%d}"}
    for short in ("p256", "rsa2048"):
        raw, checked = (
            found[f"openssl_{short}_{what}_per_second"] for what in ("signatures", "verifications")
        )
        batch = found[f"{short}_messages_signed_in_batches_per_second"] / raw
        ratios[f"{short}_batch_vs_openssl"] = round(batch, 3)
        single = found[f"{short}_messages_signed_singly_per_second"] / raw
        ratios[f"{short}_single_vs_openssl"] = round(single, 3)
        verified = found[f"{short}_signatures_verified_per_second"] / checked
        ratios[f"{short}_verify_vs_openssl"] = round(verified, 3)
    for name, value in found.items():
        print(
            f"{name.replace('_', ' '):<62}{value:>14,.4f}"
            if value < 10
            else f"{name.replace('_', ' '):<62}{value:>14,.0f}"
        )
    for name, ratio in ratios.items():
        print(f"{name.replace('_', ' '):<62}{ratio!s:>14}")
    return {**ratios, **{name: round(value, 6) for name, value in found.items()}}


def main() -> int:
    """Measure, show, and compare with the targets."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = measure() | measure_chains()
    told = show(found)
    signs = float(told["p256_batch_vs_openssl"]) >= TARGET_SIGNING
    verifies = found["p256_containers_verified_per_second"] >= TARGET_CONTAINERS
    print(
        f"P-256 in batches of {BATCH}: at least {TARGET_SIGNING} of openssl: {'met' if signs else 'missed'}"
    )
    print(f"containers verified: at least {TARGET_CONTAINERS} a second: {'met' if verifies else 'missed'}")
    print(json.dumps({**told, "targets_met": signs and verifies}))
    return 0 if signs and verifies else 1


if __name__ == "__main__":
    sys.exit(main())
