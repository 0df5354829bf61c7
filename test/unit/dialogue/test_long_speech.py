"""Who speaks longer than vad_node lets an utterance be has still said one thing."""

from __future__ import annotations

import numpy as np
import pytest
from dialogue_talk import EPOCH, Talk

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.base import PORT as ASR_PORT
from avatar_ros.asr.stage import build as build_asr
from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import AgentState, InterruptAction, SayWhen, VoiceKind
from avatar_ros.core.types import AudioFrame, VoiceActivity
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from avatar_ros.testing.settings import split
from avatar_ros.vad.base import PORT as VAD_PORT
from avatar_ros.vad.base import VAD_BACKENDS, VadSettings
from avatar_ros.vad.stage import build as build_vad
from harness import Harness

PAUSE, CANCEL = InterruptAction.PAUSE, InterruptAction.CANCEL
TOO_LONG = "Shorter, please."


def go_on(talk: Talk) -> None:
    """vad_node cuts the utterance; the next one begins where it ended."""
    talk.hush()
    talk.speak()


def test_pieces_without_a_pause_between_them_are_one_question() -> None:
    talk = Talk()
    talk.speak()
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(1, "could you please tell me")
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(2, "after all that I said")
    assert (talk.prompts, talk.state) == ([], AgentState.LISTENING)
    talk.run(5.0)
    talk.hush()
    talk.words("where the exit is")
    assert talk.prompts == ["could you please tell me after all that I said where the exit is"]
    assert not talk.orders


def test_a_recogniser_that_is_faster_than_the_next_piece_makes_no_second_question() -> None:
    talk = Talk()
    talk.speak()
    talk.run(20.0)
    talk.hush()
    talk.words("could you please tell me")
    talk.speak()
    assert talk.orders == [(PAUSE, 1, "voice")]
    talk.run(2.0)
    talk.hush()
    talk.words("where the exit is")
    assert talk.prompts == ["could you please tell me", "could you please tell me where the exit is"]
    assert talk.orders[-1] == (CANCEL, 1, "continued")
    assert talk.history == []


def test_pieces_are_joined_though_another_session_takes_the_numbers_between_them() -> None:
    talk = Talk()
    talk.speak()
    talk.run(20.0)
    talk.hush()
    talk.utterance += 2  # vad_node numbers the voices of all sessions together
    talk.speak()
    talk.tell_of(1, "could you please tell me")
    assert talk.prompts == []
    talk.run(5.0)
    talk.hush()
    talk.words("where the exit is")
    assert talk.prompts == ["could you please tell me where the exit is"]


def test_a_voice_that_began_before_the_other_ended_does_not_go_on_with_it() -> None:
    talk = Talk()
    talk.speak()
    talk.run(5.0)
    talk.hush()
    began = VoiceActivity("local", 2, VoiceKind.STARTED, steady_ns=ns_from_s(talk.now_s - 2.0))
    talk.tell("mic/voice_activity", began)
    talk.tell_of(1, "where is the exit")
    assert talk.prompts == ["where is the exit"]


def type_while_speaking(talk: Talk) -> None:
    """A text of a program comes while somebody asks something else."""
    talk.speak()
    talk.run(2.0)
    talk.tell_of(0, "what time is it")
    talk.run(0.5)
    talk.hush()
    talk.words("where is the exit")


def test_a_text_that_is_typed_while_somebody_speaks_is_a_question_of_its_own() -> None:
    talk = Talk()
    type_while_speaking(talk)
    assert not talk.cancels()
    talk.reply("Noon.")
    talk.play()
    talk.end()
    assert talk.prompts == ["what time is it", "where is the exit"]


def test_nor_is_it_joined_with_them_where_breaths_are() -> None:
    talk = Talk(follow_up="join", join_within_s=1.5)
    type_while_speaking(talk)
    assert talk.prompts == ["what time is it", "where is the exit"]


def test_two_texts_that_are_typed_at_once_are_two_questions() -> None:
    talk = Talk()
    talk.tell_of(0, "what time is it")
    talk.run(0.03)
    talk.tell_of(0, "where is the exit")
    assert not talk.cancels()
    talk.reply("Noon.")
    talk.play()
    talk.end()
    assert talk.prompts == ["what time is it", "where is the exit"]


