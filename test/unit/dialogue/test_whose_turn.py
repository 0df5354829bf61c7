"""Nobody is forgotten: what becomes of questions and `say`s that others come before."""

from __future__ import annotations

import pytest
from dialogue_talk import Talk

from avatar_ros.core.enums import AgentState, InterruptAction, SayWhen
from avatar_ros.core.events import SayResult
from avatar_ros.core.types import Transcript

PAUSE, RESUME, CANCEL = InterruptAction.PAUSE, InterruptAction.RESUME, InterruptAction.CANCEL
URGENT = pytest.mark.parametrize("when", [SayWhen.NOW, SayWhen.INTERRUPT])


def results(talk: Talk) -> list[tuple[str, bool, str]]:
    found: list[SayResult] = talk.sent("say_result")
    return [(r.id, r.done, r.reason) for r in found]


def finish(talk: Talk) -> None:
    """The turn is spoken to its end."""
    talk.play()
    talk.end()


@URGENT
def test_who_waits_for_an_answer_still_gets_it_after_an_urgent_say(when: SayWhen) -> None:
    talk = Talk()
    talk.ask("where is the exit")
    talk.say("Mind the doors.", when)
    assert talk.sentences == ["Mind the doors."]
    finish(talk)
    assert talk.prompts == ["where is the exit", "where is the exit"]
    assert talk.history == ["a: Mind the doors."]
    assert (talk.prompt.turn, talk.prompt.rejected) == (3, False)


@URGENT
def test_questions_that_wait_are_answered_after_it_in_their_order(when: SayWhen) -> None:
    talk = Talk()
    talk.ask("one?")
    talk.ask("two?")
    talk.say("Mind the doors.", when)
    finish(talk)
    talk.reply("First.")
    finish(talk)
    talk.reply("Second.")
    finish(talk)
    assert talk.prompts == ["one?", "one?", "two?"]


@URGENT
def test_an_answer_that_was_heard_is_not_asked_for_again(when: SayWhen) -> None:
    talk = Talk()
    talk.answer("where is the exit", "Behind you. Then to the left.")
    talk.say("Mind the doors.", when)
    talk.play(0, 1.0)
    finish(talk)
    assert talk.prompts == ["where is the exit"]


@URGENT
def test_who_has_heard_the_greeting_only_still_waits_for_the_answer(when: SayWhen) -> None:
    talk = Talk(greeting="Welcome!")
    talk.ask("where is the exit")
    talk.reply("Behind you.")
    talk.play(0, 0.5)
    talk.say("Mind the doors.", when)
    talk.play(0, 1.0)
    finish(talk)
    assert talk.prompts == ["where is the exit"] * 2
    assert talk.sentences.count("Welcome!") == 1  # that was heard


@URGENT
def test_who_has_heard_the_beginning_of_the_answer_after_the_greeting_does_not(when: SayWhen) -> None:
    talk = Talk(greeting="Welcome!")
    talk.ask("where is the exit")
    talk.reply("Behind you. Then to the left.")
    talk.play(1, 0.5)
    talk.say("Mind the doors.", when)
    talk.play(1, 1.0)
    finish(talk)
    assert talk.prompts == ["where is the exit"]


def test_nobody_waits_for_the_apology_that_a_say_displaced() -> None:
    talk = Talk()
    talk.ask("", rejected=True)
    talk.say("Mind the doors.", SayWhen.NOW)
    finish(talk)
    assert len(talk.prompts) == 1


def test_the_greeting_that_a_say_displaced_is_made_up_for() -> None:
    talk = Talk(greeting="Welcome!")
    talk.ask("where is the exit")
    talk.say("Mind the doors.", SayWhen.NOW)
    finish(talk)
    assert talk.sentences == ["Welcome!", "Mind the doors.", "Welcome!"]


def test_who_interrupts_does_not_overtake_a_say_that_waits_for_the_end_of_the_sentence() -> None:
    talk = Talk()
    talk.answer("tell me", "First one. And then the second one.")
    talk.say("Mind the doors.", SayWhen.NOW)
    talk.ask("where is the exit")
    assert talk.orders[-1] == (CANCEL, 1, "interrupted")
    assert talk.sentences[-1] == "Mind the doors."
    assert talk.prompts == ["tell me"]
    finish(talk)
    assert talk.prompts == ["tell me", "where is the exit"]


def test_a_say_now_goes_before_the_answer_to_who_was_speaking_when_it_came() -> None:
    talk = Talk()
    talk.speak()
    talk.say("Mind the doors.", SayWhen.NOW)
    talk.hush()
    assert talk.sentences == []
    talk.words("where is the exit")
    assert (talk.sentences, talk.prompts) == (["Mind the doors."], [])
    finish(talk)
    assert talk.prompts == ["where is the exit"]


