# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the trust services: authority, keys, credentials, plan, events and faults."""
