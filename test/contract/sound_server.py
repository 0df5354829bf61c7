"""A sound server of one's own (PulseAudio with a null sink), so that the real PortAudio path runs without hardware.

As a program (`sound_server.py play …`): plays and records through it, in a process of its own, since PortAudio reads
its configuration once; prints what it measured as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 24000


def missing() -> str:
    """Why there can be no sound server here; "" where there can."""
    if shutil.which("pulseaudio") is None:
        return "no pulseaudio (apt install pulseaudio libasound2-plugins)"
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "no ALSA plugin for pulseaudio (apt install libasound2-plugins)"
    if not any(list(Path(folder).glob("*/libportaudio.so*")) for folder in ("/usr/lib", "/usr/local/lib")):
        return "no PortAudio (apt install libportaudio2)"
    return ""


def start_server(folder: Path, rate_hz: int, env: dict[str, str]) -> subprocess.Popen:
    """A server whose socket is folder/native; returns when it answers."""
    modules = (
        f"module-native-protocol-unix socket={folder}/native auth-anonymous=1",
        f"module-null-sink sink_name=room rate={rate_hz} channels=2 norewinds=1",
    )
    loads = [argument for module in modules for argument in ("-L", module)]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", *loads]
    (folder / "native").unlink(missing_ok=True)
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if (folder / "native").exists():
            break
        time.sleep(0.05)
    return server


@contextmanager
def sound_server(folder: Path, rate_hz: int):
    """A server with one sink whose monitor is the microphone; yields the environment of its clients."""
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    env = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_RUNTIME_PATH": str(folder)}
    env |= {"PYTHONPATH": str(ROOT), "PULSE_SERVER": f"unix:{folder}/native"}
    server = start_server(folder, rate_hz, env)
    try:
        yield env, server
    finally:
        server.terminate()
        server.wait()


def run(env: dict[str, str], *arguments: str) -> dict:
    """What `sound_server.py ARGUMENTS` measured."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class Loop:
    """Both stages on real devices in one thread; what they publish, by topic."""

    def __init__(self) -> None:
        from avatar_ros.mic.base import MicSettings
        from avatar_ros.mic.stage import build_mic
        from avatar_ros.speaker.base import SpeakerSettings
        from avatar_ros.speaker.stage import build_speaker

        self.speaker = build_speaker(SpeakerSettings(backend="auto"))
        self.mic = build_mic(MicSettings(backend="auto", echo="off"))
        self.out: dict[str, list] = {}
        for stage in (self.speaker, self.mic):
            stage.load()

    def run(self, seconds: float) -> None:
        """Tick both for a while."""
        until_s = time.monotonic() + seconds
        while (now_s := time.monotonic()) < until_s:
            self.take(self.speaker.tick(now_s))
            self.take(self.mic.tick(now_s))
            time.sleep(0.005)

    def run_until(self, condition, limit_s: float = 25.0) -> None:
        """Tick both until it is so, or for `limit_s`; a device is looked for 1, 2, 4 … s after it was lost."""
        until_s = time.monotonic() + limit_s
        while time.monotonic() < until_s and not condition():
            self.run(0.25)

    def take(self, outs) -> None:
        """Keep what was published."""
        for out in outs:
            self.out.setdefault(out.topic, []).append(out.message)

    def clicks_heard_s(self) -> list[float]:
        """The instants at which the microphone heard a click, each by the time of its own frame."""
        out = [-1.0]
        for frame in self.out["mic/audio"]:
            loud = np.flatnonzero(np.abs(frame.pcm.astype(int)) > 6000)
            at_s = frame.steady_ns * 1e-9 + (loud[0] / 16000 if len(loud) else 0.0)
            if len(loud) and at_s - out[-1] > 0.1:
                out.append(at_s)
        return out[1:]


