"""Clocks of other hosts: the fast map against a search over every line that answers allow, and the truth."""

from __future__ import annotations

import itertools
import random

import pytest

from avatar_ros.core.clock_map import MAX_DRIFT, ClockAnswer, ClockMap, bounds_ns

MS = 1_000_000
AHEAD_NS = 100_000 * 10**9


class Pair:
    """Two clocks and the ways between them. Delays of both ways: `least_ns` and a random rest of mean `mean_ns`."""

    def __init__(self, seed, offset_ns=AHEAD_NS, drift=0.0, least_ns=(MS // 5, MS // 5), mean_ns=MS):
        self.random = random.Random(seed)
        self.offset_ns, self.drift, self.least_ns, self.mean_ns = offset_ns, drift, least_ns, mean_ns
        self.now_ns = 50 * 10**9

    def theirs_ns(self, ours_ns):
        return round(ours_ns * (1 + self.drift)) + self.offset_ns

    def way_ns(self, which):
        return self.least_ns[which] + round(self.random.expovariate(1) * self.mean_ns)

    def ask(self, after_ns):
        self.now_ns += after_ns
        asked_ns = self.now_ns
        heard_ns = asked_ns + self.way_ns(0)
        answered_ns = heard_ns + 50_000
        self.now_ns = answered_ns + self.way_ns(1)
        return ClockAnswer(asked_ns, self.theirs_ns(heard_ns), self.theirs_ns(answered_ns), self.now_ns)

    def error_ms(self, clock_map):
        """At this instant."""
        return (clock_map.ours_ns(self.theirs_ns(self.now_ns)) - self.now_ns) / MS


def talk(pair, count=60, period_ns=4 * 10**9):
    clock_map = ClockMap()
    for i in range(count):
        clock_map.add(pair.ask(100 * MS if i < 8 else period_ns))
    return clock_map


def allowed_offsets_ns(answers, now_ns, largest_drift):
    """Slow and obvious: of all lines offset(t) = a + b (t - now) with |b| <= largest_drift that no answer contradicts,
    the least and largest a. Such a line touches two of the points, or one of them with the steepest b.
    """
    above = [(one.asked_ns - now_ns, one.most_ns) for one in answers]
    below = [(one.came_ns - now_ns, one.least_ns) for one in answers]
    slopes = {-largest_drift, largest_drift}
    for (t, o), (u, p) in itertools.combinations([*above, *below], 2):
        if t != u and abs((o - p) / (t - u)) <= largest_drift:
            slopes.add((o - p) / (t - u))
    found = []
    for slope in slopes:
        most = min(o - slope * t for t, o in above)
        least = max(o - slope * t for t, o in below)
        if least <= most:
            found += [least, most]
    return min(found), max(found)


@pytest.mark.parametrize("seed", range(5))
def test_what_it_says_is_what_the_answers_allow(seed):
    pair = Pair(seed, drift=5e-5)
    answers = [pair.ask(100 * MS if i < 8 else 2 * 10**9) for i in range(14)]
    now_ns = answers[-1].came_ns
    slow = allowed_offsets_ns(answers, now_ns, MAX_DRIFT)
    fast = bounds_ns(answers, now_ns, 0.0, MAX_DRIFT)
    assert fast[0] <= slow[0] + 1 and slow[1] - 1 <= fast[1], "a bound for each answer by itself is no narrower"
    clock_map = ClockMap()
    for answer in answers:
        clock_map.add(answer)
    truth_ns = pair.theirs_ns(now_ns) - now_ns
    assert slow[0] <= truth_ns <= slow[1]
    assert abs(clock_map.offset_ns - sum(slow) / 2) <= clock_map.within_ns
    assert abs(clock_map.offset_ns - truth_ns) <= clock_map.within_ns


@pytest.mark.parametrize("offset_ns", [AHEAD_NS, -AHEAD_NS // 2000, 0])
@pytest.mark.parametrize("drift", [0.0, 8e-5, -8e-5])
def test_clocks_far_apart_and_drifting(offset_ns, drift):
    pair = Pair(3, offset_ns, drift)
    clock_map = talk(pair)
    assert abs(pair.error_ms(clock_map)) < 0.5
    assert clock_map.drift == pytest.approx(drift, abs=1e-5)
    pair.now_ns += 30 * 10**9
    assert abs(pair.error_ms(clock_map)) < 1.0, "half a minute without an answer"


def test_a_slow_way_that_queues():
    """50 ms each way, and waiting of 20 ms more on the average."""
    pair = Pair(1, least_ns=(50 * MS, 50 * MS), mean_ns=20 * MS)
    assert abs(pair.error_ms(talk(pair))) < 5


def test_the_first_answer_is_enough_to_begin_with():
    clock_map, pair = ClockMap(), Pair(2)
    assert not clock_map.known
    clock_map.add(pair.ask(0))
    assert clock_map.known and abs(pair.error_ms(clock_map)) * MS <= clock_map.within_ns


def test_unequal_ways_cost_half_their_difference_and_it_knows():
    pair = Pair(4, least_ns=(1 * MS, 9 * MS), mean_ns=1)
    clock_map = talk(pair)
    assert pair.error_ms(clock_map) == pytest.approx(4, abs=0.1)
    assert clock_map.within_ns >= 4 * MS


def test_a_host_that_was_halted_is_believed_again():
    """A machine was suspended and its clock with it: three answers that cannot be true beside the old ones."""
    pair = Pair(5)
    clock_map = talk(pair, 20)
    pair.offset_ns -= 3600 * 10**9
    clock_map.add(pair.ask(4 * 10**9))
    assert abs(pair.error_ms(clock_map)) > 1000, "one liar changes nothing"
    for _ in range(2):
        clock_map.add(pair.ask(4 * 10**9))
    assert abs(pair.error_ms(clock_map)) < 2


def test_answers_that_cannot_be_are_left_out():
    clock_map = ClockMap()
    clock_map.add(ClockAnswer(1000, 5000, 4000, 2000))  # answered before it was heard
    clock_map.add(ClockAnswer(1000, 5000, 9_000_000, 2000))  # thought about it longer than we waited
    clock_map.add(ClockAnswer(2000, 5000, 5000, 1000))  # came before it was asked
    assert not clock_map.known
