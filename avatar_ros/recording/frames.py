"""Whether a replay shows what was shown then: frame_info of both compared."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: Of one sound: samples further apart than this are not the same, s. Frames are 33 ms apart.
SAME_SAMPLE_S = 0.002
#: Of one mouth: the frames of two runs stand at other samples, between which the mouth is interpolated.
SAME_MOUTH = 0.05
#: Frames further apart have another one missing between them, s.
_GAP_S = 0.1


class ShownFrame(NamedTuple):
    """Of frame_info. at_s: when it was shown, steady clock."""

    at_s: float
    epoch: int
    turn: int
    sample: int
    speaking: bool
    mouth_open: float


@dataclass(frozen=True)
class Comparison:
    """counted: frames of now that have one of then to be compared with; same: those that show the same sample of the
    same turn's speech; same_mouth: those whose mouth is as open as it was at that sample, of compared_mouths.
    """

    counted: int
    same: int
    compared_mouths: int
    same_mouth: int
    missing: int

    @property
    def same_share(self) -> float:
        return self.same / (self.counted + self.missing) if self.counted else 0.0

    @property
    def mouth_share(self) -> float:
        return self.same_mouth / self.compared_mouths if self.compared_mouths else 0.0


def compare(then: Sequence[ShownFrame], now: Sequence[ShownFrame], shift_s: float, rate_hz: int) -> Comparison:
    """then: frames of the recording; shift_s: their times + this are today's; rate_hz: that samples count at.

    Frames are drawn at instants of their own, so that of then is what its two neighbours say of the same instant.
    missing: speaking frames of then in whose place none of now was shown.
    """
    moved = sorted(frame._replace(at_s=frame.at_s + shift_s) for frame in then)
    counted = same = 0
    for frame in now:
        expected = _sample_at(moved, frame.at_s)
        if expected is not None:
            counted += 1
            turn, sample = expected
            close = abs(frame.sample - sample) <= SAME_SAMPLE_S * rate_hz
            same += frame.speaking and (frame.epoch, frame.turn) == turn and close
    by_turn: dict[tuple[int, int], list[ShownFrame]] = {}
    for frame in sorted((one for one in moved if one.speaking), key=lambda one: one.sample):
        by_turn.setdefault((frame.epoch, frame.turn), []).append(frame)
    spoken = [frame for frame in now if frame.speaking]
    mouths = [(one.mouth_open, _mouth_at(by_turn.get((one.epoch, one.turn), []), one.sample)) for one in spoken]
    known = [(mouth, before) for mouth, before in mouths if before is not None]
    alike = sum(abs(mouth - before) <= SAME_MOUTH for mouth, before in known)
    times = sorted(frame.at_s for frame in now)
    missing = sum(frame.speaking and not _near(times, frame.at_s) for frame in moved)
    return Comparison(counted, same, len(known), alike, missing)


def _near(times: Sequence[float], at_s: float) -> bool:
    after = bisect_right(times, at_s)
    return any(abs(times[i] - at_s) <= _GAP_S for i in (after - 1, after) if 0 <= i < len(times))


def _sample_at(frames: Sequence[ShownFrame], at_s: float) -> tuple[tuple[int, int], float] | None:
    """((epoch, turn), sample) shown at an instant between two speaking frames of one turn; None elsewhere."""
    after = bisect_right(frames, at_s, key=lambda frame: frame.at_s)
    if not 0 < after < len(frames):
        return None
    first, second = frames[after - 1], frames[after]
    turn = (first.epoch, first.turn)
    steady = first.speaking and second.speaking and turn == (second.epoch, second.turn)
    if not steady or second.at_s - first.at_s > _GAP_S:
        return None
    share = (at_s - first.at_s) / (second.at_s - first.at_s)
    return turn, first.sample + share * (second.sample - first.sample)


def _mouth_at(frames: Sequence[ShownFrame], sample: int) -> float | None:
    """How far the mouth was open at a sample of the turn that `frames` show, where two of them stand around it."""
    after = bisect_right(frames, sample, key=lambda one: one.sample)
    if not 0 < after < len(frames):
        return None
    first, second = frames[after - 1], frames[after]
    share = (sample - first.sample) / (second.sample - first.sample)
    return first.mouth_open + share * (second.mouth_open - first.mouth_open)
