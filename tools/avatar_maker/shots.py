"""The poses of the contact sheet: views, eyes, feelings, visemes, extremes and head clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shot:
    """One picture: weights by ARKit name (`*` stands for Left and Right), turns of the head in degrees."""

    label: str
    weights: Mapping[str, float] = field(default_factory=dict)
    yaw: float = 0.0
    pitch: float = 0.0
    clip: tuple[str, float] | None = None  # name of a head clip and the time in it, s
    place: tuple[float, float] = (1.12, 1.662)  # zoom, height of the middle in metres


_SMILE = {"mouthSmile*": 0.85, "cheekSquint*": 0.5, "eyeSquint*": 0.25}
_FACE, _EYES, _MOUTH = (1.75, 1.656), (2.9, 1.690), (2.9, 1.635)  # zoom, height_m
SHOTS = (
    Shot("front"),
    Shot("three-quarter", yaw=35),
    Shot("three-quarter", yaw=-35),
    Shot("profile", yaw=88),
    Shot("from above", pitch=14),
    Shot("from below", pitch=-14),
    Shot("eyes", place=_EYES),
    Shot("mouth", place=_MOUTH),
    Shot("half closed", {"eyeBlink*": 0.5}, place=_EYES),
    Shot("blink", {"eyeBlink*": 1.0}, place=_EYES),
    Shot("wide", {"eyeWide*": 1.0}, place=_EYES),
    Shot("teeth", {"jawOpen": 0.25, "mouthUpperUp*": 0.7, "mouthSmile*": 0.6}, place=_MOUTH),
    Shot("look left", {"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8}, place=_FACE),
    Shot("look right", {"eyeLookInLeft": 0.8, "eyeLookOutRight": 0.8}, place=_FACE),
    Shot("look up", {"eyeLookUp*": 0.8}, place=_FACE),
    Shot("look down", {"eyeLookDown*": 0.8}, place=_FACE),
    Shot("wink", {"eyeBlinkLeft": 1.0, "mouthSmileLeft": 0.6, "cheekSquintLeft": 0.5}, place=_FACE),
    Shot("blink", {"eyeBlink*": 1.0}, place=_FACE),
    Shot("smile", _SMILE, place=_FACE),
    Shot("laugh", {**_SMILE, "jawOpen": 0.35, "mouthUpperUp*": 0.35, "browInnerUp": 0.2}, place=_FACE),
    Shot("surprise",
         {"browInnerUp": 0.9, "browOuterUp*": 0.9, "eyeWide*": 0.9, "jawOpen": 0.38, "mouthFunnel": 0.25},
         place=_FACE),
    Shot("sad", {"browInnerUp": 0.9, "mouthFrown*": 0.8, "eyeLookDown*": 0.25, "mouthShrugLower": 0.4}, place=_FACE),
    Shot("angry", {"browDown*": 1.0, "eyeSquint*": 0.5, "noseSneer*": 0.5, "mouthPress*": 0.7}, place=_FACE),
    Shot("doubt", {"browOuterUpLeft": 1.0, "browDownRight": 0.7, "mouthLeft": 0.6}, place=_FACE),
    Shot("p b m", {"jawOpen": 0.1, "mouthClose": 0.12, "mouthPress*": 0.4}, place=_FACE),
    Shot("f v", {"jawOpen": 0.12, "mouthRollLower": 0.7, "mouthUpperUp*": 0.35}, place=_FACE),
    Shot("th l", {"jawOpen": 0.22, "tongueOut": 0.25}, place=_FACE),
    Shot("s t d", {"jawOpen": 0.1, "mouthStretch*": 0.4, "mouthLowerDown*": 0.5, "mouthUpperUp*": 0.3}, place=_FACE),
    Shot("sh ch", {"jawOpen": 0.12, "mouthFunnel": 0.8}, place=_FACE),
    Shot("k g", {"jawOpen": 0.22, "mouthStretch*": 0.2, "mouthLowerDown*": 0.2}, place=_FACE),
    Shot("aa", {"jawOpen": 0.65}, place=_FACE),
    Shot("e", {"jawOpen": 0.3, "mouthStretch*": 0.5, "mouthSmile*": 0.2}, place=_FACE),
    Shot("ee",
         {"jawOpen": 0.14, "mouthSmile*": 0.55, "mouthStretch*": 0.4, "mouthUpperUp*": 0.3, "mouthLowerDown*": 0.3},
         place=_FACE),
    Shot("oh", {"jawOpen": 0.38, "mouthFunnel": 0.7, "mouthPucker": 0.25}, place=_FACE),
    Shot("oo w", {"jawOpen": 0.1, "mouthPucker": 0.95}, place=_FACE),
    Shot("r er", {"jawOpen": 0.18, "mouthFunnel": 0.5, "mouthPucker": 0.3}, place=_FACE),
    Shot("jawOpen 1", {"jawOpen": 1.0}, place=_FACE),
    Shot("jawOpen + mouthClose", {"jawOpen": 1.0, "mouthClose": 1.0}, place=_FACE),
    Shot("tongueOut", {"tongueOut": 1.0, "jawOpen": 0.25}, place=_FACE),
    Shot("cheekPuff", {"cheekPuff": 1.0}, place=_FACE),
    Shot("jaw open, 3/4", {"jawOpen": 0.8}, yaw=35),
    Shot("smile, 3/4", _SMILE, yaw=-30),
    Shot("clip hello", _SMILE, clip=("hello", 0.9)),
    Shot("clip listen", {"browInnerUp": 0.25}, clip=("listen", 2.3)),
    Shot("clip think", {"eyeLookUp*": 0.6, "eyeLookOutLeft": 0.4, "eyeLookInRight": 0.4}, clip=("think_part_2", 1.5)),
    Shot("clip idle", clip=("idle", 2.5)),
    Shot("clip speak", {"jawOpen": 0.3}, clip=("speak", 0.8)),
    Shot("clip head_test", clip=("head_test", 4.2)),
)
