# SPDX-License-Identifier: EUPL-1.2
"""The door for HTTP: routes, who may call them, pages, problems, limits, and calls to other sites."""
