"""A storm's rules catch a product that lies: each result here is untrue, or true in a way that a rule must allow."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import AgentState, Layer
from avatar_ros.core.events import AvatarState, Say, WearResult
from avatar_ros.core.types import AudioFrame, Expression, SpeechChunk
from avatar_ros.skills.goals import ChatEnd, GestureEnd, ListenEnd, LookAtEnd, SayEnd, SetAvatarEnd
from benchmarks.conversation.storm.actors import Deed, Happenings
from benchmarks.conversation.storm.evidence import Evidence
from benchmarks.conversation.storm.scenes import Goal, parts_of
from benchmarks.conversation.storm.services import in_force
from benchmarks.conversation.storm.truth import Late, untruths

pytestmark = pytest.mark.ros
BLOCK, RATE_HZ = 480, 24000
ASLEEP = AvatarState(state=AgentState.SLEEPING)
AWAKE, DEAF = AvatarState(), AvatarState(listening=False)
LISTENING = Goal(1, "listen", {"timeout_s": 20.0})


def seen(**topics):
    """What a listener heard: of each topic (when, message) in order; "__" in a name stands for "/"."""
    named = {name.replace("__", "/"): pairs for name, pairs in topics.items()}
    times, heard = defaultdict(list), defaultdict(list)
    for name, pairs in named.items():
        times[name], heard[name] = [at_s for at_s, _ in pairs], [message for _, message in pairs]
    return Evidence(SimpleNamespace(times=times, heard=heard))


def deed(kind, end, sent_s=10.0, took_s=1.0, values=None, **more):
    goal = Goal(more.pop("number", 1), kind, values or {})
    return Deed(goal, sent_s, sent_s + took_s, end, accepted_s=more.pop("accepted_s", 1000.0 + sent_s), **more)


def verdict(of, evidence=None, others=(), events=()):
    return untruths(of, evidence or seen(), Happenings(events=list(events), deeds=[of, *others]))


# --- who took whose place ---------------------------------------------------------------------------------------------


def test_only_a_goal_that_was_accepted_later_takes_the_place_of_another():
    lost = deed("look_at", LookAtEnd(reason="replaced"), took_s=2.0)
    assert verdict(lost), "nobody else wanted anything"
    before = deed("look_at", LookAtEnd(True), sent_s=9.0, number=2)
    assert verdict(lost, others=[before]), "the newest goal gave way to an older one"
    late = deed("look_at", LookAtEnd(True), sent_s=9.0, number=2, accepted_s=1010.5)
    assert not verdict(lost, others=[late]), "sent before it, and accepted after it"
    after = deed("look_at", LookAtEnd(True), sent_s=11.0, number=2)
    assert not verdict(lost, others=[after])
    assert verdict(lost, others=[deed("gesture", GestureEnd(True), sent_s=11.0, number=2)]), "of another group"
    too_late = deed("look_at", LookAtEnd(True), sent_s=13.0, number=2)
    assert verdict(lost, others=[too_late]), "it was not there yet"


def test_words_give_way_to_words_now_alone():
    lost = deed("say", SayEnd(reason="replaced"), values={"text": parts_of(1, 1)[0]})
    for when, allowed in (("queue", False), ("now", True), ("interrupt", True)):
        other = deed("say", SayEnd(True), sent_s=10.5, number=2, values={"text": "", "when": when})
        assert bool(verdict(lost, others=[other])) is not allowed
    before = deed("say", SayEnd(True), sent_s=9.0, number=2, values={"text": "", "when": "now"})
    assert verdict(lost, others=[before])


# --- patience ---------------------------------------------------------------------------------------------------------


def test_a_chat_may_be_given_up_only_while_programs_listen():
    gone = deed("chat", ChatEnd(reason="timeout"), took_s=30.2, values={"text": "how are you"})
    assert verdict(gone), "nobody listened"

    def listens(sent_s, took_s):
        return deed("listen", ListenEnd(reason="timeout"), sent_s, took_s, {"timeout_s": took_s}, number=2)

    assert verdict(gone, others=[listens(8.0, 5.0)]), "it had 27 s for itself: its words were lost"
    assert verdict(gone, others=[listens(8.0, 5.0), listens(25.0, 16.0)]), "10 s between two listeners"
    assert not verdict(gone, others=[listens(8.0, 18.0), listens(27.0, 14.0)])
    early = deed("chat", ChatEnd(reason="timeout"), took_s=12.0, values={"text": "how are you"})
    assert verdict(early, others=[listens(8.0, 18.0)]), "its own patience is longer"


def test_a_renderer_that_answered_was_not_silent():
    gone = deed("wear", SetAvatarEnd(reason="no_answer"), took_s=61.0, values={"avatar": "ben"})
    assert not verdict(gone)
    assert verdict(gone, seen(wear_result=[(15.0, WearResult(avatar="ben"))]))
    assert verdict(deed("wear", SetAvatarEnd(reason="no_answer"), took_s=20.0, values={"avatar": "ben"}))


def test_what_takes_for_ever_is_told_of():
    slow = deed("look_at", LookAtEnd(reason="cancelled"), took_s=120.0, cancelled_s=11.0)
    faults = verdict(slow)
    assert faults and all(isinstance(fault, Late) for fault in faults)
    assert not verdict(deed("look_at", LookAtEnd(reason="cancelled"), took_s=20.0, cancelled_s=11.0))


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reason", "state"), [("asleep", ASLEEP), ("not_listening", DEAF)])
def test_who_sleeps_or_ignores_all_must_be_seen_to_do_so(reason, state):
    refused = deed("listen", ListenEnd(reason=reason), values={"timeout_s": 20.0})
    assert not verdict(refused, seen(state=[(-500.0, state)])), "since long ago"
    assert not verdict(refused, seen(state=[(0.0, AWAKE), (10.5, state)]))
    woken = seen(state=[(-20.0, AWAKE), (0.0, state), (5.0, AWAKE)])
    assert verdict(refused, woken, events=[("sleep", 0.0), ("set_listening False", 0.0)]), "that was over"


@pytest.mark.parametrize(
    ("kind", "values", "before", "wanted"),
    [("sleep", {}, AWAKE, ASLEEP), ("wake", {}, ASLEEP, AWAKE), ("set_listening", {"listening": False}, AWAKE, DEAF)],
)
def test_an_order_is_not_obeyed_by_what_was_so_before_it(kind, values, before, wanted):
    done = deed(kind, "", took_s=0.1, values=values)
    assert not verdict(done, seen(state=[(0.0, before), (10.05, wanted)]))
    assert not verdict(done, seen(state=[(-500.0, wanted)])), "it was so all the time"
    assert verdict(done, seen(state=[(0.0, wanted), (8.0, before)])), "a state of the past"
    assert verdict(done, seen(state=[(0.0, before), (12.0, wanted)])), "it came later"


def test_an_order_is_taken_back_only_by_its_opposite():
    gone = deed("sleep", "replaced", took_s=0.5)
    assert verdict(gone)
    assert verdict(gone, others=[deed("sleep", "", sent_s=10.2, number=2)])
    assert not verdict(gone, others=[deed("wake", "", sent_s=10.2, number=2)])
    deaf = deed("set_listening", "replaced", took_s=0.5, values={"listening": False})
    assert verdict(deaf, others=[deed("set_listening", "", 10.2, number=2, values={"listening": False})])
    assert not verdict(deaf, others=[deed("set_listening", "", 10.2, number=2, values={"listening": True})])


def test_the_last_order_is_the_one_that_must_hold():
    sleep, wake = deed("sleep", "", 1.0, 0.1), deed("wake", "", 2.5, 0.1, number=2)
    assert in_force([sleep, wake]) == [wake]
    assert in_force([deed("sleep", "", 1.0, 2.0), wake]) == [], "both were under way: nobody knows which is the later"
    assert in_force([sleep, deed("wake", "no_dialogue", 2.5, 3.0, number=2)]) == [], "it was not obeyed"


# --- face -------------------------------------------------------------------------------------------------------------


def faces(*spans):
    """The mouth is puckered in each span (from, until), 25 times a second; no faces outside of them."""
    weights = np.zeros(len(ARKIT_INDEX), np.float32)
    weights[ARKIT_INDEX["mouthPucker"]] = 0.9
    pout, rest = Expression(layer=Layer.IDLE, weights=weights), Expression(layer=Layer.IDLE)
    times = [(a + i / 25, shown) for a, b, shown in spans for i in range(round((b - a) * 25))]
    return seen(motion__expression=[(at_s, pout if shown else rest) for at_s, shown in times])


def test_a_gesture_that_broke_off_was_not_made():
    frames = [{"at": 0.25}, {"at": 1.85}, {"at": 2.0}]
    made = deed("gesture", GestureEnd(True), took_s=2.1, values={"key_frames": frames})
    assert not verdict(made, faces((10.0, 12.0, True), (12.0, 12.4, False)))
    assert verdict(made, faces((10.0, 10.8, True), (10.8, 12.4, False))), "it stopped in the middle"
    assert not verdict(made, faces((10.0, 11.2, True), (12.0, 12.4, False))), "nobody saw the end, nor that it was not"
    died = [("kill expression_node", 11.2)]
    assert verdict(made, faces((10.0, 11.2, True), (12.0, 12.4, False)), events=died), "its face died"
    assert verdict(made, faces((10.0, 10.3, True), (12.3, 12.4, False))), "two seconds without a face"


def test_a_face_is_seen_unless_words_have_another_one():
    done = deed("express", "", took_s=0.1, values={"expression": "happy", "hold_s": 4.0})
    rest = seen(motion__expression=[(10.0 + i / 25, Expression(layer=Layer.IDLE)) for i in range(75)])
    assert verdict(done, rest)
    plain = deed("say", SayEnd(True), 10.5, number=2, values={"text": "", "expression": ""})
    assert verdict(done, rest, others=[plain])
    assert not verdict(done, rest, others=[deed("say", SayEnd(True), 10.5, number=2, values={"expression": "sad"})])
    assert verdict(done, rest, others=[deed("say", SayEnd(True), 13.0, number=2, values={"expression": "sad"})])


# --- sound ------------------------------------------------------------------------------------------------------------


def voice(pieces):
    """Sound without silence; no two pieces of it are alike."""
    return np.random.default_rng(1).integers(1000, 9000, (pieces, BLOCK)).astype(np.int16)


def played(pcm, text, pieces=50):
    """What is heard of a sentence of so many pieces where `pcm` left the loudspeaker, all in one."""
    whole = voice(pieces)
    made = SpeechChunk(pcm=whole.ravel(), text=text, sentence_end=True)
    frame = AudioFrame(pcm=np.concatenate(pcm).astype(np.int16), sample_rate_hz=RATE_HZ, steady_ns=round(10.1e9))
    return seen(speech__audio=[(10.05, made)], speech__played=[(10.1, frame)])


def test_a_piece_is_forgiven_where_a_gap_of_late_sound_cut_it_and_nowhere_else():
    text = parts_of(1, 1)[0]
    said = deed("say", SayEnd(True, text), took_s=4.0, values={"text": text})
    pieces = list(voice(50))
    assert not verdict(said, played(pieces, text))
    faded, silence = np.linspace(1, 0, BLOCK), np.zeros(3 * BLOCK)
    gaps = [part for i, piece in enumerate(pieces) for part in ((piece * faded, silence) if i % 5 == 2 else (piece,))]
    assert not verdict(said, played(gaps, text)), "late sound, ten times"
    assert verdict(said, played([p for i, p in enumerate(pieces) if i % 5 != 2], text)), "a piece in five was left out"
    assert verdict(said, played([p * (i % 5 != 2) for i, p in enumerate(pieces)], text)), "… or was silent"
    assert verdict(said, played(pieces[:40], text)), "it broke off"


def test_the_end_of_another_sentence_is_not_this_one():
    """Two sentences may end in the very same samples."""
    one, other = parts_of(1, 1)[0], parts_of(2, 1)[0]
    own, end = voice(60)[:40], voice(60)[40:50]
    theirs = np.concatenate([voice(60)[50:], end])
    both = [
        (10.05, SpeechChunk(turn=1, pcm=np.concatenate([own, end]).ravel(), text=one)),
        (10.06, SpeechChunk(turn=2, pcm=theirs.ravel(), text=other)),
    ]
    frame = AudioFrame(pcm=theirs.ravel(), sample_rate_hz=RATE_HZ, steady_ns=round(15e9))
    evidence = seen(speech__audio=both, speech__played=[(15.0, frame)], say=[(9.9, Say(text=one))])
    assert evidence.sound_of(one, 10.0).share == 0.0 and evidence.sound_of(other, 10.0).share == 1.0
    assert not verdict(deed("stop", "", took_s=0.1), evidence)
    still = AudioFrame(pcm=own.ravel(), sample_rate_hz=RATE_HZ, steady_ns=round(15e9))
    assert verdict(
        deed("stop", "", took_s=0.1),
        seen(speech__audio=both, speech__played=[(15.0, still)], say=[(9.9, Say(text=one))]),
    )


def test_what_is_said_to_have_been_spoken_was_heard():
    """A number is several words: what looks like a second of speech is 2.8 s of it."""
    text = " ".join(parts_of(173, 4))

    def told(spoken):
        cut = deed("say", SayEnd(False, spoken, "cancelled"), values={"text": text}, number=173, cancelled_s=10.9)
        faults = verdict(cut, played(list(voice(140)), parts_of(173, 1)[0], pieces=140))
        return [fault for fault in faults if not isinstance(fault, Late)]

    assert not told("Robot 173, part")
    assert told("") and told(text), "nothing, or all of it"
