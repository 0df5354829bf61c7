"""`python -m avatar_ros …`, the same verbs as `./avatar …`."""

import signal
import sys

if __name__ == "__main__":
    try:
        # `./avatar` holds Ctrl-C back while Python starts: what came meanwhile comes now.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        from .cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # while modules are read: main knows of its own
        sys.exit(130)
