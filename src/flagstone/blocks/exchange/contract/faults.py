# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong while the exchange is administered; faults of messages are in `model`."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class IdentifierInvalid(Fault):
    """A text is not an identifier of the exchange."""

    code = "exchange.identifier-invalid"
    kind = Kind.INVALID
    title = "That is not an identifier of the exchange"
    remedy = "Write INSTANCE/CLASS/CODE, for a system /SUBSYSTEM after it, for a service /SERVICE after that."


class ClientUnknown(Fault):
    """The member or subsystem is not registered, or not at this server."""

    code = "exchange.client-unknown"
    kind = Kind.MISSING
    title = "There is no such client"
    remedy = "Look at the list of members and of this server's clients."


class ServiceUnknown(Fault):
    """The subsystem has no such service at this server."""

    code = "exchange.service-unknown"
    kind = Kind.MISSING
    title = "There is no such service"
    remedy = "Look at the list of services of the subsystem."


class ServiceExists(Fault):
    """The subsystem has a service of that code already."""

    code = "exchange.service-exists"
    kind = Kind.CONFLICT
    title = "There is a service of that code already"
    remedy = "Choose another code, or change the service that is there."


class ServiceInvalid(Fault):
    """A service cannot be offered as described."""

    code = "exchange.service-invalid"
    kind = Kind.INVALID
    title = "The service cannot be offered so"
    remedy = "Mend what is named and try again."


class DescriptionRefused(Fault):
    """A service description cannot be had or is not an OpenAPI 3 document that we take."""

    code = "exchange.description-refused"
    kind = Kind.INVALID
    title = "The service description cannot be used"
    remedy = "Give an OpenAPI 3.0 or 3.1 document, as JSON or YAML, without references to other places."


class EndpointUnknown(Fault):
    """A right names a method and path that the service does not have."""

    code = "exchange.endpoint-unknown"
    kind = Kind.MISSING
    title = "The service has no such endpoint"
    remedy = "Look at the service's endpoints, or name the whole service as `* **`."


class GroupUnknown(Fault):
    """There is no such group."""

    code = "exchange.group-unknown"
    kind = Kind.MISSING
    title = "There is no such group"
    remedy = "Look at the list of global groups and of the provider's own."


class NotTheCentre(Fault):
    """Members and global groups are kept at the centre only."""

    code = "exchange.not-the-centre"
    kind = Kind.FORBIDDEN
    title = "This is decided at the centre of the exchange"
    remedy = "Ask the operator of the centre's site."


class DirectoryUnavailable(Fault):
    """The directory of the exchange has not come to this server yet."""

    code = "exchange.directory-unavailable"
    kind = Kind.UNAVAILABLE
    title = "The directory of the exchange is not here yet"
    remedy = "Start the centre's site, or wait a minute; messages pass when the directory has come."


class NotPermitted(Fault):
    """The caller holds none of the roles that this needs."""

    code = "exchange.not-permitted"
    kind = Kind.FORBIDDEN
    title = "You may not do this on the exchange"
    remedy = "Ask the site's operator; changes need the role operator, looking also auditor."


class PlanInvalid(Fault):
    """A country's exchange contradicts itself; `flaws` name each place."""

    code = "exchange.plan-invalid"
    kind = Kind.INVALID
    title = "The exchange cannot be set up so"
    remedy = "Mend the places that are named."


class DirectoryInvalid(Fault):
    """The directory that another site answered with cannot be believed; the last good one is kept."""

    code = "exchange.directory-invalid"
    kind = Kind.UNAVAILABLE
    title = "The directory that came cannot be used"
    remedy = "Tell the operator of the centre; messages pass by the directory that came before."


class FileRefused(Fault):
    """A file cannot become a register; `flaws` name rows and columns."""

    code = "exchange.file-refused"
    kind = Kind.INVALID
    title = "The file cannot be offered as a service"
    remedy = "Send UTF-8 CSV with a header row, and mend what is named."


class MessageUnknown(Fault):
    """The message log has no such exchange at that end."""

    code = "exchange.message-unknown"
    kind = Kind.MISSING
    title = "The log has no such message"
    remedy = "Search again; old messages leave the log after the days that the settings name."


class QueryInvalid(Fault):
    """A search of the log, or its page or span of time, is out of bounds."""

    code = "exchange.query-invalid"
    kind = Kind.INVALID
    title = "The log cannot be searched so"
    remedy = "Ask for a smaller page, or for fewer spans of a time that ends after it begins."
