"""What a slow cable adds to the waits of a conversation."""

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from benchmarks.conversation.two_hosts import added_ms, parse


def run(*waits):
    return {"end_to_first_sound_ms": waits}


def test_it_is_taken_question_by_question_beyond_the_two_crossings():
    found = added_ms([run(200, 300, np.nan, 400)], run(310, 390, 500, np.nan), delay_ms=50)
    assert found == {"n": 2, "median": 0.0, "p95": 9.0, "max": 10.0, "between_spreads": {"median": 0.0, "p95": -9.0}}


def test_a_second_plain_run_tells_what_is_chance():
    found = added_ms([run(200, 300), run(240, 280)], run(400, 400), delay_ms=50)
    assert (found["median"], found["max"]) == (45.0, 80.0)
    assert found["by_chance"] == {"n": 2, "median": 10.0, "p95": 37.0, "max": 40.0}


def test_runs_of_which_one_cut_a_question_in_two_are_not_paired():
    """They were, until the lengths differed: then the whole measurement was lost."""
    assert added_ms([run(200, 300, 400)], run(300, 400), delay_ms=50) == {"n": 0, "unpaired": [3, 2]}
    assert added_ms([run(np.nan)], run(300), delay_ms=50) == {"n": 0}


def test_what_cannot_be_is_named():
    with pytest.raises(ConfigError, match="--plain-runs must be 1 or more"):
        parse(["--plain-runs", "0"])
