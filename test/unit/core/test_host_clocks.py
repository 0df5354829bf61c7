"""Times of other hosts: mapped once their clock has answered, unknown before; who is asked, and who is believed."""

from __future__ import annotations

from dataclasses import replace

from avatar_ros.core.clock_id import clock_id_of, own_clock_id
from avatar_ros.core.events import ClockPing
from avatar_ros.core.host_clocks import HostClocks
from avatar_ros.core.types import PlaybackClock, Sentence

OURS, THEIRS = 11, 22
S = 10**9
AHEAD = 100_000 * S
WAY = 300_000


def foreign(steady_ns, clock_id=THEIRS):
    return PlaybackClock(sample=7, steady_ns=steady_ns, clock_id=clock_id)


class Two:
    """Our clocks and those of a node of the other host, whose clock is AHEAD."""

    def __init__(self):
        self.ours, self.theirs, self.now = HostClocks(OURS), HostClocks(THEIRS), 1000 * S
        self.silent = set()

    def on_own_clock(self, message):
        return self.ours.on_own_clock(message, self.now / S)

    def run(self, seconds, *, keep=True):
        asked = []
        for _ in range(round(10 * seconds)):
            self.now += S // 10
            if keep:
                self.on_own_clock(foreign(self.now + AHEAD))
            for question in self.ours.due(self.now / S, self.now):
                asked.append((self.now, question))
                for node in sorted({"mic_node", "speaker_node"} - self.silent):
                    heard = self.now + WAY + AHEAD
                    if reply := self.theirs.reply(question, node, heard, heard + 1000):
                        self.ours.answered(reply, self.now + 2 * WAY + 1000)
        return asked


def test_unknown_until_answered_then_on_our_clock():
    two = Two()
    first = two.on_own_clock(foreign(two.now + AHEAD))
    assert first == PlaybackClock(sample=7), "0: unknown"
    two.run(1)
    mapped = two.on_own_clock(foreign(two.now + AHEAD + 123))
    assert abs(mapped.steady_ns - two.now - 123) <= WAY and mapped.clock_id == 0
    (line,) = two.ours.status().values()
    assert line.startswith("100000.0000 s ahead, within 0.")


def test_our_own_times_and_those_without_stay_as_they_are():
    clocks = HostClocks(OURS)
    for message in (foreign(5, 0), foreign(5, OURS), Sentence(text="x")):
        assert clocks.on_own_clock(message, 1.0) is message
    assert not clocks.any and not clocks.due(1.0, S)
    two = Two()
    two.run(1)
    assert two.on_own_clock(foreign(0)).steady_ns == 0, "unknown stays unknown"


def test_a_burst_at_first_then_seldom_and_never_after_the_last_message():
    two = Two()
    assert 8 <= len(two.run(1)) <= 10
    assert len(two.run(40)) == 10
    two.run(61, keep=False)
    assert not two.run(10, keep=False) and not two.ours.any


def test_one_node_is_asked_and_another_where_it_dies():
    two = Two()
    two.run(2)
    (_, question), *_ = two.run(5)
    assert question.node == "mic_node", "who answered first"
    two.silent.add("mic_node")
    asked = [question.node for _, question in two.run(30)]
    assert asked[-1] == "speaker_node", asked


def test_only_answers_to_open_questions_are_believed():
    two = Two()
    two.on_own_clock(foreign(two.now + AHEAD))
    (question,) = two.ours.due(two.now / S, two.now)
    heard = replace(question, heard_ns=5, answered_ns=6, node="x")
    for lie in (
        replace(heard, asked_ns=question.asked_ns - 1),
        replace(heard, asker=99),
        replace(heard, asked=98),
        question,
    ):
        two.ours.answered(lie, two.now + 1000)
    assert "has not answered" in next(iter(two.ours.status().values()))
    assert two.theirs.reply(replace(question, asked=98), "x", 1, 2) is None, "somebody else is asked"
    assert two.theirs.reply(heard, "x", 1, 2) is None, "an answer is not answered"


def test_a_stranger_that_invents_clocks_fills_nothing():
    clocks = HostClocks(OURS)
    for clock_id in range(100, 200):
        assert clocks.on_own_clock(foreign(5, clock_id), 1.0).steady_ns == 0
    assert len(clocks.due(1.0, S)) == 8


def test_a_clock_is_that_of_a_boot_and_a_time_namespace():
    assert own_clock_id() == own_clock_id() != 0
    ids = {clock_id_of(boot, space) for boot in ("a", "b") for space in ("", "time:[1]", "time:[2]")}
    assert len(ids) == 6 and all(0 < each < 2**64 for each in ids)
    assert ClockPing().asker == 0
