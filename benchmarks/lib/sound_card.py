"""A sound card to measure with: a PulseAudio server of one's own with a null sink, and what its listeners hear.

Needs no hardware: apt install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from avatar_ros.core.errors import ConfigError, StageError

from ..lips.sync_statistics import Blocks, joined

_START_TRIES, _START_WAIT_S = 100, 0.05
_READ_BYTES = 1 << 20


class NullCard:
    """A running server. env: the environment in which programs play into it."""

    def __init__(self, folder: Path, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._socket = folder / "native"
        (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_RUNTIME_PATH": str(folder)}
        self.env: Mapping[str, str] = {**os.environ, **own, "PULSE_SERVER": f"unix:{self._socket}"}
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, or start again. Raises StageError where it does not come up."""
        self._socket.unlink(missing_ok=True)
        modules = (
            f"module-native-protocol-unix socket={self._socket} auth-anonymous=1",
            # A rewind hands the monitor a stretch twice: without them the monitor is one unbroken line.
            f"module-null-sink sink_name=room rate={self.rate_hz} channels=2 norewinds=1",
        )
        loads = [argument for module in modules for argument in ("-L", module)]
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", *loads]
        self._server = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(_START_TRIES):
            if self._socket.exists():
                return
            time.sleep(_START_WAIT_S)
        self.stop()
        raise StageError("bench_sound_server", "pulseaudio did not come up")

    def stop(self, kill: bool = False) -> None:
        """End the server; kill: as a crash would."""
        if self._server is not None:
            (self._server.kill if kill else self._server.terminate)()
            self._server.wait()
            self._server = None


class MonitorRecorder:
    """Records what is heard from the sink, with the instant at which each piece came."""

    def __init__(self, rate_hz: int, env: Mapping[str, str]) -> None:
        """rate_hz: of the sink; env: in which programs reach its server."""
        self._rate_hz = rate_hz
        self._pieces: list[tuple[float, bytes]] = []
        # No --latency: it would set the sink's own latency, which is what is being varied.
        command = ["parec", "-d", "room.monitor", "--raw", "--format=s16le", f"--rate={rate_hz}", "--channels=1"]
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, bufsize=0)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def stop(self) -> Blocks:
        """End; what was recorded. Raises StageError where there is nothing."""
        self._process.terminate()
        self._process.wait()
        self._thread.join(2.0)
        if not self._pieces:
            raise StageError("bench_sound_server", "the sink's monitor gave no sound")
        return joined(self._pieces, self._rate_hz)

    def _read(self) -> None:
        assert self._process.stdout is not None
        odd = b""
        while data := os.read(self._process.stdout.fileno(), _READ_BYTES):
            at_s = time.monotonic()
            data, odd = odd + data, b""
            if len(data) % 2:
                data, odd = data[:-1], data[-1:]
            if data:
                self._pieces.append((at_s, data))


def missing() -> str:
    """Why there can be no such card here; "" where there can."""
    for program, package in (("pulseaudio", "pulseaudio"), ("parec", "pulseaudio-utils")):
        if shutil.which(program) is None:
            return f"no {program} (apt install {package})"
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "no ALSA plugin for pulseaudio (apt install libasound2-plugins)"
    return ""


@contextmanager
def null_card(rate_hz: int) -> Iterator[NullCard]:
    """A server that lives for the block. Raises ConfigError naming what to install, StageError."""
    if text := missing():
        raise ConfigError("backend_not_installed", text)
    with tempfile.TemporaryDirectory() as folder:
        card = NullCard(Path(folder), rate_hz)
        card.start()
        try:
            yield card
        finally:
            card.stop()
