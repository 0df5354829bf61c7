"""Binary glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html), as much of it as an avatar uses."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np

from ..core.errors import AvatarError
from .avatar_limits import MAX_ELEMENTS, MAX_ENTRIES, MAX_JSON_BYTES, MAX_MADE_ELEMENTS

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_JSON, _BIN = 0x4E4F534A, 0x004E4942
#: What looking into a damaged file raises.
LOOKUP_ERRORS = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, np.linalg.LinAlgError)
#: Compressions that are not read here; other extensions are about materials.
_PACKED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")
_EMBEDDED = "data:"


class Glb:
    """A parsed .glb: its JSON as `doc`, accessors as arrays."""

    def __init__(self, data: bytes, name: str) -> None:
        """data: the file; name: how errors call it. Raises AvatarError where it is not a whole GLB."""
        self.name = name
        self.doc: dict[str, Any] = {}
        self._bin = memoryview(b"")
        self._buffers: dict[int, memoryview] = {}
        if len(data) < 20 or data[:4] != b"glTF":
            raise self.error("not a GLB file (no glTF header)")
        for kind, chunk in self._chunks(data):
            if kind == _JSON and not self.doc:
                self.doc = self._json(chunk)
            elif kind == _BIN and not self._bin:
                self._bin = chunk
        if not self.doc:
            raise self.error("holds no JSON chunk")
        self._check()

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
        if len(chunk) > MAX_JSON_BYTES:
            raise self.error(f"its JSON has {len(chunk) >> 20} MiB (limit {MAX_JSON_BYTES >> 20})")
        try:
            doc = json.loads(bytes(chunk))
        except (ValueError, RecursionError) as error:
            raise self.error(f"damaged JSON ({error})") from None
        if not isinstance(doc, dict):
            raise self.error("its JSON is not an object")
        return doc

    def _check(self) -> None:
        """Refuse what cannot be read, and more of anything than an avatar has."""
        required = self.doc.get("extensionsRequired", ())
        packed = [name for name in _PACKED if isinstance(required, list) and name in required]
        if packed:
            raise self.error(f"is compressed with {packed[0]}, which is not read here: export it without compression")
        for key, entries in self.doc.items():
            if isinstance(entries, list) and len(entries) > MAX_ENTRIES:
                raise self.error(f"holds {len(entries)} {key[:40]} (limit {MAX_ENTRIES})")

    def accessor(self, index: int) -> np.ndarray:
        """Accessor as [count, width], sparse ones filled in: its own number type, float32 where it is normalised."""
        try:
            spec = self.doc["accessors"][index]
            out = self._dense(spec)
            if "sparse" in spec:
                indices, values = self._sparse(spec)
                out = out.copy()
                out[indices] = values
        except LOOKUP_ERRORS as error:
            raise self.error(f"accessor {index} is damaged ({error!r})") from None
        return _fractions(out) if spec.get("normalized") is True else out

    def sparse(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Indices [K] and values [K, width] of the rows of an accessor that are not zero, of a sparse one all that it
        names.
        """
        try:
            spec = self.doc["accessors"][index]
            if "sparse" in spec and "bufferView" not in spec:
                indices, values = self._sparse(spec)
                return indices, _fractions(values) if spec.get("normalized") is True else values
        except LOOKUP_ERRORS as error:
            raise self.error(f"accessor {index} is damaged ({error!r})") from None
        dense = self.accessor(index)
        rows = np.flatnonzero(np.any(dense != 0, axis=1))
        return rows, dense[rows]

    def _dense(self, spec: dict[str, Any]) -> np.ndarray:
        count, width = self._count(spec["count"]), _WIDTHS[spec["type"]]
        if "bufferView" in spec:
            return self._view(spec, count, width)
        if count > MAX_MADE_ELEMENTS:
            raise ValueError(f"{count} elements that the file does not hold")
        return np.zeros((count, width), _COMPONENTS[spec["componentType"]])

    def _sparse(self, spec: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        part, total = spec["sparse"], self._count(spec["count"])
        count = self._count(part["count"])
        indices = self._view(part["indices"], count, 1)[:, 0]
        values = self._view({**part["values"], "componentType": spec["componentType"]}, count, _WIDTHS[spec["type"]])
        if indices.dtype.kind != "u":
            raise ValueError(f"indices of type {indices.dtype}")
        if count and int(indices.max()) >= total:
            raise ValueError(f"points at element {int(indices.max())} of {total}")
        return indices, values

    def _count(self, value: Any) -> int:
        if type(value) is not int or not 0 <= value <= MAX_ELEMENTS:
            raise ValueError(f"count {value!r}")
        return value

    def _view(self, spec: dict[str, Any], count: int, width: int) -> np.ndarray:
        view = self.doc["bufferViews"][spec["bufferView"]]
        data = self._buffer(view.get("buffer", 0))
        kind = np.dtype(_COMPONENTS[spec["componentType"]])
        offset = int(view.get("byteOffset", 0)) + int(spec.get("byteOffset", 0))
        stride = int(view.get("byteStride", kind.itemsize * width))
        last = offset + (stride * (count - 1) + kind.itemsize * width if count else 0)
        if offset < 0 or stride < kind.itemsize * width or last > len(data):
            raise ValueError(f"needs bytes up to {last} of {len(data)}: truncated?")
        return np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize))

    def _buffer(self, number: int) -> memoryview:
        """The bytes of a buffer: the file's own, or written into its JSON."""
        if number not in self._buffers:
            uri = self.doc["buffers"][number].get("uri")
            if uri is None and number != 0:
                raise ValueError(f"buffer {number} lies nowhere")
            self._buffers[number] = self._bin if uri is None else self._embedded(uri)
        return self._buffers[number]

    def _embedded(self, uri: str) -> memoryview:
        head, _, data = uri.partition(",")
        if not head.startswith(_EMBEDDED) or not head.endswith(";base64"):
            raise self.error(f"keeps its numbers in another file ('{uri[:60]}'): export it as one binary .glb")
        return memoryview(base64.b64decode(data, validate=True))


def _fractions(values: np.ndarray) -> np.ndarray:
    """Normalised whole numbers as what they mean (glTF 2.0, section 3.6.2.2)."""
    if values.dtype.kind == "f":
        return values
    return np.maximum(values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max), np.float32(-1))
