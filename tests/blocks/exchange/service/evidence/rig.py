# SPDX-License-Identifier: EUPL-1.2
"""A made-up country's trust for the tests of evidence: authority, responder, time-stampers, members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from flagstone.blocks.exchange.contract.evidence import (
    NamedFile,
    Report,
    Signed,
    StampingPolicy,
)
from flagstone.blocks.exchange.contract.globalconf import (
    ApprovedCa,
    ApprovedTsa,
    CaInfo,
    GlobalConfiguration,
    GlobalSettings,
    InstanceConfiguration,
    OcspResponder,
    SharedParameters,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.service.evidence.authorities import Authorities, Authority
from flagstone.blocks.exchange.service.evidence.content import packed
from flagstone.blocks.exchange.service.evidence.making import Draft, SigningParty, sign
from flagstone.blocks.exchange.service.evidence.stamping import Stamping
from flagstone.blocks.exchange.service.evidence.verifying import Verifier
from flagstone.blocks.exchange.service.evidence.writing import About, Writer, add_records
from flagstone.blocks.exchange.service.sealing import Sealer
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto import issuing, ocsp, ocsp_responder, timestamp_authority
from flagstone.platform.crypto.asice import Contents, write_container
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.hash_chain_build import TIMESTAMP_CHAIN, build_chains
from flagstone.platform.crypto.signing import SoftKey
from flagstone.platform.crypto.xades import SIGNATURES, read_signature
from flagstone.platform.crypto.xades_build import with_timestamp
from flagstone.platform.http.client import SiteUnreachable
from flagstone.platform.storage.database import Database

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
YEARS = timedelta(days=730)
INSTANCE = "XA"
REGISTRY = ClientId(INSTANCE, "GOV", "10000001", "registry")
TAX = ClientId(INSTANCE, "GOV", "10000099", "declarations")
SERVICE = f"{REGISTRY}/individuals"
PROFILE = "ee.ria.xroad.common.certificateprofile.impl.BasicCertificateProfileInfoProvider"
TSA_URLS = ("http://tsa-1.test/", "http://tsa-2.test/")
_SERIALS = count(1_000)

Name = tuple[tuple[str, str], ...]
AUTHORITY_USE = issuing.Extensions(("key_cert_sign", "crl_sign"), ca=True)
SIGNING_USE = issuing.Extensions(("non_repudiation",))
TLS_USE = issuing.Extensions(("digital_signature", "key_encipherment"))
OCSP_USE = issuing.Extensions(("digital_signature",), ("ocsp_signing",))
STAMP_USE = issuing.Extensions(("digital_signature",), ("time_stamping",), extended_critical=True)


@cache
def key(name: str, kind: str = "P-256") -> SoftKey:
    return SoftKey.generate_rsa(2048) if kind == "RSA" else SoftKey.generate_ec(kind)


@dataclass(frozen=True)
class Holder:
    """A key and its certificate."""

    key: SoftKey
    certificate: Certificate


def issue(
    subject: Name,
    use: issuing.Extensions,
    issuer: Holder | None = None,
    *,
    kind: str = "P-256",
    times: tuple[datetime, datetime] = (NOW - YEARS, NOW + YEARS),
) -> Holder:
    """Return a certificate for `subject` by `issuer`, or by itself."""
    own = key(str(subject), kind)
    above = issuer.key if issuer else own
    algorithm = issuing.algorithm_for(above.public_der)
    draft = issuing.Draft(next(_SERIALS), subject, *times, own.public_der, use)
    tbs = issuing.to_be_signed(draft, issuer.certificate.der if issuer else None, algorithm)
    return Holder(own, Certificate.read(issuing.signed(tbs, above, algorithm)))


def member_name(member: ClientId) -> Name:
    return (
        ("C", "XA"),
        ("businessCategory", member.member_class),
        ("serialNumber", member.member_code),
        ("CN", "Member"),
    )


def named(text: str) -> Name:
    return (("C", "XA"), ("O", "Aralia"), ("CN", text))


@dataclass(frozen=True)
class Country:
    """Whom the tests trust; replaced part by part where a test wants something else."""

    ca: Holder
    responder: Holder
    stampers: tuple[Holder, ...]
    members: dict[ClientId, Holder] = field(default_factory=dict)
    intermediate: Holder | None = None

    def configuration(self, **changes: object) -> GlobalConfiguration:
        """Return the configuration that approves them."""
        top = CaInfo(
            self.ca.certificate.der, (OcspResponder("http://ocsp.test/", self.responder.certificate.der),)
        )
        between = (CaInfo(self.intermediate.certificate.der, top.responders),) if self.intermediate else ()
        shared = SharedParameters(
            6,
            INSTANCE,
            GlobalSettings(),
            cas=(ApprovedCa("CA", top, PROFILE, between),),
            tsas=tuple(
                ApprovedTsa(f"TSA {url}", url, each.certificate.der)
                for url, each in zip(TSA_URLS, self.stampers, strict=False)
            ),
        )
        shared = replace(shared, **changes)  # type: ignore[arg-type]
        return GlobalConfiguration(INSTANCE, {INSTANCE: InstanceConfiguration(INSTANCE, shared)})

    def party(self, member: ClientId, at: datetime = NOW) -> SigningParty:
        """Return what a member signs with; the status is of the moment `at`."""
        own = self.members[member.member]
        above = self.intermediate or self.ca
        chain = [self.intermediate] if self.intermediate else []
        statuses = [self.status(own.certificate, above.certificate, at)]
        statuses += [self.status(each.certificate, self.ca.certificate, at) for each in chain]
        return SigningParty(
            own.key, own.certificate.der, tuple(each.certificate.der for each in chain), tuple(statuses)
        )

    def status(
        self,
        certificate: Certificate,
        issuer: Certificate,
        at: datetime,
        status: ocsp_responder.Status | None = None,
    ) -> bytes:
        """Return the answer of our responder on a certificate."""
        return ocsp_responder.answer(
            ocsp.request_for(certificate, issuer),
            lambda _: status or ocsp_responder.Good(),
            ocsp_responder.Responder(self.responder.key, self.responder.certificate),
            now=at,
            next_update=None,
        )

    def stamp(self, data: bytes, at: datetime, which: int = 0) -> bytes:
        """Return a time-stamp token over `data`."""
        stamper = self.stampers[which]
        url = TSA_URLS[which]
        authorities = Authorities(
            lambda: (Authority("TSA", url, stamper.certificate),),
            lambda _, asked: self.granted(asked, at, which),
        )
        return authorities.stamp(data).der

    def granted(self, query: bytes, at: datetime, which: int = 0) -> bytes:
        """Return the reply of a time-stamping authority."""
        stamper = self.stampers[which]
        authority = timestamp_authority.Authority(stamper.key, stamper.certificate, "1.2.3.4")
        return timestamp_authority.grant(query, authority, serial=lambda: next(_SERIALS), now=at)


@cache
def country(kind: str = "P-256", *, chained: bool = False) -> Country:
    """Return the country, made once a run; members' keys are of `kind`."""
    ca = issue(named(f"CA {kind} {chained}"), AUTHORITY_USE)
    between = issue(named(f"Issuing CA {kind}"), AUTHORITY_USE, ca) if chained else None
    members = {
        each.member: issue(member_name(each.member), SIGNING_USE, between or ca, kind=kind)
        for each in (REGISTRY, TAX)
    }
    return Country(
        ca,
        issue(named("OCSP"), OCSP_USE, ca),
        (issue(named("TSA 1"), STAMP_USE, ca), issue(named("TSA 2"), STAMP_USE, ca)),
        members,
        between,
    )


