# SPDX-License-Identifier: EUPL-1.2
"""Hooks of the fast mode: each does what a part of OpenFisca does, with less work."""
