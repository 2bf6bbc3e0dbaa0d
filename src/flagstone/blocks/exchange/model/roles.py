# SPDX-License-Identifier: EUPL-1.2
"""Who may change and who may look: the server owner's operators and auditors, and the site itself."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.faults import NotPermitted
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.kernel.audit import ActorKind, Caller

OPERATOR = "operator"
AUDITOR = "auditor"


def require_operator(caller: Caller, server: ServerId) -> None:
    """Raise NotPermitted unless `caller` may change the configuration of `server`."""
    _require(caller, server, OPERATOR)


def require_onlooker(caller: Caller, server: ServerId) -> None:
    """Raise NotPermitted unless `caller` may look at everything of `server`."""
    _require(caller, server, OPERATOR, AUDITOR)


def require_auditor(caller: Caller, server: ServerId) -> None:
    """Raise NotPermitted unless `caller` may see what is covered for everybody else at `server`."""
    _require(caller, server, AUDITOR)


def _require(caller: Caller, server: ServerId, *roles: str) -> None:
    if caller.actor.kind is ActorKind.JOB:
        return
    if not caller.holds(*roles) or not _at_owner(caller, server):
        raise NotPermitted


def _at_owner(caller: Caller, server: ServerId) -> bool:
    """Tell whether a role counts here: it does only in the name of the server's owner."""
    return caller.actor.organisation.rpartition("/")[2] == server.owner.member_code
