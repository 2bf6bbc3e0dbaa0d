# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong in a calculation, each with a place and a reason."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class SituationInvalid(Fault):
    """A situation cannot be understood; each flaw has the JSON pointer of its place."""

    code = "rules.situation-invalid"
    kind = Kind.INVALID
    title = "The situation cannot be computed as it is described"
    remedy = "Correct what is named, place by place."


class UnknownVariable(Fault):
    """A situation names a variable that this law does not have."""

    code = "rules.unknown-variable"
    kind = Kind.MISSING
    title = "The law has no variable of that name"
    remedy = "Look at the list of variables; the law may have another version here."


class LawUnavailable(Fault):
    """A law cannot be loaded: it is not installed, not admitted, or broken."""

    code = "rules.law-unavailable"
    kind = Kind.UNAVAILABLE
    title = "The law cannot be loaded"
    remedy = "Install the package, or name one that is installed; the detail says what failed."


class CalculationFailed(Fault):
    """A formula of the law failed on this situation; the detail names the variable and period."""

    code = "rules.calculation-failed"
    kind = Kind.INTERNAL
    title = "A formula of the law failed"
    remedy = "Tell the authors of the law's package; the detail names the formula."


class BudgetSpent(Fault):
    """A calculation took longer than it may."""

    code = "rules.budget-spent"
    kind = Kind.UNAVAILABLE
    title = "The calculation took longer than it may"
    remedy = "Ask for fewer variables, periods or steps of an axis at once."


class ReformInvalid(Fault):
    """A reform names what the law does not have, or is no change; each flaw has its place in the reform."""

    code = "rules.reform-invalid"
    kind = Kind.INVALID
    title = "The reform cannot be applied to this law"
    remedy = "Correct what is named, place by place."


class EngineBusy(Fault):
    """More calculations wait than may."""

    code = "rules.engine-busy"
    kind = Kind.UNAVAILABLE
    title = "Too many calculations wait already"
    remedy = "Ask again in a few seconds."


class WorkerLost(Fault):
    """The process that computed ended, or said what cannot be understood; another has taken its place."""

    code = "rules.worker-lost"
    kind = Kind.UNAVAILABLE
    title = "The calculation was broken off"
    remedy = "Ask again; if it happens again with the same question, tell the operator."


class PlanInvalid(Fault):
    """A plan of a simulation names what the law does not have, or makes no sense; flaws have places."""

    code = "rules.plan-invalid"
    kind = Kind.INVALID
    title = "The simulation cannot be run as it is planned"
    remedy = "Correct what is named, place by place."


class SurveyInvalid(Fault):
    """A survey cannot be used; each flaw has its line and column."""

    code = "rules.survey-invalid"
    kind = Kind.INVALID
    title = "The survey cannot be used"
    remedy = "Correct the lines that are named and import the file again; nothing was kept."


class SimulationUnknown(Fault):
    """There is no simulation, or no survey, of that name."""

    code = "rules.simulation-unknown"
    kind = Kind.MISSING
    title = "There is no such simulation"
    remedy = "Look at the list of simulations."


class SimulationFailed(Fault):
    """A simulation stopped before its end; what was computed is kept."""

    code = "rules.simulation-failed"
    kind = Kind.INTERNAL
    title = "The simulation stopped before its end"
    remedy = "Correct what the detail names and resume it: what was computed is not computed again."


class SimulationMoved(Fault):
    """A simulation is not in a state in which that can be done: it ended, or runs already."""

    code = "rules.simulation-moved"
    kind = Kind.CONFLICT
    title = "That cannot be done with the simulation now"
    remedy = "Look how far it is; it may have ended, or run already."


class NotAllowed(Fault):
    """The caller may not do this in this block."""

    code = "rules.not-allowed"
    kind = Kind.FORBIDDEN
    title = "You may not do this"
    remedy = "Ask whoever gives out the office that this belongs to."


class StepUnknown(Fault):
    """An explanation is asked to go on below a step that the calculation does not have."""

    code = "rules.step-unknown"
    kind = Kind.MISSING
    title = "The calculation has no such step"
    remedy = "Use the key of a step of the same situation's explanation."


class QuotaSpent(Fault):
    """A caller has asked for more calculations than she may."""

    code = "rules.quota-spent"
    kind = Kind.TOO_MANY
    title = "You have asked for too many calculations"
    remedy = "Wait as long as Retry-After says; ask the operator if you need more."
