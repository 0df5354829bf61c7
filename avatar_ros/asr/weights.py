"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to 349 sentences that the grammar found in the development set, 145 of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mean": (-3.550, 1.670, 0.86),
    "worst_700ms": (-4.998, 2.381, 1.01),
    "worst_word": (-6.940, 3.548, 0.75),
    "grammar": (-6.601, 1.601, 0.54),
    "phone_errors": (0.592, 0.173, -0.98),
    "slowest_word": (15.641, 6.255, -0.32),
    "fastest_word": (5.751, 2.072, 0.56),
    "phones_per_heard": (1.248, 0.253, -0.60),
    "words": (5.415, 2.258, 0.54),
    "dropped": (0.117, 0.322, -0.77),
    "rival_errors": (0.531, 0.328, -0.54),
    "rival_outside": (0.035, 0.121, -0.93),
}
BIAS = -1.32
