# SPDX-License-Identifier: EUPL-1.2
"""Routes and pages of the trust services: RFC 6960, RFC 3161, downloads, our interface, the desk."""
