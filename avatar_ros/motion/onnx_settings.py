"""Options of backends `lam` and `policy`; apart from them, since they import ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.inference import DEVICES
from ..core.settings import Settings, setting


@dataclass(frozen=True)
class OnnxSettings(Settings):
    """The network and where it runs."""

    model: str = setting("", "ONNX file, or a folder with decoder.onnx (lam) or policy.onnx (policy)")
    device: str = setting("auto", "where the network runs; auto: CUDA if it loads", choices=DEVICES)
    threads: int = setting(1, "threads of the network on the CPU", low=1, high=64)


@dataclass(frozen=True)
class LamSettings(OnnxSettings):
    """Options of backend `lam`."""

    identity: int = setting(0, "which of the network's speaking styles", low=0, formerly="lam_identity")
    scaling: bool = setting(
        True,
        "its viewer's factors on its weights (jawOpen 1.2 …); the renderer's lam_weight_scaling stays off",
        formerly="lam_scaling",
    )
    damping: bool = setting(True, "keep the mouth nearly still in silences of 7 frames (needs 100 ms more of sound)")
    blending: bool = setting(True, "fade in over 3 frames, and a step between two windows out over 5")
    smoothing: bool = setting(
        True, "filter weights over five frames (needs 67 ms more of sound)", formerly="lam_smoothing"
    )
    symmetry: bool = setting(True, "make left and right alike", formerly="lam_symmetry")
    eyes: bool = setting(
        False, "use the network's blinks and glances; false: the idle layer's alone", formerly="lam_eyes"
    )


@dataclass(frozen=True)
class PolicySettings(OnnxSettings):
    """Options of backend `policy`: what its file does not say."""

    kind: str = setting("hubert", "features that it takes, where its file does not say", formerly="policy_kind")
    rate_hz: float = setting(
        50.0, "features a second, where its file does not say", low=5.0, high=200.0, formerly="policy_rate_hz"
    )
    context_s: float = setting(
        0.3,
        "sound before and after a frame that it needs, where its file does not say, s",
        low=0.0,
        high=5.0,
        formerly="policy_context_s",
    )
