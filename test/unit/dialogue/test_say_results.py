"""A program that had something said is told what became of it: one result for each `say`, and a true one."""

from __future__ import annotations

from typing import Any

import pytest
from dialogue_talk import EPOCH, Talk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen, SessionKind
from avatar_ros.core.events import Interrupt, Say, SayResult, SessionEvent, SpeechFault
from avatar_ros.core.peers import PeerChange
from avatar_ros.dialogue.stage import DialogueStage

CANCEL = InterruptAction.CANCEL
TWO = "This is the first one. This is the second one."


def results(talk: Talk) -> list[tuple[str, bool, str, str]]:
    found: list[SayResult] = talk.sent("say_result")
    return [(r.id, r.done, r.spoken, r.reason) for r in found]


def cancel_from_outside(talk: Talk, turn: int = 0) -> None:
    talk.tell("interrupt", Interrupt("local", EPOCH, turn or talk.turn, CANCEL, "by a robot"))


def fault(talk: Talk, sentence: int, reason: str, spoken: float = 0.0) -> None:
    talk.tell("speech/fault", SpeechFault("local", EPOCH, talk.turn, sentence, spoken, reason))


def test_what_others_cancel_is_not_done() -> None:
    talk = Talk()
    talk.say(TWO)
    talk.play(0, 1.0)
    cancel_from_outside(talk)
    assert results(talk) == [("a", False, "This is the first one.", "cancelled")]
    talk.end()
    talk.run(40.0)
    assert len(results(talk)) == 1 and talk.state is AgentState.IDLE


def test_what_was_cancelled_before_it_began_to_sound_was_not_spoken() -> None:
    talk = Talk()
    talk.say(TWO)
    cancel_from_outside(talk)
    assert results(talk) == [("a", False, "", "cancelled")]


def test_a_cancel_of_the_past_cancels_nothing() -> None:
    talk = Talk()
    talk.say(TWO)
    talk.play()
    talk.end()
    talk.say(TWO, id="b")
    cancel_from_outside(talk, talk.turn - 1)
    talk.play()
    talk.end()
    assert results(talk) == [("a", True, TWO, ""), ("b", True, TWO, "")]


def test_what_was_asked_meanwhile_is_answered_after_others_cancelled() -> None:
    talk = Talk()
    talk.ask("one?")
    talk.ask("two?")
    cancel_from_outside(talk)
    assert talk.prompts == ["one?", "two?"]


def test_a_sentence_that_the_voice_could_not_speak_was_not_spoken() -> None:
    talk = Talk()
    talk.say(TWO)
    talk.play(0, 0.5)
    fault(talk, 1, "voice_failed")
    talk.play(0, 1.0)
    talk.end()
    assert results(talk) == [("a", False, "This is the first one.", "voice_failed")]


def test_a_sentence_that_broke_off_was_spoken_so_far() -> None:
    talk = Talk()
    talk.say("This is the one sentence that is said.")
    fault(talk, 0, "voice_failed", 0.5)
    talk.play()
    talk.end()
    assert results(talk) == [("a", False, "This is the one", "voice_failed")]


def test_a_text_without_any_sound() -> None:
    talk = Talk()
    talk.say("Ⅷ")
    fault(talk, 0, "unpronounceable")
    talk.play(0, 0.0, PlaybackState.ENDED)
    assert results(talk) == [("a", False, "", "unpronounceable")]


@pytest.mark.parametrize(("sentence", "progress", "heard"), [(0, 1.0, "This is the first one."), (0, 0.0, "")])
def test_a_speaker_that_ended_before_all_was_heard(sentence: int, progress: float, heard: str) -> None:
    talk = Talk()
    talk.say(TWO)
    talk.play(0, 0.0)
    talk.play(sentence, progress, PlaybackState.ENDED)
    assert results(talk) == [("a", False, heard, "speaker_ended")]


def test_a_when_that_nobody_knows_and_a_text_without_words_have_a_result() -> None:
    talk = Talk()
    talk.say("Hello.", SayWhen(77), "odd")
    talk.say("", id="empty")
    talk.say(" …!? ", id="marks")
    assert results(talk) == [
        ("odd", False, "", "unknown_when"),
        ("empty", False, "", "empty_text"),
        ("marks", False, "", "empty_text"),
    ]


def test_the_same_id_may_be_used_again() -> None:
    talk = Talk()
    talk.say("One.", id="x")
    talk.say("Two.", id="x")
    for _ in range(2):
        talk.play()
        talk.end()
    assert results(talk) == [("x", True, "One.", ""), ("x", True, "Two.", "")]


def test_a_say_is_withdrawn_while_it_waits_and_while_it_is_spoken() -> None:
    talk = Talk()
    talk.say(TWO, id="spoken")
    talk.say("Later.", id="waiting")
    talk.play(0, 1.0)
    talk.say("", SayWhen.WITHDRAW, "waiting")
    assert results(talk) == [("waiting", False, "", "withdrawn"), ("waiting", True, "", "")]
    talk.say("", SayWhen.WITHDRAW, "spoken")
    assert results(talk)[2:] == [("spoken", False, "This is the first one.", "withdrawn"), ("spoken", True, "", "")]
    assert talk.orders[-1] == (CANCEL, 1, "withdrawn")


