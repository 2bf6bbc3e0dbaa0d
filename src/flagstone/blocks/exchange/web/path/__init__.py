# SPDX-License-Identifier: EUPL-1.2
"""The message path: messages from information systems to other servers, and from those to services."""
