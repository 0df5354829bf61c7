"""What is done to LAM's weights: against its definition written down frame by frame, in whole and in windows."""

import numpy as np
import pytest

from avatar_ros.avatar.model import LAM_WEIGHT_SCALES
from avatar_ros.core.arkit import ARKIT_COUNT, ARKIT_INDEX, ARKIT_NAMES
from avatar_ros.core.types import AudioFeatures
from avatar_ros.motion.lam_postprocessing import EYES, MOUTH, PAIRS, damped, processed, smoothed, symmetric
from avatar_ros.motion.lip_track import LipTrack
from avatar_ros.motion.onnx_settings import LamSettings
from avatar_ros.motion.seams import Seam, faded_in

PLAIN = {"scaling": False, "smoothing": False, "symmetry": False, "eyes": True, "damping": False}


def some(frames, seed=0):
    return np.random.default_rng(seed).random((frames, ARKIT_COUNT)).astype(np.float32)


def levels(*stretches):
    """("loud", 9), ("silent", 12), …"""
    return np.concatenate([np.full(n, 0.05 if name == "loud" else 2e-4, np.float32) for name, n in stretches])


# --- LAM's own steps, slowly


def slow_damped(weights, rms, threshold=0.001, least=7, window=3):
    """smooth_mouth_movements: regions of at least 7 silent frames, the mouth at a tenth, blends of 3 frames within."""
    out = weights.astype(float)
    regions, run = [], []
    for frame in range(len(rms) + 1):
        if frame < len(rms) and rms[frame] < threshold:
            run.append(frame)
        else:
            regions += [run] if len(run) >= least else []
            run = []
    for region in regions:
        for frame in region:
            for column, name in enumerate(ARKIT_NAMES):
                if name.startswith(("mouth", "jaw", "noseSneer")) or name == "cheekPuff":
                    out[frame, column] *= 0.1
        if region[0] > 0:
            for i in range(window):
                share = (i + 1) / (window + 1)
                out[region[0] + i] = out[region[0] - 1] * (1 - share) + out[region[0] + i] * share
        if region[-1] + 1 < len(out):
            for i in range(window):
                share = (i + 1) / (window + 1)
                out[region[-1] - i] = out[region[-1] + 1] * (1 - share) + out[region[-1] - i] * share
    return out


def slow_smoothed(weights):
    """A parabola of least squares through five frames, at their middle."""
    padded = np.concatenate([weights[:1], weights[:1], weights, weights[-1:], weights[-1:]]).astype(float)
    rows = [np.polyval(np.polyfit(np.arange(-2, 3), padded[i : i + 5, c], 2), 0)
            for i in range(len(weights)) for c in range(padded.shape[1])]  # fmt: skip
    return np.array(rows).reshape(len(weights), -1)


def slow_blended(shown, following, window=5):
    """apply_frame_blending between two slices."""
    out = following.astype(float)
    for i in range(min(window, len(out))):
        share = (i + 1) / (window + 1)
        out[i] = shown * (1 - share) + out[i] * share
    return out


@pytest.mark.parametrize(
    "rms",
    [
        levels(("loud", 20), ("silent", 7), ("loud", 20)),
        levels(("loud", 9), ("silent", 6), ("loud", 9), ("silent", 30), ("loud", 1), ("silent", 8), ("loud", 2)),
        levels(("silent", 12), ("loud", 5), ("silent", 9)),
        levels(("silent", 9)),
        levels(("loud", 9)),
    ],
    ids=["seven", "several", "ends", "nothing said", "no silence"],
)
def test_damping_equals_its_definition(rms):
    weights = some(len(rms))
    np.testing.assert_allclose(damped(weights, rms), slow_damped(weights, rms), atol=1e-6)


def test_damping_of_random_levels_equals_its_definition():
    rng = np.random.default_rng(2)
    for seed in range(30):
        rms = levels(*[(rng.choice(["loud", "silent"]), int(rng.integers(1, 14))) for _ in range(12)])
        np.testing.assert_allclose(damped(some(len(rms), seed), rms), slow_damped(some(len(rms), seed), rms), atol=1e-6)


def test_a_mouth_is_nearly_still_in_silence_and_the_face_is_not():
    rms = levels(("loud", 10), ("silent", 20), ("loud", 10))
    out = damped(np.ones((40, ARKIT_COUNT), np.float32), rms)
    assert np.allclose(out[14:26, MOUTH], 0.1)
    others = [i for i in range(ARKIT_COUNT) if i not in MOUTH]
    assert np.allclose(out[:, others], 1) and np.allclose(out[:10], 1) and np.allclose(out[30:], 1)
    assert np.abs(np.diff(out, axis=0)).max() < 0.3, "it comes and goes over frames"


def test_a_window_is_processed_as_the_whole():
    """11 frames less the network's 6 to either side are enough."""
    rng = np.random.default_rng(7)
    rms = levels(*[(name, int(rng.integers(3, 16))) for _ in range(20) for name in ("loud", "silent")])
    weights = some(len(rms))
    whole = processed(weights, rms, LamSettings(model="x"))
    for at in range(8, len(rms) - 9):
        # damping looks at levels 6 to either side of the frames that the filter takes, and at weights 3 to either side
        span = slice(at - 8, at + 9)
        part = processed(weights[span], rms[span], LamSettings(model="x"))
        np.testing.assert_allclose(part[8], whole[at], atol=1e-6)


def test_filter_is_a_parabola_through_five_frames():
    weights = some(12)[:, :4]
    np.testing.assert_allclose(smoothed(weights), slow_smoothed(weights), atol=1e-5)
    noise = np.random.default_rng(0).standard_normal((300, ARKIT_COUNT)).astype(np.float32)
    assert smoothed(noise).std() < 0.75 * noise.std()


