# SPDX-License-Identifier: EUPL-1.2
"""How the documentation is built: Markdown by MyST, the furo theme, warnings as errors."""

project = "Flagstone"
copyright = "the Flagstone contributors, EUPL-1.2"  # noqa: A001 - Sphinx's own name for it
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Flagstone"
html_show_sphinx = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
nitpicky = True
