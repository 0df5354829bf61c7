"""gsplat found and called: its public function, or the four calls of its kernels that it makes of ours.

Nothing is compiled here: gsplat's CUDA kernels must have been built with the environment (gsplat 1.5 otherwise builds
them at its first use, for minutes).
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..core.errors import RenderError
from ..core.registry import how_to_install
from .base import NEAR_M

TILE_PX = 16
FAR_M = 1e10
DIRECT_VERSION = "1.5.3"  # the kernels' own calls are gsplat's private matter: taken of the version that we know


def built_rasterization() -> Callable[..., Any]:
    """The function `gsplat.rasterization`. Raises RenderError naming what is missing; never starts a compilation."""
    if not torch.cuda.is_available():
        raise RenderError("render_no_cuda", "no CUDA device; install the NVIDIA driver or use backend: cpu")
    if importlib.util.find_spec("gsplat") is None:
        raise RenderError("render_no_gsplat", f"gsplat is not installed; {how_to_install('gpu')}; or use backend: cpu")
    if importlib.util.find_spec("gsplat.csrc") is None and "gsplat.csrc" not in sys.modules:
        _adopt_kernels()
    import gsplat

    return gsplat.rasterization


def direct_rasterization() -> Callable[..., Any]:
    """As `built_rasterization`, without what gsplat does for training and for many cameras: half the time of the
    processor. Raises RenderError like it.
    """
    whole = built_rasterization()
    import gsplat

    return direct(sys.modules["gsplat.csrc"]) if gsplat.__version__ == DIRECT_VERSION else whole


def direct(kernels: Any) -> Callable[..., Any]:
    """gsplat.rasterization for one camera, colours and no gradients. kernels: the compiled module `gsplat.csrc`."""
    pinhole = kernels.CameraModelType.PINHOLE

    def rasterization(means: Any, quats: Any, scales: Any, opacities: Any, colors: Any, viewmats: Any,
                      intrinsics: Any, width: int, height: int, near_plane: float = NEAR_M, eps2d: float = 0.3,
                      packed: bool = False) -> tuple[Any, Any, None]:
        columns, rows = -(-width // TILE_PX), -(-height // TILE_PX)
        radii, centres, depths, conics, _ = kernels.projection_ewa_3dgs_fused_fwd(
            means, None, quats, scales, opacities, viewmats, intrinsics, width, height, eps2d, near_plane, FAR_M, 0.0,
            False, pinhole,
        )  # fmt: skip
        _, pairs, order = kernels.intersect_tile(
            centres, radii, depths, None, None, 1, TILE_PX, columns, rows, True, False
        )
        offsets = kernels.intersect_offset(pairs, 1, columns, rows)
        rgb, cover, _ = kernels.rasterize_to_pixels_3dgs_fwd(
            centres, conics, colors[None], opacities[None], None, None, width, height, TILE_PX, offsets, order
        )
        return rgb, cover, None

    return rasterization


def _adopt_kernels() -> None:
    """Put kernels that an earlier build left in torch's extension cache where gsplat looks first.

    Left alone, gsplat would ask ninja whether they are current, and compile where anything differs.
    """
    from torch.utils.cpp_extension import _get_build_directory

    library = Path(_get_build_directory("gsplat_cuda", verbose=False)) / "gsplat_cuda.so"
    spec = importlib.util.spec_from_file_location("gsplat_cuda", library)
    if not library.is_file() or spec is None or spec.loader is None:
        raise RenderError("render_gsplat_not_built", "gsplat's CUDA kernels are not built; build them with the "
                          "environment: python -c 'from gsplat.cuda._backend import _C'")
    import gsplat

    kernels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kernels)
    sys.modules["gsplat.csrc"] = gsplat.csrc = kernels