def clicks(count: int) -> np.ndarray:
    """A click every half second, the first after a quarter."""
    pcm = np.zeros(count * RATE_HZ // 2, np.int16)
    for i in range(count):
        at = RATE_HZ // 4 + i * RATE_HZ // 2
        pcm[at : at + 24] = 20000
    return pcm


def play() -> dict:
    """Plays clicks: when they were heard, and when the clock said they would be; then the delay of a pause."""
    from avatar_ros.core.enums import InterruptAction, PlaybackState
    from avatar_ros.core.events import Interrupt
    from avatar_ros.core.types import Expression, SpeechChunk

    loop = Loop()
    loop.run(3.0)  # a null sink begins with a pause of up to 2 s
    pcm = clicks(6)
    now_s = time.monotonic()
    loop.take(loop.speaker.push("motion/expression", Expression(turn=1), now_s))
    loop.take(loop.speaker.push("speech/audio", SpeechChunk(turn=1, pcm=pcm, turn_end=True), now_s))
    cpu_s = time.process_time()
    loop.run(4.0)
    cpu_s = time.process_time() - cpu_s
    clocks = [c for c in loop.out["speech/playback"] if c.state is PlaybackState.PLAYING]
    expected = [_instant_s(clocks, 12000 * i + 6000) for i in range(6)]
    found = loop.clicks_heard_s()
    loop.take(loop.speaker.push("motion/expression", Expression(turn=2), now_s))
    noise = np.random.default_rng(1).integers(-9000, 9000, 4 * RATE_HZ).astype(np.int16)
    loop.take(loop.speaker.push("speech/audio", SpeechChunk(turn=2, pcm=noise), time.monotonic()))
    loop.run(1.0)
    paused_s = time.monotonic()
    loop.take(loop.speaker.interrupt(Interrupt(turn=2, action=InterruptAction.PAUSE), paused_s))
    loop.run(0.6)
    played = loop.out["speech/played"]
    silent_s = max(f.steady_ns * 1e-9 + 0.02 for f in played if np.abs(f.pcm.astype(int)).max() > 100)
    status, mic_status = dict(loop.speaker.status()), dict(loop.mic.status())
    loop.speaker.close()
    loop.mic.close()
    return {
        "errors_ms": [1e3 * (f - e) for f, e in zip(found[:6], expected, strict=False)],
        "clicks": len(found),
        "expected_s": expected,
        "first_sound_ms": 1e3 * (clocks[0].steady_ns * 1e-9 - now_s),
        "pause_ms": 1e3 * (silent_s - paused_s),
        "ended": any(c.state is PlaybackState.ENDED and c.sample == len(pcm) for c in loop.out["speech/playback"]),
        "cpu_percent": 100 * cpu_s / 4.0,
        "status": status,
        "mic_status": mic_status,
    }


def vanish() -> dict:
    """The server dies while it plays, and comes back; what the stages say, and whether time goes on."""
    from avatar_ros.core.types import SpeechChunk

    loop = Loop()
    loop.run(1.0)
    loop.take(loop.speaker.push("speech/audio", SpeechChunk(turn=1, pcm=clicks(80)), time.monotonic()))
    loop.run(0.5)
    before = dict(loop.speaker.status())
    os.kill(int(sys.argv[2]), 9)
    loop.run(4.0)
    frames = len(loop.out["mic/audio"])
    clock = loop.out["speech/playback"][-1]
    loop.run(1.0)
    later = loop.out["speech/playback"][-1]
    frames = len(loop.out["mic/audio"]) - frames
    gone = {"speaker": dict(loop.speaker.status()), "mic": dict(loop.mic.status())}
    server = start_server(Path(os.environ["HOME"]), 48000, dict(os.environ))
    loop.run_until(lambda: not any("warning" in stage.status() for stage in (loop.speaker, loop.mic)))
    back = {"speaker": dict(loop.speaker.status()), "mic": dict(loop.mic.status())}
    back_s = time.monotonic()
    loop.run_until(lambda: any(at_s > back_s for at_s in loop.clicks_heard_s()))
    heard = [at_s for at_s in loop.clicks_heard_s() if at_s > back_s]
    states = [c.state.name for c in loop.out["speech/playback"]]
    server.terminate()
    server.wait()
    return {
        "before": before,
        "gone": gone,
        "back": back,
        "mic_frames_in_a_second": frames,
        "played_in_a_second": later.sample - clock.sample,
        "clicks_heard_when_back": len(heard),
        "states": sorted(set(states)),
    }


def freeze() -> dict:
    """The server stands still for 1.5 s while it plays, and goes on; the loudspeaker's status, and what was heard."""
    from avatar_ros.core.types import Expression, SpeechChunk

    loop = Loop()
    loop.run(3.0)
    loop.take(loop.speaker.push("motion/expression", Expression(turn=1), time.monotonic()))
    loop.take(loop.speaker.push("speech/audio", SpeechChunk(turn=1, pcm=clicks(80)), time.monotonic()))
    loop.run(0.5)
    before = dict(loop.speaker.status())
    server = int(sys.argv[2])
    os.kill(server, signal.SIGSTOP)
    threading.Timer(1.5, os.kill, (server, signal.SIGCONT)).start()
    loop.run_until(lambda: "hung" in loop.speaker.status())
    back_s = time.monotonic()
    loop.run_until(lambda: any(at_s > back_s for at_s in loop.clicks_heard_s()))
    after = dict(loop.speaker.status())
    heard = [at_s for at_s in loop.clicks_heard_s() if at_s > back_s]
    return {"before": before, "after": after, "clicks_heard_when_back": len(heard)}


def _instant_s(clocks: list, sample: int) -> float:
    """When `sample` was heard, by the last clock before it."""
    clock = max((c for c in clocks if c.sample <= sample), key=lambda c: c.sample)
    return clock.steady_ns * 1e-9 + (sample - clock.sample) / RATE_HZ


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"play": play, "vanish": vanish, "freeze": freeze}[sys.argv[1]]()) + "\n")
