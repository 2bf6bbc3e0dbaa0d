# SPDX-License-Identifier: EUPL-1.2
"""Reports of simulations as files to keep: a page that needs nothing else, CSV and JSON."""
