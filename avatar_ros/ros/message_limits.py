"""What a message may hold: sizes, ranges and finite numbers that its type cannot express.

Wide enough for whatever a stage sends, narrow enough that nothing in it overflows, fills the memory or lasts for ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from typing import Any, get_origin, get_type_hints

import numpy as np

from ..core.arkit import ARKIT_COUNT
from ..core.topics import KINDS

#: What is longer is no transcript of something that a person said at once: the rest of it is cut off.
TRANSCRIPT_CHARACTERS = 5000
_NAME_CHARACTERS = 1000
_TEXT_CHARACTERS = 10_000
#: A report or a history holds what was said in a whole turn. A `say` is refused by the dialogue, which can say so.
_LONG_TEXT_CHARACTERS = 250_000
_LONG_TEXTS = frozenset({"ChatMessage.text", "SayResult.spoken", *(f"TurnReport.{n}" for n in ("reply", "spoken"))})
_UNLIMITED = frozenset({"Say.text"})
_TEXTS = frozenset({"text", "transcript"})
_LARGEST_FLOAT = 1e9
#: Indices of samples: 90 years at 96 kHz.
_SAMPLES = (0, 2**48)
_COUNTS = (0, 2**31)
_INTEGERS: Mapping[str, tuple[int, int]] = {
    "sample": (-(2**31), _SAMPLES[1]),  # a face may come before the first sample, or belong to no speech
    **dict.fromkeys(("first_sample", "start_sample", "end_sample"), _SAMPLES),
    **dict.fromkeys(("utterance", "seq", "index", "sentence", "frames", "dim", "dropped"), _COUNTS),
    "sample_rate_hz": (1, 384_000),
    "channels": (1, 64),
    "steady_ns": (0, 2**62),
}
_LEAST_FLOATS = {"rate_hz": 1e-3, "ttl_s": 0.0}
_LONGEST = {"pcm": 2**22, "data": 2**23, "marks": 20_000, "history": 1000, "events": 100}
_LONGEST |= {"shapes": ARKIT_COUNT, "key_frames": 200}
_LONGEST |= dict.fromkeys(("locales", "voices", "voice_names", "voice_locales", "avatar_voices"), 200)

#: A field's value -> what is wrong with it, or "".
Check = Callable[[Any], str]


def fault(value: object) -> str:
    """What is wrong with a message of core/types.py: "Type.field is …"; "" where nothing is."""
    for name, check in _checks(type(value).__name__):
        if wrong := check(getattr(value, name)):
            return f"{type(value).__name__}.{name} {wrong}"
    return ""


@cache
def _checks(type_name: str) -> tuple[tuple[str, Check], ...]:
    if type_name == "GazeTarget":  # motion/stage.py says what it does not understand
        return ()
    kind = KINDS[type_name]
    hints = get_type_hints(kind)
    fields = [item.name for item in dataclasses.fields(kind)]
    return tuple((name, check) for name in fields if (check := _check_of(type_name, name, hints[name])) is not None)


def _check_of(kind: str, name: str, hint: Any) -> Check | None:
    if hint is int:
        return _range(*_INTEGERS[name]) if name in _INTEGERS else None
    if hint is float and not (kind == "TurnReport" and name.endswith("_ms")):  # NaN: it did not happen
        return _finite(_LEAST_FLOATS.get(name, -_LARGEST_FLOAT))
    if hint is str:
        return _text(f"{kind}.{name}")
    if name == "weights" or get_origin(hint) is np.ndarray:
        return _array(_LONGEST.get(name, ARKIT_COUNT))
    if get_origin(hint) is tuple:
        return _items(_LONGEST.get(name, 8))
    return None


def _range(low: int, high: int) -> Check:
    return lambda value: "" if low <= value <= high else f"is {value}; it must lie between {low} and {high}"


def _finite(least: float) -> Check:
    return lambda value: "" if least <= value <= _LARGEST_FLOAT else f"is {value}, which cannot be"


def _text(field: str) -> Check | None:
    if field in _UNLIMITED:
        return None
    name = field.partition(".")[2]
    limit = _TEXT_CHARACTERS if name in _TEXTS else _NAME_CHARACTERS
    limit = _LONG_TEXT_CHARACTERS if field in _LONG_TEXTS else limit
    return lambda value: "" if len(value) <= limit else f"has {len(value)} characters; {limit} are the most"


def _array(limit: int) -> Check:
    def check(value: Any) -> str:
        if value.size > limit:
            return f"has {value.size} values; {limit} are the most"
        # NaN and infinity stay in a sum of squares; where such a sum overflows, each is looked at.
        fine = value.dtype.kind != "f" or isfinite(np.dot(value, value)) or np.isfinite(value).all()
        return "" if fine else "holds NaN or infinity"

    return check


def _items(limit: int) -> Check:
    def check(value: tuple[Any, ...]) -> str:
        if len(value) > limit:
            return f"has {len(value)} entries; {limit} are the most"
        return next(filter(None, map(_item_fault, value)), "")

    return check


def _item_fault(item: object) -> str:
    if isinstance(item, float):
        return "" if isfinite(item) and abs(item) <= _LARGEST_FLOAT else f"holds {item}, which cannot be"
    if isinstance(item, str):
        return "" if len(item) <= _NAME_CHARACTERS else f"holds an entry of {len(item)} characters"
    return ""  # a message of its own, which was checked when it was read
