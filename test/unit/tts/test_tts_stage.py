"""The tts stage with the scripted voice: order, counting, pacing, cancelling, faults."""

import threading
from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.enums import MarkKind, PlaybackState
from avatar_ros.tts import synthesis_job as job
from avatar_ros.tts.base import Part, TtsSettings
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.fake import CLICK_AT_S, CLICK_SLOT_S, OPEN_S, FakeVoice
from avatar_ros.tts.trim_leading_silence import KEPT_S
from tts_bench import RATE, Bench, ToneVoice


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
