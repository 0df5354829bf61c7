"""`python -m avatar_ros …`, the same verbs as `./avatar …`."""

import sys

if __name__ == "__main__":
    try:
        from .cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # while modules are read: main knows of its own
        sys.exit(130)
