"""What is believed: turns that the dialogue has begun; and how many sessions are served."""

import pytest

from avatar_ros.core.admission import FORGET_S, HOLD_LIMIT, HOLD_S, IN_USE_S, LOOK_AGAIN_S, Admission
from avatar_ros.core.enums import InterruptAction, Layer, SessionKind
from avatar_ros.core.events import AvatarState, Interrupt, SessionEvent
from avatar_ros.core.known_turns import MOST_TURNS_MISSED
from avatar_ros.core.types import (
    AudioFeatures,
    Expression,
    PlaybackClock,
    Prompt,
    Reply,
    Sentence,
    SpeechChunk,
    Transcript,
)

EPOCH = 1_790_000_000
OF_A_TURN = (Prompt, Reply, Sentence, SpeechChunk, AudioFeatures, Expression, PlaybackClock, Interrupt)


class Visitor:
    """Brings messages to a admission; `inside` is what was let in."""

    def __init__(self, limit=4, dialogues=1):
        self.admission = Admission(frozenset({"local"}), limit, self.is_new)
        self.now_s = 100.0
        self.inside = []
        self.new_dialogues = dialogues

    def bring(self, message, topic="speech/audio"):
        entries = list(self.admission.offer(topic, message, self.now_s))
        self.inside += [entry.message for entry in entries]
        return [entry.message for entry in entries]

    def is_new(self, waited):
        self.new_dialogues -= 1
        return self.new_dialogues >= 0

    def state(self, turn, epoch=EPOCH, session="local"):
        return self.bring(AvatarState(session, epoch, turn), "state")

    def wait(self, seconds):
        self.now_s += seconds
        self.inside += [entry.message for entry in self.admission.tick(self.now_s)]


@pytest.mark.parametrize("kind", OF_A_TURN)
@pytest.mark.parametrize("mark", [(2**64 - 1, 1), (2**63, 2**32 - 2), (EPOCH, 2**32 - 1), (EPOCH, 8), (EPOCH + 1, 1)])
def test_a_turn_that_the_dialogue_has_not_begun_is_refused_in_the_end(kind, mark):
    visitor = Visitor()
    visitor.state(7)
    assert not visitor.bring(kind(epoch=mark[0], turn=mark[1]))
    visitor.wait(HOLD_S)
    assert visitor.admission.refused == {"speech/audio": 1}
    assert "speech/audio" in visitor.admission.why and str(mark[1]) in visitor.admission.why
    current = kind(epoch=EPOCH, turn=7)
    assert visitor.bring(current) == [current]  # and nobody is muted by it


@pytest.mark.parametrize("action", InterruptAction)
def test_no_order_reaches_further_than_the_dialogue(action):
    visitor = Visitor()
    visitor.state(7)
    assert not visitor.bring(Interrupt(epoch=2**63, turn=1, action=action), "interrupt")


def test_what_overtakes_its_state_waits_for_it_and_keeps_its_order():
    visitor = Visitor()
    visitor.state(7)
    early = [Sentence(epoch=EPOCH, turn=8, index=i) for i in range(3)]
    for sentence in early:
        assert not visitor.bring(sentence)
    visitor.now_s += HOLD_S / 2
    assert visitor.state(8)[1:] == early
    assert not visitor.admission.refused


def test_a_node_that_joins_late_takes_the_state_that_was_kept_for_it():
    visitor = Visitor()
    chunk = SpeechChunk(epoch=EPOCH, turn=40_000)
    assert not visitor.bring(chunk)  # the stream is there before the state
    assert visitor.state(40_000)[1:] == [chunk]


def test_a_restarted_dialogue_is_believed_and_a_forged_one_is_not():
    visitor = Visitor(dialogues=2)
    visitor.state(7)
    assert visitor.state(0, EPOCH + 60)
    assert visitor.bring(Sentence(epoch=EPOCH + 60, turn=0))
    assert visitor.bring(Sentence(epoch=EPOCH, turn=9))  # of the dead one: its successor voids it
    assert not visitor.state(0, EPOCH + 61)  # no third dialogue has come
    assert not visitor.bring(Sentence(epoch=EPOCH + 61, turn=0))
    visitor.wait(HOLD_S)
    assert visitor.admission.refused == {"state": 1, "speech/audio": 1}


def test_a_dialogue_that_is_heard_before_it_is_found_is_believed_a_moment_later():
    visitor = Visitor(dialogues=1)
    visitor.state(7)
    late = Sentence(epoch=EPOCH + 60, turn=1)
    visitor.now_s += HOLD_S / 2
    assert not visitor.state(1, EPOCH + 60) and not visitor.bring(late)
    visitor.new_dialogues = 1
    visitor.wait(LOOK_AGAIN_S)
    assert visitor.inside[-1] == late and not visitor.admission.refused


