"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to 261 sentences that the grammar found in the development set, 100 of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mean": (-3.785, 1.834, 0.65),
    "worst_700ms": (-5.333, 2.586, 0.59),
    "worst_word": (-7.095, 3.221, 0.58),
    "grammar": (-6.904, 1.571, 0.53),
    "phone_errors": (0.601, 0.136, -0.62),
    "slowest_word": (15.169, 5.635, -0.36),
    "fastest_word": (5.552, 2.148, 0.68),
    "phones_per_heard": (1.310, 0.337, -0.38),
    "words": (5.502, 2.045, 0.61),
    "dropped": (0.073, 0.260, -0.47),
    "rival_errors": (0.509, 0.292, -1.15),
    "rival_outside": (0.039, 0.105, -0.88),
}
BIAS = -1.03
