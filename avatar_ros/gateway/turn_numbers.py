"""The page knows one number that only grows in place of (epoch, turn)."""

from __future__ import annotations

from bisect import bisect_right

Key = tuple[int, int]  # (epoch, turn)
#: Turns of which anything may still come.
_KEPT = 256


class TurnNumbers:
    """Numbers from 1 in the order of (epoch, turn). A turn is met on `state` first, and in its order."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._dropped = 0

    def begin_anew(self) -> None:
        """Another dialogue goes on with the conversation: its epochs and turns have nothing to do with the former."""
        self._dropped += len(self._keys)
        self._keys.clear()

    @property
    def last_number(self) -> int:
        """The greatest that was given."""
        return self._dropped + len(self._keys)

    def number(self, key: Key) -> int:
        """Of a turn; a new one where it is later than all before, 0 where it was passed over."""
        if not key[1]:
            return 0
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
            if len(self._keys) > _KEPT:
                self._keys.pop(0)
                self._dropped += 1
        place = bisect_right(self._keys, key)
        return place + self._dropped if place and self._keys[place - 1] == key else 0

    def number_up_to(self, key: Key) -> int:
        """Of the last turn that is no later than `key`; 0: there is none."""
        place = bisect_right(self._keys, key)
        return place + self._dropped if place else 0

    def key(self, number: int) -> Key | None:
        """Inverse of `number`; None for one that was not given or is long ago."""
        place = number - self._dropped - 1
        return self._keys[place] if 0 <= place < len(self._keys) else None

    @property
    def newest(self) -> Key | None:
        return self._keys[-1] if self._keys else None
