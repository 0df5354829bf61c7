"""`./avatar bench hearing asr --fit` writes this file: change the features in confidence.py, not numbers.

Fitted to 315 sentences that the grammar found in the development set, 145 of them right.
"""

from __future__ import annotations

#: feature -> (mean, standard deviation, weight)
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mean": (-3.568, 1.783, 0.99),
    "worst_700ms": (-5.098, 2.557, 0.99),
    "worst_word": (-6.751, 3.399, 0.51),
    "grammar": (-6.571, 1.632, 0.66),
    "phone_errors": (0.586, 0.161, -1.35),
    "slowest_word": (15.574, 5.681, -0.06),
    "fastest_word": (5.776, 2.103, 0.03),
    "phones_per_heard": (1.234, 0.241, -0.04),
    "words": (5.378, 2.213, 0.44),
    "dropped": (0.089, 0.285, -0.58),
    "rival_errors": (0.561, 0.276, -0.63),
    "rival_outside": (0.033, 0.096, -0.55),
}
BIAS = -0.94
