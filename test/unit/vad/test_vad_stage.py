"""The vad stage over a scripted detector: numbers, places and times of what it publishes."""

import gc
import weakref

import numpy as np
import pytest

from avatar_ros.core.enums import SessionKind, VoiceKind
from avatar_ros.core.errors import ConfigError, VadError
from avatar_ros.core.events import SessionEvent
from avatar_ros.core.types import EVENT_COMPLETE, AudioFrame, Transcript
from avatar_ros.testing.settings import make, split
from avatar_ros.vad.base import VAD_BACKENDS, VadSettings
from avatar_ros.vad.fake import FakeSettings, FakeVad
from avatar_ros.vad.stage import FORGET_MIC_S, VadStage, build

RATE = 16000
FRAME = 320
T0_NS = 7_000_000_000


def sound(samples):
    """Loud and different at each place, so that a misplaced piece shows."""
    return ((np.arange(samples) * 37) % 20011 - 10000).astype(np.int16)


def listen(stage, seconds, *, start_s=0.0, pcm=None, session="local", last=False):
    pcm = sound(round(seconds * RATE)) if pcm is None else pcm
    out = []
    for k in range(round(start_s * RATE), round(seconds * RATE), FRAME):
        frame = AudioFrame(
            session=session,
            first_sample=k,
            pcm=pcm[k : k + FRAME],
            steady_ns=T0_NS + round(k / RATE * 1e9),
            last=last and k + FRAME >= round(seconds * RATE),
        )
        out += [(k / RATE, o) for o in stage.push("mic/audio", frame, 7 + k / RATE)]
    return out


def stage_for(script, **settings):
    # The test's sound is equally loud throughout: no level above the background is asked for. The script is exact.
    # Where a test is not about turns, silence alone ends an utterance, after 0.5 s.
    values = {"backend": "fake", "script": script, "min_snr_db": 0.0, "onset_s": 0.0, "turn_detector": "none"}
    values |= settings
    stage = build(*split(VAD_BACKENDS, VadSettings, **values))
    stage.load()
    return stage


def activities(out):
    """Beginnings and ends; pauses are what test_turn_end.py is about."""
    told = [o.message for _, o in out if o.topic == "mic/voice_activity"]
    return [voice for voice in told if voice.kind in (VoiceKind.STARTED, VoiceKind.STOPPED)]


def frames(out):
    return [o.message for _, o in out if o.topic == "mic/utterance"]


def test_an_utterance_holds_pre_roll_speech_and_trailing_silence_without_a_hole():
    out = listen(stage_for("1.0-2.0"), 4.0)
    started, stopped = activities(out)
    assert (started.kind, stopped.kind) == (VoiceKind.STARTED, VoiceKind.STOPPED)
    assert started.sample / RATE == pytest.approx(1.0, abs=0.032)
    assert stopped.sample / RATE == pytest.approx(2.0, abs=0.032)
    assert stopped.steady_ns == pytest.approx(T0_NS + stopped.sample / RATE * 1e9, abs=1e6)
    pieces = frames(out)
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    place = 0
    for piece in pieces:
        assert piece.first_sample == place
        place += len(piece.pcm)
    first = round((pieces[0].steady_ns - T0_NS) * 1e-9 * RATE)
    assert np.array_equal(np.concatenate([piece.pcm for piece in pieces]), sound(64000)[first : first + place])
    assert 0.28 <= (started.sample - first) / RATE <= 0.35
    assert (first + place - 1 - stopped.sample) / RATE == pytest.approx(0.5, abs=0.04)
    assert (started.voice_samples, stopped.voice_samples) == (0, stopped.sample + 1 - first)


def test_started_is_published_within_150_ms_of_speech():
    out = listen(stage_for("1.0-2.0"), 2.0)
    heard_s = next(at for at, o in out if o.topic == "mic/voice_activity")
    assert heard_s - 1.0 <= 0.15


def test_two_questions_in_quick_succession_are_two_utterances_with_no_sound_twice():
    out = listen(stage_for("0.5-1.0, 1.7-2.2"), 3.5)
    assert [a.utterance for a in activities(out)] == [1, 1, 2, 2]
    spans = {}
    for piece in frames(out):
        first = round((piece.steady_ns - T0_NS) * 1e-9 * RATE)
        spans.setdefault(piece.utterance, []).append((first, first + len(piece.pcm)))
    assert spans[1][-1][1] <= spans[2][0][0]


def test_silence_and_the_hum_of_nothing_start_nothing():
    stage = stage_for("0-5")
    assert listen(stage, 3.0, pcm=np.zeros(48000, np.int16)) == []
    hum = np.random.default_rng(0).integers(-3, 4, 48000).astype(np.int16)
    assert listen(stage_for("0-5"), 3.0, pcm=hum) == []


def test_a_finished_question_is_waited_for_less_and_an_unfinished_one_more():
    def wait(events, text):
        stage = stage_for("0.5-1.5", turn_detector="words")
        listen(stage, 1.2)
        list(stage.push("speech/transcript", Transcript(utterance=1, text=text, final=False, events=events), 8.2))
        out = listen(stage, 4.0, start_s=1.2)
        return stop_s(out) - 1.5

    assert wait((EVENT_COMPLETE,), "what time is it") == pytest.approx(0.16, abs=0.05)
    assert wait((), "i like trees") == pytest.approx(0.5, abs=0.05)
    assert wait((), "what is the") == pytest.approx(1.35, abs=0.05)
    assert wait((), "") == pytest.approx(1.35, abs=0.05)
    um = listen(stage_for("0.5-0.9", turn_detector="words"), 4.0)
    assert stop_s(um) - 0.9 == pytest.approx(2.4, abs=0.05)


