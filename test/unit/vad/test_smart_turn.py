"""Smart Turn: our features against those of its own package; its file; what it says."""

from __future__ import annotations

import importlib.util
import sys
import wave
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.speech.whisper_mel import log_mel
from avatar_ros.vad import smart_turn
from avatar_ros.vad.base import VadSettings
from avatar_ros.vad.smart_turn import BANDS, SAMPLES, turn_features
from recordings import DATA

RATE = 16000


def voice_like(seconds: float, seed: int = 0) -> np.ndarray:
    """Harmonics that come and go, in some noise; full scale 1."""
    t = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * 120 * k * t + k) / k for k in range(1, 20))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(t))
    return (0.1 * tones * (1 + np.sin(2 * np.pi * 3 * t)) + noise).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.5, 8.0])
def test_features_are_log_mels_of_sound_at_one_level_behind_zeros(seconds: float) -> None:
    """log_mel itself: test/unit/speech/test_whisper_mel.py."""
    padded = np.pad(voice_like(seconds).astype(np.float64), (SAMPLES - round(seconds * RATE), 0))
    expected = log_mel(((padded - padded.mean()) / padded.std()).astype(np.float32), BANDS)
    for gain in (1.0, 0.2):
        assert np.abs(turn_features(gain * voice_like(seconds)) - expected).max() < 2e-3


def theirs() -> ModuleType:
    """The package's own code for it, a file that needs numpy alone."""
    spec = importlib.util.find_spec("pipecat")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("pipecat-ai is not installed: pip install --no-deps -r requirements/no_deps_turn_detector.txt")
    path = Path(spec.submodule_search_locations[0]) / "audio" / "turn" / "smart_turn" / "_whisper_features.py"
    found = importlib.util.spec_from_file_location("_whisper_features", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", range(3))
def test_log_mels_equal_those_of_the_package(seed: int) -> None:
    sound = voice_like(2.0 + 3 * seed, seed)
    expected = theirs().compute_whisper_log_mel_features(np.pad(sound, (SAMPLES - len(sound), 0)))
    assert np.abs(turn_features(sound) - expected).max() < 2e-3


@pytest.fixture(scope="module")
def detector() -> smart_turn.SmartTurn:
    theirs()
    made = smart_turn.SmartTurn(VadSettings())
    made.load()
    return made


def read(name: str) -> np.ndarray:
    path = DATA / "speech" / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_it_gives_probabilities_whatever_the_sound(detector: smart_turn.SmartTurn) -> None:
    rng = np.random.default_rng(0)
    for sound in (np.zeros(0, np.int16), np.zeros(100, np.int16), np.full(9 * RATE, 32767, np.int16),
                  rng.integers(-32768, 32767, 20 * RATE).astype(np.int16)):  # fmt: skip
        probability = detector.probability(sound)
        assert probability is not None
        assert 0.0 <= probability <= 1.0


def test_only_the_last_eight_seconds_count(detector: smart_turn.SmartTurn) -> None:
    sound = (voice_like(8.0) * 20000).astype(np.int16)
    before = (voice_like(3.0, 5) * 30000).astype(np.int16)
    assert detector.probability(np.concatenate([before, sound])) == detector.probability(sound)


def test_it_tells_the_end_of_a_sentence_from_a_pause_in_it(detector: smart_turn.SmartTurn) -> None:
    """Kennedy stops for half a second within "ask not … what your country can do for you … ask what you can do"."""
    speech = read("jfk.wav")
    for pause_s in (4.5, 7.7):
        probability = detector.probability(speech[: round(pause_s * RATE)])
        assert probability is not None
        assert probability < 0.3
    done = detector.probability(np.concatenate([read("spk1_snt4.wav"), np.zeros(RATE // 5, np.int16)]))
    assert done is not None
    assert done > 0.7


def test_a_package_that_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"smart-turn-v3.2-cpu.onnx was not found.*--with turn_detector"):
        smart_turn.model_path()


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x07" * 1000])
def test_another_file_is_refused_by_its_sum(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "smart-turn-v3.2-cpu.onnx"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{path} is not the file.*it is not the Smart Turn v3.2"):
        smart_turn.open_model(path)


def test_half_a_file_with_the_right_sum_would_be_refused_by_the_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                                       ) -> None:  # fmt: skip
    import hashlib

    path = tmp_path / "half.onnx"
    path.write_bytes(b"\x08\x07half")
    monkeypatch.setattr(smart_turn, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ConfigError, match=r"half.onnx"):
        smart_turn.open_model(path)


def test_none_of_the_packages_code_is_imported(detector: smart_turn.SmartTurn) -> None:
    assert not [name for name in sys.modules if name.split(".")[0] == "pipecat"]
