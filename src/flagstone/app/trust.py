# SPDX-License-Identifier: EUPL-1.2
"""The trust services of a site: its keys and credentials, and at one site the certification authority."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from flagstone.app.ground import Ground
from flagstone.app.plan import ports
from flagstone.blocks.exchange.contract.globalconf import (
    Approved,
    ApprovedCa,
    ApprovedTsa,
    CaInfo,
    OcspResponder,
)
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.trust.client import StatusOver
from flagstone.blocks.trust.contract.authority import CertificateQuery, Holder, Profile, Standing
from flagstone.blocks.trust.contract.country import Naming, TrustPlan
from flagstone.blocks.trust.contract.keys import KeyState, Purpose
from flagstone.blocks.trust.model.naming import authority_name
from flagstone.blocks.trust.service import ceremony
from flagstone.blocks.trust.service.credentials import SiteCredentials
from flagstone.blocks.trust.service.enrolment import Applicant, Enrolled, Registrar
from flagstone.blocks.trust.service.places import FileKeys, KeyPlace, Module, ModuleKeys
from flagstone.blocks.trust.service.ring import Ring
from flagstone.blocks.trust.service.service import KeyService, Service
from flagstone.blocks.trust.service.terms import US, Means
from flagstone.blocks.trust.service.uses import Uses
from flagstone.country import Country
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto.keys import KeyFileExists, ensure_secret_key, write_private
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.crypto.pkcs11_door import Token, opened_late
from flagstone.platform.http.client import OtherSite
from flagstone.settings.options import Settings

if TYPE_CHECKING:
    from flagstone.app.site import Site

ROOT, ROOT_FOLDER, ROOT_PASSPHRASE, ROOT_NOTE = "root", "ca", "passphrase", "READ-ME-FIRST.txt"
NOTE = """This folder is the root of a whole country's trust: its key and, beside it, the passphrase.
It was made here because the country runs on one machine for trying out. A real country makes its root
offline, with `flagstone trust ceremony` on a machine without a network, and keeps it in a safe.
"""
PROFILES = {
    Naming.EJBCA: "ee.ria.xroad.common.certificateprofile.impl.EjbcaCertificateProfileInfoProvider",
    Naming.FIVRK: "ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider",
}
"""How configurations name the way in which members are written into certificates."""

SERVERS_MAX = 200


@dataclass(frozen=True)
class Trusting:
    """What the trust services do here; `authority` and `registrar` only where the authority is."""

    plan: TrustPlan
    ring: Ring
    uses: Uses
    keys: KeyService
    credentials: SiteCredentials
    applicant: Applicant
    holders: Mapping[str, Holder]
    authority: Service | None = None
    registrar: Registrar | None = None
    servers: Mapping[str, ServerId] = field(default_factory=dict)
    address: str = ""

    def approved(self) -> Approved:
        """Return what the centre approves: this authority, its time service, and the servers' certificates.

        The issuing certificate is what is trusted: servers want the status of every certificate below that,
        and the root is offline, so that nobody answers for what it signed.
        Keeps `ApprovedServices`; nothing is approved where there is no authority.
        """
        if self.authority is None:
            return Approved()
        found = {
            each.role: each for each in reversed(self.authority.authority_certificates()) if each.current
        }
        if not {"issuing", "root"} <= found.keys():
            return Approved()
        responder = OcspResponder(f"{self.address}/trust/ocsp")
        name, profile = dict(found["issuing"].subject)["CN"], PROFILES[self.plan.naming]
        authority = ApprovedCa(name, CaInfo(found["issuing"].der, (responder,)), profile)
        held = self.ring.held(Purpose.TIMESTAMPING)
        times = (ApprovedTsa("Time-stamping", f"{self.address}/trust/tsa", held.certificate),) if held else ()
        return Approved((authority,), times, self._authentication(self.authority))

    def _authentication(self, authority: Service) -> dict[ServerId, tuple[bytes, ...]]:
        """Return the authentication certificates of the country's servers that are valid now."""
        query = CertificateQuery(standing=Standing.VALID, profile=Profile.AUTHENTICATION, limit=SERVERS_MAX)
        now, found = authority.means.now, dict[ServerId, tuple[bytes, ...]]()
        by_name = {each.code: each for each in self.servers.values()}
        for certificate in authority.certificates(US, query).certificates:
            server = by_name.get(dict(certificate.subject).get("CN", ""))
            if server is not None and certificate.not_after > now:
                found[server] = (*found.get(server, ()), certificate.der)
        return found


def trusting(ground: Ground) -> Trusting | None:
    """Return the trust services on the site's database, None in a country without them."""
    plan, database = ground.country.trust(), ground.databases.get("trust")
    if plan is None or database is None:
        return None
    settings = ground.settings
    secret = ensure_secret_key(ground.folder.keys / "trust-secrets")
    address = settings.trust.address or _address(ground)
    means = Means(database, plan, address, secret, ground.plan.owner.rpartition("/")[2])
    place, uses, folder = _place(ground), Uses(database), settings.enrolment.resolve()
    if plan.site != settings.site:
        ring, ask = Ring(means, place, uses), StatusOver(_authority_site(ground))
        return Trusting(
            plan,
            ring,
            uses,
            KeyService(means, ring),
            SiteCredentials(ring, ask, ground.clock),
            Applicant(ring, means, Enrolled(folder, settings.site)),
            {},
        )
    service = Service(means, place, uses)
    return Trusting(
        plan,
        service.ring,
        uses,
        service.key_service,
        SiteCredentials(service.ring, lambda request: service.status(request).der, ground.clock),
        Applicant(service.ring, means, Enrolled(folder, settings.site)),
        holders(ground.country),
        service,
        Registrar(means, service.asking, service.issuing, folder),
        _servers(ground.country),
        settings.public_url,
    )


