# SPDX-License-Identifier: EUPL-1.2
"""`Service`: decisions as `contract.decision.Decisions` promises them."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.decision import (
    REGISTER,
    Appeal,
    Broken,
    Case,
    Checked,
    Listed,
    Replay,
    SignedDecision,
    Touched,
)
from flagstone.blocks.rules.contract.decision_faults import DecisionUnknown
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.contract.explanation import Explained, Explanation
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.roles import AUDITOR, OFFICER
from flagstone.blocks.rules.model.canonical_json import encode
from flagstone.blocks.rules.model.decisions import digest_of
from flagstone.blocks.rules.service import appealing
from flagstone.blocks.rules.service.checking import check
from flagstone.blocks.rules.service.deciding import LANGUAGES, decide
from flagstone.blocks.rules.service.keeping import (
    Means,
    explanation_of,
    found,
    load,
    person_of,
    require_official,
    tell,
)
from flagstone.blocks.rules.service.replaying import replays
from flagstone.blocks.rules.service.touching import touched
from flagstone.blocks.rules.store import decisions as store
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.jose import public_jwk
from flagstone.platform.crypto.keys import PublicKey
from flagstone.platform.storage.verification import verify

LISTED_MAX = 100
PAGE_SIZE = 25
_ENGINE = Path(__file__).with_name("engine")
_PARTS = ("flagstone", "openfisca-core", "numpy")


@cache
def program() -> str:
    """Return what computes here: versions of each part, and a digest of our own engine with its hooks."""
    versions = [f"{each} {metadata.version(each)}" for each in _PARTS]
    whole = sha256()
    for file in sorted(_ENGINE.rglob("*.py")):
        whole.update(f"{file.relative_to(_ENGINE).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    python = f"python {platform.python_version()}"
    return ", ".join([*versions, python, f"hooks {whole.hexdigest()[:16]}"])


class Service:
    """Keeps decisions on one database, one folder of archives and the engine of one law."""

    def __init__(self, means: Means, law: LawName) -> None:
        """Work with `means`; `law` is the one that the site computes by."""
        self._means, self._law = means, law

    def decide(
        self,
        case: Case,
        caller: Caller,
        reason: Reason,
        terms: Terms,
        *,
        languages: tuple[str, ...] = LANGUAGES,
    ) -> tuple[SignedDecision, Explained]:
        """See `contract.Decisions.decide`."""
        return decide(self._means, case, (caller, reason), terms, languages=languages)

    def find(self, number: str, caller: Caller, reason: Reason) -> SignedDecision:
        """See `contract.Decisions.find`."""
        with self._means.database.reading_person(caller.actor, reason) as view:
            row, person = found(self._means, view, number, caller)
            signed = load(self._means, view, row)
            view.saw(person, REGISTER, number, (signed.decision.kind,))
        tell(self._means, caller, reason, {person: (signed.decision.kind,)})
        return signed

    def explanation(self, number: str, caller: Caller, reason: Reason) -> Explanation:
        """See `contract.Decisions.explanation`."""
        with self._means.database.reading_person(caller.actor, reason) as view:
            row, person = found(self._means, view, number, caller)
            signed = load(self._means, view, row)
            told = explanation_of(view, signed.decision.explanation, number)
            view.saw(person, REGISTER, number, ("explanation",))
        tell(self._means, caller, reason, {person: ("explanation",)})
        return told

    def about(self, person: PersonCode, caller: Caller, reason: Reason) -> Sequence[SignedDecision]:
        """See `contract.Decisions.about`."""
        if person_of(caller) != person:
            require_official(caller, OFFICER, AUDITOR)
        with self._means.database.reading_person(caller.actor, reason) as view:
            rows = store.of_subject(view, self._means.subject(person), LISTED_MAX)
            signed = [load(self._means, view, row) for row in rows]
            kinds = tuple(sorted({each.decision.kind for each in signed}))
            for each in signed:
                view.saw(person, REGISTER, each.decision.number, (each.decision.kind,))
            if not signed:
                view.saw_nobody()
        tell(self._means, caller, reason, {person: kinds} if signed else {})
        return signed

    def replay(self, number: str, caller: Caller, reason: Reason) -> Replay:
        """See `contract.Decisions.replay`."""
        return next(replays(self._means, [self.find(number, caller, reason)]))

    def replay_all(self, caller: Caller, numbers: Sequence[str] = ()) -> Iterator[Replay]:
        """Yield the replay of every decision, or of `numbers`; nothing about anybody is shown."""
        require_official(caller, OFFICER, AUDITOR)
        yield from replays(self._means, self._named(numbers) if numbers else self._every())

    def appeal(
        self, number: str, claimed: Mapping[str, JsonValue], statement: str, caller: Caller, reason: Reason
    ) -> Appeal:
        """See `contract.Decisions.appeal`."""
        return appealing.appeal(self._means, number, claimed, statement, (caller, reason))

    def appeals(self, caller: Caller, reason: Reason, *, number: str = "") -> Sequence[Appeal]:
        """See `contract.Decisions.appeals`."""
        return appealing.appeals(self._means, number, (caller, reason))

    def settle(
        self, appeal: str, caller: Caller, reason: Reason, *, upheld: bool, words: str
    ) -> SignedDecision | None:
        """See `contract.Decisions.settle`."""
        return appealing.settle(self._means, appeal, (caller, reason), upheld=upheld, words=words)

    def touched(self, before: Terms, after: Terms, caller: Caller, reason: Reason) -> Sequence[Touched]:
        """See `contract.Decisions.touched`."""
        return touched(self._means, self._law, (before, after), (caller, reason))

    def verify(self, caller: Caller) -> Checked:
        """See `contract.Decisions.verify`: what decisions say of themselves, and what the journal says."""
        require_official(caller, OFFICER, AUDITOR)
        checked = check(self._means)
        verdict = verify(self._means.database)
        if verdict.discovery is None:
            return checked
        told = Broken("", f"the journal: {verdict.discovery.words} ({verdict.discovery.damage.value})")
        return Checked(checked.decisions, (*checked.broken, told))

    def public_keys(self) -> Sequence[Mapping[str, object]]:
        """See `contract.Decisions.public_keys`."""
        return [public_jwk(each) for each in self._means.keys.public]

    def turn_key(self, caller: Caller, reason: Reason) -> str:
        """Let a new key sign from now on, and return its id; what was signed before stays verifiable.

        The journal has the public key with who turned it, and when. For the site's operator; NotAllowed.
        """
        require_official(caller)
        means = self._means

        def note(key: PublicKey) -> None:
            content = encode({name: str(value) for name, value in public_jwk(key).items()})
            with means.database.writing(caller.actor, reason) as write:
                store.keep(write, digest_of(content), content)

        return means.keys.turn(note).id

    def newest(self, caller: Caller, *, before: int = 0) -> Sequence[Listed]:
        """See `contract.Decisions.newest`."""
        require_official(caller, OFFICER, AUDITOR)
        with self._means.database.reading() as view:
            rows = store.newest(view, PAGE_SIZE, before=before)
        return [
            Listed(row["sequence"], row["number"], row["kind"], parse_rfc3339(row["at"]), row["replaces"])
            for row in rows
        ]

    def _named(self, numbers: Sequence[str]) -> Iterator[SignedDecision]:
        for number in numbers:
            with self._means.database.reading() as view:
                row = store.decision(view, number)
                if row is None:
                    raise DecisionUnknown(number)
                signed = load(self._means, view, row)
            yield signed

    def _every(self) -> Iterator[SignedDecision]:
        """Yield every decision in the order of the chain, a batch a view."""
        sequence = 0
        while True:
            with self._means.database.reading() as view:
                rows = store.after(view, sequence)
                batch = [load(self._means, view, row) for row in rows]
            yield from batch
            if not rows:
                return
            sequence = rows[-1]["sequence"]
