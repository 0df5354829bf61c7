"""Binary glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html), as much of it as an avatar uses."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from ..core.errors import AvatarError

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_LOOKUP_ERRORS = (KeyError, IndexError, TypeError, ValueError, AttributeError)
MAX_ELEMENTS = 10_000_000


class Glb:
    """A parsed .glb: its JSON as `doc`, accessors as arrays."""

    def __init__(self, data: bytes, name: str) -> None:
        """data: the file; name: how errors call it. Raises AvatarError where it is not a whole GLB."""
        self.name = name
        self.doc: dict[str, Any] = {}
        self._bin = memoryview(b"")
        if len(data) < 20 or data[:4] != b"glTF":
            raise self.error("not a GLB file (no glTF header)")
        for kind, chunk in self._chunks(data):
            if kind == _JSON:
                self.doc = self._json(chunk)
            elif kind == _BIN:
                self._bin = chunk
        if not self.doc:
            raise self.error("holds no JSON chunk")

    def error(self, text: str) -> AvatarError:
        return AvatarError("avatar_bad_glb", f"{self.name}: {text}; export the avatar again")

    def _chunks(self, data: bytes) -> list[tuple[int, memoryview]]:
        chunks, at, view = [], 12, memoryview(data)
        while at + 8 <= len(data):
            size, kind = struct.unpack_from("<II", data, at)
            if at + 8 + size > len(data):
                raise self.error(f"truncated: a chunk of {size} bytes ends after {len(data) - at - 8}")
            chunks.append((kind, view[at + 8 : at + 8 + size]))
            at += 8 + size
        return chunks

    def _json(self, chunk: memoryview) -> dict[str, Any]:
        try:
            doc = json.loads(bytes(chunk))
        except (ValueError, RecursionError) as error:
            raise self.error(f"damaged JSON ({error})") from None
        if not isinstance(doc, dict):
            raise self.error("its JSON is not an object")
        return doc

    def accessor(self, index: int) -> np.ndarray:
        """Accessor as [count, width] in its own number type; sparse ones filled in."""
        try:
            spec = self.doc["accessors"][index]
            count, width = self._count(spec["count"]), _WIDTHS[spec["type"]]
            out = self._view(spec, count, width) if "bufferView" in spec else np.zeros(
                (count, width), _COMPONENTS[spec["componentType"]])
        except _LOOKUP_ERRORS as error:
            raise self.error(f"accessor {index} is damaged ({error!r})") from None
        if "sparse" in spec:
            out = out.copy()
            indices, values = self.sparse(index)
            out[indices] = values
        return out

    def sparse(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Indices [K] and values [K, width] of a sparse accessor; for a dense one all rows that are not zero."""
        try:
            spec = self.doc["accessors"][index]
            if "sparse" not in spec:
                dense = self.accessor(index)
                rows = np.flatnonzero(np.any(dense != 0, axis=1))
                return rows, dense[rows]
            part = spec["sparse"]
            count = self._count(part["count"])
            indices = self._view(part["indices"], count, 1)[:, 0]
            values = self._view({**part["values"], "componentType": spec["componentType"]}, count,
                                _WIDTHS[spec["type"]])
            total = self._count(spec["count"])
        except _LOOKUP_ERRORS as error:
            raise self.error(f"accessor {index} is damaged ({error!r})") from None
        if count and int(indices.max()) >= total:
            raise self.error(f"accessor {index} points at element {int(indices.max())} of {total}")
        return indices, values

    def _count(self, value: Any) -> int:
        if not isinstance(value, int) or not 0 <= value <= MAX_ELEMENTS:
            raise ValueError(f"count {value!r}")
        return value

    def _view(self, spec: dict[str, Any], count: int, width: int) -> np.ndarray:
        view = self.doc["bufferViews"][spec["bufferView"]]
        if view.get("buffer", 0) != 0 or "uri" in self.doc["buffers"][0]:
            raise ValueError("data outside the file")
        kind = np.dtype(_COMPONENTS[spec["componentType"]])
        offset = int(view.get("byteOffset", 0)) + int(spec.get("byteOffset", 0))
        stride = int(view.get("byteStride", kind.itemsize * width))
        last = offset + (stride * (count - 1) + kind.itemsize * width if count else 0)
        if offset < 0 or stride < kind.itemsize * width or last > len(self._bin):
            raise ValueError(f"needs bytes up to {last} of {len(self._bin)}: truncated?")
        return np.ndarray((count, width), kind, self._bin, offset, (stride, kind.itemsize))
