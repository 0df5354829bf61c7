"""TtsStage: voices and services that fail, are silent or are told to stop."""

import threading

import pytest

from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.errors import TtsError
from avatar_ros.core.types import VoiceActivity
from avatar_ros.tts import synthesis_job as job
from avatar_ros.tts.base import Part, TtsSettings
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.fake import FakeVoice
from avatar_ros.tts.fallback import VoiceWithFallback
from avatar_ros.tts.stage import TtsStage, build
from tts_bench import RATE, Bench, ToneVoice


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