@pytest.mark.parametrize(("epoch", "turn"), [(2**64 - 1, 0), (2**40, 1), (EPOCH, 2**32 - 1)])
def test_impossible_states_are_refused_even_from_a_new_dialogue(epoch, turn):
    visitor = Visitor(dialogues=99)
    assert not visitor.state(turn, epoch)
    assert visitor.state(3)
    assert not visitor.state(3 + MOST_TURNS_MISSED + 1)
    assert visitor.bring(Sentence(epoch=EPOCH, turn=3)) and not visitor.bring(Sentence(epoch=epoch, turn=turn))


def test_where_no_dialogue_is_known_by_name_another_is_believed_after_a_while():
    admission = Admission(frozenset({"local"}), 1, lambda waited: waited)
    assert not list(admission.offer("state", AvatarState(epoch=5, turn=1), 0.0))
    assert not admission.tick(HOLD_S / 2)
    assert len(admission.tick(HOLD_S)) == 1
    assert list(admission.offer("speech/sentence", Sentence(epoch=5, turn=1), HOLD_S))


def test_a_state_of_an_older_epoch_makes_nothing_unbelievable():
    visitor = Visitor(dialogues=99)
    visitor.state(7)
    visitor.state(2, EPOCH - 5)
    assert visitor.bring(Sentence(epoch=EPOCH, turn=7))


def test_what_belongs_to_no_turn_always_comes_in():
    visitor = Visitor()
    idle = Expression(epoch=2**63, turn=1, layer=Layer.IDLE)
    for message in (Transcript(utterance=2**31), Sentence(turn=5), idle):
        assert visitor.bring(message) == [message]


def test_what_waits_is_bounded():
    visitor = Visitor()
    for i in range(HOLD_LIMIT + 10):
        visitor.bring(Sentence(epoch=EPOCH, turn=1, index=i))
    assert visitor.admission.refused["speech/audio"] == 10
    assert len(visitor.state(1)) == 1 + HOLD_LIMIT


def test_the_dialogue_itself_believes_itself():
    admission = Admission(frozenset({"local"}), 1)
    reply = Reply(epoch=EPOCH, turn=1)
    assert not list(admission.offer("dialogue/reply", reply, 0.0))
    admission.announce(AvatarState(epoch=EPOCH, turn=1))
    assert [entry.message for entry in admission.offer("dialogue/reply", reply, 0.0)] == [reply]


# --- sessions -----------------------------------------------------------------------------------------------------


def heard(session):
    return Transcript(session, text="hello")


def test_more_sessions_than_there_are_places_for_are_refused_and_nobody_in_use_loses_its():
    visitor = Visitor(limit=4)
    for i in range(20_000):
        visitor.bring(heard(f"s{i}"))
    assert {message.session for message in visitor.inside} == {"s0", "s1", "s2", "s3"}
    assert visitor.admission.refused.total() == 20_000 - 4
    assert visitor.bring(heard("s2")) and visitor.bring(heard("local"))


def test_a_session_out_of_use_makes_room_and_the_stage_is_told():
    visitor = Visitor(limit=2)
    for session in ("a", "b", "local"):
        visitor.bring(heard(session))
    visitor.now_s += IN_USE_S
    visitor.bring(heard("b"))
    closed, newcomer = visitor.bring(heard("c"))
    assert (closed.kind, closed.session) == (SessionKind.CLOSED, "a")
    assert newcomer == heard("c")


def test_a_closed_session_leaves_its_place_and_one_that_never_was_takes_none():
    visitor = Visitor(limit=1)
    assert not visitor.bring(SessionEvent("never", SessionKind.CLOSED), "session")
    visitor.bring(heard("a"))
    assert visitor.bring(SessionEvent("a", SessionKind.CLOSED), "session")
    assert visitor.bring(heard("b"))


def test_sessions_that_nobody_mentions_are_forgotten_but_never_the_kiosks_own():
    visitor = Visitor(limit=2)
    visitor.bring(SessionEvent("long", SessionKind.OPENED, ttl_s=3 * FORGET_S), "session")
    visitor.bring(heard("short"))
    visitor.bring(heard("local"))
    visitor.inside.clear()
    visitor.wait(FORGET_S + 1)
    assert [message.session for message in visitor.inside] == ["short"]
    visitor.wait(3 * FORGET_S)
    assert [message.session for message in visitor.inside] == ["short", "long"]
