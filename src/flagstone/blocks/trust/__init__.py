# SPDX-License-Identifier: EUPL-1.2
"""Trust services of a state: a certification authority, certificate status, time-stamps, keys."""
