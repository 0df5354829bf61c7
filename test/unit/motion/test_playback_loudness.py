"""How loud the avatar's own voice is, and the head that keeps time with it, whatever makes the lips."""

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_COUNT, ARKIT_INDEX
from avatar_ros.core.enums import AgentState, Layer, PlaybackState
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import AudioFeatures, AudioFrame, PlaybackClock
from avatar_ros.motion.base import PORT, MotionSettings
from avatar_ros.motion.playback_loudness import PlaybackLoudness
from avatar_ros.motion.stage import ExpressionStage, build
from avatar_ros.render.face import Face
from avatar_ros.speech.phones import LOUDNESS, PHONE_DIM, PHONE_KIND, USUAL_LOUDNESS

RATE_HZ = 24000
FRAME_S = 0.02
SYLLABLE_HZ = 1.7
SECONDS = 11.0


def envelope(times_s):
    """Stressed syllables, in phrases of 2.4 s with pauses of 0.6 s."""
    swell = np.maximum(0.0, np.sin(2 * np.pi * SYLLABLE_HZ * times_s)) ** 2
    return np.where((times_s >= 0) & (times_s % 3.0 < 2.4), 0.02 + 0.98 * swell, 0.0)


def sound(seconds, rate_hz=RATE_HZ, level=1.0):
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 110 * k * times_s) / k for k in range(1, 20))
    return np.round(level * 6000 * envelope(times_s) * tone).astype(np.int16)


def played(pcm, at_s=0.0, rate_hz=RATE_HZ, frame_s=FRAME_S, **more):
    """Frames of speech/played; the first is heard at `at_s`."""
    size = round(frame_s * rate_hz)
    return [
        AudioFrame(pcm=pcm[i : i + size], sample_rate_hz=rate_hz, steady_ns=round((at_s + i / rate_hz) * 1e9), **more)
        for i in range(0, len(pcm), size)
    ]


def heard(frames, times_s, lead_s=0.0):
    """Loudness at times, each frame told when it is heard."""
    voice, out, frames = PlaybackLoudness(), [], list(frames)
    for now_s in times_s:
        while frames and frames[0].steady_ns <= now_s * 1e9:
            voice.add(frames.pop(0), now_s)
        out.append(voice.at(now_s, lead_s))
    return np.array(out)


TIMES_S = 50.0 + np.arange(0.0, 9.0, 1 / 30)


@pytest.mark.parametrize(("rate_hz", "frame_s"), [(24000, 0.02), (24000, 0.1), (8000, 0.005), (48000, 0.02)])
def test_loudness_is_that_of_the_sound_at_its_time(rate_hz, frame_s):
    loud = heard(played(sound(9, rate_hz), 50.0, rate_hz, frame_s), TIMES_S)
    stressed = envelope(TIMES_S - 50) > 0.9
    assert loud[stressed & (TIMES_S > 52)].mean() == pytest.approx(USUAL_LOUDNESS, abs=0.1)
    assert loud[(TIMES_S - 50) % 3.0 > 2.5].max() < 0.05
    assert np.corrcoef(loud, np.sqrt(envelope(TIMES_S - 50)))[0, 1] > 0.75


def test_a_soft_voice_counts_as_a_loud_one():
    times_s = np.arange(0.05, 30.0, 1 / 30)
    soft, loud = (heard(played(sound(30, level=level)), times_s) for level in (0.08, 1.0))
    stressed = (envelope(times_s) > 0.9) & (times_s > 20)
    assert soft[stressed].mean() == pytest.approx(loud[stressed].mean(), abs=0.1)


def test_silence_and_no_news_are_silent():
    assert not heard(played(np.zeros(9 * RATE_HZ, np.int16), 50.0), TIMES_S).any()
    loud = heard(played(sound(0.7), 50.0), TIMES_S, lead_s=0.1)
    assert loud[TIMES_S < 50.6].max() > 0.5
    assert not loud[TIMES_S > 50.8].any(), "frames that stop coming"
    assert PlaybackLoudness().at(5.0, 0.1) == 0.0