def request_head(number: int = 1, *, client: ClientId = TAX, path: str = "") -> bytes:
    """Return the header block of a request."""
    return (
        f"POST\r\n/r1/{SERVICE}{path}\r\nx-road-client:{client}\r\n"
        f"x-road-id:XA-{number}\r\nx-road-request-id:{number:08d}-1111-4111-8111-111111111111\r\n"
    ).encode()


def response_head(request_hash: str, number: int = 1, *, client: ClientId = TAX) -> bytes:
    """Return the header block of a response."""
    return (
        f"200\r\nOK\r\nx-road-id:XA-{number}\r\nx-road-client:{client}\r\nx-road-service:{SERVICE}\r\n"
        f"x-road-request-id:{number:08d}-1111-4111-8111-111111111111\r\nx-road-request-hash:{request_hash}\r\n"
    ).encode()


def drafts(number: int, *, body: bytes = b"") -> list[Draft]:
    """Return so many requests of the tax office."""
    return [Draft(request_head(each), (body,) if body else ()) for each in range(1, number + 1)]


def contained(
    signed: Signed, *, trust: Country | None = None, at: datetime = NOW, batch: bool = True
) -> bytes:
    """Return a message's container with a time-stamp of the moment `at`, together with others or alone."""
    trust = trust or country()
    stamp, signature = None, signed.signature
    if batch:
        leaves = [{SIGNATURES: digest_of(each)} for each in (b"other", signed.signature, b"third")]
        chains = build_chains(leaves, TIMESTAMP_CHAIN)
        stamp = (trust.stamp(chains.result, at), chains.result, chains.chains[1])
    else:
        value = read_signature(signature).signature_value
        signature = with_timestamp(signature, trust.stamp(value, at))
    contents = Contents(
        signed.message, signature, signed.attachments, signed.chain_result, signed.chain, stamp
    )
    return write_container(contents, at)


