"""A Piper voice's NAME.onnx.json: which symbols it knows, which espeak-ng voice spells for it, how it speaks by itself.

Format: https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/TRAINING.md and the voices of rhasspy/piper-voices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.loading import boundary, read_text
from .base import MODEL_KIND, MODEL_UNFIT

PAD, BEGIN, END = "_", "^", "$"
_MAX_BYTES = 4 << 20
_REMEDY = "take the .onnx.json that came with the voice"
LETTERS = "text"
_KINDS = ("espeak", LETTERS)


@dataclass(frozen=True)
class PiperConfig:
    """What the file says.

    sample_rate_hz; espeak_voice: espeak-ng's voice that spells; kind: "espeak" (phonemes) or "text" (letters);
    ids: symbol -> numbers; replaced: phoneme -> symbols in its place; speakers: how many; speaker_names: name ->
    number; noise_scale, length_scale, noise_w: of its training; locale: the language as espeak-ng and BCP 47 write it.
    """

    sample_rate_hz: int
    espeak_voice: str
    kind: str
    ids: Mapping[str, tuple[int, ...]]
    replaced: Mapping[str, tuple[str, ...]]
    speakers: int
    speaker_names: Mapping[str, int]
    noise_scale: float
    length_scale: float
    noise_w: float
    locale: str

    @property
    def largest_id(self) -> int:
        return max(number for numbers in self.ids.values() for number in numbers)

    def speaker(self, wanted: str) -> int:
        """The number of a speaker by name or number; "": the first. Raises ConfigError."""
        number = self.speaker_names.get(wanted, int(wanted) if wanted.isdecimal() else 0 if not wanted else -1)
        if 0 <= number < max(1, self.speakers):
            return number
        known = ", ".join(list(self.speaker_names)[:20]) or f"0 to {max(1, self.speakers) - 1}"
        raise ConfigError("tts_speaker", f"the voice has no speaker '{wanted}'; it has {known}")


def read_config(path: Path) -> PiperConfig:
    """Read and check the file. Raises ConfigError that names the file and what is wrong in it."""
    with boundary(path, ConfigError, MODEL_UNFIT, _REMEDY):
        tree = json.loads(read_text(path, _MAX_BYTES, MODEL_UNFIT))
    if not isinstance(tree, dict) or not isinstance(tree.get("phoneme_id_map"), dict):
        raise ConfigError(MODEL_UNFIT, f"{path} describes no Piper voice: it has no phoneme_id_map; {_REMEDY}")
    with boundary(path, ConfigError, MODEL_UNFIT, _REMEDY):
        config = _config(tree)
    _check(path, config, tree)
    return config


def _config(tree: Mapping[str, Any]) -> PiperConfig:
    inference, language = tree.get("inference", {}), tree.get("language", {})
    espeak_voice = str(tree.get("espeak", {}).get("voice", ""))
    return PiperConfig(
        sample_rate_hz=int(tree["audio"]["sample_rate"]),
        espeak_voice=espeak_voice,
        kind=str(tree.get("phoneme_type", "espeak")),
        ids={str(symbol): tuple(map(int, numbers)) for symbol, numbers in tree["phoneme_id_map"].items()},
        replaced={str(name): tuple(map(str, symbols)) for name, symbols in tree.get("phoneme_map", {}).items()},
        speakers=int(tree.get("num_speakers", 1)),
        speaker_names={str(name): int(number) for name, number in tree.get("speaker_id_map", {}).items()},
        noise_scale=float(inference.get("noise_scale", 0.667)),
        length_scale=float(inference.get("length_scale", 1.0)),
        noise_w=float(inference.get("noise_w", 0.8)),
        locale=str(language.get("code", "") or espeak_voice).replace("_", "-"),
    )


def _check(path: Path, config: PiperConfig, tree: Mapping[str, Any]) -> None:
    if config.kind not in _KINDS:
        known = " and ".join(_KINDS)
        raise ConfigError(MODEL_KIND, f"{path}: spelled by '{config.kind}', and we know {known}; take another voice")
    if lacking := [symbol for symbol in (PAD, BEGIN, END) if not config.ids.get(symbol)]:
        raise ConfigError(MODEL_UNFIT, f"{path}: phoneme_id_map lacks {' '.join(lacking)}; {_REMEDY}")
    if not 8000 <= config.sample_rate_hz <= 48000:
        text = f"{path}: a sample rate of {config.sample_rate_hz} Hz is none of speech"
        raise ConfigError(MODEL_UNFIT, f"{text}; {_REMEDY}")
    if config.kind == "espeak" and not config.espeak_voice:
        raise ConfigError(MODEL_UNFIT, f"{path} names no voice of espeak-ng; {_REMEDY}")
    if any(number < 0 for numbers in config.ids.values() for number in numbers):
        raise ConfigError(MODEL_UNFIT, f"{path}: phoneme_id_map has a number below 0; {_REMEDY}")
