# SPDX-License-Identifier: EUPL-1.2
"""A country of eight persons, made in a second; a package of its own, as a stranger's would be."""