def test_with_a_pause_between_them_they_are_two() -> None:
    talk = Talk()
    talk.ask("one?")
    talk.run(0.3)
    talk.ask("two?")
    talk.reply("First.")
    talk.play()
    talk.end()
    assert talk.prompts == ["one?", "two?"]


def test_a_piece_that_was_not_understood_leaves_the_others() -> None:
    talk = Talk()
    talk.speak()
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(1, "", rejected=True)
    talk.run(5.0)
    go_on(talk)
    talk.tell_of(2, "where is the exit")
    talk.run(0.5)
    talk.hush()
    talk.words("", rejected=True)
    assert talk.prompts == ["where is the exit"]
    assert not talk.prompt.rejected


def test_pieces_of_which_none_was_understood_are_asked_about_once() -> None:
    talk = Talk()
    talk.speak()
    for utterance in (1, 2):
        talk.run(20.0)
        go_on(talk)
        talk.tell_of(utterance, "", rejected=True)
    talk.run(3.0)
    talk.hush()
    talk.words("", rejected=True)
    assert talk.prompts == [""]
    assert talk.prompt.rejected


def test_a_last_piece_that_is_never_transcribed_does_not_swallow_the_others() -> None:
    talk = Talk(hear_patience_s=2.0)
    talk.speak()
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(1, "where is the exit")
    talk.run(0.2)
    talk.hush()
    talk.run(1.5)
    assert talk.prompts == []
    talk.run(1.0)
    assert talk.prompts == ["where is the exit"]
    assert talk.sentences == []


def test_a_vad_that_restarts_does_not_swallow_them_either() -> None:
    talk = Talk()
    talk.speak()
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(1, "where is the exit")
    talk.utterance = 0
    talk.run(1.0)
    talk.ask("and the stairs")
    talk.reply("Behind you.")
    talk.play()
    talk.end()
    assert talk.prompts == ["where is the exit", "and the stairs"]


def test_too_much_at_once_is_answered_once_and_politely() -> None:
    talk = Talk(too_long=TOO_LONG, too_long_words=100)
    talk.speak()
    for utterance in (1, 2):
        talk.run(20.0)
        go_on(talk)
        talk.tell_of(utterance, "word " * 50)
    talk.run(5.0)
    talk.hush()
    talk.words("word " * 10)
    assert (talk.prompts, talk.sentences) == ([], [TOO_LONG])


def test_who_does_not_stop_at_all_is_answered_once_and_not_waited_for_any_longer() -> None:
    talk = Talk(too_long=TOO_LONG, longest_talk_s=60.0)
    talk.speak()
    for utterance in range(1, 10):
        talk.run(20.0)
        go_on(talk)
        talk.tell_of(utterance, "word " * 5)
        if talk.sentences and talk.state is not AgentState.LISTENING:
            talk.play()
            talk.end()
    assert (talk.prompts, talk.sentences) == ([], [TOO_LONG])
    talk.say("Mind the doors.", SayWhen.QUEUE)
    assert talk.sentences[-1] == "Mind the doors."
    talk.play()
    talk.end()
    talk.hush()
    talk.words("", rejected=True)
    talk.run(1.0)
    talk.ask("where is the exit")
    assert talk.prompts == ["where is the exit"]


def test_a_question_is_answered_though_its_end_was_said_to_deaf_ears() -> None:
    talk = Talk(barge_in=False, cancel_after_voice_s=0.0, too_long=TOO_LONG)
    talk.say("Mind the doors.")
    talk.speak()
    talk.run(20.0)
    talk.play()  # what was to be said before has begun to sound
    go_on(talk)
    talk.tell_of(1, "where is the exit")
    assert (talk.prompts, talk.sentences) == (["where is the exit"], ["Mind the doors."])
    talk.run(3.0)
    talk.hush()
    talk.words("I am in a hurry")
    talk.run(1.0)
    assert (talk.prompts, talk.sentences) == (["where is the exit"], ["Mind the doors."])


