"""The tts stage with the scripted voice: order, counting, pacing, cancelling, faults."""

import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.enums import InterruptAction, MarkKind, PlaybackState, SessionKind, VoiceKind
from avatar_ros.core.errors import TtsError
from avatar_ros.core.events import Interrupt, SessionEvent
from avatar_ros.core.types import PlaybackClock, Sentence, VoiceActivity
from avatar_ros.tts import synthesis_job as job
from avatar_ros.tts.base import Part, TtsSettings, VoiceChoice, VoiceMark
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.fake import CLICK_AT_S, CLICK_SLOT_S, OPEN_S, FakeVoice
from avatar_ros.tts.fallback import VoiceWithFallback
from avatar_ros.tts.stage import TtsStage, build
from avatar_ros.tts.trim_leading_silence import KEPT_S

RATE = 24000


class Bench:
    """The stage and a clock moved by hand; errors are kept as the runner would. No slow start, unless asked for."""

    def __init__(self, voice=None, **settings):
        settings = {"burst_s": 10.0, "first_chunk_s": 0.04, **settings}
        self.settings = TtsSettings(backend="fake", **settings)
        self.stage = TtsStage(self.settings, voice or FakeVoice(self.settings))
        self.stage.load()
        self.now_s = 10.0
        self.chunks = []
        self.faults = []
        self.errors = []

    def keep(self, outs):
        try:
            for out in outs:
                (self.chunks if out.topic == "speech/audio" else self.faults).append(out.message)
        except (TtsError, ZeroDivisionError) as error:
            self.errors.append(error)

    def say(self, text, index=0, turn=1, **more):
        self.keep(self.stage.push("speech/sentence", Sentence(turn=turn, index=index, text=text, **more), self.now_s))

    def say_and_wait(self, text):
        """For voices with a thread of their own: until the turn has ended."""
        awake = threading.Event()
        self.stage.wake = awake.set
        self.say(text, last=True)
        until_s = time.monotonic() + 60
        while not (self.chunks and self.chunks[-1].turn_end):
            assert time.monotonic() < until_s, "the turn never ended"
            awake.wait(0.1)
            self.run(0.04)

    def hear(self, sample, state=PlaybackState.PLAYING, turn=1):
        clock = PlaybackClock(turn=turn, sample=sample, state=state, steady_ns=round(self.now_s * 1e9))
        self.keep(self.stage.push("speech/playback", clock, self.now_s))

    def cancel(self, turn=1):
        self.keep(self.stage.interrupt(Interrupt(turn=turn, action=InterruptAction.CANCEL), self.now_s))

    def run(self, seconds):
        for _ in range(round(seconds / 0.04)):
            self.now_s += 0.04
            self.keep(self.stage.tick(self.now_s))

    def sound(self):
        return np.concatenate([chunk.pcm for chunk in self.chunks])

    def sent_s(self):
        return sum(len(chunk.pcm) for chunk in self.chunks) / RATE


def test_first_chunk_leaves_at_once_with_text_locale_and_marks():
    bench = Bench()
    bench.say("one two", locale="en-GB")
    first = bench.chunks[0]
    assert (first.text, first.locale, first.first_sample, len(first.pcm)) == ("one two", "en-GB", 0, 960)
    assert [m.text for m in first.marks if m.kind is MarkKind.WORD] == ["one"]
    assert not any(chunk.text for chunk in bench.chunks[1:])


