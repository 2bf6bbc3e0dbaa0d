# SPDX-License-Identifier: EUPL-1.2
"""The use cases of every block of this site, joined by their contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flagstone.blocks.identity.service.directory import RegisterDirectory
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.registry import Service
from flagstone.country import Country
from flagstone.kernel.clock import Clock
from flagstone.platform.crypto import seal
from flagstone.platform.crypto.keys import SecretKey, ensure_secret_key
from flagstone.platform.storage.database import Database
from flagstone.settings.options import Settings

PORTAL = "portal"


class FieldSealer:
    """Seals secret fields with the registry's key; keeps `registry.service.secrets.Sealer`."""

    def __init__(self, key: SecretKey) -> None:
        """Seal and open with `key`."""
        self._key = key

    def seal(self, context: str, plaintext: bytes) -> bytes:
        """Return `plaintext` sealed for `context`."""
        return seal.seal(self._key, plaintext, [context])

    def open(self, context: str, sealed: bytes) -> bytes:
        """Return what was sealed for `context`."""
        return seal.unseal([self._key], sealed, [context])


@dataclass(frozen=True)
class Services:
    """What the blocks do, without any web."""

    registry: Registry
    provider: Provider
    directory: RegisterDirectory


def services(
    settings: Settings, country: Country, databases: Mapping[str, Database], keys: Path, clock: Clock
) -> Services:
    """Put the use cases of every block together on `databases`."""
    sealer = FieldSealer(ensure_secret_key(keys / "registry-secrets"))
    registry = Service(databases["registry"], sealer, country.checks)
    provider = Provider(databases["identity"], keys / "identity", _terms(settings, country), clock)
    directory = RegisterDirectory(registry, country.persons, country.offices)
    return Services(registry, provider, directory)


def _terms(settings: Settings, country: Country) -> Terms:
    """Return the terms of the identity provider."""
    return Terms(
        issuer=settings.public_url,
        country=country.instance,
        locales=country.languages,
        personal_code_clients=frozenset({PORTAL}),
        session_idle=timedelta(minutes=settings.sessions.idle_minutes),
        session_absolute=timedelta(hours=settings.sessions.absolute_hours),
    )
