"""The measurement of lips: mixes keep level and time, labels are told from random numbers."""

import json

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.speech.pocketsphinx_acoustic import installed_model
from benchmarks.lib.noise_and_reverb import noisy, read_wav, roomy
from benchmarks.lips.label_check import random_times_that_fit_better
from benchmarks.lips.scorer import Interval, Samples, Track, measure
from benchmarks.lips.scores import RecordedPeople, is_spoken
from recordings import DATA

needs_data = pytest.mark.skipif(not (DATA / "speech").is_dir(), reason="needs ../shared/data")
needs_model = pytest.mark.skipif(installed_model() is None, reason="needs pocketsphinx")


def test_noise_is_added_at_the_level_that_is_asked_for():
    rng = np.random.default_rng(0)
    pcm = (3000 * np.sin(np.arange(16000) / 5)).astype(np.int16)
    mixed = noisy(rng.integers(-500, 500, 4000).astype(np.int16), 10.0, rng)(pcm, 16000).astype(float)
    noise = mixed - pcm
    assert 10 * np.log10(np.mean(pcm.astype(float) ** 2) / np.mean(noise**2)) == pytest.approx(10.0, abs=0.1)


def test_a_room_leaves_the_direct_sound_where_it_was():
    response = np.zeros(3000, np.int16)
    response[1000], response[2500] = 20000, 5000
    pcm = np.zeros(8000, np.int16)
    pcm[3000] = 10000
    wet = roomy(response)(pcm, 16000)
    assert len(wet) == len(pcm)
    assert list(np.argsort(-np.abs(wet.astype(int)))[:2]) == [3000, 4500]


@needs_data
@needs_model
@pytest.mark.data
def test_true_times_fit_their_sound_and_random_ones_do_not():
    entry = json.loads((DATA / "speech" / "transcripts.json").read_text())["acoustic_corpus"]
    pcm, rate_hz = read_wav(DATA / "speech" / "acoustic_corpus.wav")
    ends_s = np.array(entry["phone_end_samples_16k"]) / 16000
    count = int(np.searchsorted(ends_s, 3.0))
    pcm, phones, ends_s = pcm[: 3 * rate_hz], entry["phones"][:count], ends_s[:count]
    assert random_times_that_fit_better(pcm, rate_hz, phones, ends_s, draws=100) < 0.01
    drawn = np.sort(np.random.default_rng(1).uniform(0, 3, count))
    assert random_times_that_fit_better(pcm, rate_hz, phones, drawn, draws=100) > 0.02


def test_vowels_of_nothing_but_zeros_are_not_scored():
    pcm = np.zeros(16000, np.int16)
    pcm[8000:] = 1
    assert not is_spoken(Interval("vowel", 0.1, 0.4), pcm, 16000)
    assert is_spoken(Interval("vowel", 0.4, 0.6), pcm, 16000) and is_spoken(Interval("closure", 0.1, 0.4), pcm, 16000)


def test_samples_of_several_runs_stand_one_after_the_other():
    track = Track(np.arange(10.0), 10.0, [Interval("open", 0.0, 0.2), Interval("closed", 0.4, 0.6)])
    one = measure([track])
    both = Samples.together([one, one])
    assert both.kinds.tolist() == [*one.kinds, *one.kinds]
    np.testing.assert_array_equal(both.middle_mm, [*one.middle_mm] * 2)
    np.testing.assert_array_equal(both.smallest_mm, [*one.smallest_mm] * 2)


class _Silent:
    """A stand-in for an encoder: it must not be asked anything by what is tested here."""


def test_missing_data_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"transcripts\.json.*bench recordings"):
        RecordedPeople(tmp_path, "james.zip", _Silent())


def test_a_recording_s_name_stands_for_one_recording(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        entry = {"text": "M", "phones": ["m"], "phone_end_samples_16k": [160]}
        (tmp_path / folder / "transcripts.json").write_text(json.dumps({"same": entry, "untimed": {"text": "HM"}}))
    with pytest.raises(ConfigError, match="same is in"):
        RecordedPeople(tmp_path, "james.zip", _Silent(), [tmp_path / "one", tmp_path / "two"])
