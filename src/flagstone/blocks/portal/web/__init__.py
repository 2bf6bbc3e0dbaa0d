# SPDX-License-Identifier: EUPL-1.2
"""The portal's pages; `routes.portal_routes` puts them together."""
