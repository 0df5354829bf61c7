"""How loud the avatar's own voice is, and the head that keeps time with it, whatever makes the lips."""

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.phones import USUAL_LOUDNESS
from avatar_ros.core.types import (
    AvatarState,
    Interrupt,
    InterruptAction,
    Layer,
    Mood,
    PlaybackClock,
    PlaybackState,
    SpeechChunk,
)
from avatar_ros.motion.base import PORT, MotionSettings
from avatar_ros.motion.stage import build
from avatar_ros.motion.voice import OwnVoice
from avatar_ros.render.face import Face

RATE_HZ = 24000
CHUNK = 960
BROW = ARKIT_INDEX["browInnerUp"]
SYLLABLE_HZ = 1.7


def envelope(times_s):
    """Stressed syllables, in phrases of 2.4 s with pauses of 0.6 s."""
    swell = np.maximum(0.0, np.sin(2 * np.pi * SYLLABLE_HZ * times_s)) ** 2
    return np.where(times_s % 3.0 < 2.4, 0.02 + 0.98 * swell, 0.0)


def sound(seconds, rate_hz=RATE_HZ, level=1.0):
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 110 * k * times_s) / k for k in range(1, 20))
    return np.round(level * 6000 * envelope(times_s) * tone).astype(np.int16)


def chunks(pcm, turn=1, size=CHUNK, first=0, **more):
    return [
        SpeechChunk(turn=turn, first_sample=first + i, pcm=pcm[i : i + size], **more) for i in range(0, len(pcm), size)
    ]


def heard(voice, times_s, key=(0, 1)):
    return np.array([voice.at(key, t) for t in times_s])


def voice_of(pcm, **more):
    voice = OwnVoice()
    for chunk in chunks(pcm, **more):
        voice.add(chunk)
    return voice


TIMES_S = np.arange(0.0, 9.0, 1 / 30)


@pytest.mark.parametrize(("rate_hz", "size"), [(24000, 960), (24000, 3840), (8000, 37), (48000, 1920)])
def test_loudness_is_that_of_the_sound_at_its_time(rate_hz, size):
    loud = heard(voice_of(sound(9, rate_hz), sample_rate_hz=rate_hz, size=size), TIMES_S)
    stressed = envelope(TIMES_S) > 0.9
    assert loud[stressed & (TIMES_S > 2)].mean() == pytest.approx(USUAL_LOUDNESS, abs=0.07)
    assert loud[TIMES_S % 3.0 > 2.45].max() < 0.05
    assert np.corrcoef(loud, np.sqrt(envelope(TIMES_S)))[0, 1] > 0.8


def test_a_soft_voice_counts_as_a_loud_one():
    soft, loud = (heard(voice_of(sound(30, level=level)), 21 + TIMES_S) for level in (0.08, 1.0))
    stressed = envelope(21 + TIMES_S) > 0.9
    assert soft[stressed].mean() == pytest.approx(loud[stressed].mean(), abs=0.1)


def test_unknown_turns_times_and_silence_are_silent():
    voice = voice_of(sound(1.0))
    assert voice.at((0, 2), 0.5) == 0.0
    assert voice.at((0, 1), -0.3) == 0.0
    assert voice.at((0, 1), 1.2) == 0.0
    assert not heard(voice_of(np.zeros(RATE_HZ, np.int16)), TIMES_S).any()


def test_lost_sound_is_silent_and_what_comes_twice_counts_once():
    pieces = chunks(sound(3.0))
    voice = OwnVoice()
    for chunk in (*pieces[:14], *pieces[:14], *pieces[24:]):
        voice.add(chunk)
    times_s = np.arange(0, 2.3, 1 / 30)
    whole, broken = heard(voice_of(sound(3.0)), times_s), heard(voice, times_s)
    lost = (times_s > 0.63) & (times_s < 0.89)
    assert not broken[lost].any() and whole[lost].max() > 0.5
    assert np.abs(broken - whole)[(times_s < 0.54) | (times_s > 1.02)].max() < 0.15


def test_odd_sound_does_no_harm():
    voice = OwnVoice()
    for chunk in (
        SpeechChunk(turn=1),
        SpeechChunk(turn=1, pcm=np.full(7, -32768, np.int16), sample_rate_hz=1),
        SpeechChunk(turn=1, pcm=np.ones(1, np.int16), first_sample=-5),
        SpeechChunk(turn=1, pcm=np.ones(960, np.int16), first_sample=10**12),
    ):
        voice.add(chunk)
    assert 0.0 <= voice.at((0, 1), 0.0) <= 1.0


def test_turns_that_are_over_leave_and_stay_away():
    voice = OwnVoice()
    for turn in (1, 2):
        voice.add(chunks(sound(0.3), turn)[3])
    voice.drop((0, 1))
    voice.add(chunks(sound(0.3), 1)[3])
    assert voice.at((0, 1), 0.14) == 0.0 < voice.at((0, 2), 0.14)


def test_turns_that_nobody_plays_do_not_pile_up():
    voice = OwnVoice()
    for turn in range(100):
        voice.add(chunks(sound(0.1), turn)[0])
    assert len(voice._turns) <= 4


