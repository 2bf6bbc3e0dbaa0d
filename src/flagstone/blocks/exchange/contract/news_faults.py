# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with events between organisations."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class NewsNotPermitted(Fault):
    """The calling system may not do this in this room or with this type of event."""

    code = "exchange.news-not-permitted"
    kind = Kind.FORBIDDEN
    title = "Your system may not do this with these events"
    remedy = "Ask the publisher to name your system among those that may subscribe."


class EventTypeUnknown(Fault):
    """The room has no such type of event."""

    code = "exchange.event-type-unknown"
    kind = Kind.MISSING
    title = "There is no such type of event"
    remedy = "Look at the list of the publisher's types of events."


class EventTypeExists(Fault):
    """The room has a type of event with that code already."""

    code = "exchange.event-type-exists"
    kind = Kind.CONFLICT
    title = "There is a type of event with that code already"
    remedy = "Choose another code, or withdraw the type that is there."


class EventTypeInvalid(Fault):
    """A type of event cannot be made as described; `flaws` name each place."""

    code = "exchange.event-type-invalid"
    kind = Kind.INVALID
    title = "The type of event cannot be used so"
    remedy = "Give a plain code and a JSON Schema within the limits named."


class EventInvalid(Fault):
    """An event's content breaks the schema of its type; `flaws` name the rules."""

    code = "exchange.event-invalid"
    kind = Kind.INVALID
    title = "The event does not keep to its schema"
    remedy = "Correct the event by the rules that are named, and publish it again."


class EventUnknown(Fault):
    """There is no such event, or it is not for the caller."""

    code = "exchange.event-unknown"
    kind = Kind.MISSING
    title = "There is no such event"
    remedy = "Check the event's id."


class NoEvent(Fault):
    """Nothing waits for the subscriber."""

    code = "exchange.no-event"
    kind = Kind.MISSING
    title = "No event waits for you"
    remedy = "Ask again later."


class NotPulled(Fault):
    """The events of this subscription are pushed."""

    code = "exchange.not-pulled"
    kind = Kind.CONFLICT
    title = "These events are pushed to you"
    remedy = "Change the subscription to PULL, or wait for the next push."


class SubscriptionUnknown(Fault):
    """The system has no subscription to this type of event."""

    code = "exchange.subscription-unknown"
    kind = Kind.MISSING
    title = "There is no such subscription"
    remedy = "Subscribe first."


class SubscriptionExists(Fault):
    """The system is subscribed already."""

    code = "exchange.subscription-exists"
    kind = Kind.CONFLICT
    title = "There is such a subscription already"
    remedy = "Change the subscription that is there."


class SubscriptionInvalid(Fault):
    """A subscription cannot be made as described."""

    code = "exchange.subscription-invalid"
    kind = Kind.INVALID
    title = "The subscription cannot be made so"
    remedy = "Mend what is named and try again."


class EventUnexpected(Fault):
    """No reaction of the site waits for such events of that publisher."""

    code = "exchange.event-unexpected"
    kind = Kind.MISSING
    title = "Nobody here waits for such events"
    remedy = "End the subscription, or add a reaction to the country's plan."


class QueueFull(Fault):
    """Too many events wait for one subscriber; the event is kept and can be retried."""

    code = "exchange.queue-full"
    kind = Kind.UNAVAILABLE
    title = "Too many events wait for this subscriber"
    remedy = "Bring the subscriber back, then retry what was given up."


class EventExpired(Fault):
    """An event was not delivered within its time to live."""

    code = "exchange.event-expired"
    kind = Kind.UNAVAILABLE
    title = "The event was not delivered in time"
    remedy = "Retry it, or give the subscription more time."


class PushRefused(Fault):
    """A subscriber answered a push with another status than success."""

    code = "exchange.push-refused"
    kind = Kind.UNAVAILABLE
    title = "The subscriber did not take the event"
    remedy = "Look at the subscriber's log; the event is sent again later."


class ReactionAmbiguous(Fault):
    """A reaction would touch more records than it may."""

    code = "exchange.reaction-ambiguous"
    kind = Kind.CONFLICT
    title = "The reaction would touch too many records"
    remedy = "Make the reaction's match narrower in the country's plan."


class NewsPlanInvalid(Fault):
    """A country's plan of events contradicts itself; `flaws` name each place."""

    code = "exchange.news-plan-invalid"
    kind = Kind.INVALID
    title = "The plan of events cannot be used"
    remedy = "Correct the places that are named."
