# SPDX-License-Identifier: EUPL-1.2
"""How a country describes its exchange as data: the directory, and what each server offers at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.blocks.exchange.contract.directory import GlobalGroup, Member, Subsystem, Words
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.service import LocalClient, LocalGroup, Right, ServiceDefinition


@dataclass(frozen=True)
class ServerPlan:
    """The first configuration of one server; `address` is where other servers reach it."""

    id: ServerId
    clients: tuple[LocalClient, ...]
    services: tuple[ServiceDefinition, ...] = ()
    rights: tuple[Right, ...] = ()
    groups: tuple[LocalGroup, ...] = ()
    address: str = ""


@dataclass(frozen=True)
class ExchangePlan:
    """A country's whole exchange; `servers` by the site that runs each, `centre` the site that governs."""

    instance: str
    centre: str
    members: tuple[Member, ...]
    subsystems: tuple[Subsystem, ...]
    servers: Mapping[str, ServerPlan]
    groups: tuple[GlobalGroup, ...] = field(default=())
    member_classes: Mapping[str, Words] = field(default_factory=dict)
