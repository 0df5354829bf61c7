"""What the exit code of a node says to whoever keeps it running (the runner, launch)."""

#: Told to stop, and did.
EXIT_OK = 0
#: It failed; starting it again may help.
EXIT_FAILED = 1
#: It was asked for something that cannot be; starting it again cannot help.
EXIT_CONFIG = 2
#: It has done all that it was asked to do, so the run is over.
EXIT_DONE = 10
#: It cannot do what it was asked to do (its last line says why), so the run is over and has failed.
EXIT_UNFINISHED = 11