def test_what_the_card_has_yet_to_play_is_not_heard_yet():
    voice = PlaybackLoudness()
    for frame in played(np.full(RATE_HZ, 9000, np.int16), 50.0):
        voice.add(frame, 49.0)
    assert [voice.at(now_s, 0.1) > 0.5 for now_s in (49.0, 49.7, 49.95, 50.5)] == [False, False, True, True]


def test_a_clock_that_was_set_back_is_followed():
    voice = PlaybackLoudness()
    for at_s in (500.0, 20.0):
        for frame in played(np.full(RATE_HZ, 9000, np.int16), at_s):
            voice.add(frame, at_s)
        assert voice.at(at_s + 0.5, 0.0) > 0.5


def test_odd_sound_does_no_harm():
    voice = PlaybackLoudness()
    for frame in (
        AudioFrame(),
        AudioFrame(pcm=np.full(7, -32768, np.int16), sample_rate_hz=1),
        AudioFrame(pcm=np.ones(1, np.int16), steady_ns=2**62),
        AudioFrame(pcm=np.full(480, 32767, np.int16), sample_rate_hz=RATE_HZ),
    ):
        voice.add(frame, 1.0)
        assert 0.0 <= voice.at(1.0, 0.1) <= 1.0


class HiddenStates:
    """Lips from features that say nothing of loudness."""

    kind, dim, rate_hz = "hidden", 3, 50.0
    before = after = required_after = 0
    hold_frames = False
    fade_in_frames = seam_frames = 0

    def weights(self, features):
        return np.zeros((len(features), ARKIT_COUNT), np.float32)


