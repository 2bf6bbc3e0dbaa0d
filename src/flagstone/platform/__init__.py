# SPDX-License-Identifier: EUPL-1.2
"""Mechanisms with side effects; one door per library."""
