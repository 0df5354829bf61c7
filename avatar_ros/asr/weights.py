"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to 702 sentences that the grammar found in the development set, 272 of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mean": (-3.707, 1.815, 0.73),
    "worst_700ms": (-5.298, 2.616, 0.47),
    "worst_word": (-7.052, 3.418, 1.15),
    "grammar": (-6.734, 1.670, 0.84),
    "phone_errors": (0.597, 0.165, -1.44),
    "slowest_word": (16.967, 7.847, -0.08),
    "fastest_word": (5.841, 2.395, 0.22),
    "phones_per_heard": (1.256, 0.349, -0.94),
    "words": (5.500, 2.309, 0.55),
    "dropped": (0.110, 0.312, -0.33),
    "rival_errors": (0.615, 0.279, -0.39),
    "rival_outside": (0.035, 0.101, -0.54),
}
BIAS = -1.47
