"""What the checks of all stages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import numpy as np

from ...core.arrays import Pcm
from ...core.rates import LISTENING_RATE_HZ


class Loadable(Protocol):
    """Any backend."""

    def load(self) -> None: ...

    def close(self) -> None: ...


B = TypeVar("B", bound=Loadable)


def run(backend: B, checks: Iterable[Callable[[B], None]]) -> None:
    """Load the backend, run the checks on it, and close it twice: it may be loaded again after that."""
    backend.load()
    try:
        for check in checks:
            check(backend)
    finally:
        backend.close()
    backend.close()
    backend.load()
    backend.close()


def check_status(status: Any) -> None:
    """What a backend says for diagnostics."""
    texts = [text for pair in dict(status).items() for text in pair]
    assert all(isinstance(text, str) for text in texts), f"status() must map texts to texts, not {status!r}"


def silence(seconds: float) -> Pcm:
    """A quiet room, int16 at LISTENING_RATE_HZ."""
    count = round(seconds * LISTENING_RATE_HZ)
    return np.random.default_rng(0).integers(-15, 16, count).astype(np.int16)


def buzz(seconds: float, rate_hz: int = LISTENING_RATE_HZ) -> Pcm:
    """Something like a voice that says no words, int16: on and off four times a second."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = np.sum([np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30)], axis=0)
    return np.asarray(4000 * tone * (np.sin(2 * np.pi * 4 * t) > 0), np.int16)