def container(
    *bodies: bytes, among: int = 1, member: ClientId = TAX, trust: Country | None = None, batch: bool = True
) -> bytes:
    """Return the container of a good request with `bodies`, signed together with `among - 1` others."""
    trust = trust or country()
    first = Draft(request_head(client=member), bodies)
    signed = sign([first, *drafts(among)[1:]], trust.party(member), NOW)
    return contained(signed[0], trust=trust, at=NOW + timedelta(seconds=30), batch=batch)


def verify(
    *contents: bytes,
    trust: Country | None = None,
    configuration: GlobalConfiguration | None = None,
    names: Sequence[str] = (),
) -> tuple[Report, ...]:
    """Verify files by the country's configuration."""
    verifier = Verifier(configuration or (trust or country()).configuration(), NOW)
    called = names or [f"{n}.asice" for n in range(1, len(contents) + 1)]
    return verifier.verify([NamedFile(n, each) for n, each in zip(called, contents, strict=True)])


def failing(content: bytes, **options: object) -> set[str]:
    """Return the codes of what does not hold of a container."""
    (report,) = verify(content, **options)  # type: ignore[arg-type]
    assert report.good is not bool(report.failed)
    return {each.code for each in report.failed}


class Asking:
    """Time-stamping authorities behind addresses; those that are `down` do not answer."""

    def __init__(self, clock: Clock, trust: Country | None = None) -> None:
        self.clock = clock
        self.trust = trust or country()
        self.down: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, url: str, query: bytes) -> bytes:
        self.asked.append(url)
        if url in self.down:
            raise SiteUnreachable("connection refused")
        return self.trust.granted(query, self.clock.now(), TSA_URLS.index(url))


def authorities(ask: Callable[[str, bytes], bytes], *, count_: int = 2) -> Authorities:
    """Return the approved authorities of the country, asked through `ask`."""
    approved = tuple(
        Authority(url, url, each.certificate) for url, each in zip(TSA_URLS, country().stampers, strict=True)
    )
    return Authorities(lambda: approved[:count_], ask)


def stamping(database: Database, sealer: Sealer, ask: Asking, **policy: int | bool) -> Stamping:
    """Return what stamps the records of `database`."""
    return Stamping(database, sealer, authorities(ask), StampingPolicy(**policy))  # type: ignore[arg-type]


def about(number: int, client: ClientId = TAX, *, is_response: bool = False) -> About:
    return About(f"XA-{number}", f"{number:08d}-1111-4111-8111-111111111111", client, is_response)


def fill(database: Database, sealer: Sealer, number: int, *, body: bytes = b"", at_once: int = 100) -> None:
    """Keep so many signed requests without a writer's thread."""
    made = drafts(number, body=body)
    for first in range(0, number, at_once):
        part = made[first : first + at_once]
        signed = sign(part, country().party(TAX, database.clock.now()), database.clock.now())
        items = [(about(first + n), each, packed(each)) for n, each in enumerate(signed, 1)]
        with database.writing(job("test"), Reason("test")) as write:
            add_records(write, sealer, items, write.at)


def writer(database: Database, sealer: Sealer, gate: Stamping) -> Writer:
    return Writer(database, sealer, lambda: country().party(TAX, database.clock.now()), gate)
