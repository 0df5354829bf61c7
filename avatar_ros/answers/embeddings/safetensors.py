"""Reads a safetensors file (https://github.com/huggingface/safetensors#format) into arrays.

It begins with the length of its header, 8 bytes little-endian; the header is JSON: name -> dtype, shape and the first
and last byte after the header.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigError
from ...core.loading import boundary

Tensors = dict[str, NDArray[np.float32]]
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
_MAX_HEADER_BYTES = 10_000_000
#: Twice the largest model that two cores can run in time.
_MAX_FILE_BYTES = 2 << 30


def read_safetensors(path: Path) -> Tensors:
    """Its float tensors by name, as float32; others (positions, say) are left out.

    Raises ConfigError with the file and what is wrong with it.
    """
    with boundary(path, ConfigError, "weights_unreadable", "get the model again"):
        data = _bytes_of(path)
        length = int.from_bytes(data[:8].tobytes(), "little")
        if len(data) < 8 or length > min(_MAX_HEADER_BYTES, len(data) - 8):
            raise ConfigError("weights_unreadable", f"{path} is no safetensors file, or only its beginning")
        header = json.loads(data[8 : 8 + length].tobytes())
        body = data[8 + length :]
        return {name: _tensor(path, name, entry, body) for name, entry in header.items() if _is_float(name, entry)}


def _bytes_of(path: Path) -> NDArray[np.uint8]:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise ConfigError("weights_unreadable", f"{path} is larger than {_MAX_FILE_BYTES >> 30} GiB")
    # Read, not mapped: the package may be uninstalled or written anew while the kiosk runs.
    return np.fromfile(path, np.uint8)


def _is_float(name: str, entry: Mapping[str, Any]) -> bool:
    return name != "__metadata__" and entry["dtype"] in _DTYPES


def _tensor(path: Path, name: str, entry: Mapping[str, Any], body: NDArray[np.uint8]) -> NDArray[np.float32]:
    dtype, shape = _DTYPES[entry["dtype"]], tuple(map(int, entry["shape"]))
    begin, end = map(int, entry["data_offsets"])
    if not 0 <= begin <= end <= len(body) or end - begin != dtype.itemsize * math.prod(shape):
        raise ConfigError("weights_unreadable", f"{path} ends before its tensor '{name[:80]}': get the model again")
    values = np.frombuffer(body[begin:end].tobytes(), dtype)
    return np.asarray(values.reshape(shape), np.float32)
