# SPDX-License-Identifier: EUPL-1.2
"""The composition root: a site put together by hand; the only room that knows every block."""
