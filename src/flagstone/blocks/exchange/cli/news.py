# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange news`: types of events, publishing by hand, the delivery log, retry and replay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import (
    Delivery,
    DeliveryQuery,
    Inbox,
    Json,
    News,
    Replay,
    State,
    TypeId,
)
from flagstone.blocks.exchange.contract.news_faults import EventInvalid, EventTypeUnknown
from flagstone.blocks.exchange.model.names import subsystem_named
from flagstone.blocks.exchange.model.news_schema import NotJson, read_object
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import parse_rfc3339, rfc3339
from flagstone.kernel.errors import Flaw

OPERATOR = Caller(job("flagstone exchange news"))
LIMIT_MAX = 200


@dataclass(frozen=True)
class Opened:
    """A site's events, opened for one command."""

    news: News
    inbox: Inbox


Open = Callable[[], AbstractContextManager[Opened]]
TypeGiven = Annotated[str, typer.Argument(help="Type of event, as INSTANCE/CLASS/CODE/SUBSYSTEM/TYPE.")]
OfType = Annotated[str, typer.Option("--type", help="Only this type.")]
OfSubscriber = Annotated[str, typer.Option("--subscriber", help="Only this system.")]
OfEvent = Annotated[str, typer.Option("--event", help="Only this event, by its id.")]
ReasonGiven = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]


def commands(open_news: Open) -> typer.Typer:
    """Return the sub-commands; `open_news` opens the events of the site for one command."""
    app = typer.Typer(name="news", help="Events between organisations.", no_args_is_help=True)
    _add_types(app, open_news)
    _add_deliveries(app, open_news)
    _add_reactions(app, open_news)
    return app


def _add_types(app: typer.Typer, open_news: Open) -> None:
    """Add what concerns types and publishing."""

    @app.command("types")
    def types() -> None:
        """Show every type of event that this site publishes."""
        table = _table("Type", "Title", "Who may subscribe")
        with open_news() as opened:
            for each in opened.news.types(OPERATOR):
                who = ", ".join(sorted(str(one) for one in each.subscribers))
                table.add_row(str(each.id), each.title.get("en", ""), who)
        Console().print(table)

    @app.command("subscribers")
    def subscribers() -> None:
        """Show who gets which events, and how."""
        table = _table("Type", "Subscriber", "How", "In order", "Time to live, s")
        with open_news() as opened:
            for each in opened.news.subscriptions(OPERATOR):
                order = "yes" if each.fifo else "by subject"
                how, ttl = each.mode.value, str(each.ttl_seconds or "-")
                table.add_row(str(each.type), str(each.subscriber), how, order, ttl)
        Console().print(table)

    @app.command("publish")
    def publish(event_type: TypeGiven, file: Path) -> None:
        """Publish the event whose content FILE holds as a JSON object."""
        payload = read_payload(file)
        with open_news() as opened:
            event = opened.news.publish(OPERATOR, type_named(event_type), payload)
        typer.echo(f"Event {event.id} is published as number {event.sequence}.")


