"""What the exit code of a node says to the runner or launch, which keeps it running."""

from .errors import ConfigError, MachineError

#: Told to stop, and did.
EXIT_OK = 0
#: It failed; starting it again may help.
EXIT_FAILED = 1
#: It was asked for something that cannot be; starting it again cannot help.
EXIT_CONFIG = 2
#: It has done all that it was asked to do, so the run is over.
EXIT_DONE = 10
#: Not all that it was asked to do could be done (its last line says why), so the run is over and has failed.
EXIT_UNFINISHED = 11
#: Nobody on the network can reach it as it began (core/network_interfaces.py); starting it again at once helps.
EXIT_NETWORK = 12
#: The machine ran short of memory, disk or descriptors; starting it again helps once that is over (EX_TEMPFAIL).
EXIT_MACHINE = 75
#: Set by launch, to which every code but 0 is an error: EXIT_DONE becomes 0, and the line says that it is done.
DONE_IS_OK = "AVATAR_ROS_DONE_IS_OK"
DONE_LINE = "done: it has done all that it was asked to do"


def exit_code_of(error: BaseException) -> int:
    """What a process exits with that this error ends."""
    if isinstance(error, MachineError):
        return EXIT_MACHINE
    return EXIT_CONFIG if isinstance(error, ConfigError) else EXIT_FAILED
