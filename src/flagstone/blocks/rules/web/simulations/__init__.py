# SPDX-License-Identifier: EUPL-1.2
"""The analyst's pages: plan a reform, follow how it is simulated, see what it changes, bring surveys."""
