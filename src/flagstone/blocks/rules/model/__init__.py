# SPDX-License-Identifier: EUPL-1.2
"""The rules as pure functions."""
