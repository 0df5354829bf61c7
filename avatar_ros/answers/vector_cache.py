"""Vectors of sentences, kept on disk: an answers file that changes in one line is not computed anew.

The file holds digests, no words, and is its user's alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ConfigError
from ..core.loading import boundary
from ..core.private import private_file, private_folder
from .embeddings.base import SentenceEncoder, Vectors

_MAX_BYTES = 256 << 20


def cache_folder(env: Mapping[str, str] = os.environ) -> Path:
    """$XDG_CACHE_HOME/avatar_ros, else ~/.cache/avatar_ros."""
    return Path(env.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "avatar_ros"


def encode_cached(encoder: SentenceEncoder, sentences: Sequence[str], folder: Path) -> Vectors:
    """As encoder.encode(sentences); what is not in the cache is computed, and the cache then holds just these.

    A cache that cannot be read or written costs time and nothing else.
    """
    path = folder / f"meaning_{hashlib.sha256(encoder.identity.encode()).hexdigest()[:16]}.npz"
    known = _read(path)
    keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in sentences]
    missing = [i for i, key in enumerate(keys) if key not in known]
    if missing:
        new = encoder.encode([sentences[i] for i in missing])
        known.update({keys[i]: row for i, row in zip(missing, new, strict=True)})
    vectors = np.array([known[key] for key in keys], np.float32)
    if missing or len(known) > len(set(keys)):
        _write(path, keys, vectors)
    return vectors


def _read(path: Path) -> dict[str, NDArray[np.float32]]:
    try:
        with boundary(path, ConfigError, "vector_cache"):
            if path.stat().st_size > _MAX_BYTES:
                return {}
            with np.load(path, allow_pickle=False) as file:
                keys, vectors = file["keys"], file["vectors"]
            sound = vectors.ndim == 2 and len(keys) == len(vectors) and np.isfinite(vectors).all()
            return dict(zip(map(str, keys), vectors.astype(np.float32), strict=True)) if sound else {}
    except ConfigError:
        return {}


def _write(path: Path, keys: Sequence[str], vectors: Vectors) -> None:
    held = io.BytesIO()
    np.savez(held, keys=np.array(keys), vectors=vectors)
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            private_file(part)
            part.write_bytes(held.getvalue())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
