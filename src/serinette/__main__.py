"""`python -m serinette` is the command `serinette`."""

import sys

from serinette.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