def test_what_was_kept_of_a_question_is_answered_too_when_nothing_more_of_it_is_heard() -> None:
    talk = Talk(barge_in=False, cancel_after_voice_s=0.0, too_long=TOO_LONG)
    talk.say("Mind the doors.")
    talk.speak()
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(1, "could you please tell me")
    talk.run(20.0)
    talk.play()
    go_on(talk)
    talk.end()
    talk.tell_of(2, "where the exit is")
    assert talk.prompts == ["could you please tell me where the exit is"]
    assert talk.sentences == ["Mind the doors."]


def test_a_noise_that_does_not_stop_is_not_answered() -> None:
    talk = Talk(too_long=TOO_LONG, longest_talk_s=60.0)
    talk.speak()
    for utterance in range(1, 10):
        talk.run(20.0)
        go_on(talk)
        talk.tell_of(utterance, "", rejected=True)
    assert (talk.prompts, talk.sentences) == ([], [])
    assert talk.state is AgentState.IDLE


def test_long_talk_over_the_avatar_interrupts_it_and_is_one_question() -> None:
    talk = Talk()
    talk.answer("tell me", "First one. And then the second one.")
    talk.speak()
    talk.run(20.0)
    assert talk.orders[-1] == (CANCEL, 1, "interrupted")
    go_on(talk)
    talk.tell_of(2, "no I wanted to know")
    talk.run(1.0)
    talk.hush()
    talk.words("where the exit is")
    assert talk.prompts == ["tell me", "no I wanted to know where the exit is"]


def test_long_talk_interrupts_with_its_first_piece_where_only_words_do() -> None:
    talk = Talk(cancel_after_voice_s=0.0, partial_words=0)
    talk.answer("tell me", "First one. And then the second one.")
    talk.speak()
    talk.run(20.0)
    go_on(talk)
    talk.tell_of(2, "no I wanted to know")
    assert talk.orders[-1] == (CANCEL, 1, "interrupted")
    talk.run(1.0)
    talk.hush()
    talk.words("where the exit is")
    assert talk.prompts == ["tell me", "no I wanted to know where the exit is"]


def test_long_talk_while_an_answer_is_prepared_is_one_question_more() -> None:
    talk = Talk()
    talk.ask("one?")
    talk.run(0.5)
    talk.speak()
    talk.run(15.0)
    go_on(talk)
    talk.tell_of(2, "and then tell me")
    talk.run(1.0)
    talk.hush()
    talk.words("where the exit is")
    talk.reply("First.")
    talk.play()
    talk.end()
    assert talk.prompts == ["one?", "and then tell me where the exit is"]


@pytest.mark.parametrize(
    ("seconds", "words", "prompts", "sentences"),
    [(45.0, 10, 1, []), (45.0, 60, 0, [TOO_LONG]), (15.0, 10, 1, [])],
)
def test_speech_as_vad_and_recogniser_hand_it_on(
    seconds: float, words: int, prompts: int, sentences: list[str]
) -> None:
    """At 45 s of speech there are three utterances, and one answer."""
    run = Harness()
    vad = split(VAD_BACKENDS, VadSettings, backend="fake", script=f"1-{1 + seconds}", min_snr_db=0.0)
    run.add("vad", build_vad(*vad), VAD_PORT)
    asr = split(ASR_BACKENDS, AsrSettings, backend="fake", script="word " * words, max_utterance_s=30.0)
    run.add("asr", build_asr(*asr), ASR_PORT)
    settings = DialogueSettings(too_long=TOO_LONG, greeting="")
    run.add("dialogue", DialogueStage(settings, lambda: (EPOCH, "")), DIALOGUE_PORT)
    pcm = np.resize(np.array([4000, -4000], np.int16), 1600)
    for block in range(round((seconds + 3.0) * 10)):
        run.send("mic/audio", AudioFrame(first_sample=1600 * block, pcm=pcm, steady_ns=1 + 100_000_000 * block))
        run.run(0.1)
    unheard = {order.turn for order in run.sent("interrupt", reason="unheard")}
    asked = [prompt for prompt in run.sent("dialogue/prompt") if prompt.turn not in unheard]
    assert len(asked) == prompts
    assert [sentence.text for sentence in run.sent("speech/sentence")] == sentences
    pieces = len(run.sent("mic/voice_activity", kind=VoiceKind.STARTED))
    assert pieces == -(-seconds // 20)
    if asked:
        assert len(asked[0].text.split()) == words * pieces
