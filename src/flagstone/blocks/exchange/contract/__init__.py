# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the exchange."""
