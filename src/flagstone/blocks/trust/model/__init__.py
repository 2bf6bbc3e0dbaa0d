# SPDX-License-Identifier: EUPL-1.2
"""The rules of the trust services as pure functions: profiles, names, decisions, serial numbers, time."""
