# SPDX-License-Identifier: EUPL-1.2
"""The options of a site as typed values, each with its words, default and bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def _option(default: Any, words: str, *, minimum: int = 0, maximum: int = 0) -> Any:
    """Return a dataclass field with its documentation and, for a number, its bounds."""
    return field(default=default, metadata={"doc": words, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True)
class Http:
    """Where and how the site answers."""

    host: str = _option("127.0.0.1", "Address to listen on; plain HTTP is refused off the loopback.")
    port: int = _option(8000, "Port to listen on; 0 takes any free one.", minimum=0, maximum=65_535)
    public_url: str = _option("", "Address that browsers use, without a path; by default made of port.")
    tls_certificate: Path | None = _option(None, "PEM file of the certificate chain; with it, HTTPS only.")
    tls_key: Path | None = _option(None, "PEM file of the certificate's private key.")
    trusted_proxies: tuple[str, ...] = _option((), "Addresses whose X-Forwarded-For is believed.")
    body_bytes_max: int = _option(10_485_760, "Largest request body.", minimum=1_024, maximum=1 << 31)
    concurrency_max: int = _option(
        64, "Requests served at once; more wait, then get 503.", minimum=1, maximum=10_000
    )
    requests_per_second_max: int = _option(
        200, "Requests a second from one address.", minimum=1, maximum=1_000_000
    )


@dataclass(frozen=True)
class DatabaseOptions:
    """Where the registers are kept."""

    url: str = _option("", "postgresql://ROLE@HOST/DATABASE; empty keeps SQLite files in the data folder.")
    password_file: Path | None = _option(
        None, "File with the password of ROLE, where the server asks for one."
    )


@dataclass(frozen=True)
class SessionOptions:
    """How long a sign-in lasts."""

    idle_minutes: int = _option(
        30, "Minutes without a request after which a session ends.", minimum=1, maximum=72 * 60
    )
    absolute_hours: int = _option(12, "Hours after which a session ends in any case.", minimum=1, maximum=72)


@dataclass(frozen=True)
class LogOptions:
    """What is told to the operator."""

    format: str = _option("auto", "json, console, or auto: console on a terminal.")
    level: str = _option(
        "auto", "debug, info, warning, error, or auto: warning on the console, info in JSON."
    )
    metrics_token_file: Path | None = _option(
        None, "File with the token that opens /metrics off the loopback."
    )


@dataclass(frozen=True)
class GovstackOptions:
    """Compatibility with GovStack's published test suites, never mixed into the canonical surface."""

    registries_dialect: bool = _option(default=False, words="Mount the test suite's dialect; sandbox only.")
    mediator_dialect: bool = _option(
        default=False, words="Mount the dialect of the Information Mediator's suite; sandbox only."
    )


@dataclass(frozen=True)
class IdentityOptions:
    """Who signs persons in, and who else may ask for it."""

    issuer: str = _option("", "Address of the site that signs persons in; empty where it is this one.")
    registrations: Path | None = _option(
        None, "Folder of the sites' registrations as clients of the provider; by default beside the sites."
    )


@dataclass(frozen=True)
class PortalOptions:
    """How long a person waits for what other agencies know."""

    source_milliseconds_max: int = _option(
        2_000, "Longest wait for one agency, in milliseconds.", minimum=100, maximum=30_000
    )


@dataclass(frozen=True)
class ExchangeOptions:
    """The exchange's doors at this site: one for its own information systems, one for other sites."""

    transport: str = _option("plain", "How messages go to other sites; `plain` works on the loopback only.")
    host: str = _option("127.0.0.1", "Address of both doors; a loopback address with the plain transport.")
    client_port: int = _option(
        8080, "Port for this site's information systems; 0 takes any.", minimum=0, maximum=65_535
    )
    server_port: int = _option(5500, "Port for other sites; 0 takes any.", minimum=0, maximum=65_535)
    client_tls_certificate: Path | None = _option(
        None, "PEM file of a certificate chain; opens a door for information systems over TLS."
    )
    client_tls_key: Path | None = _option(None, "PEM file of that certificate's private key.")
    client_tls_host: str = _option("127.0.0.1", "Address of the door over TLS; it may be any.")
    client_tls_port: int = _option(8443, "Port of the door over TLS; 0 takes any.", minimum=0, maximum=65_535)
    centre: str = _option(
        "", "Address of the centre's pages, where the directory is kept; empty at the centre."
    )
    anchor: Path | None = _option(
        None,
        "File of the configuration's anchor; by default the one that the centre leaves beside the sites.",
    )
    federations: tuple[str, ...] = _option(
        (), "Federated instances whose configuration is let in; * lets in all that the own instance names."
    )
    peer_addresses: tuple[str, ...] = _option(
        (), "SERVER=ADDRESS of servers whose address is known better here than in the directory."
    )
    body_bytes_max: int = _option(4 << 30, "Largest body of a message.", minimum=1_024, maximum=1 << 40)
    fault_spelling: str = _option("snake", "Spelling of fault codes: snake (7.8) or camel (7.7 and before).")
    log_days: int = _option(30, "Days that messages stay in the log.", minimum=1, maximum=36_500)


