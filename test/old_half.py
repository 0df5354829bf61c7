"""`python old_half.py VERSION python -m avatar_ros …`: that command, as another version of avatar_ros would run it."""

import sys

from avatar_ros.core import version

version.VERSION = sys.argv[1]

from avatar_ros import cli  # noqa: E402

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[5:]))
