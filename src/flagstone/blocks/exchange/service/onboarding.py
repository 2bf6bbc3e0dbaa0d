# SPDX-License-Identifier: EUPL-1.2
"""`Steps`: from a file, a register or an API to a service that another agency calls, and the nine checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

from flagstone.blocks.exchange.contract.faults import (
    DescriptionRefused,
    FileRefused,
    ServiceInvalid,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.log import LogQuery, Side
from flagstone.blocks.exchange.contract.onboarding import (
    CSV_BYTES_MAX,
    Api,
    Check,
    CheckResult,
    Colour,
    Columns,
    Offering,
    Preview,
    Why,
)
from flagstone.blocks.exchange.contract.service import Right, ServiceDefinition, ServiceKind
from flagstone.blocks.exchange.model import checks, files, register_api
from flagstone.blocks.exchange.model.checks import Known
from flagstone.blocks.exchange.model.descriptions import endpoints_of
from flagstone.blocks.exchange.model.roles import require_onlooker, require_operator
from flagstone.blocks.exchange.model.services import WHOLE
from flagstone.blocks.exchange.service.documents import plain_data
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.trying import Trials, Tried
from flagstone.blocks.registry.contract.faults import RegisterMissing
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import ActorKind, Caller, Reason, job
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Flaw

CHECKER = Caller(job("checks of a service"))
SEEN = timedelta(days=1)
"""How lately a message of a client must have passed to count as its first call."""


class Steps:
    """Keeps `contract.Onboarding`."""

    def __init__(self, exchange: Service, registry: Registry, trials: Trials, clock: Clock) -> None:
        """Offer on `exchange`, make registers in `registry`, and try with `trials`."""
        self._exchange = exchange
        self._registry = registry
        self._trials = trials
        self._clock = clock

    def preview(self, caller: Caller, csv: BinaryIO) -> Preview:
        """See `contract.Onboarding.preview`."""
        self._require_operator(caller)
        return files.preview_of(_table(csv))

    def offer_file(
        self, caller: Caller, offering: Offering, columns: Columns, csv: BinaryIO, reason: Reason
    ) -> ServiceDefinition:
        """See `contract.Onboarding.offer_file`."""
        self._require_operator(caller)
        table = _table(csv)
        definition = self._made(files.definition_of(table, columns, offering), offering)
        site = _as_site(caller)
        rows = files.rows_of(table, columns.key)
        self._registry.publish(site, definition, reason)
        report = self._registry.load(site, definition.code, rows, reason, dry_run=False)
        if not report.clean:
            flaws = [Flaw(f"row {each.row}, column {each.column}", each.code) for each in report.findings]
            raise FileRefused(f"{len(flaws)} values do not fit", flaws=tuple(flaws[: files.FLAWS_MAX]))
        personal = offering.personal or bool(columns.person)
        return self._offer_register(caller, replace(offering, personal=personal), definition, reason)

    def offer_register(
        self, caller: Caller, offering: Offering, register: str, reason: Reason
    ) -> ServiceDefinition:
        """See `contract.Onboarding.offer_register`."""
        self._require_operator(caller)
        try:
            definition = self._registry.definition(register)
        except RegisterMissing as missing:
            raise ServiceInvalid(
                "there is no such register", flaws=(Flaw("/register", "is not there"),)
            ) from missing
        if not register_api.offered(definition):
            flaw = Flaw("/register", f"its permits give the role {register_api.ROLE} nothing to read")
            raise ServiceInvalid("the register is not open to the exchange", flaws=(flaw,))
        personal = offering.personal or bool(definition.persons)
        return self._offer_register(caller, replace(offering, personal=personal), definition, reason)

    def offer_api(self, caller: Caller, offering: Offering, api: Api, reason: Reason) -> ServiceDefinition:
        """See `contract.Onboarding.offer_api`."""
        self._require_operator(caller)
        described = bool(api.description or api.description_url)
        service = ServiceDefinition(
            offering.service,
            ServiceKind.OPENAPI3 if described else ServiceKind.REST,
            api.url,
            offering.title,
            personal=offering.personal,
            purpose=offering.purpose,
            description=api.description,
            description_url=api.description_url,
        )
        return self._offer(caller, offering, service, reason)

    def checks(self, caller: Caller, service: ServiceId, client: ClientId) -> tuple[CheckResult, ...]:
        """See `contract.Onboarding.checks`."""
        require_onlooker(caller, self._exchange.configuration.place.server)
        self._exchange.configuration.refresh()
        snapshot, now = self._exchange.snapshot(), self._clock.now()
        known = Known(snapshot, self._exchange.members.checked_at(), now, service, client)
        found = [
            checks.result(known, Check.ORGANISATION_KNOWN, checks.organisation_known(known)),
            checks.result(known, Check.SUBSYSTEM_REGISTERED, checks.subsystem_registered(known)),
            checks.result(known, Check.SERVER_CARRIES, checks.server_carries(known)),
            self._fresh(known),
            self._answers(known),
            checks.result(known, Check.DESCRIPTION_VALID, checks.described(known, _is_good)),
            checks.result(known, Check.RIGHT_GIVEN, checks.right_given(known)),
        ]
        red = next((each for each in found if each.colour is not Colour.GREEN and _needed(each)), None)
        found.append(self._call(known, red))
        found.append(_result(known, Check.HEARTBEAT_GREEN, self._trials.beats()))
        return tuple(found)

    def _require_operator(self, caller: Caller) -> None:
        require_operator(caller, self._exchange.configuration.place.server)

    def _made(self, definition: RegisterDefinition, offering: Offering) -> RegisterDefinition:
        """Return the version of a file's register to publish; ServiceInvalid when another's has its code."""
        try:
            before = self._registry.definition(definition.code)
        except RegisterMissing:
            return definition
        if before.description.get("en") != files.mark(offering):
            flaw = Flaw("/code", f"there is a register {definition.code} already, which is no file's")
            raise ServiceInvalid("the code is taken", flaws=(flaw,))
        return files.next_version(before, definition)

    def _offer_register(
        self, caller: Caller, offering: Offering, definition: RegisterDefinition, reason: Reason
    ) -> ServiceDefinition:
        """Offer a register of this site with a description made for it."""
        service = ServiceDefinition(
            offering.service,
            ServiceKind.OPENAPI3,
            register_api.url_of(definition),
            offering.title,
            local=True,
            personal=offering.personal,
            purpose=offering.purpose,
            description=register_api.description_of(definition),
        )
        return self._offer(caller, offering, service, reason)

    def _offer(
        self, caller: Caller, offering: Offering, service: ServiceDefinition, reason: Reason
    ) -> ServiceDefinition:
        """Offer or change a service and give each client the right to each of its endpoints."""
        self._exchange.configuration.refresh()
        before = self._exchange.snapshot().services.get(service.id)
        if before is None:
            self._exchange.offer(caller, service, reason)
        else:
            self._exchange.change(caller, _kept(before, service), reason)
        made = self._exchange.snapshot().services[service.id]
        rights = [
            Right(client, service.id, endpoint, offering.purpose)
            for client in offering.clients
            for endpoint in made.endpoints or (WHOLE,)
        ]
        if rights:
            self._exchange.give(caller, rights, reason)
        return made

    def _fresh(self, known: Known) -> CheckResult:
        age = 0 if known.checked_at is None else int((known.now - known.checked_at).total_seconds())
        return checks.result(known, Check.DIRECTORY_FRESH, checks.directory_fresh(known), seconds=str(age))

    def _answers(self, known: Known) -> CheckResult:
        why = checks.service_offered(known)
        if why is not None or known.definition is None:
            return checks.result(known, Check.SERVICE_ANSWERS, why)
        return _result(known, Check.SERVICE_ANSWERS, self._trials.answers(known.definition))

    def _call(self, known: Known, red: CheckResult | None) -> CheckResult:
        """Make the first call, or look whether one passed where it cannot be made from here."""
        if red is not None:
            return checks.waiting(known, Check.CALL_PASSES, check=red.check.value)
        door, path = self._trials.may_call_as(known), checks.first_path(known)
        if door and path is not None and not checks.acts_as_person(known):
            tried = self._trials.passes(door, known.client, known.service, path)
            return _result(known, Check.CALL_PASSES, tried)
        if self._has_passed(known):
            return CheckResult(Check.CALL_PASSES, Colour.GREEN)
        return checks.waiting(known, Check.CALL_PASSES, Why.CLIENT_ELSEWHERE)

    def _has_passed(self, known: Known) -> bool:
        """Tell whether the log has a message of the client that the service answered lately."""
        query = LogQuery(
            client=known.client,
            service=known.service,
            side=Side.PROVIDER,
            since=known.now - SEEN,
            page_size=10,
        )
        page = self._exchange.search(CHECKER, query)
        answered = (each.response for each in page.exchanges if each.response is not None)
        return any(not each.fault and each.status < 500 for each in answered)


def _kept(before: ServiceDefinition, now: ServiceDefinition) -> ServiceDefinition:
    """Return what is offered now with the settings before that nobody was asked about."""
    return replace(
        before,
        kind=now.kind,
        url=now.url,
        title=now.title,
        local=now.local,
        personal=now.personal,
        person_at=before.person_at if now.personal and not now.local else (),
        purpose=now.purpose,
        endpoints=now.endpoints,
        description=now.description,
        description_url=now.description_url,
    )


def _needed(found: CheckResult) -> bool:
    """Tell whether a first call has no sense while this check is red."""
    return found.check not in {Check.DESCRIPTION_VALID, Check.DIRECTORY_FRESH}


def _result(known: Known, check: Check, tried: Tried) -> CheckResult:
    if tried is None:
        return CheckResult(check, Colour.GREEN)
    why, code = tried
    return checks.result(known, check, why, code=code)


def _is_good(description: str) -> bool:
    try:
        endpoints_of(plain_data(description))
    except DescriptionRefused:
        return False
    return True


def _as_site(caller: Caller) -> Caller:
    """Return the site at work for `caller`, who stays named: making a register is part of offering it."""
    return replace(caller, actor=replace(caller.actor, kind=ActorKind.JOB))


def _table(csv: BinaryIO) -> files.Table:
    return files.read_table(csv.read(CSV_BYTES_MAX + 1))
