"""How tests are shared out where several workers run them (`./avatar test`; pytest -n 3 --dist loadscope)."""

import pytest

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off

#: Tests in real time, one after the other: on two cores, three kiosks would take each other's time.
REAL_TIME = ("test/ros/", "test/launch/", "test/contract/test_speaker.py")


def pytest_collection_modifyitems(items):
    """What runs in real time comes first, since it takes longest."""
    items.sort(key=lambda item: not _in_real_time(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file stays with one worker, as its fixtures do; all that runs in real time is one file to it."""
    from xdist.scheduler import LoadScopeScheduling

    class OneKiosk(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return "real time" if _in_real_time(nodeid) else nodeid.split("::")[0]

    return OneKiosk(config, log) if config.getvalue("dist") == "loadscope" else None


def _in_real_time(nodeid):
    return nodeid.startswith(REAL_TIME)
