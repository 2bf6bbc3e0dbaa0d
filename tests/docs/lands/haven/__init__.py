# SPDX-License-Identifier: EUPL-1.2
"""Haven: a country of one small site with trust services, for the guides."""