def test_samples_count_on_over_the_sentences_of_a_turn():
    bench = Bench(ahead_s=10.0)
    bench.say("one two three", 0)
    bench.say("four", 1)
    bench.say("five", 2, last=True)
    ends = [chunk.first_sample + len(chunk.pcm) for chunk in bench.chunks]
    assert [chunk.first_sample for chunk in bench.chunks] == [0, *ends[:-1]]
    assert [c.sentence for c in bench.chunks if c.sentence_end] == [0, 1, 2]
    assert [c.turn_end for c in bench.chunks] == [False] * (len(bench.chunks) - 1) + [True]
    assert ends[-1] == round((5 * 0.3 + 2 * 0.25 + 0.05) * RATE)
    words = [m for c in bench.chunks for m in c.marks if m.kind is MarkKind.WORD]
    assert words[3].start_sample == round((0.9 + 0.25) * RATE)
    assert [(c.sentence, c.text) for c in bench.chunks if c.text] == [(0, "one two three"), (1, "four"), (2, "five")]


def test_clicks_lie_where_their_marks_say():
    bench = Bench(ahead_s=10.0)
    bench.say("click click, Click.", last=True)
    loud = np.flatnonzero(np.abs(bench.sound().astype(int)) > 20000)
    clicks = loud[np.diff(loud, prepend=-9999) > 5000]
    np.testing.assert_array_equal(clicks, [round((CLICK_AT_S + CLICK_SLOT_S * i) * RATE) for i in range(3)])
    opens = [m for c in bench.chunks for m in c.marks if m.text == "AA"]
    for click, mark in zip(clicks, opens, strict=True):
        assert (mark.start_sample + mark.end_sample) / 2 == pytest.approx(click, abs=1)
        assert mark.end_sample - mark.start_sample == pytest.approx(OPEN_S * RATE, abs=1)
    phones = sorted((m.start_sample, m.end_sample) for c in bench.chunks for m in c.marks if m.kind is MarkKind.PHONE)
    assert all(before[1] == after[0] for before, after in pairwise(phones))


def test_a_turn_begins_with_a_chunk_that_lips_can_be_made_of_and_little_more():
    bench = Bench(first_chunk_s=0.16, burst_s=0.32)
    bench.say("word " * 40, last=True)
    assert [len(chunk.pcm) for chunk in bench.chunks] == [3840] + 4 * [960]
    for i in range(1, 12):
        bench.run(0.04)  # four times as fast as it is heard, with or without anybody who plays
        assert bench.sent_s() == pytest.approx(min(2.0, 0.32 + 0.16 * i))
    assert {len(chunk.pcm) for chunk in bench.chunks[1:]} == {960}


def test_a_sentence_of_nothing_does_not_begin_the_turn():
    bench = Bench(first_chunk_s=0.16, burst_s=0.32)
    bench.say("*", 0)
    bench.run(2.0)
    bench.say("word " * 40, 1)
    assert bench.sent_s() == pytest.approx(0.32)


@pytest.mark.parametrize("most", [{"ahead_s": 0.2}, {"burst_s": 0.1}])
def test_a_first_chunk_longer_than_what_may_be_ahead_is_sent(most):
    bench = Bench(**{"first_chunk_s": 0.5, "burst_s": 0.32, **most})
    bench.say("word " * 40)
    assert bench.sent_s() == pytest.approx(0.5)


def test_a_services_silence_is_cut():
    class Service(FakeVoice):
        blocking = True

        def speak(self, text, locale, stop=None):
            yield Part(np.zeros(4800, np.int16), RATE)
            yield Part(np.full(4800, 5000, np.int16), RATE)

    bench = Bench(Service(TtsSettings(backend="fake")))
    bench.say_and_wait("anything")
    assert bench.sent_s() == pytest.approx(KEPT_S + 0.2 + 0.05)


def test_a_job_rests_once_after_its_first_sound(monkeypatch):
    rests = []
    monkeypatch.setattr(job.time, "sleep", rests.append)
    done = threading.Event()
    parts = (Part(np.ones(2400, np.int16), RATE) for _ in range(30))
    made = job.ThreadJob(parts, done.set, CancelToken())
    while not made.done:
        done.wait(1.0)
        made.poll()
    assert rests == [job._REST_S]


