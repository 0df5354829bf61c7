"""What is still worth recognising on a host that is too slow for all of it."""

from __future__ import annotations

from ..core.clock import s_from_ns
from ..core.lateness import Lateness
from ..core.types import AudioFrame

#: An utterance that is no later than this is recognised, though another one has begun meanwhile.
_PROMPT_S = 1.0
#: Ends of utterances that are remembered: more than wait at a time on the slowest host.
_REMEMBERED = 64


class Urgency:
    """Of one session. patience_s: what ended longer ago has been given up by the dialogue.

    Frames are noted as they arrive, which may be long before they are recognised, and on another thread. Those without
    a time are ignored.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._lateness = Lateness()
        self._newest = (float("-inf"), 0)  # end of the newest sound at the microphone, s, and its utterance
        self._ends_s: dict[int, float] = {}

    def note(self, frame: AudioFrame, now_s: float) -> None:
        """A frame has arrived, and waits."""
        if not frame.steady_ns:
            return
        end_s = s_from_ns(frame.steady_ns) + len(frame.pcm) / frame.sample_rate_hz
        self._lateness.of(end_s, now_s)
        self._newest = max(self._newest, (end_s, frame.utterance))
        if frame.last:
            self._ends_s[frame.utterance] = end_s
        elif frame.first_sample == 0:
            self._ends_s.pop(frame.utterance, None)  # the numbers begin anew: vad_node was restarted
        while len(self._ends_s) > _REMEMBERED:
            del self._ends_s[next(iter(self._ends_s))]

    def too_late(self, utterance: int, now_s: float, *, slow: bool) -> bool:
        """Whether its answer would come too late; on a slow host, whether it should make way for a newer one."""
        end_s = self._ends_s.get(utterance)
        if end_s is None:
            return False
        late_s = self._lateness.of(end_s, now_s)
        newest_s, newest = self._newest
        newer = newest != utterance and newest_s > end_s
        return late_s > self._patience_s or (slow and newer and late_s > _PROMPT_S)