def _address(ground: Ground) -> str:
    """Return the site's own address; while it is made, the one that its settings will have."""
    settings, codes = ground.settings, [plan.code for plan in ground.country.sites()]
    is_plain = not settings.http.public_url and settings.http.tls_certificate is None
    if ground.folder.mark.made or not is_plain or settings.site not in codes:
        return settings.public_url
    return f"http://localhost:{ports(codes.index(settings.site))['http.port']}"


def holders(country: Country) -> dict[str, Holder]:
    """Return what each site of the country may have certificates for."""
    servers = _servers(country)
    return {
        plan.code: Holder(plan.owner, servers[plan.code].code, plan.name[country.languages[0]])
        for plan in country.plans()
        if plan.code in servers and plan.owner
    }


def _servers(country: Country) -> dict[str, ServerId]:
    """Return the security server of each site."""
    exchange = country.exchange()
    return {site: plan.id for site, plan in exchange.servers.items()} if exchange else {}


def _authority_site(ground: Ground) -> OtherSite:
    """Return the way to the site of the authority: the centre of the exchange."""
    settings = ground.settings
    return ground.others.at(settings.exchange.centre or settings.public_url)


def _place(ground: Ground) -> KeyPlace:
    """Return where the site's keys are: in its module where it has one, in files otherwise."""
    options = ground.settings.trust
    if options.pkcs11_module is not None:
        return ModuleKeys(lambda: _module(ground.settings))
    file = options.passphrase_file or ground.folder.keys / "trust-passphrase"
    if options.passphrase_file is None:
        ensure_passphrase(file)
    return FileKeys(ground.folder.keys / "trust", file)


def _module(settings: Settings) -> Module:
    """Return the module that the settings name; SettingsFault when they do not name all of it."""
    options = settings.trust
    if options.pkcs11_module is None or options.pkcs11_pin_file is None or not options.pkcs11_token:
        raise SettingsFault("trust.pkcs11_module: module, token and PIN file go together")
    return opened_late(Token(options.pkcs11_module, options.pkcs11_token, options.pkcs11_pin_file))


def ensure_passphrase(file: Path) -> None:
    """Write a passphrase to `file` unless there is one."""
    if not file.exists():
        try:
            write_private(file, token_urlsafe(32).encode())
        except KeyFileExists:  # another process was quicker
            return


def root_terms(plan: TrustPlan, name: str) -> ceremony.Terms:
    """Return what the ceremony of a country makes; `name` is the country's."""
    return ceremony.Terms(
        authority_name(plan, f"{name} Root CA"),
        plan.authority_keys,
        plan.root_years,
        authority_name(plan, f"{name} Issuing CA"),
        plan.issuing_years,
    )


def plant(trust: Trusting, country: Country, settings: Settings) -> None:
    """Give a new site its keys, and the authority its root and first certificates; it can be repeated.

    Outside a sandbox no root is made: its key has no business on a machine of the network.
    """
    if trust.authority is not None and country.sandbox and not trust.authority.authority_certificates():
        _make_authority(trust, trust.authority, country, settings)
    if trust.authority is not None and trust.authority.authority_certificates():
        trust.authority.own.establish(US)
        trust.authority.revocation_list()
    trust.applicant.apply()
    if trust.registrar is not None:
        trust.registrar.take(trust.holders)
    trust.applicant.collect()
    trust.uses.tell()


def _make_authority(trust: Trusting, authority: Service, country: Country, settings: Settings) -> None:
    """Hold the country's ceremony on this machine: for a country that is tried out, as its folder says."""
    vault = settings.data.resolve() / ROOT
    ensure_passphrase(vault / ROOT_PASSPHRASE)
    write_private(vault / ROOT_NOTE, NOTE.encode(), replace=True)
    root = ceremony.Ceremony(vault / ROOT_FOLDER, ceremony.files_closed_by(vault / ROOT_PASSPHRASE))
    terms, now = root_terms(trust.plan, country.name[country.languages[0]]), authority.means.now
    if not root.has_root():
        root.make_root(terms, now)
    waiting = trust.ring.of(Purpose.ISSUING, KeyState.PENDING, KeyState.ACTIVE)
    key = waiting[0] if waiting else trust.keys.make(US, Purpose.ISSUING, trust.plan.authority_keys)
    made = root.sign_issuing(trust.keys.request_for(US, key.id), terms, now)
    trust.keys.adopt(US, to_pem(made) + to_pem(root.root))


@contextmanager
def trusted(site: Site) -> Iterator[None]:
    """Settle what a killed process left, serve, and put the uses of keys on record at the end."""
    trust = site.services.trust
    if trust is None:
        yield
        return
    trust.uses.settle()
    trust.ring.sweep()
    if trust.registrar is not None:
        trust.registrar.take(trust.holders)
    trust.applicant.collect()
    try:
        yield
    finally:
        trust.uses.tell()
