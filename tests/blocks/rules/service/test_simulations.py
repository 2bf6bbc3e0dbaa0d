# SPDX-License-Identifier: EUPL-1.2
"""A site's simulations: queued, run, cancelled, resumed, and gone on with when the site itself was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from tests.blocks.rules.populated import PLAN, TEMPLATE
from tests.blocks.rules.simulated import SNAPSHOT, findings
from tests.conftest import OpenDatabase

from flagstone.blocks.rules.contract.faults import (
    NotAllowed,
    PlanInvalid,
    ReformInvalid,
    SimulationFailed,
    SimulationMoved,
    SimulationUnknown,
    SurveyInvalid,
)
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import Executor, Population, Progress, SimulationPlan
from flagstone.blocks.rules.service import simulations as module
from flagstone.blocks.rules.service.simulating import Outcome, Stopped, Task, Tell, never
from flagstone.blocks.rules.service.simulations import Grounds, Service
from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason

ANALYST = Caller(Actor(ActorKind.OFFICIAL, "XA1", "Ana Lyst"), frozenset({"rules-analyst"}))
OFFICER = Caller(Actor(ActorKind.OFFICIAL, "XA2", "Of Ficer"), frozenset({"rules-officer"}))
WHY = Reason("see what a reform would do")
SURVEY = (
    b"household,weight,role,birth,salary\n"
    b"a,10,adult,1980-01-01,24000\na,,child,2015-01-01,\nb,20,adult,1990-01-01,36000\n"
)
TABLES_OF_ONE = replace(PLAN, population=Population(survey="mine"), pay="salary", income="disposable_income")


@pytest.fixture
def service(open_database: OpenDatabase, tmp_path: Path) -> Service:
    return Service(open_database(SCHEMA), Grounds(TEMPLATE, tmp_path / "simulations", workers_max=1))


Scripted = Callable[[Task, Tell, Stopped], Outcome | None]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scripted], None]:
    """Let a function stand for the process that computes."""

    def script(run: Scripted) -> None:
        def stand_in(task: Task, tell: Tell = lambda _a, _b: None, stopped: Stopped = never) -> Outcome:
            found = None if task.check else run(task, tell, stopped)
            return found or CHECKED

        monkeypatch.setattr(module, "simulate", stand_in)

    return script


DONE = Outcome(findings(), SNAPSHOT, 10, 10, 0, 1.25)
CHECKED = replace(DONE, findings=None, done=0)


def test_a_simulation_waits_runs_and_is_kept(service: Service, scripted: Callable[[Scripted], None]) -> None:
    seen: list[Progress] = []

    def run(task: Task, tell: Tell, _stopped: Stopped) -> Outcome:
        tell(3, 10)
        now = service.find("S00001", ANALYST)
        seen.append(now.progress)
        assert (now.done, now.chunks) == (3, 10)
        assert task.plan.workers == 1
        return DONE

    scripted(run)
    started = service.start(PLAN, ANALYST, WHY)
    assert (started.number, started.progress, started.by) == ("S00001", Progress.WAITING, "Ana Lyst")
    assert (started.done, started.chunks) == (0, 10)
    assert service.work()
    assert not service.work()
    assert seen == [Progress.RUNNING]
    found = service.find("S00001", ANALYST)
    assert found.progress is Progress.DONE
    assert found.findings == DONE.findings
    assert found.law == DONE.law
    assert found.plan == PLAN
    assert found.seconds == 1.25
    assert [each.number for each in service.all(ANALYST)] == ["S00001"]


def test_they_run_in_the_order_in_which_they_came(
    service: Service, scripted: Callable[[Scripted], None]
) -> None:
    ran: list[str] = []

    def run(task: Task, _tell: Tell, _stopped: Stopped) -> Outcome:
        ran.append(task.plan.name)
        return DONE

    scripted(run)
    for name in "abc":
        service.start(replace(PLAN, name=name), ANALYST, WHY)
    while service.work():
        pass
    assert ran == ["a", "b", "c"]
    assert [each.plan.name for each in service.all(ANALYST)] == ["c", "b", "a"]


def test_one_that_runs_is_cancelled_and_resumed(
    service: Service, scripted: Callable[[Scripted], None]
) -> None:
    def run(_task: Task, tell: Tell, stopped: Stopped) -> Outcome:
        tell(4, 10)
        if not stopped():
            service.cancel("S00001", ANALYST, WHY)
        assert stopped()
        return replace(CHECKED, done=4)

    scripted(run)
    service.start(PLAN, ANALYST, WHY)
    assert service.work()
    found = service.find("S00001", ANALYST)
    assert (found.progress, found.done) == (Progress.CANCELLED, 4)
    assert not service.work()
    with pytest.raises(SimulationMoved):
        service.cancel("S00001", ANALYST, WHY)
    assert service.resume("S00001", ANALYST, WHY).progress is Progress.WAITING
    scripted(lambda _task, _tell, _stopped: DONE)
    assert service.work()
    assert service.find("S00001", ANALYST).progress is Progress.DONE
    with pytest.raises(SimulationMoved):
        service.resume("S00001", ANALYST, WHY)


def test_one_that_waits_is_cancelled_and_then_runs_when_resumed(
    service: Service, scripted: Callable[[Scripted], None]
) -> None:
    def run(_task: Task, _tell: Tell, stopped: Stopped) -> Outcome:
        assert not stopped()
        return DONE

    scripted(run)
    service.start(PLAN, ANALYST, WHY)
    service.cancel("S00001", ANALYST, WHY)
    assert not service.work()
    service.resume("S00001", ANALYST, WHY)
    assert service.work()
    assert service.find("S00001", ANALYST).progress is Progress.DONE


@pytest.mark.parametrize("error", [SimulationFailed("chunk 3: ValueError"), RuntimeError("a secret")])
def test_one_that_fails_says_why_and_can_be_resumed(
    service: Service, scripted: Callable[[Scripted], None], error: Exception
) -> None:
    def run(_task: Task, _tell: Tell, _stopped: Stopped) -> Outcome:
        raise error

    scripted(run)
    service.start(PLAN, ANALYST, WHY)
    assert service.work()
    found = service.find("S00001", ANALYST)
    assert found.progress is Progress.FAILED
    assert found.fault in {"rules.simulation-failed chunk 3: ValueError", "RuntimeError"}
    assert not service.work()
    scripted(lambda _task, _tell, _stopped: DONE)
    service.resume("S00001", ANALYST, WHY)
    assert service.work()
    assert service.find("S00001", ANALYST).fault == ""


def test_a_stopped_site_leaves_it_running_and_the_next_goes_on(
    service: Service, scripted: Callable[[Scripted], None]
) -> None:
    def run(_task: Task, _tell: Tell, stopped: Stopped) -> Outcome:
        service.stop()
        assert stopped()
        return CHECKED

    scripted(run)
    service.start(PLAN, ANALYST, WHY)
    assert service.work()
    assert not service.work()
    assert service.find("S00001", ANALYST).progress is Progress.RUNNING
    scripted(lambda _task, _tell, _stopped: DONE)
    restarted = Service(service._database, service._grounds)
    assert restarted.work()
    assert restarted.find("S00001", ANALYST).progress is Progress.DONE


def test_two_workers_never_run_one_twice(service: Service, scripted: Callable[[Scripted], None]) -> None:
    ran: list[str] = []

    def run(task: Task, _tell: Tell, _stopped: Stopped) -> Outcome:
        ran.append(task.plan.name)
        return DONE

    scripted(run)
    for name in "ab":
        service.start(replace(PLAN, name=name), ANALYST, WHY)
    threads = [Thread(target=service.work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert ran == ["a", "b"]


def test_only_analysts_may(service: Service) -> None:
    for call in (
        lambda: service.start(PLAN, OFFICER, WHY),
        lambda: service.find("S00001", OFFICER),
        lambda: service.all(OFFICER),
        lambda: service.cancel("S00001", OFFICER, WHY),
        lambda: service.resume("S00001", OFFICER, WHY),
        lambda: service.bring("s", SURVEY, OFFICER, WHY),
        lambda: service.surveys(OFFICER),
    ):
        with pytest.raises(NotAllowed):
            call()


def test_what_is_not_there_is_unknown(service: Service) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: service.find("S00009", ANALYST),
        lambda: service.cancel("S00009", ANALYST, WHY),
        lambda: service.resume("S00009", ANALYST, WHY),
    )
    for call in calls:
        with pytest.raises(SimulationUnknown):
            call()


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (replace(PLAN, name=" "), "/name"),
        (replace(PLAN, name="a\nb"), "/name"),
        (replace(PLAN, year=99999), "/year"),
        (replace(PLAN, population=Population(households=10**9)), "/population/households"),
        (replace(PLAN, chunk_households=10**6), "/chunk_households"),
        (replace(PLAN, executor=Executor.DASK), "/executor"),
        (replace(PLAN, cluster="tcp://10.0.0.1:22"), "/cluster"),
        (replace(PLAN, population=Population(survey="../../etc/passwd")), "/population/survey"),
    ],
)
def test_a_plan_out_of_bounds_is_refused_before_anything_runs(
    service: Service, plan: SimulationPlan, place: str
) -> None:
    with pytest.raises(PlanInvalid) as refused:
        service.start(plan, ANALYST, WHY)
    assert refused.value.flaws[0].pointer == place
    assert service.all(ANALYST) == []


@pytest.mark.slow
def test_a_survey_is_imported_and_simulated(service: Service) -> None:
    found = service.bring("mine", SURVEY, ANALYST, WHY)
    assert (found.households, found.people, found.variables) == (2, 3, ("birth", "salary"))
    assert service.bring("mine", SURVEY, ANALYST, WHY) == found
    assert service.surveys(ANALYST) == [found]
    with pytest.raises(SurveyInvalid):
        service.bring("mine", SURVEY + b"c,1,adult,1980-01-01,1\n", ANALYST, WHY)
    with pytest.raises(SurveyInvalid) as refused:
        service.bring("other", SURVEY + b"c,1,cook,1980-01-01,1\n", ANALYST, WHY)
    assert refused.value.flaws[0].pointer == "line 5, column role:household"
    for name in ("", "a/b", "..", "x" * 90):
        with pytest.raises(SurveyInvalid):
            service.bring(name, SURVEY, ANALYST, WHY)
    service.start(TABLES_OF_ONE, ANALYST, WHY)
    assert service.work()
    done = service.find("S00001", ANALYST)
    assert done.fault == ""
    assert done.findings is not None
    assert (done.findings.households, done.findings.people) == (30, 40)
    with pytest.raises(ReformInvalid):
        service.start(replace(TABLES_OF_ONE, reform=Reform("", {"no.such": {"2017-01-01": 1}})), ANALYST, WHY)


SITE = """
import sys
from pathlib import Path
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service import simulations as module
from flagstone.blocks.rules.service.simulations import Grounds, Service
from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.kernel.clock import SystemClock
from flagstone.platform.storage import engine
from flagstone.platform.storage.database import Database

