"""`python -m avatar_ros …`, the same verbs as `./avatar …`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
