# SPDX-License-Identifier: EUPL-1.2
"""An authority with its root, made in a test's folder; keys on curves, because they are quick to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from flagstone.blocks.trust.contract.authority import OFFICER, REQUESTER, Holder, Profile
from flagstone.blocks.trust.contract.country import TrustPlan
from flagstone.blocks.trust.contract.keys import KeyType, Purpose
from flagstone.blocks.trust.model.naming import authority_name
from flagstone.blocks.trust.service import ceremony
from flagstone.blocks.trust.service.places import FileKeys
from flagstone.blocks.trust.service.service import Service
from flagstone.blocks.trust.service.terms import US, Means
from flagstone.blocks.trust.service.uses import Uses
from flagstone.blocks.trust.store.tables import SCHEMA
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.platform.crypto.issuing import write_request
from flagstone.platform.crypto.keys import SecretKey, write_private
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.crypto.signing import SoftKey
from flagstone.platform.storage.database import Database

PLAN = TrustPlan("centre", "Digital Agency", "XA", authority_keys=KeyType.EC_P256, keys=KeyType.EC_P256)
ADDRESS = "http://ca.example"
SERVER = Holder("XA/GOV/10000001", "ss1", "Ministry of the Interior")
PERSON = Holder(personal_code="60001019906", given_name="Mari", family_name="Maasikas")


def officer(name: str = "Olev Official", code: str = "37001010001") -> Caller:
    return Caller(Actor(ActorKind.OFFICIAL, code, name, "10000099"), frozenset({OFFICER}))


SECOND = officer("Anna Another", "47001010002")


def machine(name: str = "XA/GOV/10000001/ss1") -> Caller:
    return Caller(Actor(ActorKind.SYSTEM, name, name), frozenset({REQUESTER}))


def clerk() -> Caller:
    return Caller(Actor(ActorKind.OFFICIAL, "37001010009", "Karl Clerk"), frozenset({"clerk"}))


def csr(key: SoftKey | None = None) -> bytes:
    return write_request(key or SoftKey.generate_ec(), (("CN", "whatever the asker writes"),))


@dataclass
class Rig:
    """One authority and its parts."""

    service: Service
    database: Database
    folder: Path
    root: ceremony.Ceremony
    uses: Uses

    def restarted(self, **options: object) -> Service:
        """Return the authority as another process opens it."""
        return service_on(self.database, self.folder, **options)  # type: ignore[arg-type]

    def issued(self, profile: Profile = Profile.SIGNING, holder: Holder = SERVER) -> str:
        """Return the serial number of a fresh certificate."""
        asked = self.service.ask(officer(), csr(), profile, holder)
        return self.service.decide(officer(), asked.id, approves=True).serial

    def issued_for(self, key_id: str) -> str:
        """Give a key of the site its certificate; return the serial number."""
        service = self.service
        asked = service.ask(officer(), service.key_service.request_for(US, key_id), Profile.SIGNING, SERVER)
        serial = service.decide(officer(), asked.id, approves=True).serial
        service.key_service.adopt(US, b"".join(map(to_pem, service.chain_of(US, serial))))
        return serial


def service_on(
    database: Database,
    folder: Path,
    *,
    plan: TrustPlan = PLAN,
    address: str = ADDRESS,
    probe: Callable[[str], None] = lambda _step: None,
    grant: int = 1_000,
    organisation: str = "",
) -> Service:
    passphrase = folder / "site" / "passphrase"
    if not passphrase.exists():
        write_private(passphrase, b"correct horse battery")
    means = Means(database, plan, address, SecretKey("test", b"k" * 32), organisation)
    return Service(
        means, FileKeys(folder / "site" / "keys", passphrase), Uses(database, grant=grant), probe=probe
    )


def root_in(folder: Path) -> ceremony.Ceremony:
    secret = folder / "vault" / "passphrase"
    if not secret.exists():
        write_private(secret, b"staple battery horse")
    return ceremony.Ceremony(folder / "root", ceremony.files_closed_by(secret))


def terms(plan: TrustPlan = PLAN) -> ceremony.Terms:
    return ceremony.Terms(
        authority_name(plan, "Root"),
        plan.authority_keys,
        plan.root_years,
        authority_name(plan, "Issuing"),
        plan.issuing_years,
    )


def established(service: Service, root: ceremony.Ceremony, plan: TrustPlan = PLAN) -> None:
    """Do a whole ceremony: the root, the issuing authority, and its services."""
    now = service.means.now
    if not root.has_root():
        root.make_root(terms(plan), now)
    key = service.key_service.make(US, Purpose.ISSUING, plan.authority_keys)
    made = root.sign_issuing(service.key_service.request_for(US, key.id), terms(plan), now)
    service.key_service.adopt(US, to_pem(made) + to_pem(root.root))
    service.own.establish(US)


def make_rig(open_database: Callable[..., Database], folder: Path, **options: object) -> Rig:
    database = open_database(SCHEMA)
    plan = options.pop("plan", PLAN)
    assert isinstance(plan, TrustPlan)
    service = service_on(database, folder, plan=plan, **options)  # type: ignore[arg-type]
    root = root_in(folder)
    established(service, root, plan)
    return Rig(service, database, folder, root, service.uses)


def other_plan(**changes: object) -> TrustPlan:
    return replace(PLAN, **changes)  # type: ignore[arg-type]