def _add_deliveries(app: typer.Typer, open_news: Open) -> None:
    """Add the delivery log."""

    @app.command("deliveries")
    def deliveries(
        event_type: OfType = "",
        subscriber: OfSubscriber = "",
        event: OfEvent = "",
        state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
        limit: Annotated[int, typer.Option("--limit", min=1, max=LIMIT_MAX)] = 50,
    ) -> None:
        """Show deliveries, the newest first."""
        query = _query(event_type, subscriber, event, state=state, limit=limit)
        with open_news() as opened:
            page = opened.news.deliveries(OPERATOR, query)
        table = _table("Event", "Type", "Subscriber", "State", "Attempts", "Next", "Last fault")
        for each in page.deliveries:
            table.add_row(*_row(each))
        Console().print(table)
        typer.echo(f"{len(page.deliveries)} of {page.total}.")

    @app.command("retry")
    def retry(
        reason: ReasonGiven, event_type: OfType = "", subscriber: OfSubscriber = "", event: OfEvent = ""
    ) -> None:
        """Make deliveries that were given up due again; at most 1,000."""
        with open_news() as opened:
            count = opened.news.retry(OPERATOR, _query(event_type, subscriber, event), Reason(reason))
        typer.echo(f"{count} deliveries are due again.")

    @app.command("replay")
    def replay(
        event_type: TypeGiven,
        subscriber: Annotated[str, typer.Argument(help="To whom, as INSTANCE/CLASS/CODE/SUBSYSTEM.")],
        reason: ReasonGiven,
        event: Annotated[list[str] | None, typer.Option("--event", help="This event, by its id.")] = None,
        since: Annotated[str, typer.Option("--since", help="All since then, as RFC 3339.")] = "",
    ) -> None:
        """Send events to a subscriber once more; at most 1,000, the oldest first."""
        if bool(event) == bool(since):
            raise typer.BadParameter("name events with --event, or a moment with --since")
        moment = parse_rfc3339(since) if since else None
        wanted = Replay(type_named(event_type), subsystem_named(subscriber), tuple(event or ()), moment)
        with open_news() as opened:
            count = opened.news.replay(OPERATOR, wanted, Reason(reason))
        typer.echo(f"{count} events are sent again.")


def _add_reactions(app: typer.Typer, open_news: Open) -> None:
    """Add what this site does on events that come."""

    @app.command("reactions")
    def reactions(
        state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
        limit: Annotated[int, typer.Option("--limit", min=1, max=LIMIT_MAX)] = 50,
    ) -> None:
        """Show what this site did on events that came, the newest first."""
        table = _table("Event", "Type", "Reaction", "State", "Records", "Attempts", "Last fault")
        with open_news() as opened:
            for each in opened.inbox.taken(OPERATOR, state=state, limit=limit):
                counts = (str(each.records), str(each.attempts))
                table.add_row(
                    each.event, each.type.code, each.reaction, each.state.value, *counts, each.last_fault
                )
        Console().print(table)

    @app.command("retry-reactions")
    def retry_reactions(reason: ReasonGiven) -> None:
        """Make reactions that were given up due again."""
        with open_news() as opened:
            count = opened.inbox.retry(OPERATOR, Reason(reason))
        typer.echo(f"{count} reactions are due again.")


def type_named(text: str) -> TypeId:
    """Return the type that `INSTANCE/CLASS/CODE/SUBSYSTEM/TYPE` names; EventTypeUnknown otherwise."""
    room, slash, code = text.rpartition("/")
    if not slash or not code:
        raise EventTypeUnknown("write it as INSTANCE/CLASS/CODE/SUBSYSTEM/TYPE")
    return TypeId(subsystem_named(room), code)


def read_payload(file: Path) -> dict[str, Json]:
    """Return the JSON object that `file` holds; EventInvalid when it holds none within the limits."""
    try:
        return read_object(file.read_bytes())
    except OSError as error:
        raise EventInvalid(f"{file.name} cannot be read") from error
    except NotJson as error:
        raise EventInvalid("", flaws=(Flaw("", str(error)),)) from error


def _query(
    event_type: str, subscriber: str, event: str, *, state: State | None = None, limit: int = 50
) -> DeliveryQuery:
    """Return what to look for."""
    return DeliveryQuery(
        event=event,
        type=type_named(event_type) if event_type else None,
        subscriber=_client(subscriber),
        state=state,
        page_size=limit,
    )


def _client(text: str) -> ClientId | None:
    """Return the system that was named, if one was."""
    return subsystem_named(text) if text else None


def _table(*names: str) -> Table:
    """Return a table whose identifiers are folded and never cut."""
    table = Table()
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _row(each: Delivery) -> tuple[str, ...]:
    """Return a delivery as cells."""
    again = rfc3339(each.next_at) if each.next_at else "-"
    state, attempts = each.state.value, str(each.attempts)
    return each.event, each.type.code, str(each.subscriber), state, attempts, again, each.last_fault
