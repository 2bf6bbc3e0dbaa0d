# SPDX-License-Identifier: EUPL-1.2
"""A small, strict, streaming HTTP/1.1 server and pooled client on asyncio protocols (RFC 9110, 9112)."""