def test_pairs_are_averaged_and_a_gaze_is_kept():
    weights = some(4)
    out = symmetric(weights)
    for name in ARKIT_NAMES:
        if not name.endswith("Left"):
            continue
        left, right = ARKIT_INDEX[name], ARKIT_INDEX[name.removesuffix("Left") + "Right"]
        if name in ("eyeLookInLeft", "eyeLookOutLeft"):
            np.testing.assert_array_equal(out[:, [left, right]], weights[:, [left, right]])
        else:
            np.testing.assert_allclose(out[:, left], (weights[:, left] + weights[:, right]) / 2, atol=1e-6)
            np.testing.assert_array_equal(out[:, left], out[:, right])
    np.testing.assert_array_equal(out[:, ARKIT_INDEX["jawOpen"]], weights[:, ARKIT_INDEX["jawOpen"]])
    assert len(PAIRS) == 18


def test_scaling_is_lams_and_can_be_left_out():
    weights, rms = np.full((3, ARKIT_COUNT), 0.5, np.float32), np.ones(3, np.float32)
    scaled = processed(weights, rms, LamSettings(**{**PLAIN, "scaling": True}))
    for name, scale in LAM_WEIGHT_SCALES.items():
        np.testing.assert_allclose(scaled[:, ARKIT_INDEX[name]], 0.5 * scale, atol=1e-6)
    assert scaled[0, ARKIT_INDEX["mouthPucker"]] == 0.5
    np.testing.assert_array_equal(processed(weights, rms, LamSettings(**PLAIN)), weights)
    assert processed(np.ones_like(weights), rms, LamSettings()).max() == 1.0


def test_eyes_are_the_idle_layers_unless_asked_for():
    weights, rms = np.full((2, ARKIT_COUNT), 0.4, np.float32), np.ones(2, np.float32)
    assert not processed(weights, rms, LamSettings())[:, EYES].any()
    assert processed(weights, rms, LamSettings(**PLAIN))[:, EYES].all()


# --- where windows meet


def test_the_first_frames_rise_from_rest_as_lams_do():
    out = faded_in(np.ones((6, 2), np.float32), np.arange(6) / 30, 3, 30.0)
    np.testing.assert_allclose(out[:, 0], [0.25, 0.5, 0.75, 1, 1, 1], atol=1e-6)
    np.testing.assert_array_equal(faded_in(out, np.arange(6) / 30, 0, 30.0), out)


def test_a_step_between_slices_fades_out_as_lams_does():
    """Two slices that stand still: then LAM's blend and ours are the same."""
    first, second = some(2)
    seam = Seam(5, 30.0)
    seam.joined(np.array([0.0]), first[None], None)
    times_s = np.arange(1, 9) / 30
    slice_ = np.repeat(second[None], 8, axis=0)
    np.testing.assert_allclose(seam.joined(times_s, slice_, second), slow_blended(first, slice_), atol=1e-5)


def test_windows_that_agree_are_not_touched_and_one_step_fades_however_frames_are_batched():
    curve = some(40)
    whole = Seam(5, 30.0)
    np.testing.assert_array_equal(whole.joined(np.arange(40) / 30, curve, None), curve)

    def shown(batch):
        seam, out = Seam(5, 30.0), [some(1, 9)]
        seam.joined(np.array([-1 / 30]), out[0], None)
        for i in range(0, 40, batch):
            before = curve[i - 1] if i else curve[0]
            out.append(seam.joined(np.arange(i, min(40, i + batch)) / 30, curve[i : i + batch], before))
        return np.concatenate(out[1:])

    np.testing.assert_allclose(shown(1), shown(40), atol=2e-3 * 5)
    np.testing.assert_allclose(shown(7)[6:], curve[6:], atol=1e-2)


class Hasty:
    """Lips that are wrong where they lack what follows: 1 with it, 0.5 without."""

    kind, dim, rate_hz = "hidden", 1, 30.0
    before, after, required_after = 0, 6, 0
    hold_frames = False

    def __init__(self, fade_in_frames=0, seam_frames=0):
        self.fade_in_frames, self.seam_frames = fade_in_frames, seam_frames

    def weights(self, features):
        out = np.full((len(features), ARKIT_COUNT), 1.0, np.float32)
        out[max(0, len(features) - 6) :] = 0.5
        return out


def given(model):
    """Frames at 60 Hz: the first 0.6 s of features come 0.2 s before they are heard; then all the rest is there."""
    track, frames, pieces = LipTrack(model, 60.0), [], 0
    for step in range(100):
        now_s = step / 60
        while pieces < min(20, (now_s + 0.2) * 10) or (now_s > 0.4 and pieces < 20):
            part = AudioFeatures(turn=1, first_sample=pieces * 2400, kind="hidden", rate_hz=30.0, dim=1, frames=3,
                                 data=np.zeros(3, np.float32), last=pieces == 19)  # fmt: skip
            track.add(part)
            pieces += 1
        frames += track.give(now_s + 0.5, now_s)
    assert [round(f.time_s * 60) for f in frames] == list(range(len(frames)))
    return np.array([f.weights[0] for f in frames if f.time_s < 1.5])


def test_urgent_frames_and_those_with_context_meet_without_a_jump():
    hard, soft = given(Hasty()), given(Hasty(seam_frames=5))
    assert np.abs(np.diff(hard)).max() > 0.45
    assert np.abs(np.diff(soft)).max() < 0.26, "half a step a frame is what the windows themselves hold at 60 Hz"
    assert soft[-1] == pytest.approx(hard[-1], abs=1e-3)


def test_a_turn_of_lam_begins_at_rest():
    out = given(Hasty(fade_in_frames=3, seam_frames=5))
    assert out[0] <= 0.25 and np.abs(np.diff(out[:12])).max() < 0.2
