"""How much sound a card holds ready: more, each time it proved too little for this machine. Pure: no card, no clock."""

from __future__ import annotations

from collections import deque

#: A buffer is not made longer than this: a pause would be heard too late.
MOST_S = 0.2
#: So many underruns within the window are no accident.
UNDERRUN_LIMIT, UNDERRUN_WINDOW_S = 3, 30.0
#: Hanging so many times within the window, with the longest buffer, it is no use to open it again at once.
HUNG_LIMIT, HUNG_WINDOW_S = 3, 30.0
#: A card that has run for so long, and then does not ask for sound for so long (and twice its buffer), hangs: seen
#: with ALSA's plugin for PulseAudio after an underrun.
_RUNNING_S, _HANGS_S = 1.0, 0.3


class DeviceLatency:
    """Told when the card asks for sound and of underruns; says whether it hangs, and what to ask of it next.

    seconds: the buffer to ask for. underruns, hung: how often that happened. The card's thread may call `asked`
    and `underrun` while another asks the rest.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.underruns = self.hung = 0
        self._opened_s: float | None = None  # first time that the card asked, since it was opened
        self._asked_s = 0.0
        self._underruns_s: deque[float] = deque(maxlen=UNDERRUN_LIMIT)
        self._hung_s: deque[float] = deque(maxlen=HUNG_LIMIT)  # with the longest buffer

    def opened(self) -> None:
        """A new stream begins: when the one before asked and underran says nothing of it."""
        self._opened_s = None
        self._underruns_s.clear()

    def asked(self, now_s: float) -> None:
        """The card asked for sound."""
        if self._opened_s is None:
            self._opened_s = now_s
        self._asked_s = now_s

    def underrun(self, now_s: float) -> None:
        """The card had nothing to play for a moment."""
        self.underruns += 1
        self._underruns_s.append(now_s)

    def hangs(self, now_s: float) -> bool:
        """It ran, and does not ask any more. Not at its start: servers and wireless speakers begin with a pause."""
        if self._opened_s is None or self._asked_s - self._opened_s < _RUNNING_S:
            return False
        return now_s - self._asked_s > _HANGS_S + 2 * self.seconds

    def is_short(self, now_s: float) -> bool:
        """It had too many underruns of late, and can be longer."""
        often = len(self._underruns_s) == UNDERRUN_LIMIT and now_s - self._underruns_s[0] < UNDERRUN_WINDOW_S
        return often and self.seconds < MOST_S

    def is_hopeless(self, now_s: float) -> bool:
        """It hung again and again of late, and cannot be longer."""
        return len(self._hung_s) == HUNG_LIMIT and now_s - self._hung_s[0] < HUNG_WINDOW_S

    def lengthen(self, hung: bool, now_s: float) -> None:
        """The card is closed, to be opened with twice the buffer. hung: because it hung."""
        self.hung += hung
        if hung and self.seconds >= MOST_S:
            self._hung_s.append(now_s)
        self.seconds = max(self.seconds, min(2 * self.seconds, MOST_S))
        self.opened()
