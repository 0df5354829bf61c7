"""PocketSphinx's English acoustic model, read from its files and evaluated with NumPy.

Phonetically tied mixtures: each base phone has 128 Gaussians in each of three streams (cepstra, slopes, curvature),
each senone (a state of a phone in its context) its own weights over them:
log p(x | senone) = sum over streams of log sum over Gaussians of weight · N(x_stream). All Gaussians are summed, not
the best four as PocketSphinx does, because with NumPy that is cheaper, and smoother.
File formats: S3 (means, variances), sendump (weights, one byte each), BMDF (mdef), as written by SphinxTrain.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32
from ..core.errors import EncoderError

I32 = NDArray[np.int32]

STREAMS, STREAM_DIM, STATES = 3, 13, 3
_VARIANCE_FLOOR = 1e-4
#: Keeps the logarithm of three streams' product finite.
_TINY = 1e-12
#: Score of a senone that was not worked out.
UNLIKELY = -1e9
#: One unit of a weight's byte, in natural logarithm: 1024 steps of base 1.0001.
_WEIGHT_STEP = 1024 * np.log(1.0001)
#: Words: first phone of several, inner, last, and the only phone of a word (mdef's numbering is i, b, e, s).
INNER, BEGIN, END, SINGLE = 0, 1, 2, 3


def installed_model() -> Path | None:
    """Folder of the model that comes with the pocketsphinx package; None where it is not installed."""
    spec = importlib.util.find_spec("pocketsphinx")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / "model" / "en-us"
    return path if (path / "en-us" / "mdef").is_file() else None


@dataclass(frozen=True)
class Definition:
    """Phones and their senones (mdef). phones: base names; senones: [units, STATES] of each base phone or triphone."""

    phones: tuple[str, ...]
    senones: I32
    keys: I32  # sorted; key of (word position, base, left, right), see `_key`
    units: I32  # unit of each key
    senone_count: int

    def unit(self, base: int, left: int, right: int, position: int) -> int:
        """The unit of a phone in context, with the model's own way of backing off to other word positions."""
        for place in dict.fromkeys((position, INNER, BEGIN, END, SINGLE)):
            key = _key(place, base, left, right)
            at = int(np.searchsorted(self.keys, np.int32(key)))  # a Python int has all keys converted, each time
            if at < len(self.keys) and self.keys[at] == key:
                return int(self.units[at])
        return base


def _key(position: int, base: int, left: int, right: int) -> int:
    return ((position * 64 + base) * 64 + left) * 64 + right


def read_definition(path: Path) -> Definition:
    """Read a binary mdef. Raises EncoderError where it is none."""
    data = path.read_bytes()
    if data[:4] != b"BMDF":
        raise EncoderError("acoustic_model_bad", f"{path}: not a binary model definition")
    (skip,) = struct.unpack_from("<i", data, 8)
    at = 12 + skip
    bases, units, states, _, senones, _, sequences, _, nodes, _ = struct.unpack_from("<10i", data, at)
    at += 40
    names, start = [], at
    for _ in range(bases):
        end = data.index(b"\0", at)
        names.append(data[at:end].decode())
        at = end + 1
    at = start + ((at - start + 3) & ~3) + 8 * nodes
    table = np.frombuffer(data, np.dtype([("sequence", "<i4"), ("tmat", "<i4"), ("context", "u1", 4)]), units, at)
    at += 12 * units + 4
    rows = np.frombuffer(data, "<u2", sequences * states, at).reshape(sequences, states)
    context = table["context"][bases:].astype(np.int32)
    keys = context @ np.array([64**3, 64**2, 64, 1], np.int32)
    order = np.argsort(keys)
    unit_senones = rows[table["sequence"]].astype(np.int32)
    return Definition(tuple(names), unit_senones, keys[order], (bases + order).astype(np.int32), senones)


def _read_gaussians(path: Path) -> F32:
    """[phones, STREAMS, densities, STREAM_DIM] of an S3 file."""
    data = path.read_bytes()
    at = data.index(b"endhdr\n") + 7 + 4
    phones, streams, densities = struct.unpack_from("<3i", data, at)
    if streams != STREAMS:
        raise EncoderError("acoustic_model_bad", f"{path}: {streams} streams, {STREAMS} expected")
    at += 4 * (3 + streams + 1)
    return np.frombuffer(data, "<f4", phones * streams * densities * STREAM_DIM, at).reshape(
        phones, streams, densities, STREAM_DIM
    )


