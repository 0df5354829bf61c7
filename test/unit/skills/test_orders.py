"""Orders about the whole conversation that overtake each other: what is answered was so."""

import pytest

from avatar_ros.core.enums import AgentState, ControlAction
from avatar_ros.core.events import AvatarState
from avatar_ros.skills.observed import Observed
from avatar_ros.skills.orders import Orders

AWAKE = AvatarState(state=AgentState.IDLE, epoch=1)
ASLEEP = AvatarState(state=AgentState.SLEEPING, epoch=1)


class Run:
    """Orders, the state that is seen, and what was answered."""

    def __init__(self) -> None:
        self.observed = Observed(lambda topic: True, lambda topic: True)
        self.orders = Orders("local", self.observed)
        self.answers: list[tuple[str, str]] = []
        self.see(AWAKE, 0.0)

    def see(self, state: AvatarState, now_s: float) -> None:
        self.observed.take(state)
        self.tick(now_s)

    def tick(self, now_s: float) -> list:
        return list(self.orders.tick(now_s))

    def give(self, action: ControlAction, now_s: float) -> None:
        assert list(self.orders.give(action, lambda why: self.answers.append((action.name, why)), now_s))


@pytest.fixture
def run() -> Run:
    return Run()


def test_who_is_being_put_to_sleep_is_not_awake_yet(run):
    run.give(ControlAction.SLEEP, 1.0)
    run.give(ControlAction.WAKE, 1.2)
    run.tick(1.3)
    assert run.answers == [("SLEEP", "replaced")], "it will fall asleep first"
    run.see(ASLEEP, 1.4)
    assert len(run.answers) == 1
    run.see(AWAKE, 1.5)
    assert run.answers[1:] == [("WAKE", "")] and not run.orders.pending


def test_an_order_that_was_lost_is_not_waited_for_for_ever(run):
    run.give(ControlAction.SLEEP, 1.0)
    run.give(ControlAction.WAKE, 1.2)
    assert run.tick(1.8), "said again"
    assert len(run.answers) == 1
    run.tick(3.3)
    assert run.answers[1:] == [("WAKE", "")]


def test_what_nobody_opposed_is_answered_at_once(run):
    run.give(ControlAction.WAKE, 1.0)
    run.give(ControlAction.LISTEN, 1.0)
    assert run.answers == [("WAKE", ""), ("LISTEN", "")]