@dataclass(frozen=True)
class EvidenceOptions:
    """How the evidence of messages is time-stamped, archived and kept."""

    stamp_seconds: int = _option(60, "Seconds between batches of time-stamps.", minimum=1, maximum=86_400)
    stamp_failure_seconds_max: int = _option(
        14_400, "Seconds for which time-stamps may fail before messages stop.", minimum=0, maximum=604_800
    )
    stamp_immediately: bool = _option(
        default=False, words="Stamp each batch of signatures before its messages pass, not some time after."
    )
    archive_hours: int = _option(6, "Hours between archives.", minimum=1, maximum=8_760)
    archive_folder: Path | None = _option(
        None, "Folder of the archives; by default `archives` in the site's own folder."
    )
    archive_by_member: bool = _option(
        default=False, words="Archive each member's records in files of their own, each with its own chain."
    )
    days: int = _option(30, "Days that archived records stay in the log.", minimum=1, maximum=36_500)


@dataclass(frozen=True)
class TrustOptions:
    """Where the site's keys are, and what its certificates say of where to ask about them."""

    address: str = _option(
        "", "Address that certificates name for status and lists; by default the site's own public address."
    )
    passphrase_file: Path | None = _option(
        None, "File with the passphrase that closes the site's keys; by default made in its folder of keys."
    )
    pkcs11_module: Path | None = _option(None, "PKCS#11 module that holds the site's keys in place of files.")
    pkcs11_token: str = _option("", "Label of the token in the module.")
    pkcs11_pin_file: Path | None = _option(None, "File with the PIN of the token.")
    enrolment: Path | None = _option(
        None, "Folder in which sites of this machine ask for certificates; by default beside the sites."
    )


@dataclass(frozen=True)
class RulesOptions:
    """What computing by the law may use, at a site that has one."""

    workers: int = _option(
        2, "Processes that compute; none starts before it is needed.", minimum=1, maximum=64
    )
    waiting_max: int = _option(16, "Calculations that may wait for a process.", minimum=1, maximum=1_000)
    seconds_max: int = _option(20, "Seconds that one calculation may take.", minimum=1, maximum=3_600)
    idle_seconds: int = _option(
        300, "Seconds without a calculation after which processes end, but one.", minimum=1, maximum=86_400
    )
    memory_megabytes_max: int = _option(
        4_096, "Memory that one process may use, in megabytes; 0 is no limit.", maximum=1 << 20
    )
    requests_per_minute_max: int = _option(
        600, "Calculations a minute that one caller may ask for.", minimum=1, maximum=1_000_000
    )
    extensions: tuple[str, ...] = _option(
        (), "Modules that extend the site's law, after those of the country's plan."
    )
    reforms: tuple[str, ...] = _option(
        (), "Dotted paths of reform classes that a question may bring in, beside those of the country's plan."
    )
    cluster: str = _option(
        "", "Dask scheduler that simulations are computed on, tcp://HOST:PORT or tls://HOST:PORT."
    )
    cluster_ca: Path | None = _option(None, "File with the certificates that a tls:// cluster is known by.")
    cluster_certificate: Path | None = _option(None, "File with the certificate that a cluster knows us by.")
    cluster_key: Path | None = _option(None, "File with the private key of that certificate.")


@dataclass(frozen=True)
class Settings:
    """The settings of one site."""

    country: str = _option("aralia", "The country package: an importable name.")
    site: str = _option("", "Name of this site within the country; empty is its only or first one.")
    data: Path = _option(Path("data"), "Folder of databases, keys and job state.")
    http: Http = field(default_factory=Http)
    database: DatabaseOptions = field(default_factory=DatabaseOptions)
    sessions: SessionOptions = field(default_factory=SessionOptions)
    log: LogOptions = field(default_factory=LogOptions)
    govstack: GovstackOptions = field(default_factory=GovstackOptions)
    identity: IdentityOptions = field(default_factory=IdentityOptions)
    portal: PortalOptions = field(default_factory=PortalOptions)
    exchange: ExchangeOptions = field(default_factory=ExchangeOptions)
    trust: TrustOptions = field(default_factory=TrustOptions)
    evidence: EvidenceOptions = field(default_factory=EvidenceOptions)
    rules: RulesOptions = field(default_factory=RulesOptions)

    @property
    def public_url(self) -> str:
        """Return the address that browsers use."""
        scheme = "https" if self.http.tls_certificate else "http"
        return self.http.public_url or f"{scheme}://localhost:{self.http.port}"

    @property
    def issuer(self) -> str:
        """Return the address of the site that signs persons in."""
        return self.identity.issuer or self.public_url

    @property
    def registrations(self) -> Path:
        """Return the folder in which sites leave their registrations as clients of the identity provider."""
        return self.identity.registrations or self.data / "registrations"

    @property
    def enrolment(self) -> Path:
        """Return the folder in which sites leave requests for certificates, and get them."""
        return self.trust.enrolment or self.data / "enrolment"

    @property
    def folder(self) -> Path:
        """Return the site's own folder."""
        return self.data / self.site
