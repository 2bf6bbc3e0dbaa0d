# SPDX-License-Identifier: EUPL-1.2
"""The use cases of the trust services: authority, certificate status, time-stamps, keys, ceremony."""
