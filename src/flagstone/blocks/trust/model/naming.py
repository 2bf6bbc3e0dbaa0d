# SPDX-License-Identifier: EUPL-1.2
"""How holders are written into names, so that others' profiles read the same member out of them."""

from __future__ import annotations

import re

from flagstone.blocks.trust.contract.authority import Holder, Name, Profile
from flagstone.blocks.trust.contract.country import Naming, TrustPlan
from flagstone.blocks.trust.contract.faults import HolderInvalid

LENGTH_MAX = 64  # RFC 5280, appendix A.1: ub-common-name, ub-organization-name
HOST_LENGTH_MAX = 253
HOSTS_MAX = 20
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PERSONAL_CODE = re.compile(r"[A-Z0-9-]{4,32}")


def subject_of(profile: Profile, holder: Holder, plan: TrustPlan) -> Name:
    """Return the name of a certificate; HolderInvalid names the field that is missing or cannot be."""
    makers = {
        Profile.SIGNING: _member,
        Profile.AUTHENTICATION: _server,
        Profile.SERVER: _host,
        Profile.TIMESTAMPING: _service,
        Profile.STATUS: _service,
        Profile.PERSON_AUTHENTICATION: _person,
        Profile.PERSON_SIGNING: _person,
    }
    name = makers[profile](holder, plan)
    for attribute, value in name:
        if not 0 < len(value) <= LENGTH_MAX or not value.isprintable() or value != value.strip():
            raise HolderInvalid(f"the {attribute} of the name is empty, too long or not printable")
    return name


def hosts_of(profile: Profile, holder: Holder) -> tuple[str, ...]:
    """Return the DNS names that the certificate is for, in lower case; HolderInvalid names a wrong one."""
    hosts = tuple(dict.fromkeys(host.strip().lower() for host in holder.hosts))
    if profile not in {Profile.SERVER, Profile.AUTHENTICATION}:
        if hosts:
            raise HolderInvalid("only servers have host names")
        return ()
    if len(hosts) > HOSTS_MAX or any(not is_host(host) for host in hosts):
        raise HolderInvalid("a host name is not a DNS name, or there are too many")
    return hosts


def is_host(host: str) -> bool:
    """Tell whether `host` is a DNS name without wildcards (RFC 1123, 2.1)."""
    labels = host.split(".")
    return len(host) <= HOST_LENGTH_MAX and all(LABEL.fullmatch(label) for label in labels)


def authority_name(plan: TrustPlan, title: str) -> Name:
    """Return the name of a certificate of the authority itself."""
    return (("C", plan.country_code), ("O", plan.organisation), ("CN", title))


def text_of(name: Name) -> str:
    """Return a name as text, `C=XA, O=GOV, CN=10000001`."""
    return ", ".join(f"{attribute}={value}" for attribute, value in name)


def _parts(holder: Holder) -> tuple[str, str, str]:
    """Return instance, class and code of the member."""
    parts = holder.member.split("/")
    if len(parts) != 3 or not all(part and part == part.strip() for part in parts):
        raise HolderInvalid("the member is not INSTANCE/CLASS/CODE")
    return parts[0], parts[1], parts[2]


def _member(holder: Holder, plan: TrustPlan) -> Name:
    """Return the name of a member that signs."""
    instance, member_class, code = _parts(holder)
    if plan.naming is Naming.EJBCA:
        return (("C", _country(instance)), ("O", member_class), ("CN", code))
    if not holder.server:
        raise HolderInvalid("the server code is missing")
    combined = f"{instance}/{holder.server}/{member_class}"
    return (("C", plan.country_code), *_organisation(holder), ("serialNumber", combined), ("CN", code))


def _server(holder: Holder, plan: TrustPlan) -> Name:
    """Return the name of a security server; others find it by the digest of its certificate, not by this."""
    instance, member_class, code = _parts(holder)
    if not holder.server:
        raise HolderInvalid("the server code is missing")
    if plan.naming is Naming.EJBCA:
        return (("C", _country(instance)), ("O", member_class), ("OU", code), ("CN", holder.server))
    combined = f"{instance}/{holder.server}/{member_class}"
    return (("C", plan.country_code), *_organisation(holder), ("serialNumber", combined), ("CN", code))


def _host(holder: Holder, plan: TrustPlan) -> Name:
    """Return the name of a web server."""
    if not holder.hosts:
        raise HolderInvalid("a server needs at least one host name")
    return (("C", plan.country_code), *_organisation(holder), ("CN", holder.hosts[0].strip().lower()))


def _service(holder: Holder, plan: TrustPlan) -> Name:
    """Return the name of a trust service."""
    if not holder.name:
        raise HolderInvalid("the name of the service is missing")
    return authority_name(plan, holder.name)


def _person(holder: Holder, plan: TrustPlan) -> Name:
    """Return the name of a person, her code as ETSI EN 319 412-1, 5.1.3 writes it."""
    if not PERSONAL_CODE.fullmatch(holder.personal_code):
        raise HolderInvalid("the personal code is missing or has other characters than letters and digits")
    names = [("GN", holder.given_name), ("SN", holder.family_name)]
    given = tuple((attribute, value) for attribute, value in names if value)
    full = " ".join(value for _, value in given)
    if not given:
        raise HolderInvalid("the name of the person is missing")
    code = f"PNO{plan.country_code}-{holder.personal_code}"
    return (("C", plan.country_code), ("serialNumber", code), *given, ("CN", full[:LENGTH_MAX].strip()))


def _organisation(holder: Holder) -> Name:
    return (("O", holder.name),) if holder.name else ()


def _country(instance: str) -> str:
    """Return the instance where it can stand as a country; HolderInvalid otherwise."""
    if len(instance) != 2 or not instance.isascii() or not instance.isalpha():
        raise HolderInvalid("an instance of other than two letters needs the naming fivrk")
    return instance
