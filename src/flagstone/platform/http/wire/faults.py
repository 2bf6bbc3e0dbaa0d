# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong on the wire, told apart by what the other side can have seen."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class BodyBroken(Fault):
    """A body ended before its end, was malformed, came too slowly or grew too large.

    `status` is the answer that its sender deserves, should there still be one (RFC 9110 15.5).
    """

    code = "http.body-broken"
    kind = Kind.INVALID
    title = "The message was cut off"
    remedy = "Send the message again, whole."
    status = 400


class BodySlow(BodyBroken):
    """The next part of a body did not come in time."""

    code = "http.body-too-slow"
    title = "The message came too slowly"
    remedy = "Send the message again over a better connection."
    status = 408


class BodyOversize(BodyBroken):
    """A body is larger than its reader takes."""

    code = "http.body-oversize"
    kind = Kind.TOO_LARGE
    title = "The message is too large"
    remedy = "Send less at once."
    status = 413


class Unreachable(Fault):
    """No connection was made; nothing of the request was sent."""

    code = "http.peer-unreachable"
    kind = Kind.UNAVAILABLE
    title = "The other side cannot be reached"
    remedy = "Try again later."


class NoAnswer(Fault):
    """The request was sent, at least in part, and no answer began; it may or may not have been done."""

    code = "http.peer-silent"
    kind = Kind.UNAVAILABLE
    title = "The other side did not answer"
    remedy = "Find out whether the request was carried out before you send it again."


class AnswerSlow(NoAnswer):
    """The other side took the request and did not begin to answer in time."""

    code = "http.peer-slow"
    title = "The other side is too slow"


class AnswerBroken(Fault):
    """The head of the answer breaks the rules of HTTP or a bound."""

    code = "http.peer-unintelligible"
    kind = Kind.UNAVAILABLE
    title = "The other side's answer is not HTTP"
    remedy = "Tell the operator of the other side."
