# SPDX-License-Identifier: EUPL-1.2
"""The variables of Aralia's law, one file for each chapter."""
