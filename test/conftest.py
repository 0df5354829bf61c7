"""How tests are shared out where several workers run them (`./avatar test`; pytest -n 3 --dist loadscope)."""

import os
import random

import pytest

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off

#: What damaged files and random scenes are drawn from; the same for all workers of a run, and shown at its head.
FUZZ_SEED = "AVATAR_ROS_FUZZ_SEED"

#: Tests in real time, one after the other: on two cores, three kiosks would take each other's time.
REAL_TIME = ("test/ros/", "test/launch/", "test/browser/", "test/contract/test_speaker.py")
#: Files among them that start no node and wait for no clock: whichever worker is free takes them.
NO_CLOCK = tuple(
    f"test/ros/test_{name}.py"
    for name in ("convert", "convert_properties", "document_tables", "graph_wiring", "impossible_messages", "worker")
)


#: The second half of what runs in real time. It begins when the rest is done, so that two kiosks at most run at once,
#: and those beside nothing that computes; otherwise one worker has minutes left when the others have nothing.
SECOND_HALF = ("test/launch/", "test/browser/")


def pytest_configure(config):
    if not os.environ.get(FUZZ_SEED):
        os.environ[FUZZ_SEED] = str(random.randrange(2**31))


def pytest_report_header(config):
    return f"fuzz seed: {os.environ[FUZZ_SEED]} (to repeat: {FUZZ_SEED}=…)"


def pytest_collection_modifyitems(items):
    """What runs in real time comes first, since it takes longest; its second half last."""
    items.sort(key=lambda item: 2 if _in_second_half(item.nodeid) else not _in_real_time(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file stays with one worker, as its fixtures do; what runs in real time is two files to it."""
    from xdist.scheduler import LoadScopeScheduling

    class FewKiosks(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            if _in_second_half(nodeid):
                return "real time, second half"
            return "real time" if _in_real_time(nodeid) else nodeid.split("::")[0]

    return FewKiosks(config, log) if config.getvalue("dist") == "loadscope" else None


def _in_real_time(nodeid):
    return nodeid.startswith(REAL_TIME) and not nodeid.startswith(NO_CLOCK)


def _in_second_half(nodeid):
    return nodeid.startswith(SECOND_HALF)
