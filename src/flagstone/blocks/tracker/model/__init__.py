# SPDX-License-Identifier: EUPL-1.2
"""The tracker's rules as pure functions: usages, their timeline, signals, reconciliation."""
