# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with decisions, their archives and their appeals."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class DecisionUnknown(Fault):
    """There is no such decision, or it is not the caller's."""

    code = "rules.decision-unknown"
    kind = Kind.MISSING
    title = "There is no such decision"
    remedy = "Compare the number with the one on the decision; only your own can be found."


class DecisionBroken(Fault):
    """A kept decision does not verify: it, its signature or its row was changed."""

    code = "rules.decision-broken"
    kind = Kind.INTERNAL
    title = "A decision is not as it was signed"
    remedy = "Tell the operator; `flagstone rules decisions verify` names all that is broken."


class DecidedMeanwhile(Fault):
    """A decision of the same kind about the same person was made first; the detail is its number."""

    code = "rules.decided-meanwhile"
    kind = Kind.CONFLICT
    title = "It was decided meanwhile"
    remedy = "Look at the newest decision; decide again only if it should be another."


class RecordTooLarge(Fault):
    """A decision would be larger than any that is kept."""

    code = "rules.record-too-large"
    kind = Kind.TOO_LARGE
    title = "The decision is too large to be kept"
    remedy = "Decide about fewer persons, variables or periods at once."


class ArchiveBroken(Fault):
    """The archive of a law is missing, or is not what its digest says."""

    code = "rules.archive-broken"
    kind = Kind.INTERNAL
    title = "The archive of the law cannot be used"
    remedy = "Bring the archive back from a copy; its name is the SHA-256 of its content."


class ReplayFailed(Fault):
    """The process that computes again ended without an answer."""

    code = "rules.replay-failed"
    kind = Kind.UNAVAILABLE
    title = "The decision could not be computed again"
    remedy = "Try again; if it stays, look at the site's log for what the process said."


class ClaimInvalid(Fault):
    """An appeal claims nothing, or something that is no fact of the decision; flaws have the places."""

    code = "rules.claim-invalid"
    kind = Kind.INVALID
    title = "The appeal does not say clearly what is otherwise"
    remedy = "Name at least one fact of the decision, by its place, with the value that it should have."


class AppealUnknown(Fault):
    """There is no such appeal."""

    code = "rules.appeal-unknown"
    kind = Kind.MISSING
    title = "There is no such appeal"
    remedy = "Look at the list of appeals that wait."


class AppealOpen(Fault):
    """An appeal against the decision waits already."""

    code = "rules.appeal-open"
    kind = Kind.CONFLICT
    title = "An appeal against this decision waits already"
    remedy = "Wait until it is settled; then another can be made."


class AppealSettled(Fault):
    """The appeal was settled already."""

    code = "rules.appeal-settled"
    kind = Kind.CONFLICT
    title = "The appeal was settled already"
    remedy = "Look at how it was settled; the person may appeal against the new decision."


class DecisionReplaced(Fault):
    """The decision does not stand any more: another took its place."""

    code = "rules.decision-replaced"
    kind = Kind.CONFLICT
    title = "Another decision has taken the place of this one"
    remedy = "Appeal against the newer decision, which the detail names."


class WordsMissing(Fault):
    """A settlement or an appeal needs words of its own."""

    code = "rules.words-missing"
    kind = Kind.INVALID
    title = "The reasons are missing"
    remedy = "Write why, in 1 to 4,000 characters."
