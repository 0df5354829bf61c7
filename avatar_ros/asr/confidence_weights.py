"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to 543 sentences that were weighed in the development set, 213 of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mean": (-3.879, 2.015, 0.55),
    "worst_700ms": (-5.415, 2.733, 0.46),
    "worst_word": (-7.639, 3.963, 0.53),
    "grammar": (-6.899, 1.890, 0.36),
    "phone_errors": (0.596, 0.155, -0.85),
    "slowest_word": (16.035, 6.880, -0.03),
    "fastest_word": (5.553, 2.346, 0.15),
    "phones_per_heard": (1.340, 0.407, -0.38),
    "words": (5.698, 2.452, 0.36),
    "dropped": (0.072, 0.258, -0.02),
    "rival_errors": (0.595, 0.270, -0.47),
    "rival_outside": (0.031, 0.097, 0.13),
    "net_mean": (-0.537, 0.733, 0.98),
    "net_worst_word": (-1.758, 1.756, 0.95),
    "net_worst_300ms": (-1.659, 1.539, 1.06),
    "net_outside": (0.040, 0.054, -0.13),
}
BIAS = -2.08
