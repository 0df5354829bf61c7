"""`express` by the embedded paths: with the text, without it, by our network; on espeak's own voice."""

import json
import wave

import numpy as np
import pytest

from avatar_ros.cli import main
from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.speech.pocketsphinx_acoustic import installed_model
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings

TEXT = "Pumas map my home."
LIPS = [ARKIT_NAMES.index(name) for name in ("jawOpen", "mouthClose", "mouthPucker")]

pytestmark = pytest.mark.skipif(installed_model() is None, reason="needs pocketsphinx")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    voice = TTS_BACKENDS.make("espeak", TtsSettings())
    voice.load()
    parts = list(voice.speak(TEXT, "en-US"))
    voice.close()
    path = tmp_path_factory.mktemp("express") / "in.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, parts[0].sample_rate_hz, 0, "NONE", ""))
        file.writeframes(np.concatenate([part.pcm for part in parts]).tobytes())
    return str(path)


def weights(sound, out, *more):
    assert main(["express", sound, str(out), *more]) == 0
    return np.array([frame["weights"] for frame in json.loads(out.read_text())["frames"]])


def test_text_language_and_encoder_are_heeded(sound, tmp_path):
    known = weights(sound, tmp_path / "a.json", "--text", TEXT)
    again = weights(sound, tmp_path / "b.json", "--text", TEXT)
    alone = weights(sound, tmp_path / "c.json")
    foreign = weights(sound, tmp_path / "d.json", "--text", TEXT, "--locale", "xx")
    german = weights(sound, tmp_path / "g.json", "--text", TEXT, "--locale", "de-DE")
    learned = weights(sound, tmp_path / "e.json", "--encoder", "network")
    np.testing.assert_array_equal(known, again)
    np.testing.assert_array_equal(foreign, alone, "a language that espeak-ng does not read")
    for other in (alone, learned, german):
        assert other.shape == known.shape and np.abs(other - known)[:, LIPS].max() > 0.05
    assert np.abs(german - alone)[:, LIPS].max() > 0.05, "a text in another language counts, too"
    twice = weights(sound, tmp_path / "f.json", "--text", TEXT, "--fps", "60")
    assert len(twice) == pytest.approx(2 * len(known), abs=1)


def test_the_words_of_the_text_are_on_the_lips(sound, tmp_path):
    """Pumas, map my, home: the lips part between the closures of p, m, p m and m."""
    found = weights(sound, tmp_path / "a.json", "--text", TEXT, "--fps", "60")
    jaw, closed = found[:, LIPS[0]], found[:, LIPS[1]]
    shut = np.flatnonzero(np.diff((jaw - closed < 0.02).astype(int)) == 1)
    assert len(shut) >= 4 and jaw.max() > 0.2