def test_a_word_shorter_than_the_first_chunk_leaves_at_once():
    bench = Bench(first_chunk_s=0.5, burst_s=0.32)
    bench.say("yes", last=True)
    assert bench.chunks[-1].turn_end and bench.sent_s() == pytest.approx(0.35)


def test_goes_at_most_two_seconds_ahead_of_playback():
    bench = Bench()
    bench.say("word " * 40, last=True)
    assert 1.9 <= bench.sent_s() <= 2.0
    bench.hear(0)
    for i in range(1, 100):
        bench.run(0.04)
        bench.hear(round(0.04 * i * RATE))
        assert bench.sent_s() <= 0.04 * i + 2.0 + 1e-6
    assert bench.sent_s() > 0.04 * 99 + 1.9


@pytest.mark.parametrize("state", [PlaybackState.PAUSED, PlaybackState.STARVED])
def test_stands_still_with_the_playback(state):
    bench = Bench()
    bench.say("word " * 40, last=True)
    bench.hear(RATE // 2, state)
    sent_s = bench.sent_s()
    for _ in range(20):  # a standing clock is repeated by the speaker
        bench.run(0.5)
        bench.hear(RATE // 2, state)
    assert bench.sent_s() == sent_s <= 2.5


def test_goes_on_in_real_time_where_nobody_plays():
    bench = Bench(no_clock_s=1.0)
    bench.say("word " * 30, last=True)
    bench.run(5.0)
    assert bench.sent_s() == pytest.approx(6.0, abs=0.1)
    bench.run(10.0)
    assert bench.chunks[-1].turn_end


def test_goes_on_where_the_speaker_dies_while_it_waits():
    bench = Bench(no_clock_s=1.0)
    bench.say("word " * 30, last=True)
    bench.hear(1000, PlaybackState.STARVED)
    bench.run(20.0)
    assert bench.chunks[-1].turn_end


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


class ToneVoice:
    """1 kHz in many small parts, at another rate than the session's."""

    blocking = False
    rate = 22050

    def __init__(self, fail_after=None, loud=10000):
        self.fail_after = fail_after
        self.loud = loud

    def load(self): ...

    def close(self): ...

    def status(self):
        return {}

    def speak(self, text, locale, stop=None):
        pcm = np.round(self.loud * np.sin(2 * np.pi * 1000 * np.arange(self.rate) / self.rate)).astype(np.int16)
        for i, piece in enumerate(np.array_split(pcm, 37)):
            if i == self.fail_after:
                raise TtsError("tts_down", "the service fails", retryable=True)
            marks = (VoiceMark(MarkKind.PHONE, "a", 0.5, 0.6),) if i == 0 else ()
            yield Part(piece, self.rate, marks)


def test_resampling_has_no_seams_and_keeps_marks_true():
    bench = Bench(ToneVoice(), ahead_s=10.0)
    for i in range(3):
        bench.say("tone", i, last=i == 2)
    out = bench.sound().astype(float)
    assert len(out) == round((3 + 2 * 0.25 + 0.05) * RATE)
    expected = np.round(10000 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE))
    for first in (0, 30000, 60000):
        assert np.abs(out[first + 100 : first + RATE - 100] - expected[100:-100]).max() < 30
        assert not out[first + RATE + 100 : first + 30000 - 100].any()
    marks = [m for c in bench.chunks for m in c.marks]
    assert [m.start_sample for m in marks] == [12000, 42000, 72000]


def test_failing_voice_closes_its_sentence_and_the_next_one_is_spoken():
    bench = Bench(ToneVoice(fail_after=18), ahead_s=10.0)
    bench.say("one", 0)
    bench.run(0.2)
    bench.say("two", 1, last=True)
    bench.run(0.2)
    assert [error.code for error in bench.errors] == ["tts_down"] * 2
    assert [c.sentence for c in bench.chunks if c.sentence_end] == [0, 1] and bench.chunks[-1].turn_end
    assert bench.sent_s() == pytest.approx(2 * 18 / 37 + 0.25 + 0.05, abs=0.01)
    assert [(fault.sentence, fault.reason) for fault in bench.faults] == [(0, "voice_failed"), (1, "voice_failed")]
    assert all(0.5 < fault.spoken <= 1.0 for fault in bench.faults)


def test_a_voice_that_never_speaks_tells_of_it_before_its_sentence_ends():
    bench = Bench(ToneVoice(fail_after=0))
    topics = []
    bench.keep = lambda outs: topics.extend(out.topic for out in kept(outs))
    bench.say("one", last=True)
    assert topics == ["speech/fault", "speech/audio"]


def kept(outs):
    try:
        yield from outs
    except TtsError:
        return


@pytest.mark.parametrize("text", ["…", "𓀀"])  # nothing to be said, and a voice that does not know how
def test_a_text_without_sound_is_told_of_and_the_empty_end_of_a_turn_is_not(text):
    bench = Bench(ToneVoice(loud=20), ahead_s=10.0)
    bench.say(text, 0)
    bench.say("", 1, last=True)
    bench.run(2.0)
    assert [(f.sentence, f.spoken, f.reason) for f in bench.faults] == [(0, 0.0, "unpronounceable")]
    assert bench.chunks[-1].turn_end and not bench.errors


def test_long_text_is_spoken_in_parts_without_a_break_in_the_count():
    bench = Bench(ahead_s=10.0, split_chars=40)
    bench.say("alpha beta gamma delta, " * 6, last=True)
    bench.run(60.0)
    words = [m for c in bench.chunks for m in c.marks if m.kind is MarkKind.WORD]
    assert len(words) == 24
    assert [w.start_sample for w in words] == [round(0.3 * i * RATE) for i in range(24)]


def test_other_rates_than_the_usual_one():
    bench = Bench(speech_rate_hz=16000, ahead_s=10.0)
    bench.say("click", last=True)
    assert {c.sample_rate_hz for c in bench.chunks} == {16000}
    assert np.argmax(np.abs(bench.sound())) == pytest.approx(CLICK_AT_S * 16000, abs=8)


@pytest.mark.parametrize("rate_hz", [0, 100, 500_000])
def test_nonsense_rate_of_a_voice_is_an_error(rate_hz):
    voice = OddVoice(rate_hz)
    bench = Bench(voice)
    bench.say("tone", last=True)
    bench.run(0.1)
    assert bench.errors[0].code == "tts_rate" and bench.chunks[-1].turn_end


@pytest.mark.parametrize("rate_hz", [0, 100, 500_000])
def test_nonsense_rate_of_a_service_is_what_its_fallback_is_for(rate_hz):
    settings = TtsSettings(backend="edge", fallback="fake")
    bench = Bench(VoiceWithFallback(OddVoice(rate_hz), FakeVoice(settings), settings))
    bench.say_and_wait("one two three")
    assert not bench.errors and bench.sent_s() == pytest.approx(3 * 0.3 + 0.05)
    assert "Hz" in bench.stage.status()["warning"]


class OddVoice(FakeVoice):
    """Sound at a rate of its own, or a fault in the program after so many words."""

    def __init__(self, rate_hz=RATE, sound_words=99, blocking=False):
        super().__init__(TtsSettings(backend="fake"))
        self.rate_hz, self.sound_words, self.blocking = rate_hz, sound_words, blocking

    def speak(self, text, locale, stop=None):
        for i, part in enumerate(super().speak(text, locale)):
            if i == self.sound_words:
                raise ZeroDivisionError("sk-SECRET")
            yield Part(part.pcm, self.rate_hz, part.marks)


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize("words", [0, 2])
def test_a_fault_in_a_voice_is_reported_and_its_sentence_ends(words, blocking):
    bench = Bench(OddVoice(sound_words=words, blocking=blocking))
    bench.say_and_wait("one two three")
    assert [type(error) for error in bench.errors] == [ZeroDivisionError]
    assert [chunk.sentence_end for chunk in bench.chunks].count(True) == 1
    assert bench.sent_s() == pytest.approx(0.3 * words + 0.05)


def test_a_fault_in_a_service_is_reported_and_the_fallback_goes_on():
    settings = TtsSettings(backend="edge", fallback="fake")
    bench = Bench(VoiceWithFallback(OddVoice(sound_words=1), FakeVoice(settings), settings))
    bench.say_and_wait("one two three")
    bench.run(0.2)
    assert [type(error) for error in bench.errors] == [ZeroDivisionError]
    assert bench.sent_s() == pytest.approx(3 * 0.3 + 0.05)
    assert not bench.faults
    status = bench.stage.status()
    assert status["voice_failures"] == "1" and "SECRET" not in str(status)


def test_a_voice_that_cannot_begin_ends_its_sentence(monkeypatch):
    bench = Bench(OddVoice(blocking=True))

    def no_thread(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(job.threading.Thread, "start", no_thread)
    bench.say("one two three", last=True)
    monkeypatch.undo()
    bench.run(0.2)
    assert len(bench.errors) == 1 and bench.chunks[-1].turn_end


def test_a_cancelled_sentence_is_told_to_stop_and_its_end_is_no_fault():
    begun, heard = threading.Event(), threading.Event()

    class Waiting(FakeVoice):
        blocking = True

        def speak(self, text, locale, stop=None):
            asked = threading.Event()
            with stop.on_cancel(asked.set):
                yield from super().speak("one", locale)
                begun.set()  # from here on it waits; before, a cancelled job takes no further part of it
                asked.wait(60)
            heard.set()
            raise TtsError("tts_down", "closed")

    settings = TtsSettings(backend="edge", fallback="fake")
    voice = VoiceWithFallback(Waiting(settings), FakeVoice(settings), settings)
    bench = Bench(voice)
    bench.say("one two", last=True)
    assert begun.wait(60) and not heard.is_set()
    bench.cancel()
    assert heard.wait(60)
    bench.run(0.2)
    assert not bench.errors and voice.status()["voice_failures"] == "0"


def test_who_asks_to_stop_before_the_wait_began_is_heard_at_once():
    stop, calls = CancelToken(), []
    with stop.on_cancel(lambda: calls.append("early")):
        stop.cancel()
    with stop.on_cancel(lambda: calls.append("late")):
        pass
    stop.cancel()
    assert calls == ["early", "late"]


def test_fake_needs_no_fallback():
    assert isinstance(build(TtsSettings(backend="fake")), TtsStage)


class Expecting(FakeVoice):
    """Counts who it was told to expect; speaks unless `broken`."""

    expected, broken = 0, False

    def expect(self):
        self.expected += 1

    def speak(self, text, locale, stop=None):
        if self.broken:
            raise TtsError("tts_down", "not there", retryable=True)
        return super().speak(text, locale, stop)


def test_the_service_hears_of_somebody_who_begins_to_speak_unless_it_fails():
    settings = TtsSettings(backend="fake")
    service = Expecting(settings)
    clock = VirtualClock()
    bench = Bench(VoiceWithFallback(service, FakeVoice(settings), settings, clock))
    for kind in (VoiceKind.STARTED, VoiceKind.STOPPED):
        bench.keep(bench.stage.push("mic/voice_activity", VoiceActivity(kind=kind), bench.now_s))
    assert service.expected == 1 and not bench.chunks
    service.broken = True
    bench.say("Hello there.")
    bench.keep(bench.stage.push("mic/voice_activity", VoiceActivity(kind=VoiceKind.STARTED), bench.now_s))
    assert service.expected == 1, "it is left alone for a while"
    clock.advance(settings.retry_s)
    bench.keep(bench.stage.push("mic/voice_activity", VoiceActivity(kind=VoiceKind.STARTED), bench.now_s))
    assert service.expected == 2, "the next sentence will try it again"


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
