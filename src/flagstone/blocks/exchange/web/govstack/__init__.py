# SPDX-License-Identifier: EUPL-1.2
"""GovStack's Information Mediator as published, and the dialect of its test suite, over the exchange."""
