"""Options of backends `phones` and `network`; apart from the latter, since it imports ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """The network that hears phones."""

    model: str = setting("", "its ONNX file (default: models/lips.onnx)")


@dataclass(frozen=True)
class PhoneSettings(NetworkSettings):
    """Where phones come from. model: of the network, where sound_by is not acoustic."""

    use_marks: bool = setting(True, "take the voice's own phone marks where it gives them")
    use_text: bool = setting(True, "align the sentence's text to its sound where there are no marks")
    delay_s: float = setting(
        0.05, "sound after a frame that is heard before the frame is decided, s", low=0.0, high=0.5
    )
    sound_by: str = setting(
        "both",
        "who hears what is not aligned to an English text: acoustic (PocketSphinx), network (models/lips.onnx) or both",
        choices=("acoustic", "network", "both"),
        renamed={"learned": "network"},
    )
