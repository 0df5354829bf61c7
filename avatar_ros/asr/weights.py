"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to 542 sentences that the grammar found in the development set, 213 of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mean": (-3.865, 2.014, 0.53),
    "worst_700ms": (-5.407, 2.728, 0.51),
    "worst_word": (-7.630, 3.976, 0.51),
    "grammar": (-6.891, 1.886, 0.38),
    "phone_errors": (0.595, 0.154, -0.82),
    "slowest_word": (15.988, 6.848, -0.05),
    "fastest_word": (5.548, 2.351, 0.12),
    "phones_per_heard": (1.341, 0.405, -0.38),
    "words": (5.692, 2.454, 0.36),
    "dropped": (0.074, 0.261, -0.03),
    "rival_errors": (0.590, 0.272, -0.41),
    "rival_outside": (0.031, 0.097, 0.12),
    "net_mean": (-0.540, 0.735, 0.97),
    "net_worst_word": (-1.766, 1.756, 0.96),
    "net_worst_300ms": (-1.668, 1.543, 1.05),
    "net_outside": (0.040, 0.053, -0.15),
}
BIAS = -2.06
