"""`every`, for tests of what holds for all inputs of a kind (hypothesis). Seeded as the fuzzers are."""

import os

import pytest

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis (requirements/test.txt)")
from hypothesis import HealthCheck, given, seed, settings  # noqa: E402

_SEED = seed(int(os.environ.get("AVATAR_ROS_FUZZ_SEED", "0")))
_EXAMPLES = int(os.environ.get("AVATAR_ROS_PROPERTY_EXAMPLES", "40"))


def every(**drawn):
    """The test holds for all of `drawn`. No deadline: machines are busy."""
    rules = settings(max_examples=_EXAMPLES, deadline=None, database=None,
                     suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
    return lambda test: _SEED(rules(given(**drawn)(test)))
