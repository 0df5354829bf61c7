"""The phone classes that encoder and motion agree on: the columns of AudioFeatures of kind "phones".

Classes are sounds that can be told apart on a face or by ear, named as in ARPABET. Diphthongs are not among them: an
encoder writes them as the two targets that they glide between (ay = aa, then ih), likewise a plosive as its closure
and then a release that takes its neighbour's shape (p = P, then HH), so that a frame always names one mouth shape.

A frame holds one column a class (probabilities, sum 1) and then LOUDNESS: 0 silence, 0.8 the speaker's usual level in
a stressed vowel, 1 ten decibels above it (50 dB from 0 to 1). Frame i stands at i / PHONE_RATE_HZ seconds.
"""

from __future__ import annotations

import numpy as np

from ..core.arrays import F32

PHONE_KIND = "phones"
PHONE_RATE_HZ = 100.0
PHONE_CLASSES: tuple[str, ...] = tuple(
    """
    SIL AA AE AH AO AX EH ER IH IY UH UW B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH
    """.split()
)
PHONE_INDEX: dict[str, int] = {name: i for i, name in enumerate(PHONE_CLASSES)}
PHONE_COUNT = len(PHONE_CLASSES)
SIL = PHONE_INDEX["SIL"]
LOUDNESS = PHONE_COUNT
PHONE_DIM = PHONE_COUNT + 1
USUAL_LOUDNESS = 0.8


def silent_frames(count: int, dim: int = PHONE_COUNT) -> F32:
    """Frames [count, dim] of silence; dim: PHONE_COUNT, or PHONE_DIM with their loudness, 0."""
    frames = np.zeros((count, dim), np.float32)
    frames[:, SIL] = 1.0
    return frames