def stop_s(out):
    """When the end was told, s."""
    return next(at for at, o in out if o.topic == "mic/voice_activity" and o.message.kind is VoiceKind.STOPPED)


def test_a_partial_of_another_utterance_changes_nothing():
    stage = stage_for("0.5-1.5", turn_detector="words")
    listen(stage, 1.2)
    whole = Transcript(utterance=9, text="what time is it", final=False, events=(EVENT_COMPLETE,))
    list(stage.push("speech/transcript", whole, 8.2))
    out = listen(stage, 4.0, start_s=1.2)
    assert stop_s(out) - 1.5 == pytest.approx(1.35, abs=0.05)


def test_the_wrong_rate_is_refused_by_name():
    with pytest.raises(VadError, match="44100 Hz and 2 channel"):
        list(stage_for("").push("mic/audio", AudioFrame(sample_rate_hz=44100, channels=2), 0.0))


def test_a_long_gap_and_a_restarted_microphone_end_the_utterance():
    for jump in (RATE * 10, -RATE):
        stage = stage_for("0.2-100", max_gap_s=1.0)
        out = listen(stage, 1.0)
        frame = AudioFrame(first_sample=max(RATE + jump, 0), pcm=sound(FRAME))
        after = [(0, o) for o in stage.push("mic/audio", frame, 9.0)]
        assert [a.kind for a in activities(out + after)] == [VoiceKind.STARTED, VoiceKind.STOPPED]
        assert frames(after)[-1].last


def test_a_short_gap_is_silence_and_places_stay_right():
    stage = stage_for("1.0-2.0")
    out = listen(stage, 0.5) + listen(stage, 4.0, start_s=0.7)
    assert activities(out)[0].sample / RATE == pytest.approx(1.0, abs=0.04)
    assert stage.status()["lost_audio_s"] == "0.20"


def test_a_microphone_that_falls_silent_and_a_file_that_ends_close_the_utterance():
    stage = stage_for("0.2-100")
    listen(stage, 1.0)
    assert list(stage.tick(8.5)) == []
    closing = [(0, o) for o in stage.tick(9.2)]
    assert frames(closing)[-1].last
    assert list(stage.tick(20.0)) == []
    out = listen(stage_for("0.2-100"), 1.0, last=True)
    assert frames(out)[-1].last


def test_too_long_is_cut_into_utterances_that_adjoin():
    out = listen(stage_for("0-100", max_utterance_s=2.0), 5.0)
    first, stopped, second = activities(out)[:3]
    assert [a.kind for a in (first, stopped, second)] == [VoiceKind.STARTED, VoiceKind.STOPPED, VoiceKind.STARTED]
    assert (second.utterance, second.sample) == (first.utterance + 1, stopped.sample + 1)
    one, two = ([m for m in frames(out) if m.utterance == n] for n in (1, 2))
    assert one[-1].last
    assert (two[0].first_sample, one[-1].first_sample + len(one[-1].pcm)) == (0, stopped.sample + 1)
    news = [message for _, (_, message) in out if getattr(message, "kind", None) or message.last][:4]
    order = [(message.utterance, getattr(message, "kind", "last")) for message in news]
    assert order == [(1, VoiceKind.STARTED), (1, VoiceKind.STOPPED), (2, VoiceKind.STARTED), (1, "last")]
    heard = np.concatenate([m.pcm for m in one + two])
    assert np.array_equal(heard, sound(round(5.0 * RATE))[: len(heard)])


def test_who_only_listens_is_forgotten():
    class Counting(FakeVad):
        def stream(self):
            stream = super().stream()
            streams.append(weakref.ref(stream))
            return stream

    streams = []
    settings = VadSettings(backend="fake")
    stage = VadStage(Counting(settings, FakeSettings()), settings)
    for number in range(20):
        frame = AudioFrame(session=f"web{number}", pcm=sound(FRAME))
        list(stage.push("mic/audio", frame, (FORGET_MIC_S + 1.0) * number))
        assert list(stage.tick((FORGET_MIC_S + 1.0) * number)) == []
    gc.collect()
    assert len(streams) == 20
    assert sum(stream() is not None for stream in streams) == 1


def test_sessions_do_not_mix_and_closed_ones_are_forgotten():
    stage = stage_for("0.2-100")
    listen(stage, 1.0, session="a")
    out = listen(stage, 1.0, session="b")
    assert {a.session for a in activities(out)} == {"b"}
    list(stage.session(SessionEvent(session="a", kind=SessionKind.CLOSED), 9.0))
    assert {o.message.session for o in stage.tick(99.0)} == {"b"}


@pytest.mark.parametrize("script", ["x", "2-1", "1", "-1-2"])
def test_a_bad_script_is_named(script):
    with pytest.raises(ConfigError, match="script"):
        make(VAD_BACKENDS, VadSettings, backend="fake", script=script)


def test_speech_begins_before_the_detector_is_sure_of_it():
    exact, early = (activities(listen(stage_for("1.0-2.0", onset_s=s), 4.0))[0].sample for s in (0.0, 0.064))
    assert exact - early == round(0.064 * RATE)


def test_what_fades_away_is_not_part_of_the_utterance_but_of_the_wait_for_its_end():
    pcm = sound(4 * RATE)
    pcm[round(1.8 * RATE) :] //= 4
    ends = [activities(listen(stage_for("1.0-2.0", fade_db=db), 4.0, pcm=pcm))[1].sample / RATE for db in (0.0, 6.0)]
    assert ends == [pytest.approx(2.0, abs=0.04), pytest.approx(1.8, abs=0.04)]
