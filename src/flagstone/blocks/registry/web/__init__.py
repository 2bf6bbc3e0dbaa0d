# SPDX-License-Identifier: EUPL-1.2
"""The registry's routes and pages: read a request, call the registry, answer in a wire shape."""
