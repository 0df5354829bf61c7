"""`every`: a property that holds for all of what hypothesis draws. Seeded as the fuzzers are."""

import os

import pytest

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis (requirements/test.txt)")

_SEED = hypothesis.seed(int(os.environ.get("AVATAR_ROS_FUZZ_SEED", "0")))
_EXAMPLES = int(os.environ.get("AVATAR_ROS_PROPERTY_EXAMPLES", "40"))
_SLOW_IS_FINE = [hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow]


def every(**drawn):
    """The test holds for all of `drawn`. No deadline: machines are busy."""
    rules = hypothesis.settings(
        max_examples=_EXAMPLES, deadline=None, database=None, suppress_health_check=_SLOW_IS_FINE
    )
    return lambda test: _SEED(rules(hypothesis.given(**drawn)(test)))
