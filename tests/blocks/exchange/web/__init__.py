# SPDX-License-Identifier: EUPL-1.2
"""Tests of where the exchange meets HTTP."""