folder, killed_at = Path(sys.argv[1]), int(sys.argv[2])
plain = module.simulate

def simulate(task, tell, stopped):
    def told(done, chunks):
        if done == killed_at:
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
        tell(done, chunks)
    return plain(task, told, stopped)

module.simulate = simulate
database = Database(SCHEMA, engine.sqlite(folder / "rules.sqlite"), "aralia/test/rules", clock=SystemClock())
Service(database, Grounds(LawName("openfisca_country_template"), folder / "simulations")).work()
"""


@pytest.mark.slow
@pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
def test_a_site_that_is_killed_in_the_middle_goes_on_to_the_same_end(
    open_database: OpenDatabase, tmp_path: Path
) -> None:
    database = open_database(SCHEMA)
    service = Service(database, Grounds(TEMPLATE, tmp_path / "simulations"))
    rows = b"".join(b"h%d,1,adult,1980-01-01,%d\n" % (at, at * 1000) for at in range(12))
    service.bring("mine", SURVEY.splitlines()[0] + b"\n" + rows, ANALYST, WHY)
    plan = replace(TABLES_OF_ONE, chunk_households=3, workers=1)
    service.start(plan, ANALYST, WHY)
    script = tmp_path / "site.py"
    script.write_text(SITE)
    for killed_at in (0, 3, 7):
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", str(script), str(tmp_path), str(killed_at)], check=False
        )
        assert ended.returncode == -signal.SIGKILL
        found = service.find("S00001", ANALYST)
        assert found.progress is Progress.RUNNING
        assert len(list((tmp_path / "simulations").glob("columns/*/*.chunk"))) >= killed_at
    assert service.work()
    done = service.find("S00001", ANALYST)
    again = Service(database, Grounds(TEMPLATE, tmp_path / "elsewhere"))
    again.bring("mine", SURVEY.splitlines()[0] + b"\n" + rows, ANALYST, WHY)
    again.start(plan, ANALYST, WHY)
    assert again.work()
    assert done.findings == again.find("S00002", ANALYST).findings
    assert done.findings is not None
    assert done.findings.households == 12
