# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with durable work."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class UnknownWork(Fault):
    """No workflow, batch or run has this name or key."""

    code = "jobs.unknown-work"
    kind = Kind.MISSING
    title = "There is no such work"
    remedy = "Check the name and the key of the work."


class NotRunning(Fault):
    """The site's jobs have not been started or are being stopped."""

    code = "jobs.not-running"
    kind = Kind.UNAVAILABLE
    title = "Durable work is not running on this site"
    remedy = "Try again when the site is ready; what was accepted before is kept."


class NotFinished(Fault):
    """The work goes on; its result is not there within the time given."""

    code = "jobs.not-finished"
    kind = Kind.UNAVAILABLE
    title = "The work is not finished yet"
    remedy = "Ask again later; the work goes on."


class WorkFailed(Fault):
    """A run ended with an error; `detail` is the error's class or code, never its text."""

    code = "jobs.work-failed"
    title = "The work ended with an error"
    remedy = "Read the log of the site, mend the cause, then resume the work."


class StepFailed(WorkFailed):
    """A step used up its attempts; `detail` is the error's class or code, never its text."""

    code = "jobs.step-failed"
    title = "A step of the work failed"


class ScheduleUnreadable(Fault):
    """A schedule's cron line does not follow the five-field form."""

    code = "jobs.schedule-unreadable"
    kind = Kind.INVALID
    title = "The schedule cannot be read"
    remedy = "Write five fields: minute, hour, day of month, month, day of week."


class JobsUnusable(Fault):
    """The database of durable work cannot be opened or is not ours."""

    code = "jobs.unusable"
    kind = Kind.UNAVAILABLE
    title = "The database of durable work cannot be used"
    remedy = "Check the disk, the rights and the connection of the jobs database; nothing was changed."


def error_class(error: BaseException) -> str:
    """Return what may be recorded of `error`: a fault's code, else its class; never its text."""
    if isinstance(error, WorkFailed) and error.detail:
        return error.detail
    return error.code if isinstance(error, Fault) else type(error).__name__
