"""TtsStage: turns in their order, sessions beside each other, drafts."""

import numpy as np
import pytest

from avatar_ros.core.enums import SessionKind
from avatar_ros.core.events import SessionEvent
from avatar_ros.core.types import Sentence
from avatar_ros.tts.base import TtsSettings, VoiceChoice
from avatar_ros.tts.fake import FakeVoice
from avatar_ros.tts.fallback import VoiceWithFallback
from tts_bench import RATE, Bench


def test_cancel_drops_the_turn_and_what_is_late_for_it():
    bench = Bench()
    bench.say("word " * 40, 0)
    bench.say("more", 1)
    bench.cancel()
    sent = len(bench.chunks)
    bench.run(5.0)
    bench.say("late", 2)
    assert len(bench.chunks) == sent
    assert bench.stage.status()["ignored_sentences"] == "1"
    bench.say("next", turn=2, last=True)
    assert bench.chunks[-1].turn_end and bench.chunks[-1].turn == 2
    assert bench.chunks[sent].first_sample == 0


def test_old_turns_and_repeated_sentences_are_ignored():
    bench = Bench()
    bench.say("two", turn=2, last=True)
    sent = len(bench.chunks)
    bench.say("one", turn=1)
    bench.say("two", turn=2, last=True)
    assert len(bench.chunks) == sent


def test_empty_last_sentence_closes_the_turn():
    bench = Bench()
    bench.say("one", 0)
    assert not bench.chunks[-1].turn_end
    bench.say("", 1, last=True)
    closing = bench.chunks[-1]
    assert closing.turn_end and closing.sentence_end and not len(closing.pcm)
    assert closing.first_sample == round((0.3 + 0.25) * RATE)


def test_turn_without_any_sound_is_one_closing_chunk():
    bench = Bench()
    bench.say("👍", last=True)
    assert [(len(c.pcm), c.turn_end) for c in bench.chunks] == [(0, True)]


def test_next_turn_waits_until_the_one_before_was_sent_whole():
    bench = Bench()
    bench.say("word " * 20, turn=1, last=True)
    bench.say("next", turn=2, last=True)
    assert {c.turn for c in bench.chunks} == {1}
    for i in range(200):
        bench.run(0.04)
        bench.hear(round(0.04 * i * RATE))
    turns = [c.turn for c in bench.chunks]
    assert turns == sorted(turns) and turns[-1] == 2 and bench.chunks[-1].turn_end


def test_unfinished_turn_is_closed_by_a_newer_one():
    bench = Bench()
    bench.say("one", turn=1)
    bench.say("two", turn=2, last=True)
    ends = [c.turn for c in bench.chunks if c.turn_end]
    assert ends == [1, 2]


def test_new_epoch_drops_the_turns_of_the_old_one():
    bench = Bench()
    bench.say("word " * 40, turn=5)
    bench.say("hello", turn=1, epoch=1, last=True)
    assert (bench.chunks[-1].epoch, bench.chunks[-1].turn_end) == (1, True)


def test_sessions_do_not_disturb_each_other():
    bench = Bench()
    bench.say("word " * 40)
    bench.say("hello", session="other", last=True)
    assert [c.session for c in bench.chunks if c.turn_end] == ["other"]
    bench.keep(bench.stage.session(SessionEvent(kind=SessionKind.CLOSED), bench.now_s))
    sent = len(bench.chunks)
    bench.run(5.0)
    assert len(bench.chunks) == sent


def test_idle_stage_does_not_tick():
    bench = Bench()
    assert bench.stage.tick_period_s == 0
    bench.say("word " * 40, last=True)
    assert bench.stage.tick_period_s > 0
    bench.run(30.0)
    assert bench.stage.tick_period_s == 0


class Several(FakeVoice):
    """Notes who speaks."""

    def __init__(self, settings):
        super().__init__(settings)
        self.spoke = []

    def voices(self):
        return (VoiceChoice("a", "A", "en-US"), VoiceChoice("b", "B"))

    def speak_as(self, voice, text, locale, stop=None):
        self.spoke.append((voice, locale))
        return self.speak(text, locale, stop)


def test_a_session_chooses_its_voice_and_no_other_hears_of_it():
    voice = Several(TtsSettings(backend="fake"))
    bench = Bench(voice)
    assert bench.stage.offer.voices == ("a", "b") and bench.stage.offer.voice_locales == ("en-US", "")
    list(bench.stage.session(SessionEvent("web", voice="b"), bench.now_s))
    bench.say("one", session="web", locale="de-DE", last=True)
    bench.say("two", session="other", last=True)
    assert voice.spoke == [("b", "de-DE")]
    list(bench.stage.session(SessionEvent("web"), bench.now_s))
    bench.say("three", turn=2, session="web", locale="de-DE", last=True)
    assert voice.spoke[1:] == [("b", "de-DE")], "an event without a voice changes none"
    list(bench.stage.session(SessionEvent("web", SessionKind.CLOSED), bench.now_s))
    bench.say("four", turn=3, session="web", last=True)
    assert len(voice.spoke) == 2


def test_the_voices_are_those_of_the_first_where_another_takes_over():
    settings = TtsSettings(backend="fake")
    first = Several(settings)
    both = VoiceWithFallback(first, FakeVoice(settings), settings)
    both.load()
    assert both.voices() == first.voices()
    assert sum(len(part.pcm) for part in both.speak_as("a", "one two", "en-US"))
    assert first.spoke == [("a", "en-US")]
    assert VoiceWithFallback(FakeVoice(settings), FakeVoice(settings), settings).voices() == ()


def give_draft(bench, text, **more):
    sentence = Sentence(turn=1, index=0, text=text, **more)
    bench.keep(bench.stage.push("speech/draft", sentence, bench.now_s))


@pytest.mark.parametrize("first", ["draft", "sentence"])
def test_a_draft_and_its_sentence_are_spoken_once_whichever_comes_first(first):
    bench, plain = Bench(), Bench()
    if first == "draft":
        give_draft(bench, "one two")
        assert bench.chunks[0].text == "one two", "it does not wait for the sentence"
        bench.say("one two")
    else:
        bench.say("one two")
        give_draft(bench, "one two")
    bench.say("three", index=1, last=True)
    plain.say("one two")
    plain.say("three", index=1, last=True)
    for one in (bench, plain):
        one.run(5.0)
        assert one.chunks[-1].turn_end
    assert np.array_equal(bench.sound(), plain.sound())
    assert bench.stage.status() == plain.stage.status()


def test_a_draft_is_cancelled_with_its_turn_and_comes_to_nothing_after_it():
    bench = Bench()
    give_draft(bench, "one two three four")
    bench.cancel()
    told = len(bench.chunks)
    give_draft(bench, "one two three four")
    bench.run(5.0)
    assert len(bench.chunks) == told
    bench.say("five", turn=2, last=True)
    bench.run(5.0)
    assert (bench.chunks[-1].turn, bench.chunks[-1].turn_end) == (2, True)
