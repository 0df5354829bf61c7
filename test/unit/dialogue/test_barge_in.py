"""Speech over the avatar, questions on the heels of questions, `say`."""

from __future__ import annotations

import pytest
from dialogue_talk import Talk

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen
from avatar_ros.core.events import SayResult
from avatar_ros.core.types import Transcript

PAUSE, DUCK, RESUME, CANCEL = (
    InterruptAction.PAUSE,
    InterruptAction.DUCK,
    InterruptAction.RESUME,
    InterruptAction.CANCEL,
)


def speaking(**settings: object) -> Talk:
    """The avatar speaks its second sentence and has said half of it."""
    talk = Talk(**settings)
    talk.answer("tell me", "First one. And then the second one goes on.")
    talk.play(1, 0.5)
    return talk


def test_speech_over_the_avatar_pauses_it_at_once() -> None:
    talk = speaking()
    talk.speak()
    assert talk.orders == [(PAUSE, 1, "voice")]
    assert talk.state is AgentState.LISTENING


def test_it_may_be_softened_instead() -> None:
    talk = speaking(barge_in_style="duck")
    talk.speak()
    assert talk.actions == [DUCK]
    assert talk.state is AgentState.SPEAKING


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("uh-huh", {}),
        ("Yeah, ok.", {}),
        ("", {}),
        ("", {"events": ("cough",)}),
        ("", {"events": ("applause",)}),
        ("Ha ha ha.", {"events": ("laughter",)}),
        ("mumble", {"rejected": True}),
    ],
)
def test_what_is_no_interruption_lets_it_go_on(text: str, fields: dict) -> None:
    talk = speaking()
    talk.ask(text, voice_s=0.4, **fields)
    assert talk.actions == [PAUSE, RESUME]
    assert talk.state is AgentState.SPEAKING
    assert talk.prompts == ["tell me"]


def test_a_real_interruption_cancels_and_only_what_was_said_is_remembered() -> None:
    talk = speaking()
    talk.ask("wait, where is it")
    assert talk.orders[1:] == [(CANCEL, 1, "interrupted")]
    assert talk.prompts == ["tell me", "wait, where is it"]
    assert talk.history == ["u: tell me", "a: First one. And then the"]
    assert talk.prompt.turn == 2
    assert talk.state is AgentState.THINKING


def test_without_words_it_goes_on_in_time() -> None:
    talk = speaking(decide_within_s=0.8)
    talk.speak()
    talk.run(0.3)
    talk.hush()
    talk.run(0.75)
    assert talk.actions == [PAUSE]
    talk.run(0.15)
    assert talk.actions == [PAUSE, RESUME]


def test_words_that_come_later_interrupt_all_the_same() -> None:
    talk = speaking()
    talk.speak()
    talk.hush()
    talk.run(1.5)
    assert talk.actions == [PAUSE, RESUME]
    talk.words("where is the exit")
    assert talk.actions == [PAUSE, RESUME, CANCEL]
    assert talk.prompts[-1] == "where is the exit"


def test_it_stays_silent_while_somebody_speaks() -> None:
    talk = speaking(cancel_after_voice_s=0.0, speak_patience_s=2.0)
    talk.speak()
    talk.run(8.0)
    assert talk.actions == [PAUSE]
    talk.hush()
    talk.words("ok")
    assert talk.actions == [PAUSE, RESUME]


def test_the_speaker_has_its_time_to_go_on() -> None:
    talk = speaking(cancel_after_voice_s=0.0, speak_patience_s=2.0)
    talk.speak()
    talk.run(5.0)
    talk.hush()
    talk.words("ok")
    talk.run(1.5)
    assert talk.actions == [PAUSE, RESUME]
    talk.run(1.0)
    assert talk.orders[2:] == [(CANCEL, 1, "no_sound")]


def test_a_voice_that_lasts_interrupts() -> None:
    talk = speaking(cancel_after_voice_s=3.0)
    talk.speak()
    talk.run(2.9)
    assert talk.actions == [PAUSE]
    talk.run(0.2)
    assert talk.actions == [PAUSE, CANCEL]
    talk.hush()
    talk.words("", rejected=True)  # many words, none understood: it must say so
    assert talk.prompt.rejected
    assert talk.history == ["u: tell me", "a: First one. And then the"]


