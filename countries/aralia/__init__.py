# SPDX-License-Identifier: EUPL-1.2
"""Aralia, the made-up country that ships with Flagstone."""
