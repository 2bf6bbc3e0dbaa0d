# SPDX-License-Identifier: EUPL-1.2
"""Who is who on the exchange: members, subsystems, servers, services and groups."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class ClientId:
    """A member, or with `subsystem` one of its information systems."""

    instance: str
    member_class: str
    member_code: str
    subsystem: str = ""

    @property
    def member(self) -> ClientId:
        """Return the member itself."""
        return ClientId(self.instance, self.member_class, self.member_code)

    def __str__(self) -> str:
        """Return `INSTANCE/CLASS/CODE[/SUBSYSTEM]`, not encoded; for people and logs."""
        parts = (self.instance, self.member_class, self.member_code, self.subsystem)
        return "/".join(part for part in parts if part)


@dataclass(frozen=True, order=True)
class ServiceId:
    """A REST service of a subsystem: always five parts."""

    provider: ClientId
    code: str

    def __str__(self) -> str:
        """Return `INSTANCE/CLASS/CODE/SUBSYSTEM/SERVICE`, not encoded."""
        return f"{self.provider}/{self.code}"


@dataclass(frozen=True, order=True)
class ServerId:
    """A security server, named by its owner and its own code."""

    owner: ClientId
    code: str

    def __str__(self) -> str:
        """Return `INSTANCE/CLASS/CODE/SERVER`, not encoded."""
        return f"{self.owner}/{self.code}"


@dataclass(frozen=True, order=True)
class GroupId:
    """A group of clients: of the whole instance, or with `local` of one provider alone."""

    code: str
    local: bool = False

    def __str__(self) -> str:
        """Return the kind and the code."""
        return f"{'local' if self.local else 'global'} group {self.code}"


Subject = ClientId | GroupId
"""Who may hold a right: exactly one client (a member's is not its subsystems'), or a group's members."""
