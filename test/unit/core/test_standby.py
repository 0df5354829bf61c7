"""Two nodes that could do the same work, on two hosts: one of them does, whoever dies, comes back or is too old."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from avatar_ros.core.enums import Duty
from avatar_ros.core.events import Alive
from avatar_ros.core.peers import PeerChange, PeerWatch
from avatar_ros.core.standby import Standby, StandbyNews, Yielding, duty_values

ROLE, VERSION, AFTER_S, STEP_S, BEAT_S = "tts_node", "0.1.0+aaaaaa", 2.0, 0.1, 0.3


@dataclass
class Hosts:
    """Both halves' nodes, their beats under way for `delay_s`, and whether the one, or the way, is dead."""

    version: str = VERSION
    delay_s: float = 0.05
    now_s: float = 100.0
    alive: bool = True
    joined: bool = True
    idle: bool = True
    both_s: float = 0.0
    nobody_s: float = 0.0
    log: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.standby = Standby(ROLE, VERSION, AFTER_S, self.now_s)
        self.other = Yielding(ROLE, self.now_s)
        self.under_way = []
        self.beat_s = 0.0

    def start_again(self):
        self.alive, self.other = True, Yielding(ROLE, self.now_s)

    def run(self, seconds):
        for _ in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            self._carry()
            before = self.standby.works
            works = self.standby.look(self.now_s, idle=self.idle)
            if before and not works:
                self._send(self.other, Duty.LEAVES, VERSION)
            if self.alive:
                self.other.look(self.now_s, idle=self.idle)
            theirs = self.alive and self.other.works
            self.both_s += STEP_S * (works and theirs and self.joined)
            self.nobody_s += STEP_S * (not works and not theirs)
            if self.now_s >= self.beat_s:
                self.beat_s = self.now_s + BEAT_S
                if self.standby.duty is not None:
                    self._send(self.other, self.standby.duty, VERSION)
                if self.alive:
                    self._send(self.standby, self.other.duty, self.version)

    def _send(self, to, duty, version):
        if self.joined:
            self.under_way.append((self.now_s + self.delay_s, to, Alive(ROLE, 1, version=version, duty=duty)))

    def _carry(self):
        due = [item for item in self.under_way if item[0] <= self.now_s]
        self.under_way = [item for item in self.under_way if item[0] > self.now_s]
        for _, to, alive in due:
            if to is not self.other or self.alive:
                to.heard(alive, self.now_s)


def test_the_offboard_half_works_and_the_robots_own_says_nothing():
    hosts = Hosts()
    hosts.run(60)
    assert hosts.other.works and not hosts.standby.works and hosts.standby.duty is None
    assert hosts.both_s == 0 and hosts.nobody_s <= 1.05, "it looks for somebody who stands in first"


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.3])
def test_it_dies_is_stood_in_for_and_is_given_back_the_work(delay_s):
    hosts = Hosts(delay_s=delay_s)
    hosts.run(5)
    hosts.alive, before_s = False, hosts.nobody_s
    hosts.run(AFTER_S + 0.4 + delay_s)
    assert hosts.standby.works and hosts.nobody_s - before_s <= AFTER_S + delay_s + 0.1
    hosts.idle = False
    hosts.start_again()
    hosts.run(10)
    assert hosts.standby.works and not hosts.other.works, "not in the middle of a turn"
    hosts.idle = True
    hosts.run(2)
    assert hosts.other.works and not hosts.standby.works
    assert hosts.both_s == 0


def test_a_way_that_is_cut_and_mended_leaves_one_that_works():
    hosts = Hosts()
    hosts.run(5)
    hosts.joined = False
    hosts.run(10)
    assert hosts.standby.works and hosts.other.works, "neither can know of the other"
    hosts.joined = True
    hosts.run(1)
    assert hosts.both_s <= 0.6 and (hosts.standby.works != hosts.other.works)
    hosts.run(5)
    assert hosts.other.works and not hosts.standby.works


