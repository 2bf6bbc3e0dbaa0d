# SPDX-License-Identifier: EUPL-1.2
"""Tests; the tree mirrors the sources."""