def _read_weights(path: Path, densities: int, senones: int) -> NDArray[np.uint8]:
    """[STREAMS, densities, senones]: -log weight in units of _WEIGHT_STEP; the file ends with them."""
    data = path.read_bytes()
    size = STREAMS * densities * senones
    if len(data) < size:
        raise EncoderError("acoustic_model_bad", f"{path}: {len(data)} bytes, at least {size} expected")
    return np.frombuffer(data, np.uint8, size, len(data) - size).reshape(STREAMS, densities, senones)


@dataclass(frozen=True)
class Likelihoods:
    """Per stream N(x) of each Gaussian relative to its phone's best [T, phones, densities], and the bests' logs, summed
    over streams [T, phones].
    """

    shares: list[F32]
    peaks: F32


class AcousticModel:
    """Scores frames against senones.

    The Gaussians of all phones are one matrix product a stream: log N = x² · a + x · b + c.
    """

    def __init__(self, folder: Path) -> None:
        self.definition = read_definition(folder / "mdef")
        means = _read_gaussians(folder / "means").astype(np.float64)
        variances = np.maximum(_read_gaussians(folder / "variances"), _VARIANCE_FLOOR).astype(np.float64)
        self._phones, _, self._densities, _ = means.shape
        square, linear = -0.5 / variances, means / variances
        constant = -0.5 * (np.log(2 * np.pi * variances) + means**2 / variances).sum(axis=-1)
        both = np.concatenate([square, linear], axis=-1).transpose(1, 3, 0, 2)  # [streams, 26, phones, densities]
        self._matrix = both.reshape(STREAMS, 2 * STREAM_DIM, -1).astype(np.float32)
        self._constant = constant.transpose(1, 0, 2).reshape(STREAMS, -1).astype(np.float32)
        self._weights = _read_weights(folder / "sendump", self._densities, self.definition.senone_count)
        self._phone_of = np.zeros(self.definition.senone_count, np.int32)
        bases = np.arange(len(self.definition.senones), dtype=np.int32)
        bases[self.definition.units] = self.definition.keys // 64**2 % 64
        self._phone_of[self.definition.senones] = bases[:, None]

    def likelihoods(self, frames: F32) -> Likelihoods:
        """Frames [T, 39] -> how well each Gaussian explains each frame."""
        shares, peaks = [], np.zeros((len(frames), self._phones), np.float32)
        for s in range(STREAMS):
            x = frames[:, s * STREAM_DIM : (s + 1) * STREAM_DIM]
            logs = np.concatenate([x * x, x], axis=1) @ self._matrix[s] + self._constant[s]
            logs = logs.reshape(len(frames), self._phones, self._densities)
            peak = logs.max(axis=2)
            logs -= peak[:, :, None]
            peaks += peak
            shares.append(np.exp(logs, out=logs))
        return Likelihoods(shares, peaks)

    def scorer(self, senones: Sequence[int] | I32) -> SenoneScorer:
        """A scorer of these senones (any order, repetitions allowed)."""
        ids = np.asarray(senones, np.int32)
        bytes_ = self._weights[:, :, ids].transpose(0, 2, 1).astype(np.float32)  # [streams, n, densities]
        return SenoneScorer(self._phone_of[ids], np.exp(-_WEIGHT_STEP * bytes_).astype(np.float32))


class SenoneScorer:
    """log p(frame | senone) for a fixed list of senones; phones [n], weights [streams, n, densities]."""

    def __init__(self, phones: I32, weights: F32) -> None:
        self.count = len(phones)
        self._phones = phones
        self._weights = np.ascontiguousarray(weights)

    def scores(self, found: Likelihoods, low: int = 0, high: int | None = None) -> F32:
        """Log p(frame | senone) [T, count]; worked out for senones low … high only, UNLIKELY for the others."""
        part = slice(low, self.count if high is None else high)
        phones = self._phones[part]
        out = np.full((len(found.peaks), self.count), UNLIKELY, np.float32)
        total = np.ones((len(out), len(phones)), np.float32)
        for stream, weights in zip(found.shares, self._weights, strict=True):
            total *= np.einsum("tsd,sd->ts", stream[:, phones], weights[part]) + _TINY
        out[:, part] = np.log(total) + found.peaks[:, phones]
        return out

    def scores_reference(self, found: Likelihoods) -> F32:
        """`scores` written down as the formula says. Slow; for tests."""
        out = np.zeros((len(found.peaks), self.count))
        for t in range(len(out)):
            for i, phone in enumerate(self._phones.tolist()):
                out[t, i] = found.peaks[t, phone]
                for stream, weights in zip(found.shares, self._weights, strict=True):
                    terms = stream[t, phone].astype(np.float64) * weights[i]
                    out[t, i] += np.log(terms.sum() + _TINY)
        return out.astype(np.float32)
