# SPDX-License-Identifier: EUPL-1.2
"""Flagstone: a whole digital state in one package."""
