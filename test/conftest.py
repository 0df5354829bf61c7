"""How tests are shared out where several workers run them (`./avatar test`; pytest -n 3 --dist loadgroup)."""

import pytest

#: Tests in real time, one after the other: on two cores, three kiosks would take each other's time.
REAL_TIME = ("test/ros/", "test/launch/", "test/contract/test_speaker.py")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """A file stays with one worker, as its fixtures do; what runs in real time comes first, since it takes longest."""
    items.sort(key=lambda item: not _in_real_time(item))
    for item in items:
        group = "real time" if _in_real_time(item) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _in_real_time(item):
    return any(part in item.path.as_posix() for part in REAL_TIME)