def test_another_version_is_not_used_and_that_is_told():
    hosts = Hosts(version="0.2.0+bbbbbb")
    hosts.run(10)
    assert hosts.standby.works and not hosts.other.works and hosts.standby.foreign == "0.2.0+bbbbbb"
    assert "version 0.2.0+bbbbbb" in duty_values(True, True, ROLE, hosts.standby.foreign)["told_warning"]
    hosts.version = VERSION  # it was brought up to date
    hosts.start_again()
    hosts.run(5)
    assert hosts.other.works and not hosts.standby.works


def test_a_robot_alone_works_and_others_words_change_nothing():
    hosts = Hosts(alive=False)
    hosts.run(AFTER_S + 0.2)
    hosts.standby.heard(Alive("llm_node", 1, version=VERSION), hosts.now_s)
    hosts.standby.heard(Alive(ROLE, 1, version=VERSION, duty=Duty.STANDS_IN), hosts.now_s)
    hosts.run(30)
    assert hosts.standby.works
    told = duty_values(True, True, ROLE, "")["told_warning"]
    assert told == "the offboard half does not answer: stands in for its tts_node"
    assert not duty_values(True, False, ROLE, "")
    assert duty_values(False, False, ROLE, "")["told_warning"].startswith("waits")


ROLES = ("asr_node", "audio_encoder_node", "llm_node", "tts_node")


def news_of(changes, seconds=5.0):
    """Sentences of all four: (role, duty, at_s) told to each other a little later."""
    each = {role: StandbyNews(role) for role in ROLES}
    said, now_s, lives = [], 0.0, {}
    while now_s < seconds:
        for role, duty, at_s in changes:
            if abs(at_s - now_s) < 1e-6:
                lives[role] = round(1e9 * now_s) + 1 if duty is Duty.STANDS_IN else lives[role]
                each[role].changed(duty, lives[role], now_s)
            if abs(at_s + 0.1 - now_s) < 1e-6:
                for other in ROLES:
                    if other != role:
                        each[other].heard(Alive(role, lives[role], duty=duty), now_s)
        said += [text for one in each.values() if (text := one.due(now_s, "", VERSION))]
        now_s = round(now_s + 0.05, 6)
    return said


def test_one_sentence_for_all_that_stand_in():
    begins = [(role, Duty.STANDS_IN, 0.5 + 0.3 * i) for i, role in enumerate(reversed(ROLES))]
    late = [("asr_node", Duty.STANDS_IN, 4.0)]
    leave = [(role, Duty.LEAVES, 10.0 + 0.2 * i) for i, role in enumerate(ROLES)]
    names = "asr_node, audio_encoder_node, llm_node, tts_node"
    assert news_of(begins[:-1] + late + leave, 15) == [
        f"the offboard half does not answer: this host's own {names.removeprefix('asr_node, ')} work until it does",
        f"the offboard half answers again: {names} work there, not here",
    ]
    assert news_of([("llm_node", Duty.STANDS_IN, 1.0)]) == [
        "the offboard half does not answer: this host's own llm_node works until it does"
    ]


def test_who_waits_for_a_node_follows_the_one_that_works():
    watch = PeerWatch([ROLE])
    watch.heard(ROLE, 900, 0.0)
    watch.look(0.5)
    assert [news.change for news in watch.look(0.9)] == [PeerChange.LOST]
    news = watch.heard(ROLE, 5, 2.0, stands_in=True)
    assert news.change is PeerChange.RESTARTED, "of another host, whose clock began later"
    assert watch.heard(ROLE, 900, 2.1) is None and watch.heard(ROLE, 901, 2.2) is None, "the other is back, too"
    assert watch.left(ROLE, 900) is None
    assert watch.heard(ROLE, 5, 2.3, stands_in=True) is None
    assert watch.left(ROLE, 5).change is PeerChange.LOST, "until the other one hears all it needs, nothing is sent"
    assert watch.missing == (ROLE,)
    assert watch.heard(ROLE, 902, 2.4).change is PeerChange.RESTARTED and not watch.missing
