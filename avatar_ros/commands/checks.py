"""The checks of `./avatar doctor`. Each uses the real part: loads the model, draws a frame, says a word."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.errors import AvatarRosError
from ..core.levels import level_dbfs, peak
from ..core.registry import how_to_install
from ..core.types import Sentence, SpeechChunk

#: What a part that is missing or damaged raises; anything else is a bug of ours and may show its traceback.
CAUSES = (AvatarRosError, ImportError, OSError, RuntimeError, ValueError, subprocess.SubprocessError)


@dataclass(frozen=True)
class CheckResult:
    """good: it works; detail: what was found; remedy: what to do where it does not."""

    good: bool
    detail: str
    remedy: str = ""


def computer() -> CheckResult:
    """Processor, memory, Python."""
    cores = len(os.sched_getaffinity(0))
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    detail = f"{platform.machine()}, {cores} cores, {memory_gib:.0f} GiB, Python {platform.python_version()}"
    return CheckResult(sys.version_info >= (3, 11), detail, "install Python 3.11 or newer")


def ros() -> CheckResult:
    """Whether rclpy imports."""
    import rclpy

    return CheckResult(bool(rclpy), f"rclpy from {os.environ.get('ROS_DISTRO', 'wheels')}")


def network() -> CheckResult:
    """Who can reach a node: starts one and looks at its sockets."""
    import rclpy

    from ..ros.start import start_ros
    from .open_sockets import reachable_from_outside

    context = rclpy.Context()
    decided = start_ros(context=context)
    decided.check()
    node = rclpy.create_node("doctor", context=context, start_parameter_services=False)
    reachable = reachable_from_outside()
    node.destroy_node()
    context.try_shutdown()
    detail = decided.line.removeprefix("network: ") + (f" ({', '.join(reachable)})" if reachable else "")
    return CheckResult(decided.reach.lan or not reachable, detail, "docs/network.md says how to close it")


def messages() -> CheckResult:
    """The package's messages are built and match the code."""
    if importlib.util.find_spec("avatar_ros.msg") is None:
        return CheckResult(False, "avatar_ros/msg is not built", "./avatar setup builds it, or: colcon build")
    from ..core.topics import TOPICS
    from ..ros.convert import from_msg, to_msg

    for kind in set(TOPICS.values()):
        from_msg(kind, to_msg(kind(), 1))
    return CheckResult(True, f"{len(set(TOPICS.values()))} types convert both ways")


def rasteriser() -> CheckResult:
    """Draws a frame of the built-in avatar on the CPU."""
    return _draw("cpu")


def built_in_avatar() -> CheckResult:
    """models/avatar.zip is whole."""
    from ..avatar.load import BUILT_IN, avatar_file
    from ..avatar.validate import validate

    report = validate(avatar_file(BUILT_IN))
    lines = report.text().splitlines()
    return CheckResult(report.good, lines[-1] if lines else "", "restore models/avatar.zip from the repository")


def loads(room: str, settings: str, what: str = "loads") -> Callable[[], CheckResult]:
    """A check that the default backends of the stage in `room` load. settings: the class in its base.py."""

    def check() -> CheckResult:
        defaults = getattr(importlib.import_module(f"..{room}.base", __package__), settings)()
        stage = importlib.import_module(f"..{room}.stage", __package__).build(defaults)
        stage.load()
        stage.close()
        return CheckResult(True, f"{defaults.backend} {what}")

    return check


def tts() -> CheckResult:
    """The voice says a word."""
    from ..tts.base import TtsSettings
    from ..tts.stage import build

    stage = build(TtsSettings())
    stage.load()
    outs = [*stage.push("speech/sentence", Sentence(turn=1, text="Hello.", last=True), 0.0), *stage.tick(0.1)]
    sounds = [message.pcm for _, message in outs if isinstance(message, SpeechChunk)]
    loudest = max((peak(pcm) for pcm in sounds), default=0)
    stage.close()
    word = f"{TtsSettings().backend} says a word, peak {loudest} of 32767"
    return CheckResult(loudest > 1000, word, "./avatar kiosk sets it up")


