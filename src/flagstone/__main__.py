# SPDX-License-Identifier: EUPL-1.2
"""`python -m flagstone` is the command `flagstone`."""

from flagstone.cli.main import main

if __name__ == "__main__":
    main()
