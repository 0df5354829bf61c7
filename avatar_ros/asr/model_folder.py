"""The folder that holds a recogniser's model: found, and complete, or a ConfigError that says what to do."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.loading import boundary, read_text
from ..core.paths import share_file
from ..core.protobuf import BYTES, Buffer, Field, fields, text

#: What FunASR's SenseVoice consists of, unless its configuration.json names the files.
_FUNASR_FILES = ("config.yaml", "model.pt", "bpe.model", "am.mvn")
_MAX_BYTES = 1 << 20


def model_folder(model: str, backend: str, fetch: str = "") -> Path:
    """The folder that `model` means: a path, the name of a model that was fetched, or "" for the backend's own.

    fetch: a model of the manifest, where none has the backend's name. Raises ConfigError naming the places that were
    tried.
    """
    path = Path(model).expanduser()
    if model and path.is_dir():
        return path
    try:
        return share_file(str(path) if path.is_absolute() else f"models/{model or backend}")
    except ConfigError as error:
        raise ConfigError(
            "asr_model_missing",
            f"no model for the asr backend '{backend}': {error}; run ./avatar fetch {fetch or backend}, or "
            "set `model` to its folder",
        ) from error


def check_funasr(folder: Path) -> None:
    """Raise ConfigError with the files that a FunASR model folder lacks."""
    metas = folder / "configuration.json"
    if not metas.exists():
        _demand(folder, _FUNASR_FILES)
        return
    with boundary(metas, ConfigError, "asr_model_damaged", "fetch the model again"):
        named = json.loads(read_text(metas, _MAX_BYTES, "asr_model_damaged")).get("file_path_metas", {})
        files = list(_texts(named)) if named else _FUNASR_FILES
    _demand(folder, files)


def sherpa_files(folder: Path) -> tuple[Path, Path]:
    """Model and tokens of a sherpa-onnx SenseVoice folder; of several models the quantised one, which CPUs prefer."""
    found = [folder / name for name in ("model.int8.onnx", "model.onnx") if (folder / name).exists()]
    tokens = folder / "tokens.txt"
    absent = [] if found else ["model.int8.onnx or model.onnx"]
    _refuse(folder, absent + ([] if tokens.exists() else [tokens.name]))
    return found[0], tokens


def _texts(named: Any) -> Iterator[str]:
    if isinstance(named, str):
        yield named
    elif isinstance(named, dict | list):
        for part in named.values() if isinstance(named, dict) else named:
            yield from _texts(part)


def _demand(folder: Path, names: Iterable[str]) -> None:
    _refuse(folder, [name for name in names if not (folder / name).exists()])


def _refuse(folder: Path, absent: list[str]) -> None:
    if absent:
        raise ConfigError(
            "asr_model_incomplete", f"the model folder {folder} lacks {', '.join(absent)}; fetch the model again"
        )


_METADATA_PROPS = 14


def read_metadata(path: Path) -> dict[str, str]:
    """Keys and values. Raises ValueError where it is no ONNX file, OSError where it cannot be read."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        top = fields(data, slice(0, len(data)))
        return dict(_entry(data, field) for field in top if (field.number, field.kind) == (_METADATA_PROPS, BYTES))


def _entry(data: Buffer, entry: Field) -> tuple[str, str]:
    parts = {field.number: text(data, field) for field in fields(data, entry.content) if field.kind == BYTES}
    return parts.get(1, ""), parts.get(2, "")