def test_who_laughs_long_still_wants_to_hear_the_rest() -> None:
    talk = speaking(cancel_after_voice_s=3.0)
    talk.speak()
    talk.run(1.0)
    talk.words("", final=False, events=("laughter",))
    talk.run(4.0)
    assert talk.actions == [PAUSE]
    talk.hush()
    talk.words("", events=("laughter",))
    assert talk.actions == [PAUSE, RESUME]
    assert talk.prompts == ["tell me"]


def test_who_laughs_and_then_speaks_interrupts() -> None:
    talk = speaking(cancel_after_voice_s=3.0, partial_words=0)
    talk.speak()
    talk.words("", final=False, events=("laughter",))
    talk.run(2.0)
    talk.words("that is", final=False, events=("laughter",))
    talk.run(2.0)
    assert talk.actions == [PAUSE, CANCEL]


def test_a_laugh_with_a_question_in_it_is_a_question() -> None:
    talk = speaking()
    talk.ask("and where is that exhibit", events=("laughter",))
    assert talk.prompts[-1] == "and where is that exhibit"


@pytest.mark.parametrize("sound", ["laughter", "music"])
def test_a_sound_without_words_asks_nothing_while_nobody_speaks(sound: str) -> None:
    talk = Talk()
    talk.ask("", voice_s=3.0, events=(sound,))
    assert talk.prompts == []
    assert talk.sentences == []


def test_words_heard_so_far_interrupt_before_the_voice_stops() -> None:
    talk = speaking(partial_words=3)
    talk.speak()
    talk.words("but", final=False)
    talk.words("uh-huh i see", final=False)
    assert talk.actions == [PAUSE]
    talk.words("but where is it", final=False)
    assert talk.actions == [PAUSE, CANCEL]
    assert talk.state is AgentState.LISTENING
    talk.hush()
    talk.words("but where is it now")
    assert talk.prompts[-1] == "but where is it now"


def test_a_cough_that_sounds_like_words_at_first_does_not_interrupt() -> None:
    talk = speaking()
    talk.speak()
    talk.words("what time is it", final=False, confidence=0.5)
    talk.hush()
    talk.words("", rejected=True)
    assert talk.actions == [PAUSE, RESUME]


def test_a_second_voice_is_waited_for() -> None:
    talk = speaking()
    talk.ask("", voice_s=0.3)
    talk.speak()
    first = talk.utterance
    talk.hush()
    talk.speak()
    talk.tell("speech/transcript", Transcript(utterance=first, text="mm"))
    assert talk.actions == [PAUSE, RESUME, PAUSE, PAUSE]  # not resumed into the second voice
    talk.hush()
    talk.words("stop")
    assert talk.actions[-1] is CANCEL


def test_uh_huh_after_the_last_word_asks_nothing() -> None:
    talk = speaking(barge_in_style="duck")
    talk.speak()
    talk.end()
    talk.hush()
    talk.words("uh-huh")
    assert talk.prompts == ["tell me"]
    talk.ask("uh-huh")  # but on its own it is an answer
    assert talk.prompts[-1] == "uh-huh"


def test_yes_into_the_end_of_a_question_answers_it() -> None:
    talk = Talk()
    talk.answer("hello", "Hi. Shall I show you the way?")
    talk.play(1, 0.3)
    talk.ask("yes", voice_s=0.3)  # it cannot know yet what it is asked
    talk.play(1, 0.8)
    talk.ask("yes", voice_s=0.3)
    assert talk.prompts == ["hello"]
    assert CANCEL not in talk.actions
    talk.end()
    assert talk.prompts == ["hello", "yes"]
    assert talk.history == ["u: hello", "a: Hi. Shall I show you the way?"]


def test_a_stop_phrase_silences_and_wants_no_answer() -> None:
    talk = speaking()
    talk.ask("Stop it!")
    assert talk.orders[-1] == (CANCEL, 1, "stop")
    assert talk.prompts == ["tell me"]
    assert talk.state is AgentState.LISTENING


