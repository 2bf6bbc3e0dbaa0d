# SPDX-License-Identifier: EUPL-1.2
"""The tracker's routes: the data tracker protocol, the person's pages, and the agency's desk."""