def motion() -> CheckResult:
    """Encoder and expression stages load."""
    encoder, lips = loads("encoder", "EncoderSettings", "and")(), loads("motion", "MotionSettings")()
    return CheckResult(True, f"{encoder.detail} {lips.detail}")


def recording() -> CheckResult:
    """PyAV can write H.264 and AAC."""
    import av

    missing = [name for name in ("libx264", "aac") if name not in av.codecs_available]
    return CheckResult(not missing, f"PyAV {av.__version__}", f"this PyAV lacks {', '.join(missing)}")


def microphone() -> CheckResult:
    """Sound inputs that PortAudio knows."""
    return _sound_devices("max_input_channels", "microphone", "plug one in, or use --mic FILE.wav or --mic none")


def loudspeaker() -> CheckResult:
    """Sound outputs that PortAudio knows."""
    return _sound_devices("max_output_channels", "loudspeaker", "plug one in; without it speech is paced silently")


def echo_cancellation() -> CheckResult:
    """WebRTC's canceller, through livekit: takes away an echo of noise."""
    if importlib.util.find_spec("livekit") is None:
        remedy = f"{how_to_install('aec')}; until then the kiosk listens only while it is silent"
        return CheckResult(False, "livekit is not installed", remedy)
    from ..aec.webrtc import WebRtcEcho
    from ..audio.base import Block
    from ..core.rates import LISTENING_RATE_HZ
    from ..core.types import AudioFrame

    echo, rng, left = WebRtcEcho(), np.random.default_rng(0), []
    for i in range(100):
        noise = rng.normal(0, 3000, LISTENING_RATE_HZ // 50).astype(np.int16)
        echo.played(AudioFrame(pcm=noise, sample_rate_hz=LISTENING_RATE_HZ, steady_ns=20_000_000 * i + 10**9))
        heard = Block(noise // 4, 1.0 + 0.02 * (i - 1))
        left.append(echo.treat(heard))
    taken_db = level_dbfs(noise // 4) - level_dbfs(np.concatenate(left[-20:]))
    detail = f"WebRTC's canceller takes {taken_db:.0f} dB of an echo of noise"
    return CheckResult(taken_db > 10, detail, how_to_install("aec"))


def screen() -> CheckResult:
    """Somewhere to show a window."""
    names = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    if not names and not os.path.isdir("/dev/dri"):
        return CheckResult(False, "no X, no Wayland, no /dev/dri", "plug in a screen, or watch the image topics")
    return CheckResult(True, ", ".join(f"{name}={os.environ[name]}" for name in names) or "/dev/dri (KMSDRM)")


def gpu() -> CheckResult:
    """Draws with the graphics card, with what backend `auto` would take there."""
    why = []
    for backend in ("gsplat", "gl"):
        try:
            return _draw(backend)
        except AvatarRosError as error:
            why.append(str(error))
    detail = f"the CPU rasteriser is used: {'; '.join(why)}"
    return CheckResult(False, detail, f"NVIDIA: {how_to_install('gpu')}, see docker/; any card: {how_to_install('gl')}")


def _draw(backend: str) -> CheckResult:
    """As `auto` would draw: not with an OpenGL that is a program on the processor."""
    from ..avatar.load import BUILT_IN, avatar_file, load_avatar
    from ..render.base import BACKENDS, RasterSettings
    from ..render.pose import portrait_camera

    avatar = load_avatar(avatar_file(BUILT_IN))
    drawer = BACKENDS.make(backend, avatar, RasterSettings(backend="auto"))
    frame = drawer.render(np.zeros(52, np.float32), np.eye(4, dtype=np.float32), portrait_camera(avatar, 256, 256))
    covered = float((frame.numpy()[:, :, 3] > 0).mean())
    drawer.close()
    return CheckResult(covered > 0.05, f"{backend} drew a face on {100 * covered:.0f} % of a frame")


def _sound_devices(channels: str, what: str, remedy: str) -> CheckResult:
    import sounddevice

    found = [str(device["name"]) for device in sounddevice.query_devices() if device[channels] > 0]
    return CheckResult(bool(found), ", ".join(found) or f"PortAudio sees no {what}", remedy)
