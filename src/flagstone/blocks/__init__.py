# SPDX-License-Identifier: EUPL-1.2
"""Building blocks of a digital state, one folder each."""
