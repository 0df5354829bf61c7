"""Backend `visemes`: phone probabilities to lips by dominance blending, with lip closures that close.

A parameter at an instant is the mean of all phones' targets around it, weighted by probability, by the phone's
dominance over the parameter and by a kernel over time (Cohen & Massaro 1993, there for whole segments; here each
10 ms of probability is a segment of its own, which gives the same curves for certain phones and their expectation for
uncertain ones). Lip closure is not blended away: it gates the opening after the blend, so that p, b and m close
whatever their neighbours want; the same holds of f and v, which put the lower lip to the upper teeth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..core.arrays import F32
from ..core.settings import Settings, setting
from ..speech.phones import (
    LOUDNESS,
    PHONE_COUNT,
    PHONE_DIM,
    PHONE_INDEX,
    PHONE_KIND,
    PHONE_RATE_HZ,
    SIL,
    USUAL_LOUDNESS,
)
from .articulation import DOMINANCE, PARAMETERS, TARGETS, WIDTHS
from .base import MotionSettings
from .blendshape_mapping import Mouth, weights_from_mouth

_BILABIALS = [PHONE_INDEX[name] for name in ("P", "B", "M")]
_LABIODENTALS = [PHONE_INDEX[name] for name in ("F", "V")]
#: The lip is at the teeth so many frames of 10 ms before the hiss of an f begins and after it ends.
_BITE_AROUND = 2
#: Lips that will close close while it is still silent, as people's do: within so many frames of the first p, b or m.
_READY = 10
#: Share of f and v, of them and p, b, m, where lips begin to leave the closure for the teeth, and where they have.
_BITE_FROM, _BITES_FROM = 0.5, 0.6
#: Lips move towards a closure and away from it within this time.
_CLOSING_S = 0.025
#: Share of bilabial in the window where lips begin to close, and where they are shut.
_CLOSE_FROM, _SHUT_FROM = 0.15, 0.45
#: Frames of 10 ms that lips stay shut at least.
_SHORTEST_CLOSURE = 4
#: Loudness of silence, and the openings that go with silence and with 10 dB above usual.
_QUIET_OPENING, _LOUD_OPENING = 0.55, 1.15
#: Phones a second: slow and fast speech. Fast speech moves in narrower windows and a little less (hypoarticulation).
_SLOW_HZ, _FAST_HZ = 8.0, 20.0
_FAST_WIDTH, _FAST_SIZE = 0.75, 0.9
_BEFORE, _AFTER, _REQUIRED_AFTER = 20, 15, 4


@dataclass(frozen=True)
class VisemeSettings(Settings):
    """Options of backend `visemes`."""

    articulation: float = setting(1.0, "size of lip movements; 1: as measured on people", low=0.3, high=1.6)


class VisemeLips:
    """See base.LipModel."""

    kind = PHONE_KIND
    dim = PHONE_DIM
    rate_hz = PHONE_RATE_HZ
    before, after, required_after = _BEFORE, _AFTER, _REQUIRED_AFTER
    hold_frames = False
    fade_in_frames = seam_frames = 0

    def __init__(self, settings: MotionSettings, own: VisemeSettings) -> None:
        self._articulation = own.articulation

    def weights(self, features: F32) -> F32:
        """Features [T, PHONE_DIM] to weights [T, 52]."""
        if not len(features):
            return weights_from_mouth(Mouth.rest(0))
        phones, loudness = features[:, :PHONE_COUNT], features[:, LOUDNESS]
        hurry = _hurry(phones)
        windows = _windows(phones @ _PULL_AND_DOMINANCE)  # [T, 2 · parameters, lags]
        blended = _blend_windows(windows, 1.0)
        if hurry.any():
            blended = blended * (1 - hurry) + _blend_windows(windows, _FAST_WIDTH) * hurry
        size = self._articulation * opening_from_loudness(loudness) * (1 - (1 - _FAST_SIZE) * hurry[:, 0])
        shut, bite = constrictions(phones)
        return weights_from_mouth(Mouth(dict(zip(PARAMETERS, blended.T, strict=True)), shut, bite, size))


def coarticulated(phones: F32, width: float) -> F32:
    """Parameters [T, parameters] of phones [T, PHONE_COUNT]; width scales the kernels' duration."""
    return _blend_windows(_windows(phones @ _PULL_AND_DOMINANCE), width)


def _blend_windows(windows: F32, width: float) -> F32:
    pull, weight = np.einsum("tpl,pl->pt", windows, _KERNELS[width]).reshape(2, len(PARAMETERS), -1)
    out: F32 = (pull / np.maximum(weight, 1e-6)).T
    return out


def coarticulated_reference(phones: F32, width: float) -> F32:
    """`coarticulated` as one would write it down: a sum over instants and phones. Slow; for tests."""
    out = np.zeros((len(phones), len(PARAMETERS)), np.float32)
    for t in range(len(phones)):
        for i, name in enumerate(PARAMETERS):
            pull = weight = 0.0
            for at in range(len(phones)):
                nearness = dominance_at(name, (at - t) / PHONE_RATE_HZ, width)
                for k in range(PHONE_COUNT):
                    share = float(phones[at, k] * DOMINANCE[k, i]) * nearness
                    pull, weight = pull + share * float(TARGETS[k, i]), weight + share
            out[t, i] = pull / max(weight, 1e-6)
    return out


def dominance_at(parameter: str, ahead_s: float, width: float = 1.0) -> float:
    """Weight of a phone that is `ahead_s` in the future (negative: past) for a parameter; 0 outside the window."""
    if not -_BEFORE <= round(ahead_s * PHONE_RATE_HZ) <= _AFTER:
        return 0.0
    shape = WIDTHS[parameter]
    scale_s = width * (shape.anticipation_s if ahead_s > 0 else shape.carry_s)
    return float(np.exp(-((abs(ahead_s) / scale_s) ** shape.power)))


