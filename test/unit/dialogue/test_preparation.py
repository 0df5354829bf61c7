"""An answer that is prepared is heard at once where the final words are the same; otherwise nobody ever hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from dialogue_talk import EPOCH, Talk
from hypothesis import given
from hypothesis import strategies as st

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen, VoiceKind
from avatar_ros.core.events import Interrupt
from avatar_ros.core.peers import PeerChange
from avatar_ros.core.types import EVENT_COMPLETE, EVENT_LIKELY
from avatar_ros.dialogue.preparation import RequestBudget

PAUSE, RESUME, CANCEL = InterruptAction.PAUSE, InterruptAction.RESUME, InterruptAction.CANCEL


def prepare(talk: Talk, text: str = "what time is it", **fields: Any) -> None:
    """The user says something that is a whole question, and has not stopped yet."""
    talk.speak()
    talk.run(1.0)
    talk.words(text, final=False, confidence=0.9, events=(EVENT_COMPLETE,), **fields)


def finish(talk: Talk, text: str = "what time is it", **fields: Any) -> None:
    talk.hush()
    talk.words(text, **fields)


def test_the_speaker_holds_the_turn_before_anything_of_it_is_made() -> None:
    talk = Talk()
    prepare(talk)
    order = [(r.topic, getattr(r.message, "turn", None)) for r in talk.records if r.sender]
    held, asked = order.index(("interrupt", 1)), order.index(("dialogue/prompt", 1))
    assert held < asked
    assert talk.orders == [(PAUSE, 1, "prepared")]
    assert talk.prompt.speculative
    assert order.index(("state", 1)) < held, "other nodes believe in no turn that was not announced"
    assert talk.state is AgentState.LISTENING


def test_only_its_first_sentence_is_spoken_into_sound_until_it_is_wanted() -> None:
    talk = Talk()
    prepare(talk)
    talk.reply("It is three. It will be four soon. ", final=False)
    assert talk.sentences == ["It is three."]
    finish(talk)
    assert talk.orders[-1] == (RESUME, 1, "prepared")
    talk.reply("And then five.", 1)
    assert talk.sentences == ["It is three.", "It will be four soon.", "And then five."]
    assert len(talk.prompts) == 1, "it is not asked again"
    assert talk.state is AgentState.THINKING
    talk.play()
    assert talk.state is AgentState.SPEAKING
    talk.play(2, 1.0, PlaybackState.ENDED)
    talk.ask("and now")
    assert talk.history == ["u: what time is it", "a: It is three. It will be four soon. And then five."]


def test_where_all_that_was_spoken_is_a_whole_question_its_answer_waits_for_no_final_transcript() -> None:
    talk = Talk()
    prepare(talk, heard_samples=16000)
    talk.reply("It is three.")
    talk.hush(voice_samples=15000)
    assert talk.orders[-1] == (RESUME, 1, "prepared")
    talk.play()
    talk.words("what time is it")
    assert talk.state is AgentState.SPEAKING and not talk.cancels(), "its final transcript says nothing new"
    talk.end()
    talk.ask("and now")
    assert talk.history == ["u: what time is it", "a: It is three."]


@pytest.mark.parametrize(
    ("heard", "voice"), [(16000, 16001), (0, 15000), (16000, 0)], ids=["more was spoken", "unknown", "unknown end"]
)
def test_words_of_less_than_was_spoken_wait_for_the_final_ones(heard: int, voice: int) -> None:
    talk = Talk()
    prepare(talk, heard_samples=heard)
    talk.reply("It is three.")
    talk.hush(voice_samples=voice)
    assert talk.orders == [(PAUSE, 1, "prepared")]
    talk.words("what time is it in Berlin")
    assert talk.prompt.text == "what time is it in Berlin"


def test_what_is_only_likely_the_question_waits_for_the_final_words() -> None:
    talk = Talk()
    talk.speak()
    talk.words("what time is it", final=False, confidence=0.9, events=(EVENT_LIKELY,), heard_samples=16000)
    talk.hush(voice_samples=15000)
    assert talk.orders == [(PAUSE, 1, "prepared")]


@pytest.mark.parametrize("final", ["What time is it?", "what time is it", "What TIME  is it …"])
def test_case_and_punctuation_are_no_other_words_and_the_final_ones_are_remembered(final: str) -> None:
    talk = Talk()
    prepare(talk)
    talk.reply("It is three.")
    finish(talk, final)
    talk.play()
    talk.end()
    talk.ask("and now")
    assert talk.history == [f"u: {final}", "a: It is three."]


@pytest.mark.parametrize(
    ("final", "fields"),
    [
        ("what time is it in Berlin", {}),
        ("what time is it", {"locale": "de-DE"}),
        ("what time is it", {"rejected": True}),
    ],
)
def test_other_words_are_asked_anew_and_leave_no_trace_of_what_was_prepared(final: str, fields: dict[str, Any]) -> None:
    talk = Talk()
    prepare(talk)
    talk.reply("It is three.")
    finish(talk, final, **fields)
    assert talk.orders == [(PAUSE, 1, "prepared"), (CANCEL, 1, "unheard")]
    assert (talk.prompt.turn, talk.prompt.text, talk.prompt.speculative) == (2, final, False)
    assert talk.history == []
    talk.reply("Late words of the first.", 1, turn=1)
    assert talk.sentences == ["It is three."]


def silence(talk: Talk) -> None:
    """Nothing is said of it: no state but LISTENING, no result, and nothing of it in the next prompt."""
    assert set(talk.states) <= {AgentState.LISTENING}
    assert not talk.sent("say_result")
    assert talk.cancels()[-1].reason == "unheard"
    talk.run(1.0)
    talk.hush()
    talk.words("something else")
    assert talk.history == []


def test_who_goes_on_is_never_told_of_an_answer() -> None:
    talk = Talk()
    prepare(talk)
    talk.reply("It is three.")
    talk.voice(VoiceKind.PAUSED, talk.utterance)
    talk.voice(VoiceKind.RESUMED, talk.utterance)
    silence(talk)


def test_more_words_throw_it_away() -> None:
    talk = Talk()
    prepare(talk)
    talk.words("what time is it in", final=False, confidence=0.9)
    silence(talk)


def test_a_pause_prepares_what_was_heard_last_and_a_guess_is_none() -> None:
    talk = Talk()
    talk.speak()
    talk.words("tell me about trees", final=False, confidence=0.5)
    talk.voice(VoiceKind.PAUSED, talk.utterance)
    assert talk.prompts == []
    talk.words("tell me about bees", final=False, confidence=0.8)
    assert talk.prompts == ["tell me about bees"]


@pytest.mark.parametrize("node", ["tts_node", "speaker_node", "llm_node", "asr_node"])
def test_a_death_on_the_way_ends_it(node: str) -> None:
    talk = Talk()
    prepare(talk)
    talk.peer(node, PeerChange.LOST)
    assert talk.cancels()[-1].reason == "unheard"
    talk.peer(node, PeerChange.RESTARTED)
    finish(talk)
    assert not talk.prompt.speculative


def test_an_order_of_others_ends_it_without_a_second_one() -> None:
    talk = Talk()
    prepare(talk)
    talk.tell("interrupt", Interrupt("local", EPOCH, 1, CANCEL, "test"))
    finish(talk)
    assert talk.orders == [(PAUSE, 1, "prepared"), (CANCEL, 1, "test")]
    assert (talk.prompt.turn, talk.prompt.speculative) == (2, False)


def test_a_program_that_lets_it_go_is_answered_by_a_cancel_at_once() -> None:
    talk = Talk()
    prepare(talk)
    talk.reply("It is three.")
    talk.play()
    assert talk.orders[-1] == (CANCEL, 1, "unheard")
    assert AgentState.SPEAKING not in talk.states


def test_words_of_programs_go_first() -> None:
    talk = Talk()
    prepare(talk)
    talk.reply("It is three.")
    talk.say("Attention please.", SayWhen.INTERRUPT)
    assert talk.orders[-1] == (CANCEL, 1, "unheard")
    assert talk.sentences[-1] == "Attention please."


def test_nothing_is_prepared_where_it_would_not_be_answered_next() -> None:
    stopping, greeting, off = Talk(), Talk(greeting="Hello!"), Talk(speculative_requests_per_minute=0)
    prepare(stopping, "please stop")
    prepare(greeting)
    prepare(off)
    speaking = Talk()
    speaking.answer("one", "First one. And a second one.")
    speaking.speak()
    speaking.words("uh-huh", final=False, confidence=0.9, events=(EVENT_COMPLETE,))
    long = Talk()
    prepare(long, "word " * 151)
    for talk in (stopping, greeting, off, long):
        assert talk.prompts == []
    assert speaking.prompts == ["one"]


def test_no_more_requests_are_made_than_the_parameter_says() -> None:
    talk = Talk(speculative_requests_per_utterance=2)
    talk.speak()
    for words in ("one two", "one two three", "one two three four"):
        talk.words(words, final=False, confidence=0.9, events=(EVENT_COMPLETE,))
    assert talk.prompts == ["one two", "one two three"]
    assert talk.cancels()[-1].reason == "unheard"
    finish(talk, "one two three four")
    assert talk.prompts[-1] == "one two three four"


@given(st.integers(0, 5), st.integers(0, 5), st.lists(st.tuples(st.integers(1, 3), st.floats(0.0, 30.0)), max_size=40))
def test_the_budget_is_kept_in_every_minute(a_minute: int, each: int, asked: list[tuple[int, float]]) -> None:
    budget, now_s, made = RequestBudget(a_minute, each), 0.0, []
    utterance = 0
    for step, gap_s in asked:
        now_s, utterance = now_s + gap_s, utterance + (step == 1)
        if budget.take(utterance, now_s):
            made.append((now_s, utterance))
    for at_s, number in made:
        assert sum(at_s - 60.0 < other <= at_s for other, _ in made) <= a_minute
        assert sum(other == number for _, other in made) <= each
