"""A VITS network (Kim et al. 2021, https://arxiv.org/abs/2106.06103) as Piper exports it, cut in two.

The first half reads the whole text and is quick; the second, a HiFi-GAN that makes sound of the first half's frames, is
most of the work, and each of its samples depends on a few frames only. So the sound is made stretch by stretch: the
first one is heard long before the last one is made, and each sample is what the uncut network would give.

The halves meet before the convolution `dec.conv_pre`. The frames that each symbol lasts are rounded up by the only
Ceil of the network, whose output the first half gives besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..core.arrays import F32
from ..core.errors import ConfigError, TtsError
from ..core.inference import CPU, session_options
from ..core.loading import boundary, saying
from ..core.onnx_cut import OnnxGraph
from .base import MODEL_KIND, MODEL_UNFIT
from .cancel_token import CancelToken
from .error_capture import ErrorCapture

INPUTS, OUTPUT, SPEAKER = {"input", "input_lengths", "scales"}, "output", "sid"
#: What the names of the second half's first weights begin with.
_DECODER = "dec.conv_pre."
#: Frames of the first stretch of sound (of Piper's, 0.2 s: what the stage sends first), and how much longer each next
#: one is, up to the longest.
_FIRST_FRAMES, _GROWTH, _MOST_FRAMES = 18, 4, 200
#: Frames of the trial that finds out how far a frame is heard; its middle is changed.
_TRIAL_FRAMES, _HEARD = 64, 1e-7
_REMEDY = "it is no network that onnxruntime can run: get the voice again"


@dataclass(frozen=True)
class Encoded:
    """A text between the halves. latent [1, channels, frames]; frames [symbols]: how long each lasts, None: unknown."""

    latent: F32
    frames: NDArray[np.int64] | None


class VitsNetwork:
    """A voice's network, loaded.

    hop: samples a frame; context: frames to each side of one that have a part in its sound (1 and 0 before `try_out`,
    and where the network could not be cut); vocabulary: symbols that it was trained on, 0: unknown; exact: whether it
    says how long each symbol lasts. Raises ConfigError where the file is damaged, or a network for something else.
    """

    def __init__(self, file: Path, data: bytes, threads: int, seed: int = 0) -> None:
        self._file = file
        with boundary(file, ConfigError, MODEL_UNFIT, _REMEDY):
            graph = OnnxGraph(data)
            _check_kind(file, graph)
            self._seam, durations = _seam(graph), _durations(graph)
            self.exact = bool(self._seam and durations)
            self.vocabulary = _vocabulary(graph)
            if seed:
                onnxruntime.set_seed(seed)
            wanted = [self._seam, durations] if self.exact else [self._seam or OUTPUT]
            self._first = _Session(graph.cut(wanted), threads)
            self._second = _Session(graph.cut([OUTPUT], [self._seam]), threads) if self._seam else None
        self.hop, self.context = 1, 0

    def try_out(self, ids: Sequence[int], speaker: int) -> F32:
        """Speak once, to warm up, and find `hop` and `context`; the sound. Raises ConfigError where it cannot."""
        remedy = "its two files do not fit each other: get the voice again"
        try:
            made = self.encode(ids, (0.667, 1.0, 0.8), speaker)
            if self._second is not None:
                self._measure(made.latent.shape[1], speaker)
            sound = np.concatenate(list(self.decode(made, speaker)))
        except TtsError as error:
            raise ConfigError(MODEL_UNFIT, f"{self._file}: {error}; {remedy}") from error
        if not len(sound) or not np.isfinite(sound).all():
            raise ConfigError(MODEL_UNFIT, f"{self._file} gives no sound, or no numbers: get the voice again")
        return np.asarray(sound, np.float32)

    def encode(self, ids: Sequence[int], scales: tuple[float, float, float], speaker: int = 0) -> Encoded:
        """The first half. scales: noise of the sound, length, noise of the rhythm. Raises TtsError."""
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        latent, *durations = self._run(self._first, feed, speaker)
        frames = np.asarray(np.round(durations[0].reshape(-1)), np.int64) if durations else None
        return Encoded(latent, frames)

    def frames_of(self, made: Encoded) -> int:
        """How many frames of sound there are; of a network that could not be cut, samples."""
        return int(made.latent.shape[-1])

    def decode(self, made: Encoded, speaker: int = 0, stop: CancelToken | None = None, begin: int = 0,
               end: int | None = None) -> Iterator[F32]:  # fmt: skip
        """The sound of the frames `begin` to `end`, full scale 1, stretch by stretch. Ends early when it is stopped.

        A network that could not be cut gives all its sound at once. Raises TtsError.
        """
        stop = stop or CancelToken()
        if self._second is None:
            yield made.latent.reshape(-1)
            return
        frames = self.frames_of(made) if end is None else min(end, self.frames_of(made))
        size = _FIRST_FRAMES
        while begin < frames:
            until = min(frames, begin + size)
            sound = self._stretch(made.latent, begin, until, speaker, stop)
            if stop.cancelled:
                return
            yield sound
            begin, size = until, min(_MOST_FRAMES, size * _GROWTH)

    def close(self) -> None:
        """Free the sessions."""
        self._first.close()
        if self._second is not None:
            self._second.close()

    def _stretch(self, latent: F32, begin: int, end: int, speaker: int, stop: CancelToken) -> F32:
        assert self._second is not None
        low, high = max(0, begin - self.context), min(latent.shape[2], end + self.context)
        found = self._run(self._second, {self._seam: np.ascontiguousarray(latent[:, :, low:high])}, speaker, stop)
        sound = found[0].reshape(-1) if found else np.zeros(0, np.float32)
        return np.asarray(sound[(begin - low) * self.hop : (end - low) * self.hop], np.float32)

    def _run(self, session: _Session, feed: dict[str, Any], speaker: int, stop: CancelToken | None = None) -> list[Any]:
        """Its outputs; [] where it was stopped. Raises TtsError."""
        stop, options, captured = stop or CancelToken(), onnxruntime.RunOptions(), ErrorCapture()
        found: list[Any] = []
        with captured, stop.on_cancel(lambda: setattr(options, "terminate", True)):
            found = session.run(feed, speaker, options)
        if captured.error is not None and not stop.cancelled:
            raise TtsError("tts_network", f"{self._file.name} failed: {saying(captured.error)}") from captured.error
        return found

    def _measure(self, channels: int, speaker: int) -> None:
        """Find `hop` and `context`: by changing one frame and looking how far the sound changes."""
        assert self._second is not None
        noise = np.random.default_rng(0).standard_normal((1, channels, _TRIAL_FRAMES)).astype(np.float32)
        changed, middle = noise.copy(), _TRIAL_FRAMES // 2
        changed[:, :, middle] += 1.0
        one, other = (self._run(self._second, {self._seam: x}, speaker)[0].reshape(-1) for x in (noise, changed))
        self.hop = max(1, len(one) // _TRIAL_FRAMES)
        heard = np.flatnonzero(np.abs(one - other) > _HEARD) / self.hop
        reach = max(middle - heard.min(), heard.max() - middle) if len(heard) else 0.0
        self.context = int(np.ceil(reach))


class _Session:
    """An onnxruntime session of a file's bytes."""

    def __init__(self, data: bytes, threads: int) -> None:
        options = session_options(onnxruntime, threads)
        self._session: Any = onnxruntime.InferenceSession(data, options, providers=[CPU])
        self._takes = {item.name for item in self._session.get_inputs()}

    def run(self, feed: dict[str, Any], speaker: int, options: Any) -> list[Any]:
        """All its outputs. feed: what it does not take is left out."""
        given = {**feed, SPEAKER: np.array([speaker], np.int64)}
        return list(self._session.run(None, {name: given[name] for name in self._takes if name in given}, options))

    def close(self) -> None:
        self._session = None