def test_where_it_cannot_be_interrupted_it_hears_only_itself() -> None:
    talk = speaking(barge_in=False)
    talk.ask("where is the exit")
    assert talk.orders == []
    assert talk.state is AgentState.SPEAKING
    talk.end()
    talk.ask("where is the exit")
    assert talk.prompts[-1] == "where is the exit"


def test_a_pause_that_was_lost_is_ordered_again() -> None:
    talk = speaking()
    talk.speak()
    talk.play(1, 0.5)
    talk.run(0.6)
    talk.play(1, 0.6)
    assert talk.actions == [PAUSE, PAUSE]


def test_interrupted_before_the_first_sound() -> None:
    talk = Talk(follow_up="replace")
    talk.ask("one?")
    talk.reply("First. Second.")
    talk.speak()
    assert talk.orders == [(PAUSE, 1, "voice")]
    talk.hush()
    talk.words("two?")
    assert talk.orders[1:] == [(CANCEL, 1, "replaced")]
    assert talk.history == ["u: one?"]


def test_ten_interruptions_in_a_row() -> None:
    talk = Talk()
    for i in range(10):
        talk.ask(f"question {i}")
        talk.reply("A long answer.")
        talk.play(0, 0.3)
    assert talk.prompts == [f"question {i}" for i in range(10)]
    assert len(talk.cancels()) == 9
    talk.end()
    assert talk.state is AgentState.LISTENING


def test_a_second_question_is_answered_after_the_first() -> None:
    talk = Talk(follow_up="queue")
    talk.ask("one?")
    talk.ask("two?")
    assert talk.prompts == ["one?"]
    talk.reply("First.")
    talk.play()
    talk.end()
    assert talk.prompts == ["one?", "two?"]
    assert talk.history == ["u: one?", "a: First."]
    assert CANCEL not in talk.actions


def test_a_second_question_survives_an_llm_that_failed_at_the_first() -> None:
    talk = Talk(follow_up="queue", think_patience_s=4.0, apology="Sorry.")
    talk.ask("one?")
    talk.ask("two?")
    talk.run(4.0)
    assert talk.sentences == ["Sorry."]
    talk.play()
    talk.end()
    assert talk.prompts == ["one?", "two?"]


def test_an_answer_waits_for_who_went_on_before_it_began() -> None:
    talk = Talk(follow_up="join")
    talk.speak()
    talk.run(1.0)
    talk.hush()
    talk.run(0.3)
    talk.speak()
    talk.tell("speech/transcript", Transcript(utterance=1, text="where is"))
    assert talk.orders == [(PAUSE, 1, "voice")]
    talk.run(1.0)
    talk.hush()
    talk.words("the exit")
    assert talk.prompts == ["where is", "where is the exit"]


def test_nobody_waits_for_an_apology() -> None:
    talk = Talk(follow_up="queue")
    talk.ask("", rejected=True)
    talk.ask("where is the exit")
    assert talk.orders[-1] == (CANCEL, 1, "replaced")
    assert talk.prompts == ["", "where is the exit"]


def test_a_question_with_a_breath_in_it_is_one() -> None:
    talk = Talk(follow_up="join", join_within_s=1.5)
    talk.ask("where is")
    talk.run(0.5)
    talk.ask("the exit")
    assert talk.prompts == ["where is", "where is the exit"]
    assert talk.orders[-1] == (CANCEL, 1, "continued")
    assert talk.history == []
    talk.ask("of the building")
    assert talk.prompts[-1] == "where is the exit of the building"


def test_a_later_question_replaces_the_one_before() -> None:
    talk = Talk(follow_up="join", join_within_s=1.5)
    talk.ask("one?")
    talk.run(3.0)
    talk.ask("two?")
    assert talk.prompts == ["one?", "two?"]
    assert talk.orders[-1] == (CANCEL, 1, "replaced")
    assert talk.history == ["u: one?"]


def test_noise_while_thinking_changes_nothing() -> None:
    talk = Talk(follow_up="replace")
    talk.ask("one?")
    talk.ask("", voice_s=0.3, rejected=True)
    assert talk.actions == [PAUSE, RESUME]
    assert talk.prompts == ["one?"]


# --- say ----------------------------------------------------------------------------------------------------------


