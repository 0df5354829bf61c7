"""How sure a measured share is: percentile bootstrap (Efron, "Bootstrap methods", Annals of Statistics 7, 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SAMPLES = 2000


def share(hits: Sequence[bool] | Sequence[float], seed: int = 0) -> dict[str, float]:
    """Percent of hits and the 95 % interval of it, from resampling whole cases; nan where there are none.

    Where all cases are alike resampling says nothing: the open end is then the exact one (Clopper and Pearson, 1934).
    """
    found = np.asarray(hits, float)
    if len(found) == 0:
        return {"cases": 0, "percent": float("nan"), "low": float("nan"), "high": float("nan")}
    drawn = np.random.default_rng(seed).integers(0, len(found), (_SAMPLES, len(found)))
    low, high = np.percentile(found[drawn].mean(1), (2.5, 97.5))
    if found.min() == found.max() and found.min() in (0.0, 1.0):
        low, high = (0.0, 1 - 0.025 ** (1 / len(found))) if found.max() == 0 else (0.025 ** (1 / len(found)), 1.0)
    return {"cases": len(found), **_percent(float(found.mean()), float(low), float(high))}


def ratio(parts: Sequence[float], wholes: Sequence[float], seed: int = 0) -> dict[str, float]:
    """Percent of sum(parts) in sum(wholes) and its 95 % interval, from resampling the cases (recordings)."""
    part, whole = np.asarray(parts, float), np.asarray(wholes, float)
    drawn = np.random.default_rng(seed).integers(0, len(part), (_SAMPLES, len(part)))
    low, high = np.percentile(part[drawn].sum(1) / np.maximum(whole[drawn].sum(1), 1e-9), (2.5, 97.5))
    return {"cases": len(part), **_percent(float(part.sum() / max(whole.sum(), 1e-9)), float(low), float(high))}


def shown(found: dict[str, float]) -> str:
    """E.g. " 95.1 % [92.0, 97.4]"."""
    return f"{found['percent']:5.1f} % [{found['low']:.1f}, {found['high']:.1f}]"


def _percent(value: float, low: float, high: float) -> dict[str, float]:
    return {"percent": round(100 * value, 2), "low": round(100 * low, 2), "high": round(100 * high, 2)}
