"""A recogniser that is too slow: whoever asked is told, once, and is not answered long after."""

from __future__ import annotations

from dialogue_talk import Talk

from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import PlaybackState, SayWhen, VoiceKind
from avatar_ros.core.types import VoiceActivity

SORRY = "Once more, please."


def slow(**settings: object) -> Talk:
    return Talk(**{"too_slow": SORRY, "hear_patience_s": 5.0, **settings})


def ask_unheard(talk: Talk, voice_s: float = 1.0) -> None:
    talk.speak()
    talk.run(voice_s)
    talk.hush()


def finish(talk: Talk) -> None:
    talk.play()
    talk.run(1.5)
    talk.end()


def test_every_question_is_apologised_for_when_patience_runs_out() -> None:
    talk = slow()
    for number in range(20):
        ask_unheard(talk, 0.7)
        talk.run(5.2)
        assert talk.sentences == [SORRY] * (number + 1)
        finish(talk)
        talk.run(3.0)
    assert not talk.prompts


def test_a_late_transcript_of_what_was_apologised_for_is_not_answered() -> None:
    talk = slow()
    ask_unheard(talk)
    talk.run(5.2)
    finish(talk)
    talk.run(40.0)
    talk.words("what time is it")
    talk.run(5.0)
    assert talk.sentences == [SORRY] and not talk.prompts


def test_one_apology_does_for_all_that_was_asked_before_it() -> None:
    talk = slow()
    for _ in range(3):
        ask_unheard(talk)
        talk.run(0.5)
    talk.run(3.2)
    finish(talk)
    talk.run(20.0)
    assert talk.sentences == [SORRY]


def test_who_asks_again_is_told_as_soon_as_they_are_silent_and_answered_where_that_is_understood() -> None:
    talk = slow()
    ask_unheard(talk)
    talk.run(4.5)
    talk.speak()
    talk.run(1.0)
    assert not talk.sentences, "nobody is talked over"
    talk.hush()
    assert talk.sentences == [SORRY]
    talk.run(0.5)
    talk.words("what time is it")
    assert talk.prompts == ["what time is it"]
    talk.reply("Noon.")
    finish(talk)
    talk.run(20.0)
    assert talk.sentences == [SORRY, "Noon."]


def test_a_newer_answer_does_for_an_older_question() -> None:
    talk = slow()
    ask_unheard(talk)
    talk.run(2.0)
    talk.answer("what time is it", "Noon.")
    talk.run(1.0)
    talk.end()
    talk.run(20.0)
    assert talk.sentences == ["Noon."]


def test_a_cough_after_a_question_does_not_do_for_it() -> None:
    talk = slow()
    ask_unheard(talk)
    talk.run(1.0)
    talk.ask("", voice_s=0.3, events=("cough",))
    talk.run(0.2)
    assert talk.sentences == [SORRY]


def test_what_is_asked_while_an_answer_is_made_is_apologised_for_after_it() -> None:
    talk = slow(think_patience_s=30.0)
    talk.ask("what time is it")
    talk.run(0.5)
    ask_unheard(talk)
    talk.run(6.0)
    assert not talk.sentences
    talk.reply("Noon.")
    finish(talk)
    talk.run(0.1)
    assert talk.sentences == ["Noon.", SORRY]


def test_a_question_that_interrupted_the_avatar_is_apologised_for() -> None:
    talk = slow()
    talk.answer("what time is it", "It is a long story, which I shall tell from its beginning.")
    ask_unheard(talk, 2.0)
    assert len(talk.cancels()) == 1
    talk.run(5.2)
    assert talk.sentences[1:] == [SORRY]


def test_a_cough_over_the_answer_is_not() -> None:
    talk = slow()
    talk.answer("what time is it", "It is a long story, which I shall tell from its beginning.")
    ask_unheard(talk, 0.4)
    talk.keep_playing(6.0)
    talk.end()
    talk.run(10.0)
    assert len(talk.sentences) == 1


def test_noise_is_not_apologised_to() -> None:
    talk = slow()
    ask_unheard(talk, 0.3)
    talk.run(20.0)
    talk.speak()  # a voice that never ends
    talk.run(60.0)
    assert not talk.sentences


def test_after_stop_nothing_is_owed() -> None:
    talk = slow(think_patience_s=30.0)
    talk.ask("what time is it")
    ask_unheard(talk)
    talk.run(5.5)
    talk.ask("stop")
    talk.run(10.0)
    assert not talk.sentences


def test_a_say_does_not_swallow_the_apology() -> None:
    talk = slow()
    ask_unheard(talk)
    talk.run(4.0)
    talk.say("Closing time.", SayWhen.INTERRUPT)
    talk.play()
    talk.run(2.0)
    talk.play(0, 1.0, PlaybackState.ENDED)
    talk.run(0.1)
    assert talk.sentences == ["Closing time.", SORRY]


def test_an_empty_text_says_nothing() -> None:
    talk = slow(too_slow="")
    ask_unheard(talk)
    talk.run(20.0)
    assert not talk.sentences


def test_news_of_a_voice_that_comes_late_leaves_less_patience() -> None:
    """vad_node was behind as well: who spoke has waited already. The clock is another host's."""
    talk = slow()
    for late_s in (0.0, 20.0):
        talk.utterance += 1
        for kind, at_s in ((VoiceKind.STARTED, 1.0), (VoiceKind.STOPPED, 0.0)):
            steady_ns = ns_from_s(talk.now_s - late_s - at_s + 5000.0)
            talk.tell("mic/voice_activity", VoiceActivity("local", talk.utterance, kind, steady_ns=steady_ns))
        if not late_s:
            talk.run(0.1)
            talk.words("what time is it")
            talk.reply("Noon.")
            finish(talk)
            talk.run(1.0)
    talk.run(0.1)
    assert talk.sentences == ["Noon.", SORRY]
    talk.words("who are you")
    assert talk.prompts == ["what time is it"]
