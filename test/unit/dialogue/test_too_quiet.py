"""A voice that was too soft to be understood: who spoke is asked to speak up, and nobody else."""

from __future__ import annotations

from dialogue_talk import Talk

from avatar_ros.core.enums import AgentState
from avatar_ros.core.types import EVENT_TOO_QUIET

LOUDER = "Louder."


def mumble(talk: Talk, voice_s: float = 1.5) -> None:
    """A soft voice; the recogniser understands nothing."""
    talk.ask("", voice_s=voice_s, rejected=True, events=(EVENT_TOO_QUIET,))


def quiet(**settings: object) -> Talk:
    return Talk(too_quiet=LOUDER, quiet_wait_s=2.0, quiet_voice_s=1.0, rejected_in_a_row=2, **settings)


def finish(talk: Talk) -> None:
    talk.play()
    talk.end()


def test_who_was_too_quiet_is_told_so_once_it_is_silent() -> None:
    talk = quiet()
    mumble(talk)
    talk.run(1.9)
    assert talk.sentences == []
    talk.run(0.2)
    assert (talk.sentences, talk.prompts) == ([LOUDER], [])
    finish(talk)
    assert talk.state is AgentState.LISTENING
    talk.run(10.0)
    assert talk.sentences == [LOUDER]


def test_speech_in_the_background_goes_on_and_is_not_answered() -> None:
    talk = quiet()
    for _ in range(50):
        mumble(talk)
        talk.run(1.0)
        talk.speak()  # the next sentence of the film
        talk.run(3.0)
        talk.hush()
        talk.words("", rejected=True, events=(EVENT_TOO_QUIET,))
        talk.run(0.5)
    assert (talk.sentences, talk.prompts) == ([], [])


def test_a_background_with_pauses_is_asked_to_speak_up_twice_and_then_never_again() -> None:
    talk = quiet(idle_after_s=20.0)
    for _ in range(20):
        mumble(talk)
        talk.run(4.0)
        if talk.state is AgentState.THINKING:
            finish(talk)
        talk.run(60.0)
    assert (talk.sentences, talk.prompts) == ([LOUDER] * 2, [])
    talk.answer("where is the exit", "Behind you.")  # until somebody is understood
    talk.end()
    mumble(talk)
    talk.run(3.0)
    assert talk.sentences[-1] == LOUDER


def test_who_speaks_up_unasked_is_answered() -> None:
    talk = quiet()
    mumble(talk)
    talk.run(1.0)
    talk.ask("where is the exit")
    talk.reply("Behind you.")
    finish(talk)
    talk.run(5.0)
    assert (talk.prompts, talk.sentences) == (["where is the exit"], ["Behind you."])


def test_a_soft_short_sound_is_no_voice_that_could_be_louder() -> None:
    talk = quiet()
    mumble(talk, voice_s=0.4)
    talk.run(3.0)
    assert (talk.sentences, talk.prompts) == ([], [])
    mumble(talk, voice_s=0.8)
    talk.run(3.0)
    assert (talk.sentences, talk.prompts) == ([], [""])  # it is asked about like anything else


def test_a_soft_voice_over_the_avatar_interrupts_and_is_told_so_too() -> None:
    talk = quiet(cancel_after_voice_s=0.0, unclear_voice_s=1.0)
    talk.answer("tell me", "A long answer.")
    mumble(talk)
    assert len(talk.cancels()) == 1
    talk.run(2.1)
    assert talk.sentences[-1] == LOUDER


def test_a_say_in_between_makes_it_pointless() -> None:
    talk = quiet()
    mumble(talk)
    talk.say("Mind the doors.")
    talk.play()
    talk.run(2.5)
    talk.end()
    talk.run(5.0)
    assert talk.sentences == ["Mind the doors."]


def test_who_was_too_quiet_late_in_a_conversation_is_not_seen_off_meanwhile() -> None:
    talk = quiet(farewell="Goodbye!", idle_after_s=5.0)
    talk.answer("where is the exit", "Behind you.")
    talk.end()
    talk.run(3.0)
    mumble(talk, voice_s=3.0)
    talk.run(3.0)
    assert talk.sentences == ["Behind you.", LOUDER]


def test_who_speaks_on_before_the_soft_voice_was_judged_is_not_told_to() -> None:
    talk = quiet()
    talk.speak()
    talk.run(1.5)
    talk.hush()
    talk.run(0.1)
    talk.speak()
    talk.tell_of(1, "", rejected=True, events=(EVENT_TOO_QUIET,))
    talk.run(3.0)
    assert talk.sentences == []
    talk.hush()
    talk.words("where is the exit")
    assert (talk.prompts, talk.sentences) == (["where is the exit"], [])
