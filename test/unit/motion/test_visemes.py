"""Lips from phones: the blend against its reference, and what a mouth must do."""

from pathlib import Path

import numpy as np
import pytest

from avatar_ros.avatar.archive import AvatarArchive
from avatar_ros.avatar.lam_format import read_mesh
from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.errors import MotionError
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.offline import express_phones, resample_weights
from avatar_ros.motion.visemes import (
    VisemeLips,
    VisemeSettings,
    coarticulated,
    coarticulated_reference,
    constrictions,
)
from avatar_ros.speech.phones import LOUDNESS, PHONE_CLASSES, PHONE_COUNT, PHONE_DIM, PHONE_INDEX, SIL

JAW, CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]


def features(*phones, loudness=0.8):
    """Frames of ("AA", 12), ("M", 8), …: name and count."""
    out = np.zeros((sum(n for _, n in phones), PHONE_DIM), np.float32)
    at = 0
    for name, count in phones:
        out[at : at + count, PHONE_INDEX[name]] = 1
        at += count
    out[:, LOUDNESS] = loudness
    return out


def lips(*phones, loudness=0.8, **settings):
    return VisemeLips(MotionSettings(), VisemeSettings(**settings)).weights(features(*phones, loudness=loudness))


def gap(weights):
    """What parts the lips of a LAM head, in jaw units: puckered lips part a little."""
    parting = 0.12 * weights[:, ARKIT_INDEX["mouthPucker"]] + 0.22 * weights[:, ARKIT_INDEX["mouthFunnel"]]
    return weights[:, JAW] - weights[:, CLOSE] + parting


@pytest.mark.parametrize("width", [1.0, 0.75])
def test_blend_equals_its_reference(width):
    rng = np.random.default_rng(5)
    phones = rng.dirichlet(np.full(PHONE_COUNT, 0.1), 60).astype(np.float32)
    np.testing.assert_allclose(coarticulated(phones, width), coarticulated_reference(phones, width), atol=2e-5)