def _kernel(parameter: str, width: float) -> F32:
    """[_BEFORE + 1 + _AFTER] weights of frames from the past to the future."""
    lags = np.arange(-_BEFORE, _AFTER + 1) / PHONE_RATE_HZ
    return np.array([dominance_at(parameter, float(lag), width) for lag in lags], np.float32)


_KERNELS = {width: np.stack([_kernel(name, width) for name in PARAMETERS] * 2) for width in (1.0, _FAST_WIDTH)}
_CLOSING = np.maximum(0, 1 - np.abs(np.arange(-_BEFORE, _AFTER + 1)) / PHONE_RATE_HZ / _CLOSING_S).astype(np.float32)
_PULL_AND_DOMINANCE = np.concatenate([DOMINANCE * TARGETS, DOMINANCE], axis=1)


def _windows(values: F32) -> F32:
    """[T, columns] -> [T, columns, lags]: each instant with its context, nothing (zero) outside."""
    padded = np.zeros((_BEFORE + len(values) + _AFTER, values.shape[1]), np.float32)
    padded[_BEFORE : _BEFORE + len(values)] = values
    return sliding_window_view(padded, _BEFORE + 1 + _AFTER, axis=0)


def smooth(values: F32, kernel: F32) -> F32:
    """out[t] = sum over lags of kernel[lag] · values[t + lag], for lags of the window; nothing outside."""
    padded = np.zeros(_BEFORE + len(values) + _AFTER, np.float32)
    padded[_BEFORE : _BEFORE + len(values)] = values
    return np.correlate(padded, kernel, "valid")


def constrictions(phones: F32) -> tuple[F32, F32]:
    """How far the lips are shut, and how far the lower one is at the upper teeth: [T] each, 0–1, together at most 1.

    Soft at the edges, whole wherever a p, b or m, an f or v is likely; where both are, the likelier has it.
    """
    shut, bite = phones[:, _BILABIALS].sum(axis=1), phones[:, _LABIODENTALS].sum(axis=1)
    shut = np.maximum(shut, phones[:, SIL] * _extreme(shut, 0, _READY, np.max)).astype(np.float32)
    bite = np.asarray(_extreme(bite, _BITE_AROUND, _BITE_AROUND, np.max), np.float32)
    near_shut, near_bite = _nearness(shut), _nearness(bite)
    share = near_bite / np.maximum(near_shut + near_bite, 1e-6)
    teeth = np.clip((share - _BITE_FROM) / (_BITES_FROM - _BITE_FROM), 0, 1)
    gates = _held(_gate(near_shut)) * (1 - teeth), _held(_gate(near_bite)) * teeth
    return gates[0].astype(np.float32), gates[1].astype(np.float32)


def _nearness(share: F32) -> F32:
    """A share of phones [T] as the lips take it: the mean over the time in which they move, of what is known of it."""
    known = smooth(np.ones_like(share), _CLOSING)
    return np.asarray(smooth(share, _CLOSING) / np.maximum(known, 1e-6), np.float32)


def _gate(share: F32) -> F32:
    return np.clip((share - _CLOSE_FROM) / (_SHUT_FROM - _CLOSE_FROM), 0, 1).astype(np.float32)


def _held(shut: F32) -> F32:
    """Closures that are shorter than a frame at 30 fps, 20 ms longer: between two frames nobody would see them."""
    before, after = _SHORTEST_CLOSURE // 2, _SHORTEST_CLOSURE - 1 - _SHORTEST_CLOSURE // 2
    long = _extreme(_extreme(shut, before, after, np.min), after, before, np.max)
    short = shut - long
    held = long + _extreme(short, 1, 1, np.max)
    return np.clip(np.maximum.reduce([shut, held, 0.5 * _extreme(short, 2, 2, np.max)]), 0, 1)


def _extreme(values: F32, before: int, after: int, of: Callable[..., Any]) -> F32:
    """The least or the greatest of each instant's neighbours [T]; the first and the last hold beyond."""
    padded = np.pad(values, (before, after), mode="edge")
    out: F32 = of(sliding_window_view(padded, before + after + 1), axis=1)
    return out


def opening_from_loudness(loudness: F32) -> NDArray[Any]:
    """Size of mouth movements [T] at loudness [T] (smoothed over 150 ms); 1 at the voice's usual loudness."""
    kernel = np.ones(_BEFORE + 1 + _AFTER, np.float32)
    kernel[np.abs(np.arange(-_BEFORE, _AFTER + 1)) > 7] = 0
    level = smooth(loudness, kernel) / np.maximum(smooth(np.ones_like(loudness), kernel), 1e-6)
    knots = [0.0, USUAL_LOUDNESS - 0.05, 1.0]
    return np.interp(level, knots, [_QUIET_OPENING, 1.0, _LOUD_OPENING])


def _hurry(phones: F32) -> F32:
    """How fast the speech is [T, 1]: 0 slow, 1 fast; from the phones' changes within the window."""
    changes = np.zeros(len(phones), np.float32)
    changes[1:] = 0.5 * np.abs(np.diff(phones, axis=0)).sum(axis=1)
    kernel = np.ones(_BEFORE + 1 + _AFTER, np.float32)
    voiced = np.maximum(smooth(1 - phones[:, SIL], kernel), 5.0)
    per_second = smooth(changes, kernel) / voiced * PHONE_RATE_HZ
    hurry: F32 = np.clip((per_second - _SLOW_HZ) / (_FAST_HZ - _SLOW_HZ), 0, 1)[:, None].astype(np.float32)
    return hurry
