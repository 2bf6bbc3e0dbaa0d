# SPDX-License-Identifier: EUPL-1.2
"""A country's first configuration of one site's server, written once and whole or not at all."""

from __future__ import annotations

from dataclasses import replace

from flagstone.blocks.exchange.contract.country import ExchangePlan, ServerPlan
from flagstone.blocks.exchange.contract.faults import PlanInvalid
from flagstone.blocks.exchange.contract.service import ServiceDefinition
from flagstone.blocks.exchange.model.directories import directory_of
from flagstone.blocks.exchange.model.services import WHOLE
from flagstone.blocks.exchange.service.configuration import Configuration
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.store import directories, offers
from flagstone.blocks.exchange.store.rows import configuration_number
from flagstone.kernel.audit import Reason, job
from flagstone.platform.storage.writing import Writing

PLANTING = job("first configuration")


def plant(service: Service, plan: ExchangePlan, site: str) -> bool:
    """Give `site` its first configuration; tell whether there was none before.

    What operators changed since is never touched. PlanInvalid when the plan has no server for the site.
    """
    server = plan.servers.get(site)
    if server is None:
        raise PlanInvalid(f"{site} runs no server")
    configuration: Configuration = service.configuration
    with configuration.database.reading() as view:
        if configuration_number(view) > 0:
            return False
    with configuration.changing(PLANTING, Reason("First configuration of the exchange")) as write:
        directories.keep_directory(write, directory_of(plan, write.at))
        _offer(write, server)
    return True


def _offer(write: Writing, server: ServerPlan) -> None:
    """Write what a server offers at first."""
    for client in server.clients:
        offers.keep_client(write, client)
    for group in server.groups:
        offers.keep_group(write, group)
    for service in server.services:
        offers.keep_service(write, _with_endpoints(service, server))
    for right in server.rights:
        offers.keep_right(write, right)


def _with_endpoints(service: ServiceDefinition, server: ServerPlan) -> ServiceDefinition:
    """Return a service that has every endpoint to which the plan gives a right."""
    named = {right.endpoint for right in server.rights if right.service == service.id} - {WHOLE}
    return replace(service, endpoints=tuple(sorted({*service.endpoints, *named})))
