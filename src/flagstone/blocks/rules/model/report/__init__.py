# SPDX-License-Identifier: EUPL-1.2
"""What is told of a simulation: in sections with pictures and tables, by any language's words."""
