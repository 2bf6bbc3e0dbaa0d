# SPDX-License-Identifier: EUPL-1.2
"""Who may do what with a register, and which fields she sees (DRS-6)."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.blocks.registry.contract.faults import NotPermitted, PurposeMissing
from flagstone.blocks.registry.contract.register import Field, RegisterDefinition, Service, Value
from flagstone.kernel.audit import EXCHANGE, SITE_ROLES, TRACKER, ActorKind, Caller, Reason
from flagstone.kernel.ids import PersonCode

ANYONE = "anyone"
SELF = "self"
ANALYST = "analyst"
AUDITOR = "auditor"
AT_OWNER = "@owner"
"""Ends a role that counts only in the name of the register's owner, such as `registrar@owner`."""


def is_site(caller: Caller) -> bool:
    """Tell whether the site itself is at work (schedules, imports, the operator's command line)."""
    return caller.actor.kind is ActorKind.JOB


def person_of(caller: Caller) -> PersonCode | None:
    """Return the personal code of a caller who is a human being."""
    return PersonCode(caller.actor.id) if _is_human(caller) and caller.actor.id else None


def audits(caller: Caller) -> bool:
    """Tell whether `caller` may see every reading of personal data: an auditor, or the site's tracker."""
    return caller.holds(AUDITOR) or (caller.holds(TRACKER) and not _is_human(caller))


def may_hide(caller: Caller) -> bool:
    """Tell whether `caller` may hide a reading for a while; the exchange checks who investigates."""
    return is_site(caller) or (caller.holds(EXCHANGE) and not _is_human(caller))


def _is_human(caller: Caller) -> bool:
    """Tell whether a human being calls; she cannot hold the roles of parts of the site."""
    return caller.actor.kind in {ActorKind.PERSON, ActorKind.OFFICIAL}


def roles_of(definition: RegisterDefinition, caller: Caller) -> frozenset[str]:
    """Return the roles that count for `caller` on a register: hers, `anyone`, and those at its owner."""
    built_in = SITE_ROLES | {SELF} if _is_human(caller) else {SELF}
    held = {role for role in caller.roles - built_in if not role.endswith(AT_OWNER)}
    organisation = caller.actor.organisation
    at_owner = {role + AT_OWNER for role in held} if organisation and _owns(definition, organisation) else ()
    return frozenset({ANYONE, *held, *at_owner})


def _owns(definition: RegisterDefinition, organisation: str) -> bool:
    """Tell whether the member code at the end of the owner's id is that of `organisation`."""
    return definition.owner.rpartition("/")[2] == organisation


def permits(definition: RegisterDefinition, roles: frozenset[str], service: Service) -> bool:
    """Tell whether one of `roles` is permitted `service`."""
    return any(service in definition.permits.get(role, ()) for role in roles)


def may(definition: RegisterDefinition, caller: Caller, service: Service) -> bool:
    """Tell whether `caller` may use `service` on every record of the register."""
    return is_site(caller) or permits(definition, roles_of(definition, caller), service)


def may_as_self(definition: RegisterDefinition, caller: Caller, service: Service) -> bool:
    """Tell whether `caller` may use `service` on the records that concern herself."""
    return person_of(caller) is not None and permits(definition, frozenset({SELF}), service)


def require(definition: RegisterDefinition, caller: Caller, service: Service) -> bool:
    """Return whether `caller` may use `service` on every record (True) or only on her own (False).

    NotPermitted when on none.
    """
    if may(definition, caller, service):
        return True
    if may_as_self(definition, caller, service):
        return False
    raise NotPermitted(f"{service.value} on {definition.code}")


def may_see_any(definition: RegisterDefinition, caller: Caller) -> bool:
    """Tell whether `caller` may use any service of the register."""
    if is_site(caller):
        return True
    return any(may(definition, caller, one) or may_as_self(definition, caller, one) for one in Service)


def visible(definition: RegisterDefinition, caller: Caller, *, concerned: bool) -> frozenset[str]:
    """Return the codes of the fields that `caller` sees; `concerned` when the record is about herself.

    The site sees every field but the secret ones, which only their `read_roles` open.
    """
    roles = roles_of(definition, caller) | ({SELF} if concerned else set())
    return frozenset(one.code for one in definition.fields if _sees(one, roles, site=is_site(caller)))


def _sees(field: Field, roles: frozenset[str], *, site: bool) -> bool:
    """Tell whether one of `roles` sees `field`."""
    if field.secret:
        return not roles.isdisjoint(field.read_roles)
    return site or not field.read_roles or not roles.isdisjoint(field.read_roles)


def only_visible(data: Mapping[str, Value], codes: frozenset[str]) -> dict[str, Value]:
    """Return the part of `data` whose codes are in `codes`."""
    return {code: value for code, value in data.items() if code in codes}


def require_purpose(reason: Reason) -> None:
    """Raise PurposeMissing when the purpose has not a single letter or digit."""
    if not any(part.isalnum() for part in reason.purpose):
        raise PurposeMissing