class Show:
    """A stage that hears itself speak, and the face that is seen: `seen` holds one FaceState a frame."""

    def __init__(self, latency_s=0.02, seed=4, told=True, **settings):
        self.stage, self.face = build(MotionSettings(seed=seed, **settings)), Face()
        self.latency_s = latency_s
        self.seen, self.times_s = [], []
        if told:
            for chunk in chunks(sound(12.0)):
                self.take(self.stage.push("speech/audio", chunk, 0.0))
        self.take(self.stage.push("state", AvatarState(state=Mood.SPEAKING), 0.0))

    def take(self, outs):
        for out in outs:
            self.face.express(out.message)

    def run(self, start_s, end_s, clocks=True):
        """Ticks of 1/30 s, a clock each 40 ms that tells of what the card plays in latency_s, frames of 1/60 s."""
        for i in range(round(start_s * 600), round(end_s * 600)):
            now_s = i / 600
            if clocks and i % 24 == 0:
                heard_s = now_s + self.latency_s
                clock = PlaybackClock(turn=1, sample=round(heard_s * RATE_HZ), steady_ns=round(heard_s * 1e9) + 1)
                self.take(self.stage.push("speech/playback", clock, now_s))
                self.face.playback(clock)
            if i % 20 == 0:
                self.take(self.stage.tick(now_s))
            if i % 10 == 0:
                self.seen.append(self.face.at(now_s))
                self.times_s.append(now_s)
        return self

    def of(self, name):
        return np.array([state.weights[ARKIT_INDEX[name]] for state in self.seen])

    def pitch(self):
        return np.degrees([2 * state.head.rotation[1] for state in self.seen])


def lag_s(moved, loud, fps=60):
    """By how much `moved` comes after `loud` (negative: before), where they go together best."""
    lags = range(-20, 21)
    mid = slice(60, -60)
    return max(lags, key=lambda lag: np.corrcoef(np.roll(moved, -lag)[mid], loud[mid])[0, 1]) / fps


@pytest.mark.parametrize("latency_s", [0.0, 0.02, 0.2])
def test_beats_are_seen_on_the_syllables_that_are_heard(latency_s):
    show, mute = (Show(latency_s, told=told).run(0.0, 11.0) for told in (True, False))
    loud = np.sqrt(envelope(np.array(show.times_s)))
    brows, dips = show.of("browInnerUp") - mute.of("browInnerUp"), show.pitch() - mute.pitch()
    assert brows.max() > 0.05 and dips.max() > 0.7
    assert abs(lag_s(brows, loud)) <= 0.035
    assert abs(lag_s(dips, loud)) <= 0.035


def test_speakers_blink_at_the_ends_of_phrases_that_are_heard():
    def blinks(told):
        return sum(
            np.sum(np.diff((Show(seed=seed, told=told).run(0.0, 11.0).of("eyeBlinkLeft") > 0.5).astype(int)) == 1)
            for seed in range(6)
        )

    assert blinks(told=True) > blinks(told=False)


def test_a_speaker_that_died_leaves_no_beat_held():
    show, mute = Show(), Show(told=False)
    for one in (show, mute):
        one.run(0.0, 0.76)  # a stressed syllable; another stands where its last clock is extrapolated to
        one.run(0.76, 5.0, clocks=False)
    assert show.of("browInnerUp")[45] > mute.of("browInnerUp")[45] + 0.02
    assert show.of("browInnerUp")[-60:] == pytest.approx(mute.of("browInnerUp")[-60:], abs=0.002)


@pytest.mark.parametrize("state", [PlaybackState.PAUSED, PlaybackState.STARVED, PlaybackState.ENDED])
def test_who_does_not_play_does_not_beat(state):
    show, mute = Show(), Show(told=False)
    for one in (show, mute):
        one.run(0.0, 1.68)
        clock = PlaybackClock(turn=1, sample=round(1.68 * RATE_HZ), state=state, steady_ns=round(1.68e9))
        list(one.stage.push("speech/playback", clock, 1.68))
        one.run(1.68, 2.6, clocks=False)
    assert show.of("browInnerUp")[-5:] == pytest.approx(mute.of("browInnerUp")[-5:], abs=0.005)


def test_a_cancelled_turn_is_not_listened_to():
    show, mute = Show(), Show(told=False)
    for one in (show, mute):
        list(one.stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.0))
        one.run(0.0, 2.0)
    assert show.of("browInnerUp") == pytest.approx(mute.of("browInnerUp"), abs=1e-6)


def test_each_session_hears_its_own_voice():
    assert "speech/audio" in PORT.takes
    stage = build(MotionSettings())
    for chunk in chunks(sound(3.0), session="b"):
        list(stage.push("speech/audio", chunk, 0.0))
    brows = {"local": 0.0, "b": 0.0}
    for i in range(30):
        for session in brows:
            clock = PlaybackClock(session=session, turn=1, sample=i * 800, steady_ns=round(i / 30 * 1e9) + 1)
            list(stage.push("speech/playback", clock, i / 30))
        for out in stage.tick(i / 30):
            assert out.message.layer is Layer.IDLE
            brows[out.message.session] = max(brows[out.message.session], float(out.message.weights[BROW]))
    assert brows["b"] > brows["local"] + 0.05