class Show:
    """A stage that hears itself speak, and the face that is seen.

    source: "features" (phones), "played" (any other), or "" for one that is told nothing. The card tells of its sound
    latency_s before it is heard.
    """

    def __init__(self, source, latency_s=0.02, seed=4):
        settings = MotionSettings(seed=seed)
        self.stage = build(settings) if source == "features" else ExpressionStage(settings, HiddenStates())
        self.face = Face()
        self.source, self.latency_s = source, latency_s
        self.seen, self.times_s = [], []
        self.take("state", AvatarState(state=AgentState.SPEAKING), 0.0)
        self.frames = played(sound(SECONDS + 1)) if source == "played" else []
        if source == "features":
            data = np.zeros((round(100 * SECONDS), PHONE_DIM), np.float32)
            data[:, LOUDNESS] = USUAL_LOUDNESS * np.sqrt(envelope(np.arange(len(data)) / 100))
            self.features = [data[i : i + 4] for i in range(0, len(data), 4)]

    def take(self, topic, message, now_s):
        assert topic in PORT.subscribes and topic not in self.stage.unread
        for out in self.stage.push(topic, message, now_s):
            self.face.express(out.message)

    def clock(self, now_s, **more):
        heard_s = now_s + self.latency_s
        clock = PlaybackClock(turn=1, sample=round(heard_s * RATE_HZ), steady_ns=round(heard_s * 1e9) + 1, **more)
        self.take("speech/playback", clock, now_s)
        self.face.playback(clock)

    def tell(self, i, now_s):
        """A clock each 40 ms, features of 40 ms 1.6 s before they are heard, frames of 20 ms."""
        if i % 24 == 0:
            self.clock(now_s)
        if self.source == "features":
            for number in range(40) if i == 0 else [i // 24 + 40] if i % 24 == 0 else []:
                if number < len(self.features):
                    part = self.features[number]
                    message = AudioFeatures(turn=1, first_sample=number * 960, kind=PHONE_KIND, frames=len(part),
                                            dim=PHONE_DIM, data=part.ravel())  # fmt: skip
                    self.take("motion/features", message, now_s)
        while self.frames and self.frames[0].steady_ns <= (now_s + self.latency_s) * 1e9:
            self.take("speech/played", self.frames.pop(0), now_s)

    def run(self, start_s, end_s, alive=True):
        """Ticks of 1/30 s, frames of 1/60 s."""
        for i in range(round(start_s * 600), round(end_s * 600)):
            now_s = i / 600
            if alive:
                self.tell(i, now_s)
            if i % 20 == 0:
                for out in self.stage.tick(now_s):
                    self.face.express(out.message)
            if i % 10 == 0:
                self.seen.append(self.face.at(now_s))
                self.times_s.append(now_s)
        return self

    def of(self, name):
        return np.array([state.weights[ARKIT_INDEX[name]] for state in self.seen])

    def brows(self):
        return self.of("browInnerUp")

    def pitch(self):
        return np.degrees([2 * state.head.rotation[1] for state in self.seen])


def lag_s(moved, loud, fps=60):
    """By how much `moved` comes after `loud` (negative: before), where they go together best."""
    mid = slice(60, -60)
    return max(range(-20, 21), key=lambda lag: np.corrcoef(np.roll(moved, -lag)[mid], loud[mid])[0, 1]) / fps


@pytest.mark.parametrize(
    ("source", "latency_s", "latest_s"),
    [("features", 0.0, 0.035), ("features", 0.2, 0.035), ("played", 0.2, 0.035), ("played", 0.02, 0.11)],
)
def test_beats_are_seen_on_the_syllables_that_are_heard(source, latency_s, latest_s):
    """A card that holds little sound tells of it late: then a beat comes up to 0.1 s after, still on its syllable."""
    show, mute = (Show(told, latency_s).run(0.0, SECONDS) for told in (source, ""))
    loud = np.sqrt(envelope(np.array(show.times_s)))
    brows, dips = show.brows() - mute.brows(), show.pitch() - mute.pitch()
    assert brows.max() > 0.05 and dips.max() > 0.7
    assert -0.035 <= lag_s(brows, loud) <= latest_s
    assert -0.035 <= lag_s(dips, loud) <= latest_s


@pytest.mark.parametrize("source", ["features", "played"])
def test_speakers_blink_when_what_is_heard_has_paused(source):
    """Between its syllables, and in its pauses, this voice is silent for long enough to end a phrase."""

    def share_in_quiet(told):
        """Of blinks, those that begin where nothing was heard 0.15 s before."""
        found = []
        for seed in range(6):
            show = Show(told, seed=seed).run(0.0, SECONDS)
            begins = np.flatnonzero(np.diff((show.of("eyeBlinkLeft") > 0.5).astype(int)) == 1)
            found += [envelope(np.array(show.times_s)[begins] - 0.15) < 0.1]
        return np.mean(np.concatenate(found))

    assert share_in_quiet(source) > 0.1 + share_in_quiet("")


@pytest.mark.parametrize("source", ["features", "played"])
def test_a_speaker_that_died_leaves_no_beat_held(source):
    show, mute = Show(source), Show("")
    for one in (show, mute):
        one.run(0.0, 0.76)  # a stressed syllable; another stands where its last clock is extrapolated to
        one.run(0.76, 5.0, alive=False)
    assert show.brows()[45:50].max() > mute.brows()[45:50].max() + 0.02
    assert show.brows()[-60:] == pytest.approx(mute.brows()[-60:], abs=0.002)


@pytest.mark.parametrize("state", [PlaybackState.PAUSED, PlaybackState.STARVED, PlaybackState.ENDED])
def test_who_does_not_play_does_not_beat(state):
    show, mute = Show("features"), Show("")
    for one in (show, mute):
        one.run(0.0, 0.76)
        one.clock(0.76, state=state)
        one.run(0.76, 1.6, alive=False)
    assert show.brows()[-5:] == pytest.approx(mute.brows()[-5:], abs=0.005)


def test_who_has_loudness_in_its_features_need_not_hear_what_is_played():
    """Silent frames come all day."""
    assert build(MotionSettings()).unread == {"speech/played"}
    assert not ExpressionStage(MotionSettings(), HiddenStates()).unread


def test_each_session_hears_its_own_voice():
    stage = ExpressionStage(MotionSettings(), HiddenStates())
    frames = played(sound(1.0), session="b")
    brows = {"local": 0.0, "b": 0.0}
    for i in range(30):
        while frames and frames[0].steady_ns <= i / 30 * 1e9:
            list(stage.push("speech/played", frames.pop(0), i / 30))
        for out in stage.tick(i / 30):
            assert out.message.layer is Layer.IDLE
            brow = float(out.message.weights[ARKIT_INDEX["browInnerUp"]])
            brows[out.message.session] = max(brows[out.message.session], brow)
    assert brows["b"] > brows["local"] + 0.05
