# SPDX-License-Identifier: EUPL-1.2
"""The exchange: how the systems of different organisations ask each other, on record and by right only."""
