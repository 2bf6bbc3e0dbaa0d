# SPDX-License-Identifier: EUPL-1.2
"""The operator publishes by hand, looks at deliveries and reactions, retries and replays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.exchange.service.news.rig import BIRTH, DEATH, MARI, NATURE, SITE, Rig, rig
from typer.testing import CliRunner

from flagstone.blocks.exchange.cli.news import Opened, commands
from flagstone.blocks.exchange.contract.news import DeliveryQuery, State
from flagstone.blocks.exchange.contract.news_faults import EventInvalid, EventTypeUnknown
from flagstone.blocks.exchange.model.news import ATTEMPTS_MAX
from flagstone.kernel.clock import SetClock, rfc3339

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture
def at(open_database: OpenDatabase, clock: SetClock) -> Rig:
    return rig(open_database, clock)


def run(at: Rig, *arguments: str) -> str:
    @contextmanager
    def opened() -> Iterator[Opened]:
        yield Opened(at.news, at.inbox)

    result = CliRunner(env={"COLUMNS": "250"}).invoke(commands(opened), list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_types_and_subscribers_are_shown(at: Rig) -> None:
    shown = run(at, "types")
    assert str(DEATH) in shown
    assert "A death was registered" in shown
    assert str(NATURE) in run(at, "subscribers")


def test_an_event_is_published_delivered_and_replayed(at: Rig, tmp_path: Path, clock: SetClock) -> None:
    file = tmp_path / "birth.json"
    file.write_text(f'{{"person": "{MARI}"}}')
    said = run(at, "publish", str(BIRTH), str(file))
    event = said.split()[1]
    assert "number 1" in said
    assert "waiting" in run(at, "deliveries", "--state", "waiting", "--type", str(BIRTH))
    at.courier.deliver_due()
    shown = run(at, "deliveries", "--event", event, "--subscriber", str(NATURE))
    assert "acknowledged" in shown
    assert "1 of 1." in shown
    assert MARI not in shown
    at.inbox.react_due()
    assert "open-permit" in run(at, "reactions", "--state", "acknowledged")
    again = run(at, "replay", str(BIRTH), str(NATURE), "--event", event, "--reason", "it was lost there")
    assert "1 events are sent again" in again
    clock.advance(timedelta(days=1))
    moment = rfc3339(clock.now() - timedelta(days=2))
    assert "1 events" in run(at, "replay", str(BIRTH), str(NATURE), "--since", moment, "--reason", "lost")


def test_what_was_given_up_is_retried(at: Rig, clock: SetClock) -> None:
    at.wire.answer = lambda _to, _item: 400
    at.news.publish(SITE, DEATH, {"person": MARI})
    for _ in range(ATTEMPTS_MAX):
        at.courier.deliver_due()
        clock.advance(timedelta(hours=2))
    assert "exchange.push-refused" in run(at, "deliveries", "--state", "abandoned")
    assert "1 deliveries are due again" in run(at, "retry", "--reason", "the subscriber is back")
    assert at.news.deliveries(SITE, DeliveryQuery(state=State.WAITING)).total == 1
    assert "0 reactions" in run(at, "retry-reactions", "--reason", "the register is back")


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1, "a": 2}', '{"a": NaN}'])
def test_a_file_that_is_no_event_is_refused(at: Rig, tmp_path: Path, content: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(content)
    with pytest.raises(EventInvalid):
        run(at, "publish", str(BIRTH), str(file))
    with pytest.raises(EventInvalid):
        run(at, "publish", str(BIRTH), str(tmp_path / "none"))


def test_a_type_is_named_whole(at: Rig, tmp_path: Path) -> None:
    with pytest.raises(EventTypeUnknown):
        run(at, "deliveries", "--type", "birth")