def results(talk: Talk) -> list[tuple[str, bool, str, str]]:
    found: list[SayResult] = talk.sent("say_result")
    return [(r.id, r.done, r.spoken, r.reason) for r in found]


def test_a_say_is_spoken_and_reported() -> None:
    talk = Talk()
    talk.say("[happy] Hello. All of you.")
    assert [(s.text, s.expression, s.last) for s in talk.sent("speech/sentence")] == [
        ("Hello.", "happy", False),
        ("All of you.", "", True),
    ]
    talk.play()
    talk.end()
    assert results(talk) == [("a", True, "Hello. All of you.", "")]
    talk.ask("what did you say")
    assert talk.history == ["a: Hello. All of you."]


def test_a_queued_say_waits_for_the_answer() -> None:
    talk = speaking()
    talk.say("Later.")
    assert "Later." not in talk.sentences
    talk.end()
    assert talk.sentences[-1] == "Later."


def test_a_say_waits_until_the_person_has_finished() -> None:
    talk = Talk()
    talk.speak()
    talk.say("Hello.")
    talk.hush()
    assert talk.sentences == []
    talk.words("one?")
    assert talk.prompts == ["one?"]
    talk.reply("First.")
    talk.play()
    talk.end()
    assert talk.sentences == ["First.", "Hello."]


def test_say_now_lets_the_sentence_end() -> None:
    talk = speaking()
    talk.say("Queued.", id="q")
    talk.say("Now.", SayWhen.NOW, id="n")
    assert results(talk) == [("q", False, "", "replaced")]
    talk.play(1, 0.8)
    assert talk.cancels() == []
    talk.play(1, 1.0)
    assert talk.orders == [(CANCEL, 1, "say")]
    assert talk.sentences[-1] == "Now."


def test_say_interrupt_speaks_at_once() -> None:
    talk = speaking()
    talk.speak()
    talk.say("Fire!", SayWhen.INTERRUPT)
    assert talk.orders[-1] == (CANCEL, 1, "say")
    assert talk.sentences[-1] == "Fire!"


def test_an_interrupted_say_says_how_far_it_came() -> None:
    talk = Talk()
    talk.say("One two three four. Five.")
    talk.play(0, 0.6)
    talk.ask("where is the exit")
    assert results(talk) == [("a", False, "One two", "interrupted")]


def test_a_say_that_cannot_be_spoken_is_refused() -> None:
    talk = Talk(say_limit=1)
    talk.say(" ... ", id="empty")
    talk.say("One.", id="1")
    talk.say("Two.", id="2")
    talk.say("Three.", id="3")
    assert results(talk) == [("empty", False, "", "empty_text"), ("3", False, "", "queue_full")]


def test_a_say_on_a_dead_speaker_is_reported() -> None:
    talk = Talk(speak_patience_s=2.0)
    talk.say("Hello.")
    talk.run(3.0)
    assert results(talk) == [("a", False, "", "no_sound")]


def test_a_starved_say_resumes() -> None:
    talk = Talk()
    talk.say("Hello.")
    talk.play(0, 0.5, PlaybackState.STARVED)
    assert talk.state is AgentState.SPEAKING


def test_a_whole_sentence_that_was_not_understood_interrupts() -> None:
    talk = speaking(cancel_after_voice_s=0.0, unclear_voice_s=1.0)
    talk.ask("", voice_s=1.2, rejected=True)
    assert talk.actions == [PAUSE, CANCEL]
    assert talk.prompt.rejected  # it says so, politely


@pytest.mark.parametrize(
    "fields", [{"rejected": True, "events": ("laughter",)}, {"text": "yeah yeah", "rejected": True}]
)
def test_a_long_laugh_or_yeah_is_no_sentence(fields: dict) -> None:
    talk = speaking(cancel_after_voice_s=0.0, unclear_voice_s=1.0)
    talk.ask(**{"text": "", "voice_s": 1.2, "rejected": True, **fields})
    assert talk.actions == [PAUSE, RESUME]


def test_who_says_uh_huh_for_long_wants_to_hear_the_rest() -> None:
    talk = speaking(cancel_after_voice_s=1.5)
    talk.speak()
    talk.words("yeah yeah", final=False)
    talk.run(3.0)
    assert talk.actions == [PAUSE]
