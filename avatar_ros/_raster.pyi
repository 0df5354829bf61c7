"""The C++ rasteriser (src/bindings.cpp)."""

import numpy as np
from numpy.typing import NDArray

class Governor:
    """How many threads draw."""

    active: int

    def __init__(self, threads: int) -> None: ...
    def note(self, worked_ms: float, waited_ms: float) -> None: ...

class Rasteriser:
    """One avatar and its threads."""

    threads: int
    isa: str

    def __init__(
        self,
        positions: NDArray[np.float32],
        scales: NDArray[np.float32],
        rotations: NDArray[np.float32],
        colors: NDArray[np.float32],
        opacities: NDArray[np.float32],
        head_share: NDArray[np.float32],
        morph_offsets: NDArray[np.int64],
        morph_indices: NDArray[np.uint32],
        morph_deltas: NDArray[np.float32],
        threads: int,
        isa: str = "auto",
    ) -> None: ...
    def render(
        self,
        weights: NDArray[np.float32],
        body: NDArray[np.float32],
        head: NDArray[np.float32],
        focal: tuple[float, float, float, float],
        blur: float,
        background: tuple[float, float, float],
        image: NDArray[np.uint8] | None,
        alpha: str,
        smoke: float,
        out: NDArray[np.uint8],
        still: bool = False,
    ) -> None: ...
    def recolour(self, colors: NDArray[np.float32]) -> None: ...
    def picture(self, width: int, height: int) -> NDArray[np.uint8]: ...
    def owns(self, pixels: NDArray[np.uint8]) -> bool: ...
    def stats(self) -> dict[str, float]: ...
