"""The skill Say: one result, and a true one; its order among others; falling silent; nodes that die."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from skills_kiosk import DIALOGUE_PORT, SkillsKiosk

from avatar_ros.core.enums import AgentState, ControlAction, PlaybackState, SayWhen
from avatar_ros.dialogue.stage import build as build_dialogue
from avatar_ros.skills.goals import ChatGoal, GestureGoal, ListenGoal, LookAtGoal, SayEnd, SayGoal, SayPhase
from avatar_ros.skills.said_text import ID_PREFIX

TEXT = "One two three four five six seven eight nine ten. And this is the end of it."


@pytest.fixture
def kiosk(tmp_path: Path) -> SkillsKiosk:
    made = SkillsKiosk(tmp_path)
    made.run(1.0)
    return made


def silent_after(kiosk: SkillsKiosk, at_s: float) -> float:
    """How long after `at_s` the last sound left the loudspeaker, s."""
    frames = kiosk.sent("speech/played")
    loud = [frame.steady_ns * 1e-9 for frame in frames if abs(frame.pcm.astype(int)).max(initial=0) > 30]
    return max(loud, default=0.0) - at_s


def test_what_is_said_is_followed_word_by_word(kiosk: SkillsKiosk) -> None:
    said = kiosk.start(SayGoal(text=TEXT))
    assert kiosk.end_of(said) == SayEnd(True, TEXT)
    news = kiosk.news[said]
    phases = [one.state for one in news]
    assert [a for a, b in pairwise([*phases, -1]) if a != b] == [
        SayPhase.WAITING, SayPhase.PREPARING, SayPhase.SPEAKING
    ]  # fmt: skip
    assert all(TEXT.startswith(one.spoken) for one in news) and len({one.spoken for one in news}) > 5
    assert [one.progress for one in news] == sorted(one.progress for one in news)
    assert {one.sentence for one in news} == {0, 1}


def test_a_cancelled_goal_falls_silent_at_once_and_tells_what_was_heard(kiosk: SkillsKiosk) -> None:
    said = kiosk.start(SayGoal(text=TEXT))
    kiosk.until_heard()
    at_s = kiosk.now_s
    kiosk.cancel(said)
    end = kiosk.end_of(said)
    kiosk.run(5.0)
    assert not end.done and end.reason == "cancelled" and TEXT.startswith(end.spoken) and end.spoken
    assert silent_after(kiosk, at_s) < 0.2 and len(kiosk.ends[said]) == 1


def test_what_waits_is_cancelled_unheard(kiosk: SkillsKiosk) -> None:
    first, second = kiosk.start(SayGoal(text=TEXT)), kiosk.start(SayGoal(text="Never."))
    kiosk.until_heard()
    kiosk.cancel(second)
    assert kiosk.end_of(second) == SayEnd(False, "", "cancelled")
    assert kiosk.end_of(first).done


@pytest.mark.parametrize(
    ("when", "first_reason"), [(SayWhen.QUEUE, ""), (SayWhen.NOW, "replaced"), (SayWhen.INTERRUPT, "replaced")]
)
def test_goals_of_several_clients_queue_or_preempt(kiosk: SkillsKiosk, when: SayWhen, first_reason: str) -> None:
    first, waits = kiosk.start(SayGoal(text=TEXT)), kiosk.start(SayGoal(text="I wait."))
    kiosk.until_heard()
    urgent = kiosk.start(SayGoal(text="Careful.", when=when))
    assert kiosk.end_of(urgent) == SayEnd(True, "Careful.")
    assert kiosk.end_of(first).reason == first_reason
    assert kiosk.end_of(waits).done is (when is SayWhen.QUEUE)
    if when is SayWhen.NOW:
        assert kiosk.end_of(first).spoken == "One two three four five six seven eight nine ten."


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (SayGoal(text=""), "empty_text"),
        (SayGoal(text=" ... "), "empty_text"),
        (SayGoal(text="a" * 200_000), "too_long"),
        (SayGoal(text="Hello.", expression="hungry"), "unknown_expression"),
        (SayGoal(text="Hello.", when=4), "unknown_when"),
        (SayGoal(text="Hello.", when=77), "unknown_when"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(kiosk: SkillsKiosk, goal: SayGoal, reason: str) -> None:
    assert kiosk.end_of(kiosk.start(goal)) == SayEnd(False, "", reason)


def test_without_a_dialogue_it_is_given_up(kiosk: SkillsKiosk) -> None:
    kiosk.deaf.add("say")
    assert kiosk.end_of(kiosk.start(SayGoal(text="Hello.")), 6.0) == SayEnd(False, "", "no_dialogue")


def test_words_that_were_lost_on_their_way_are_sent_again(kiosk: SkillsKiosk) -> None:
    dialogue = kiosk.remove("dialogue")
    said = kiosk.start(SayGoal(text="Hello."))  # nobody hears it
    kiosk.run(1.0)
    kiosk.add("dialogue", dialogue, DIALOGUE_PORT)  # it was alive, and had not been found
    assert kiosk.end_of(said) == SayEnd(True, "Hello.")
    assert len(kiosk.sent("speech/sentence", text="Hello.")) == 1


def test_a_dialogue_that_dies_ends_its_goals_and_the_next_are_said(kiosk: SkillsKiosk) -> None:
    said, waits = kiosk.start(SayGoal(text=TEXT)), kiosk.start(SayGoal(text="I wait."))
    kiosk.until_heard()
    kiosk.restart_dialogue()
    end = kiosk.end_of(said)
    assert (end.done, end.reason) == (False, "dialogue_lost") and TEXT.startswith(end.spoken) and end.spoken
    assert kiosk.end_of(waits) == SayEnd(False, "", "dialogue_lost")
    assert kiosk.end_of(kiosk.start(SayGoal(text="Again."))) == SayEnd(True, "Again.")


def test_what_was_taken_back_is_silent_without_a_dialogue_too(kiosk: SkillsKiosk) -> None:
    """The voice has all of it, and would go on."""
    said = kiosk.start(SayGoal(text=TEXT * 3))
    kiosk.until_heard()
    kiosk.remove("dialogue")
    kiosk.cancel(said)
    end = kiosk.end_of(said, 2.0)
    assert end.reason == "cancelled" and end.spoken and TEXT.startswith(end.spoken)
    kiosk.run(3.0)
    assert silent_after(kiosk, kiosk.ended_s[said]) < 0.2


def test_words_of_a_skills_node_that_died_are_taken_back(kiosk: SkillsKiosk) -> None:
    kiosk.start(SayGoal(text=TEXT))
    kiosk.start(SayGoal(text="I wait."))
    kiosk.until_heard()
    kiosk.remove("skills")
    kiosk.run(0.5)
    kiosk.add_skills()
    kiosk.send("state", kiosk.sent("state")[-1])  # as DDS tells a late joiner
    assert kiosk.end_of(kiosk.start(SayGoal(text="I am new."))) == SayEnd(True, "I am new.")
    results = {result.id: result.reason for result in kiosk.sent("say_result") if result.reason}
    assert results[f"{ID_PREFIX}goal1"] == results[f"{ID_PREFIX}goal2"] == "withdrawn"


def test_a_client_that_dies_leaves_nothing_behind(kiosk: SkillsKiosk) -> None:
    said = kiosk.start(SayGoal("ann", text=TEXT * 5))
    look = kiosk.start(LookAtGoal("ann", hold_s=0.0))
    listens = kiosk.start(ListenGoal("bob", timeout_s=0.0))
    for _ in range(8):
        kiosk.run(1.0)
        kiosk.skills.alive("bob", 1, kiosk.now_s)
    assert kiosk.end_of(said, 1.0).reason == kiosk.end_of(look, 1.0).reason == "client_lost"
    assert listens not in kiosk.ends
    spoken = len(kiosk.sent("gaze_target"))
    kiosk.run(3.0)
    assert kiosk.state is not AgentState.SPEAKING and len(kiosk.sent("gaze_target")) == spoken


def test_a_process_that_stood_still_does_not_take_its_clients_for_dead(kiosk: SkillsKiosk) -> None:
    listens = kiosk.start(ListenGoal("bob", timeout_s=0.0))
    kiosk.run(1.0)
    kiosk.clock.advance(30.0)
    kiosk.run(1.0)
    assert listens not in kiosk.ends
    kiosk.run(8.0)
    assert kiosk.end_of(listens, 1.0).reason == "client_lost"


def test_stop_ends_everything(kiosk: SkillsKiosk) -> None:
    goals = [kiosk.start(goal) for goal in (SayGoal(text=TEXT), LookAtGoal(hold_s=0.0), ListenGoal(timeout_s=0.0))]
    kiosk.until_heard()
    assert kiosk.ordered(SayWhen.STOP) == ""
    assert {kiosk.end_of(goal, 1.0).reason for goal in goals} == {"stopped"}
    assert kiosk.skills.idle and not kiosk.skills.tick_period_s


def test_a_stop_is_over_when_nothing_is_said_any_more(kiosk: SkillsKiosk) -> None:
    goal = kiosk.start(SayGoal(text=TEXT))
    kiosk.until_heard()
    kiosk.remove("dialogue")
    assert kiosk.ordered(SayWhen.STOP) == "no_dialogue", "nobody says that it is silent"
    kiosk.add("dialogue", build_dialogue(kiosk.dialogue_settings), DIALOGUE_PORT)
    assert kiosk.end_of(goal, 10.0).reason in ("stopped", "dialogue_lost")
    kiosk.run(1.0)
    assert kiosk.ordered(SayWhen.STOP) == ""


def test_signs_of_life_are_kept_by_nobody_who_has_no_use_for_them(kiosk: SkillsKiosk) -> None:
    kiosk.end_of(kiosk.start(SayGoal("bob", text="Hello.")))
    for number in range(1000):
        kiosk.skills.alive(f"client_{number}", 1, kiosk.now_s)
    assert kiosk.skills.idle, "else they would be heard for ever"


def test_a_shutdown_is_told_to_every_client(kiosk: SkillsKiosk) -> None:
    goals = [kiosk.start(goal) for goal in (SayGoal(text=TEXT), GestureGoal(name="yawn"), ListenGoal())]
    kiosk.until_heard()
    list(kiosk.skills.deactivate(kiosk.now_s))
    assert {kiosk.end_of(goal, 0.1).reason for goal in goals} == {"shutdown"}


def test_nothing_is_looked_at_while_there_is_no_goal(kiosk: SkillsKiosk) -> None:
    assert kiosk.skills.tick_period_s == 0.0
    kiosk.end_of(kiosk.start(SayGoal(text="Hello.")))
    kiosk.run(0.2)
    assert kiosk.skills.tick_period_s == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_goals_have_one_true_result_each(tmp_path: Path, seed: int) -> None:
    """Preempted, cancelled, refused, with the dialogue killed in between: 50 goals a seed."""
    rng = random.Random(seed)
    kiosk = SkillsKiosk(tmp_path, answers=("A fine answer to that.",) * 60)
    kiosk.run(1.0)
    says: dict[str, SayGoal] = {}
    started: list[str] = []
    for number in range(50):
        goal = _random_goal(rng, number)
        id_ = kiosk.start(goal)
        started.append(id_)
        if isinstance(goal, SayGoal):
            says[id_] = goal
        kiosk.run(rng.choice((0.0, 0.1, 0.7, 2.0)))
        if rng.random() < 0.3:
            kiosk.cancel(rng.choice(started))
        if rng.random() < 0.06:
            kiosk.restart_dialogue()
        if rng.random() < 0.05:
            kiosk.ordered(SayWhen.STOP)
    for id_ in started:
        kiosk.end_of(id_, 120.0)
    kiosk.run(10.0)
    assert {id_: len(ends) for id_, ends in kiosk.ends.items()} == dict.fromkeys(started, 1)
    for id_, goal in says.items():
        _check_true(kiosk, id_, goal)
    assert kiosk.skills.idle and kiosk.state is not AgentState.SPEAKING


def _random_goal(rng: random.Random, number: int) -> SayGoal | LookAtGoal | GestureGoal | ListenGoal | ChatGoal:
    text = rng.choice((f"Number {number} is quite short.", f"Number {number}. {TEXT}", "", "..."))
    return rng.choice(
        (
            SayGoal(text=text, when=rng.choice((1, 1, 2, 3, 9))),
            SayGoal(text=text, when=rng.choice((1, 1, 2, 3)), expression=rng.choice(("", "happy", "nobody"))),
            LookAtGoal(hold_s=rng.choice((0.5, 3.0)), frame_id=rng.choice(("", "base_link"))),
            GestureGoal(name=rng.choice(("nod", "fly"))),
            ListenGoal(timeout_s=2.0),
            ChatGoal(text=f"what is number {number}", timeout_s=20.0),
        )
    )


def _check_true(kiosk: SkillsKiosk, id_: str, goal: SayGoal) -> None:
    """What the result says of a text is what left the loudspeaker."""
    (end,) = kiosk.ends[id_]
    turns = {(s.epoch, s.turn) for s in kiosk.sent("state") if s.say == ID_PREFIX + id_}
    whole = [c for c in kiosk.sent("speech/playback", state=PlaybackState.ENDED) if (c.epoch, c.turn) in turns]
    texts = [s for s in kiosk.sent("speech/sentence") if (s.epoch, s.turn) in turns and s.text]
    last = max((s.index for s in texts), default=-1)
    ended = any(c.sentence == last and c.sentence_progress > 0.97 for c in whole)
    assert ended or not end.done, (goal, end)
    assert end.done == (not end.reason) and goal.text.startswith(end.spoken), (goal, end)
    assert end.spoken == goal.text or not end.done, (goal, end)
    cut = ("interrupted", "replaced", "cancelled", "stopped", "dialogue_lost")
    assert end.done or not ended or end.reason in cut, (goal, end)


def test_orders_are_obeyed_and_kept_beyond_a_dialogues_death(kiosk: SkillsKiosk) -> None:
    assert kiosk.ordered(ControlAction.SLEEP) == "" and kiosk.state is AgentState.SLEEPING
    assert kiosk.end_of(kiosk.start(SayGoal(text="Hello."))) == SayEnd(False, "", "asleep")
    kiosk.restart_dialogue()
    kiosk.run(0.5)
    assert kiosk.state is AgentState.SLEEPING
    assert kiosk.ordered(ControlAction.WAKE) == "" and kiosk.state is not AgentState.SLEEPING
    assert kiosk.end_of(kiosk.start(SayGoal(text="Hello."))).done
    assert kiosk.ordered(ControlAction.IGNORE) == "" and not kiosk.sent("state")[-1].listening
    assert kiosk.ordered(ControlAction.LISTEN) == "" and kiosk.sent("state")[-1].listening
    kiosk.remove("dialogue")
    assert kiosk.ordered(ControlAction.SLEEP) == "no_dialogue"