def _check_kind(file: Path, graph: OnnxGraph) -> None:
    found = set(graph.inputs)
    if found - {SPEAKER} != INPUTS or OUTPUT not in graph.outputs:
        has = f"{', '.join(sorted(found)) or 'nothing'} and gives {', '.join(graph.outputs) or 'nothing'}"
        text = f"{file} takes {has}; a Piper voice takes {', '.join(sorted(INPUTS))} and gives {OUTPUT}"
        raise ConfigError(MODEL_KIND, f"{text}: it is a network for something else")


def _seam(graph: OnnxGraph) -> str:
    """The tensor between the halves; "" where it cannot be told."""
    found = [node.inputs[0] for node in graph.nodes if any(name.startswith(_DECODER) for name in node.inputs)]
    return found[0] if len(found) == 1 else ""


def _durations(graph: OnnxGraph) -> str:
    """The tensor of the symbols' frames; "" where it cannot be told."""
    found = [node.outputs[0] for node in graph.nodes if node.operator == "Ceil"]
    return found[0] if len(found) == 1 else ""


def _vocabulary(graph: OnnxGraph) -> int:
    """Rows of the table in which the symbols are looked up."""
    for node in graph.nodes:
        if node.operator == "Gather" and "input" in node.inputs:
            return next((graph.shapes[name][0] for name in node.inputs if graph.shapes.get(name)), 0)
    return 0
