"""The phones of an utterance, found in a helper process while this one looks for its words.

Either takes as long as the other, and PocketSphinx keeps Python's interpreter lock: on two cores the answer is there in
half of the time.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from ..core.helper import Helper, HelperDeadError
from .confidence import Segment
from .phone_process import RawSegment, make_loop, phones

#: An utterance takes a tenth of its length on a core of its own.
_REPLY_TIMEOUT_S = 10.0
_MOST_RESTARTS = 3


class PhonesBeside:
    """One utterance at a time: `start`, then `result`. Where the helper keeps dying, all is done here."""

    def __init__(self) -> None:
        self._helper: Helper | None = None
        self._starts = 0  # since the last reply
        self._asked = False
        self._data = b""
        self._loop: Any = None
        self._begin()

    def start(self, data: bytes) -> None:
        """Hand over a whole utterance, int16 at 16 kHz."""
        if self._asked:  # nobody has taken the last reply: it would be taken for this one's
            self.close()
        self._data = data
        if self._helper is None:
            self._begin()
        if self._helper is not None:
            try:
                self._asked = True
                self._helper.send(b"S", data)
            except HelperDeadError:
                self.close()

    def result(self) -> list[Segment]:
        """Its phones and silences."""
        if self._helper is not None:
            try:
                found = _segments(json.loads(self._helper.receive(_REPLY_TIMEOUT_S)[1]))
                self._asked, self._starts = False, 0
                return found
            except HelperDeadError:
                self.close()
        self._loop = self._loop or make_loop()
        return _segments(phones(self._loop, self._data))

    def close(self) -> None:
        """End the helper."""
        helper, self._helper, self._asked = self._helper, None, False
        if helper is not None:
            helper.close()

    def _begin(self) -> None:
        if self._starts <= _MOST_RESTARTS:
            self._starts += 1
            with contextlib.suppress(OSError):  # no memory for it, or too many processes: next time, perhaps
                self._helper = Helper("avatar_ros.asr.phone_process")


def _segments(raw: list[RawSegment]) -> list[Segment]:
    return [Segment(*one) for one in raw]