@pytest.mark.parametrize("stop", ["P", "B", "M"])
@pytest.mark.parametrize("vowel", ["AA", "IY", "UW", "AE"])
@pytest.mark.parametrize("frames", [4, 6, 12])
def test_bilabials_close_between_any_vowels(stop, vowel, frames):
    weights = lips((vowel, 15), (stop, frames), (vowel, 15))
    middle = weights[15 + frames // 2]
    assert middle[CLOSE] == pytest.approx(middle[JAW], abs=0.01)
    for name in ("mouthFunnel", "mouthUpperUpLeft", "mouthLowerDownRight"):
        assert middle[ARKIT_INDEX[name]] < 0.02
    assert gap(weights)[5] > 0.01


def test_open_vowels_open_more_than_closed_ones():
    opening = {v: gap(lips(("SIL", 10), ("T", 6), (v, 14), ("T", 6)))[23] for v in ("AA", "AE", "IY", "UW", "IH")}
    assert min(opening["AA"], opening["AE"]) > 2 * max(opening["IY"], opening["UW"], opening["IH"])


def test_rounding_begins_before_its_vowel():
    weights = lips(("T", 15), ("UW", 15))
    pucker = weights[:, ARKIT_INDEX["mouthPucker"]]
    assert pucker[12] > 0.3 * pucker[22]
    assert pucker[0] < 0.25 * pucker[22]


@pytest.mark.parametrize("phone", ["F", "V"])
@pytest.mark.parametrize("vowel", ["AA", "IY", "UW", "AO", "SIL"])
@pytest.mark.parametrize("frames", [3, 6, 12])
def test_f_and_v_put_the_lower_lip_to_the_upper_teeth_between_any_vowels(phone, vowel, frames):
    """In a LAM head's geometry: benchmarks/lips/labiodental.py. What is around it leaves nothing of itself."""
    middle = lips((vowel, 15), (phone, frames), (vowel, 15))[15 + frames // 2]
    assert middle[ARKIT_INDEX["mouthRollLower"]] > 0.4
    assert 0.35 < middle[ARKIT_INDEX["mouthUpperUpLeft"]] == middle[ARKIT_INDEX["mouthUpperUpRight"]]
    assert middle[JAW] < 0.05
    assert middle[ARKIT_INDEX["mouthPucker"]] < 0.02


def test_lips_are_shut_or_at_the_teeth_and_never_half_of_each():
    """An m beside an f ("comfort"), and a sound that might be either."""
    weights = lips(("AH", 12), ("M", 8), ("F", 8), ("AX", 12))
    assert weights[16, ARKIT_INDEX["mouthRollLower"]] < 0.2 and weights[16, ARKIT_INDEX["mouthPressLeft"]] > 0.2
    assert weights[24, ARKIT_INDEX["mouthRollLower"]] > 0.4 and weights[24, ARKIT_INDEX["mouthPressLeft"]] < 0.01
    for share in np.linspace(0, 1, 21):
        phones = np.zeros((30, PHONE_COUNT), np.float32)
        phones[:, PHONE_INDEX["V"]], phones[:, PHONE_INDEX["B"]] = share, 1 - share
        shut, bite = constrictions(phones)
        assert shut[15] + bite[15] == pytest.approx(1, abs=1e-5)
        assert bite[15] == (0 if share < 0.5 else 1) or 0.5 <= share <= 0.6


def test_closures_gate_as_their_definition_says():
    """Written down slowly: the mean of what is within 25 ms, rising from 0.15 to 0.45; silence before it counts."""
    rng = np.random.default_rng(3)
    phones = rng.dirichlet(np.full(PHONE_COUNT, 0.05), 80).astype(np.float32)
    phones[:, [PHONE_INDEX[name] for name in "FV"]] = 0
    bilabial = phones[:, [PHONE_INDEX[name] for name in "PBM"]].sum(axis=1)
    raised = [max(bilabial[t], phones[t, SIL] * max(bilabial[t : t + 11])) for t in range(80)]
    gate = np.zeros(80)
    for t in range(80):
        near = {at: 1 - abs(at - t) / 2.5 for at in range(max(0, t - 2), min(80, t + 3))}
        gate[t] = np.clip((sum(raised[at] * w for at, w in near.items()) / sum(near.values()) - 0.15) / 0.3, 0, 1)
    shut, bite = constrictions(phones)
    assert np.all(shut >= gate - 1e-5), "held a little longer, never less"
    assert np.mean(np.abs(shut - gate) < 1e-5) > 0.5 and not bite.any()


@pytest.mark.parametrize("stop", ["P", "B", "M"])
@pytest.mark.parametrize("silent", [0, 1, 2, 6])
@pytest.mark.parametrize("known", [5, 30])
def test_a_closure_that_begins_a_turn_is_shut_from_the_first_frame_on(stop, silent, known):
    """Also of the frames that are made with the first 40 ms alone, which the voice waits for."""
    weights = VisemeLips(MotionSettings(), VisemeSettings()).weights(
        features(("SIL", silent), (stop, 4), ("AA", 30))[: max(known, silent + 3)]
    )
    assert gap(weights[: silent + 3]).max() < 0.01


def width(phone):
    """How far the corners of the built-in avatar's mouth are apart in the middle of a phone, and at rest, mm."""
    with AvatarArchive(Path(__file__).parents[3] / "models" / "avatar.zip") as archive:
        mesh = read_mesh(archive)
    index, by = mesh.morphs.part(mesh.morphs.names.index("mouthStretchLeft"))
    left = int(index[by[:, 0].argmax()])
    index, by = mesh.morphs.part(mesh.morphs.names.index("mouthStretchRight"))
    right = int(index[by[:, 0].argmin()])
    rest = float(mesh.positions[left, 0] - mesh.positions[right, 0])
    weights = lips(("SIL", 10), (phone, 20), ("SIL", 10))[20]
    moved = 0.0
    for number, name in enumerate(mesh.morphs.names):
        at, by = mesh.morphs.part(number)
        moved += weights[ARKIT_INDEX[name]] * float(by[at == left, 0].sum() - by[at == right, 0].sum())
    return 1000 * (rest + moved), 1000 * rest


def test_aw_is_round_and_ee_is_wide_on_a_face():
    """People's lips: 10 to 20 % narrower in "aw" and "oo" than at rest, about 10 % wider in "ee"."""
    wide = {phone: width(phone)[0] / width(phone)[1] for phone in ("AA", "AO", "UW", "IY", "M")}
    assert wide["AO"] < 0.85 and wide["UW"] < 0.85
    assert wide["IY"] > 1.08
    assert 0.97 < wide["AA"] < 1.06 and 0.97 < wide["M"] < 1.06


@pytest.mark.parametrize(("phone", "shown"), [("TH", 0.2), ("DH", 0.15), ("L", 0.08)])
def test_tongue_shows_on_th_and_l(phone, shown):
    weights = lips(("AA", 12), (phone, 10), ("AA", 12))
    assert weights[17, ARKIT_INDEX["tongueOut"]] > shown
    assert weights[3, ARKIT_INDEX["tongueOut"]] < 0.05


def test_fast_speech_still_moves_and_does_not_open_wider():
    """The same syllables at 6 and at 20 phones a second: without heed to the rate the fast ones run together, wide."""

    def middle(weights):
        return weights[40:-40]

    slow, fast = (middle(gap(lips(*[("AA", n), ("UW", n)] * (80 // n)))) for n in (16, 5))
    assert 0.25 * np.ptp(slow) < np.ptp(fast) < 0.8 * np.ptp(slow)
    slow, fast = (middle(lips(*[("AA", n), ("T", n), ("AA", n), ("S", n)] * (60 // n))[:, JAW]).mean() for n in (16, 5))
    assert 0.8 * slow < fast < 1.03 * slow


def test_louder_opens_wider():
    soft, usual, loud = (gap(lips(("AA", 30), loudness=x))[15] for x in (0.4, 0.8, 1.0))
    assert soft < 0.85 * usual < 0.99 * loud


def test_silence_is_rest():
    assert not lips(("SIL", 30), loudness=0.0).any()


def test_rest_follows_the_last_sound_within_150_ms():
    assert lips(("AA", 20), ("SIL", 30))[35:].max() < 0.02


def test_articulation_scales_but_still_closes():
    wide, narrow = (lips(("AA", 20), ("M", 8), ("AA", 20), articulation=a) for a in (1.3, 0.6))
    assert gap(wide)[8] > 1.5 * gap(narrow)[8]
    assert abs(gap(wide)[24]) < 0.02


@pytest.mark.parametrize("name", PHONE_CLASSES)
def test_weights_stay_within_range(name):
    weights = lips((name, 30), loudness=1.0, articulation=1.6)
    assert weights.min() >= 0
    assert weights.max() <= 1


def test_a_window_gives_the_same_as_the_whole():
    model = VisemeLips(MotionSettings(), VisemeSettings())
    rng = np.random.default_rng(1)
    whole = features(*[(PHONE_CLASSES[i], 7) for i in rng.integers(PHONE_COUNT, size=20)])
    full = model.weights(whole)
    part = model.weights(whole[60 - model.before : 71 + model.after])
    np.testing.assert_allclose(part[model.before : model.before + 11], full[60:71], atol=1e-5)


def test_any_frame_rate_shows_the_same_movement():
    frames = features(("SIL", 20), ("AA", 20), ("M", 10), ("IY", 20), ("SIL", 20))
    fast = express_phones(frames, 100.0, 100.0)
    for fps in (25.0, 30.0, 60.0, 144.0):
        weights = express_phones(frames, 100.0, fps)
        assert len(weights) == np.ceil(0.9 * fps)
        at = np.arange(len(weights)) / fps * 100
        expected = np.stack([np.interp(at, np.arange(90), fast[:, i]) for i in range(52)], axis=1)
        np.testing.assert_allclose(weights, expected, atol=1e-4)


def test_a_flash_of_one_frame_is_never_missed():
    for click in range(3, 40):
        frames = features(("SIL", click), ("AA", 1), ("SIL", 60 - click))
        for fps in (25.0, 30.0, 60.0):
            jaw = express_phones(frames, 100.0, fps, MotionSettings(backend="fake"))[:, JAW]
            assert (jaw > 0).sum() == 1
            assert abs(np.argmax(jaw) / fps - click / 100) <= 0.5 / fps + 1e-6


def test_wrong_features_are_refused():
    with pytest.raises(MotionError, match="takes"):
        express_phones(np.zeros((10, 5), np.float32), 100.0, 30.0)
    with pytest.raises(MotionError, match="50"):
        express_phones(np.zeros((10, PHONE_DIM), np.float32), 50.0, 30.0)


def test_no_frames_no_weights():
    assert express_phones(np.zeros((0, PHONE_DIM), np.float32), 100.0, 30.0).shape == (0, 52)
    assert resample_weights(np.zeros((0, 52), np.float32), 100.0, np.arange(3) / 30).shape == (3, 52)


@pytest.mark.parametrize("held", [2, 3])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_closures_of_fast_speech_are_seen_at_any_frame_rate(fps, held):
    """Twenty phones a second, closures of 20 and 30 ms: wherever frames fall, one shows the lips shut."""
    seen = []
    for late in range(10):
        syllables = [
            ("SIL", 20 + late),
            *[("AA", 7), ("P", held), ("IY", 6), ("M", held), ("EH", 6), ("B", held)] * 3,
            ("SIL", 20),
        ]
        opening = gap(express_phones(features(*syllables), 100.0, fps))
        at = 0
        for name, count in syllables:
            if name in "PBM":
                frames = np.arange(np.ceil((at - 1) / 100 * fps), (at + count + 1) / 100 * fps).astype(int)
                seen.append(bool(len(frames)) and opening[frames].min() < 0.03)
            at += count
    assert np.mean(seen) >= 0.95
