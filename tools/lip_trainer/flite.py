"""flite's built-in voices (Debian: flite), made from people recorded at Carnegie Mellon, with its own phone times."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatar_ros.speech.phone_mapping import SILENCE, timit_schedules

from .speech import Spoken, seed_of, spoken

_SEGMENT = re.compile(r"([a-z]+):([0-9.]+)")


@dataclass(frozen=True)
class FliteVoice:
    """voice: slt, rms, awb, kal16 or kal."""

    name: str
    voice: str
    words: str = "any"

    def missing(self) -> str:
        """What to install."""
        return "" if shutil.which("flite") else "apt-get install flite"

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """See speech.Voice. Speaking rates from 0.8 to 1.25."""
        rng = np.random.default_rng(seed_of(self.name, seed))
        with tempfile.TemporaryDirectory() as folder:
            return [self._speak(text, float(rng.uniform(0.8, 1.25)), Path(folder) / "a.wav") for text in texts]

    def _speak(self, text: str, stretch: float, path: Path) -> Spoken:
        command = ["flite", "-voice", self.voice, "-psdur", "--setf", f"duration_stretch={stretch:.3f}"]
        out = subprocess.run([*command, "-t", text, "-o", str(path)], capture_output=True, text=True, check=True).stdout
        segments = _SEGMENT.findall(out)
        names = [name for name, _ in segments]
        sound, rate_hz = read_wav(path)
        return spoken(sound, rate_hz, cmu_schedules(names), [float(end) for _, end in segments])


def cmu_schedules(names: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """Schedules of CMU's American phones, in which "pau" is silence and "ax" the schwa."""
    return [SILENCE if name in ("pau", "ssil", "#", "h#") else timit_schedules([name])[0] for name in names]


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Mono sound -1 … 1 and rate."""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return pcm.astype(np.float32) / 32768, file.getframerate()
