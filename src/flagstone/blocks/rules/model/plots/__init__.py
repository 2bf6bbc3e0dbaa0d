# SPDX-License-Identifier: EUPL-1.2
"""Plots as SVG text: pure functions of numbers and words, without a library."""
