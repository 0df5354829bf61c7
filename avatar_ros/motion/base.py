"""What every expression backend shares: settings, the table of backends, and the Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..core.arrays import F32
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port

PORT = Port(
    subscribes=(
        "motion/features",
        "speech/playback",
        "speech/played",
        "state",
        "mic/voice_activity",
        "speech/sentence",
        "speech/transcript",
        "gaze_target",
        "mic/direction",
        "gesture",
    ),
    publishes=("motion/expression",),
)


@dataclass(frozen=True)
class MotionSettings(Settings):
    """Parameters of the expression node."""

    backend: str = setting("visemes", "lips: visemes, lam, policy or fake")
    rate_hz: float = setting(60.0, "frames of the speech layer a second", low=10.0, high=200.0)
    ahead_s: float = setting(0.5, "how far the speech layer runs ahead of playback, s", low=0.1, high=0.5)
    smile: float = setting(0.08, "smile at rest, share of a full one", low=0.0, high=0.5)
    liveliness: float = setting(1.0, "size of head, brow and eye movements; 0: none", low=0.0, high=2.0)
    blinks_per_min: float = setting(17.0, "mean rate of blinks; while speaking half as many more", low=0.0, high=60.0)
    idle_rate_hz: float = setting(30.0, "frames of the idle layer a second", low=5.0, high=60.0)
    session_idle_rate_hz: float = setting(
        15.0, "the same, of each session but the kiosk's own: a page mixes two of them", low=5.0, high=60.0
    )
    eye_height_m: float = setting(
        1.7, "height of the eyes in the avatar's frame, m; for gaze_target", low=-3.0, high=3.0
    )
    tf_frame: str = setting("avatar_link", "the avatar's frame in tf2 (REP 103), on the floor below its eyes")
    gestures_file: str = setting(
        "config/gestures.yaml", "movements that have a name; relative to the package's share folder"
    )
    seed: int = setting(1, "of blinks, glances and head movements: same seed, same face", low=0)
    session_ttl_s: float = setting(600.0, "a session unused for this long is forgotten, s; 0: never", low=0.0)


class LipModel(Protocol):
    """Features to weights: a function of a window, so that streaming and whole files give the same.

    It is made as `Class(settings)` or `Class(settings, own)`.

    before, after: frames of context that one frame needs; required_after: what it can make do with when it is urgent.
    hold_frames: an output frame is the largest of the frames that it covers (True), or two are mixed linearly (False).
    fade_in_frames, seam_frames: over how many frames a turn's lips rise from rest, and a step between two windows fades
    (seams.py); 0: not at all.
    """

    kind: str
    dim: int
    rate_hz: float
    before: int
    after: int
    required_after: int
    hold_frames: bool
    fade_in_frames: int
    seam_frames: int

    def weights(self, features: F32) -> F32:
        """Features [T, dim] to weights [T, 52], 0–1. Outside the window there is nothing (not silence)."""


MOTION_BACKENDS = Registry(
    "expression",
    LipModel,
    {
        "visemes": Backend("avatar_ros.motion.visemes:VisemeLips", settings="avatar_ros.motion.visemes:VisemeSettings"),
        "lam": Backend(
            "avatar_ros.motion.lam:LamLips",
            "embedded",
            ("onnxruntime",),
            "avatar_ros.motion.onnx_settings:LamSettings",
        ),
        "policy": Backend(
            "avatar_ros.motion.onnx_policy:PolicyLips",
            "embedded",
            ("onnxruntime",),
            "avatar_ros.motion.onnx_settings:PolicySettings",
        ),
        "fake": Backend("avatar_ros.motion.fake:FakeLips"),
    },
)
