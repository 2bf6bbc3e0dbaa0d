# SPDX-License-Identifier: EUPL-1.2
"""What the registry's rules say of a value that does not fit, as messages that pages translate."""

from __future__ import annotations

from flagstone.platform.http.language import marked

_ = marked
FIXED = (
    _("is required"),
    _("is not a field of this register"),
    _("must be a list"),
    _("must be an object"),
    _("must be text"),
    _("must be a whole number"),
    _("must be a decimal number such as 12.50"),
    _("must be true or false"),
    _("must be a date such as 2026-01-31"),
    _("must be a time such as 08:30 or 08:30:00"),
    _("must be an instant such as 2026-01-31T08:30:00Z"),
    _("is not one of the options"),
    _("is the record's id and cannot change"),
    _("does not have the form that is asked for"),
    _("belongs to another record"),
    _("names a record that was archived"),
    _("names no record of this register"),
)
"""The sentences without variables; a sentence with a number in it is shown as the rule says it."""