def test_stop_stops_what_waits_to_be_said_as_well() -> None:
    talk = Talk()
    talk.say("One two three.", id="1")
    talk.play(0, 0.5)
    talk.say("Four five six.", id="2")
    talk.say("Seven.", id="3")
    talk.ask("stop")
    talk.run(1.0)
    assert talk.sentences == ["One two three."]
    assert results(talk) == [("2", False, "stop"), ("3", False, "stop"), ("1", False, "stop")]
    assert talk.state is AgentState.LISTENING
    talk.say("Eight.", id="4")  # what a program wants said after that is said
    assert talk.sentences[-1] == "Eight."


def test_a_question_that_waits_survives_another_one_over_the_apology() -> None:
    talk = Talk(think_patience_s=4.0, apology="Sorry.")
    talk.ask("one?")
    talk.ask("two?")
    talk.run(4.0)
    assert talk.sentences == ["Sorry."]
    talk.ask("three?")
    assert talk.orders[-1] == (CANCEL, 2, "replaced")
    assert talk.prompts == ["one?", "two?"]
    talk.reply("Second.")
    finish(talk)
    assert talk.prompts == ["one?", "two?", "three?"]


def test_a_later_question_replaces_those_that_wait_where_that_is_wanted() -> None:
    talk = Talk(follow_up="replace")
    talk.ask("one?")
    talk.say("Mind the doors.", SayWhen.NOW)
    talk.ask("two?")
    assert talk.prompts == ["one?", "two?"]
    talk.reply("Second.")
    finish(talk)
    assert talk.prompts == ["one?", "two?"]


def test_yes_in_the_last_instant_of_a_question_answers_it() -> None:
    talk = Talk()
    talk.answer("hello", "Hi. Shall I show you the way?")
    talk.play(1, 0.9)
    talk.speak()
    talk.end()  # its last sample was under way when the pause was ordered
    talk.run(0.3)
    talk.hush()
    talk.words("yes")
    assert talk.prompts == ["hello", "yes"]
    assert talk.history == ["u: hello", "a: Hi. Shall I show you the way?"]


@pytest.mark.parametrize("fields", [{"text": "yes", "rejected": True}, {"text": ""}])
def test_what_is_no_answer_is_none_then_either(fields: dict) -> None:
    talk = Talk()
    talk.answer("hello", "Shall I show you the way?")
    talk.play(0, 0.9)
    talk.speak()
    talk.end()
    talk.hush()
    talk.words(**fields)
    assert talk.prompts == ["hello"]


def test_yes_into_the_beginning_of_a_question_cannot_answer_it() -> None:
    talk = Talk(barge_in_style="duck")
    talk.answer("hello", "Shall I show you the way?")
    talk.play(0, 0.2)
    talk.speak()
    talk.end()
    talk.hush()
    talk.words("yes")
    assert talk.prompts == ["hello"]


def test_nobody_is_seen_off_who_was_not_there() -> None:
    talk = Talk(farewell="Goodbye!", greeting="Welcome!", greet_when="start", greet_delay_s=1.0, idle_after_s=5.0)
    talk.run(1.5)
    finish(talk)
    talk.say("The doors will close soon.")
    finish(talk)
    talk.run(20.0)
    assert talk.sentences == ["Welcome!", "The doors will close soon."]
    assert talk.state is AgentState.IDLE
    talk.answer("thanks", "You are welcome.")
    talk.end()
    talk.run(6.0)
    assert talk.sentences[-1] == "Goodbye!"
    finish(talk)
    talk.say("The doors are closed.")
    finish(talk)
    talk.run(20.0)
    assert talk.sentences.count("Goodbye!") == 1


def test_a_vad_that_dies_in_mid_utterance_blocks_nothing_for_long() -> None:
    talk = Talk()
    talk.speak()
    talk.say("Mind the doors.")
    talk.run(20.0)  # as long as vad_node lets an utterance be
    assert (talk.state, talk.sentences) == (AgentState.LISTENING, [])
    talk.run(6.0)
    assert talk.sentences == ["Mind the doors."]


def test_a_second_transcript_does_not_ask_again() -> None:
    talk = Talk()
    talk.ask("where is the exit")
    talk.say("Mind the doors.", SayWhen.INTERRUPT)
    talk.tell("speech/transcript", Transcript(utterance=1, text="where is the exit"))
    finish(talk)
    talk.reply("Behind you.")
    finish(talk)
    assert talk.prompts == ["where is the exit"] * 2
