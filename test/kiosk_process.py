"""A kiosk as a user runs it, for tests: a process of its own, its output kept, its nodes findable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import wave
from pathlib import Path

import numpy as np
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.stage import build

from avatar_ros.core.types import Sentence, SpeechChunk

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 60.0


def spoken(text, rate_hz=24000):
    """`text` as espeak-ng says it, int16 mono at 24 kHz."""
    assert rate_hz == 24000
    stage = build(TtsSettings(backend="espeak"))
    stage.load()
    outs, now_s = list(stage.push("speech/sentence", Sentence(turn=1, text=text, last=True), 0.0)), 0.0
    while not any(isinstance(m, SpeechChunk) and m.turn_end for _, m in outs):
        now_s += 0.1
        outs += stage.tick(now_s)
        assert now_s < 120, "the voice never came to an end"
    stage.close()
    return np.concatenate([m.pcm for _, m in outs if isinstance(m, SpeechChunk)])


def write_wav(path, pcm, rate_hz=24000, before_s=0.5, after_s=1.0):
    """A WAV file with silence around the sound."""
    silence = [np.zeros(int(s * rate_hz), np.int16) for s in (before_s, after_s)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.concatenate([silence[0], pcm, silence[1]]).astype("<i2").tobytes())
    return path


class KioskProcess:
    """`python -m avatar_ros kiosk …`; ended with Ctrl-C by `close`."""

    def __init__(self, *arguments, namespace="avatar", env=None):
        command = [sys.executable, "-m", "avatar_ros", "kiosk", "--namespace", namespace, *map(str, arguments)]
        self.namespace = namespace
        self.lines = []
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self):
        return "\n".join(self.lines)

    def node_pid(self, name):
        """Process number of one of its nodes, or None."""
        found = subprocess.run(
            ["pgrep", "-f", f"avatar_ros.nodes.{name} .*__ns:=/{self.namespace} "], capture_output=True, text=True
        ).stdout.split()
        return int(found[0]) if found else None

    def kill_node(self, name):
        """Kill -9 one of its nodes; its former process number."""
        pid = self.node_pid(name)
        assert pid is not None, f"{name} does not run:\n{self.log}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait(self, timeout_s=300.0):
        """Its exit code, once it leaves by itself."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the kiosk did not leave within {timeout_s} s:\n{self.log}") from None
        self._reader.join(STOP_S)
        return code

    def close(self):
        """Ctrl-C; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self.wait(STOP_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.close()
