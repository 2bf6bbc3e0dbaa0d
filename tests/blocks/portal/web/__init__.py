# SPDX-License-Identifier: EUPL-1.2
"""Tests of the room of the same name."""
