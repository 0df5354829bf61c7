"""How each phone class wants the mouth: targets and dominance of seven articulatory parameters.

What shuts the lips (p, b, m) and what puts the lower one to the teeth (f, v) is no matter of degree and is not blended:
visemes.py gates it.

Parameters are 0–1 and mean the same on every ARKit face. A target counts by its dominance: a vowel insists on its jaw,
a /k/ takes what it finds. The values follow what is known of articulation (Cohen & Massaro 1993, "Modeling
coarticulation in synthetic visual speech"; Öhman 1967; Ladefoged & Johnson, A Course in Phonetics, on lips and jaw),
not any recording's labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.arrays import F32
from ..speech.phones import PHONE_CLASSES, PHONE_COUNT

#: jaw: jawOpen. round: lips pushed forward and together (oo). funnel: pushed forward and open (o, sh). spread: corners
#: back (ee). upper, lower: the lip lifted off the teeth. tongue: tip seen.
PARAMETERS = ("jaw", "round", "funnel", "spread", "upper", "lower", "tongue")

_VOWEL_JAW = 2.2
#: class -> (jaw, its dominance, {parameter: (target, dominance)})
_MOUTHS: dict[str, tuple[float, float, dict[str, tuple[float, float]]]] = {
    "SIL": (0.0, 0.8, {}),
    "AA": (0.44, _VOWEL_JAW, {"upper": (0.20, 1), "lower": (0.25, 1)}),
    "AE": (0.40, _VOWEL_JAW, {"spread": (0.35, 1), "upper": (0.30, 1), "lower": (0.30, 1)}),
    "AH": (0.34, _VOWEL_JAW, {"upper": (0.18, 1), "lower": (0.20, 1)}),
    "AO": (0.36, _VOWEL_JAW, {"funnel": (0.50, 1.5), "round": (0.60, 1.8)}),
    "AX": (0.15, 0.9, {}),
    "EH": (0.34, _VOWEL_JAW, {"spread": (0.30, 1), "upper": (0.24, 1), "lower": (0.26, 1)}),
    "ER": (0.14, 1.4, {"funnel": (0.30, 1.2), "round": (0.15, 1)}),
    "IH": (0.13, 1.8, {"spread": (0.30, 1), "upper": (0.12, 1), "lower": (0.15, 1)}),
    "IY": (0.08, 1.8, {"spread": (1.00, 1.5), "upper": (0.06, 1), "lower": (0.06, 1)}),
    "UH": (0.10, 1.8, {"round": (0.45, 1.5), "funnel": (0.15, 1)}),
    "UW": (0.06, 1.8, {"round": (0.85, 2.5), "funnel": (0.10, 1)}),
    "B": (0.07, 0.9, {}),
    "P": (0.07, 0.9, {}),
    "M": (0.07, 0.9, {}),
    "F": (0.06, 1.2, {"upper": (0.25, 1.5), "round": (0, 0.6), "funnel": (0, 0.6)}),
    "V": (0.06, 1.2, {"upper": (0.22, 1.5), "round": (0, 0.6), "funnel": (0, 0.6)}),
    "TH": (0.15, 1.3, {"tongue": (0.75, 3), "upper": (0.15, 1), "lower": (0.15, 1)}),
    "DH": (0.12, 1.0, {"tongue": (0.65, 3), "upper": (0.12, 1), "lower": (0.12, 1)}),
    "T": (0.08, 0.9, {"tongue": (0.15, 1)}),
    "D": (0.08, 0.9, {"tongue": (0.15, 1)}),
    "N": (0.09, 0.9, {"tongue": (0.15, 1)}),
    "L": (0.12, 0.8, {"tongue": (0.45, 2), "upper": (0.10, 0.6)}),
    "S": (0.05, 1.5, {"spread": (0.30, 1), "upper": (0.12, 1), "lower": (0.25, 1.2)}),
    "Z": (0.05, 1.4, {"spread": (0.30, 1), "upper": (0.12, 1), "lower": (0.25, 1.2)}),
    "SH": (0.06, 1.5, {"funnel": (0.65, 2), "round": (0.25, 1.5), "lower": (0.20, 1)}),
    "ZH": (0.06, 1.4, {"funnel": (0.60, 2), "round": (0.25, 1.5), "lower": (0.20, 1)}),
    "CH": (0.06, 1.5, {"funnel": (0.60, 2), "round": (0.22, 1.5), "lower": (0.20, 1)}),
    "JH": (0.06, 1.4, {"funnel": (0.55, 2), "round": (0.22, 1.5), "lower": (0.20, 1)}),
    "K": (0.11, 0.5, {}),
    "G": (0.11, 0.5, {}),
    "NG": (0.11, 0.6, {}),
    "HH": (0.14, 0.15, {}),
    "R": (0.10, 1.0, {"funnel": (0.30, 1.2), "round": (0.25, 1.2)}),
    "W": (0.05, 1.6, {"round": (0.95, 3), "funnel": (0.05, 1)}),
    "Y": (0.07, 1.4, {"spread": (0.70, 1.2)}),
}
#: Dominance over a parameter that a class does not name: silence and vowels pull it to 0, consonants leave it be.
_DEFAULT_DOMINANCE = 0.25
_VOWEL_DEFAULT = 0.8
_VOWELS = frozenset("SIL AA AE AH AO AX EH ER IH IY UH UW".split())


@dataclass(frozen=True)
class Width:
    """How a parameter's dominance fades with distance in time: exp(-(|t| / s)^power) before and after the phone."""

    anticipation_s: float
    carry_s: float
    power: float = 1.4


#: Rounding begins well before its phone and lingers; the jaw follows phone by phone.
WIDTHS: dict[str, Width] = {
    "jaw": Width(0.045, 0.045),
    "round": Width(0.110, 0.060, 1.2),
    "funnel": Width(0.090, 0.060, 1.2),
    "spread": Width(0.070, 0.060, 1.2),
    "upper": Width(0.050, 0.050),
    "lower": Width(0.050, 0.050),
    "tongue": Width(0.035, 0.030, 2.0),
}


def _tables() -> tuple[F32, F32]:
    targets = np.zeros((PHONE_COUNT, len(PARAMETERS)), np.float32)
    dominance = np.zeros_like(targets)
    for i, name in enumerate(PHONE_CLASSES):
        jaw, jaw_dominance, others = _MOUTHS[name]
        dominance[i] = _VOWEL_DEFAULT if name in _VOWELS else _DEFAULT_DOMINANCE
        targets[i, 0], dominance[i, 0] = jaw, jaw_dominance
        for parameter, (target, weight) in others.items():
            column = PARAMETERS.index(parameter)
            targets[i, column], dominance[i, column] = target, weight
    return targets, dominance


#: [PHONE_COUNT, parameters]
TARGETS, DOMINANCE = _tables()
