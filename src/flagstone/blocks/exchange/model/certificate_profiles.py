# SPDX-License-Identifier: EUPL-1.2
"""Which member a signing certificate is of, by the certificate profile of its authority (and the way back).

A profile is named in the configuration by the Java class that X-Road implements it with; only the last part
of the name counts. Servers' authentication certificates are never read by name, only by registered hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flagstone.blocks.exchange.contract.identifiers import ClientId

Names = Iterable[tuple[str, str]]
"""Pairs of (short name such as `CN`, value), in the order of the certificate."""

_SUFFIXES = ("CertificateProfileInfoProvider", "CertificateProfileInfo")
_PART_LENGTH_MAX = 255


class ProfileMismatch(ValueError):
    """A certificate's name does not follow the profile, or the profile is unknown; the words say how."""


def member_of(profile: str, subject: Names, instance: str) -> ClientId:
    """Return the member that `subject` names, a certificate of an authority of `instance`; ProfileMismatch.

    A profile that writes the instance into the certificate must name this one.
    """
    reader = _READERS.get(_short(profile))
    if reader is None:
        raise ProfileMismatch(f"the profile {profile or '(none)'} is not known")
    found = reader(_Subject(subject), instance)
    if found.instance != instance:
        raise ProfileMismatch(f"the certificate names the instance {found.instance}, not {instance}")
    if any(not 0 < len(part) <= _PART_LENGTH_MAX for part in (found.member_class, found.member_code)):
        raise ProfileMismatch("the certificate names no member class or code")
    return found


def is_known(profile: str) -> bool:
    """Tell whether certificates of that profile can be read."""
    return _short(profile) in _READERS


def _short(profile: str) -> str:
    name = profile.rpartition(".")[2]
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name.lower()


class _Subject:
    """The name of a certificate, each part by its short name."""

    def __init__(self, pairs: Names) -> None:
        self._pairs = tuple(pairs)

    def get(self, name: str) -> str:
        """Return the one value called `name`, empty where there is none; ProfileMismatch for two."""
        found = [value for short, value in self._pairs if short == name]
        if len(found) > 1:
            raise ProfileMismatch(f"the certificate's name has {name} more than once")
        return found[0].strip() if found else ""

    def need(self, name: str) -> str:
        """Return the one value called `name`; ProfileMismatch where there is none."""
        value = self.get(name)
        if not value:
            raise ProfileMismatch(f"the certificate's name has no {name}")
        return value

    def require(self, name: str, wanted: str) -> None:
        """Raise ProfileMismatch unless `name` has the value `wanted`."""
        if self.need(name) != wanted:
            raise ProfileMismatch(f"the certificate's name has {name} {self.need(name)}, not {wanted}")


def _basic(subject: _Subject, instance: str) -> ClientId:
    return ClientId(instance, subject.need("businessCategory"), subject.need("serialNumber"))


def _ejbca(subject: _Subject, _instance: str) -> ClientId:
    return ClientId(subject.need("C"), subject.need("O"), subject.need("CN"))


def _finnish(country: str) -> Callable[[_Subject, str], ClientId]:
    def read(subject: _Subject, _instance: str) -> ClientId:
        subject.require("C", country)
        combined = subject.get("serialNumber")
        if not combined:
            return ClientId(subject.need("O"), subject.need("OU"), subject.need("CN"))
        parts = combined.split("/")
        if len(parts) != 3:
            raise ProfileMismatch("the certificate's serialNumber is not INSTANCE/SERVER/CLASS")
        return ClientId(parts[0], parts[2], subject.need("CN"))

    return read


def _icelandic(subject: _Subject, _instance: str) -> ClientId:
    subject.require("C", "IS")
    return ClientId(subject.need("O"), subject.need("OU"), subject.need("CN"))


_PREFIXES = {"NTREE-": "COM", "GO:EE-": "GOV", "NP:EE-": "NGO"}
_FIRST_DIGITS = {"1": "COM", "2": "COM", "3": "COM", "4": "COM", "5": "COM", "6": "COM"} | {
    "7": "GOV",
    "8": "NGO",
    "9": "NGO",
}


def _estonian(subject: _Subject, instance: str) -> ClientId:
    organisation = subject.get("organizationIdentifier")
    if organisation:
        for prefix, member_class in _PREFIXES.items():
            if organisation.startswith(prefix):
                return ClientId(instance, member_class, organisation.removeprefix(prefix))
        return ClientId(instance, "NEE", organisation)
    code = subject.need("serialNumber")
    if len(code) != 8 or not (code.isascii() and code.isdecimal()) or code[0] not in _FIRST_DIGITS:
        raise ProfileMismatch("the certificate's serialNumber is not a registry code of 8 digits")
    return ClientId(instance, _FIRST_DIGITS[code[0]], code)


def _estonian_person(subject: _Subject, instance: str) -> ClientId:
    return ClientId(instance, "PERSON", subject.need("serialNumber"))


_READERS: Mapping[str, Callable[[_Subject, str], ClientId]] = {
    "basic": _basic,
    "basicacme": _basic,
    "ejbca": _ejbca,
    "fivrk": _finnish("FI"),
    "fo": _finnish("FO"),
    "is": _icelandic,
    "skklass3": _estonian,
    "skesteid": _estonian_person,
}