def test_withdrawing_leaves_alone_what_has_another_name() -> None:
    talk = Talk()
    talk.answer("tell me", TWO)
    talk.say("Later.", id="waiting")
    talk.say("", SayWhen.WITHDRAW, "")
    assert results(talk) == [("", False, "", "unknown_id")]
    assert not talk.cancels()


def test_everything_is_stopped() -> None:
    talk = Talk()
    talk.answer("tell me", TWO)
    talk.say("Later.", id="one")
    talk.say("And later.", id="two")
    talk.say("", SayWhen.STOP, "stop")
    assert results(talk) == [("one", False, "", "stopped"), ("two", False, "", "stopped"), ("stop", True, "", "")]
    assert talk.orders[-1] == (CANCEL, 1, "stopped")
    talk.run(1.0)
    assert len(talk.sentences) == 2


@pytest.mark.parametrize("when", [SayWhen.NOW, SayWhen.INTERRUPT])
def test_a_second_program_that_goes_first(when: SayWhen) -> None:
    talk = Talk()
    talk.say(TWO, id="first")
    talk.say("Later.", id="waiting")
    talk.play(0, 1.0)
    talk.say("Mind the doors.", when, "second")
    talk.play(0, 1.0)
    assert results(talk)[0] == ("waiting", False, "", "replaced")
    assert results(talk)[1] == ("first", False, "This is the first one.", "replaced")


def stage_of(talk: Talk) -> DialogueStage:
    stage = talk.remove("dialogue")
    assert isinstance(stage, DialogueStage)
    return stage


@pytest.mark.parametrize("reason", ["session_closed", "shutdown"])
def test_a_session_that_closes_and_a_dialogue_that_ends(reason: str) -> None:
    talk = Talk()
    talk.say(TWO, id="spoken")
    talk.say("Later.", id="waiting")
    talk.play(0, 1.0)
    stage = stage_of(talk)
    closed = SessionEvent("local", SessionKind.CLOSED)
    outs = stage.deactivate(talk.now_s) if reason == "shutdown" else stage.session(closed, talk.now_s)
    said = [out.message for out in outs if isinstance(out.message, SayResult)]
    assert sorted((r.id, r.done, r.spoken, r.reason) for r in said) == [
        ("spoken", False, "This is the first one.", reason),
        ("waiting", False, "", reason),
    ]


def test_a_session_that_was_forgotten_for_its_silence() -> None:
    talk = Talk(session_ttl_s=5.0)
    talk.tell("say", Say("web", "a", TWO))
    talk.run(6.0)
    assert results(talk) == [("a", False, "", "session_closed")]


def test_what_was_heard_in_full_when_the_speaker_died_was_spoken() -> None:
    talk = Talk()
    talk.say("One.")
    talk.play(0, 1.0)
    talk.peer("speaker_node", PeerChange.RESTARTED)
    talk.run(0.1)
    talk.play(0, 0.0, PlaybackState.ENDED)
    assert results(talk) == [("a", True, "One.", "")]
    assert talk.sentences == ["One.", ""]


# --- whatever happens, in whatever order --------------------------------------------------------------------------

NODES = ("tts_node", "speaker_node", "llm_node", "asr_node", "vad_node")
TEXTS = ("Hello there. And you.", "One.", "", "!!", "[happy] Yes, it is there.")
NEWS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(TEXTS), st.sampled_from([*SayWhen, SayWhen(0)]), st.sampled_from("ab")),
    st.tuples(st.just("play"), st.integers(0, 2), st.floats(0, 1), st.sampled_from(list(PlaybackState))),
    st.tuples(st.just("peer"), st.sampled_from(NODES), st.sampled_from(list(PeerChange))),
    st.tuples(st.just("fault"), st.integers(0, 2), st.sampled_from(["voice_failed", "unpronounceable"])),
    st.tuples(st.just("cancel"), st.integers(0, 2)),
    st.tuples(st.just("ask"), st.sampled_from(["hello", "stop", "uh-huh", "where is the exit"])),
    st.tuples(st.just("reply"), st.sampled_from(["It is there. ", "Mr. ", "behind you."]), st.booleans()),
    st.tuples(st.just("run"), st.sampled_from([0.05, 0.3, 2.0, 5.0])),
)


def happen(talk: Talk, kind: str, *values: Any) -> None:
    if kind == "cancel":
        cancel_from_outside(talk, max(0, talk.turn - values[0]))
    elif kind == "fault":
        fault(talk, *values)
    elif kind == "reply":
        talk.reply(values[0], final=values[1])
    else:
        getattr(talk, kind)(*values)


@settings(max_examples=160, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(NEWS, max_size=30))
def test_every_say_has_exactly_one_result_in_any_order_of_events(news: list[tuple[Any, ...]]) -> None:
    talk = Talk(peer_patience_s=2.0, think_patience_s=2.0, speak_patience_s=2.5, idle_after_s=3.0, say_limit=3)
    for one in news:
        happen(talk, *one)
    talk.run(80.0)
    said: list[Say] = talk.sent("say")
    told: list[SayResult] = talk.sent("say_result")
    assert sorted(say.id for say in said) == sorted(result.id for result in told)
    for result in told:
        assert result.done != bool(result.reason)
        assert result.done or result.reason.replace("_", "").islower()
    spoken = {say.text for say in said}
    assert all(any(_words(r.spoken) in _words(text) for text in spoken) for r in told)
    assert talk.state is AgentState.IDLE


def _words(text: str) -> str:
    return " ".join(text.replace("[happy]", "").split())
