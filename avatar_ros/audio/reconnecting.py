"""A sound card while it is there, silence in real time while it is not.

A card that vanishes (USB) costs the sound, not the conversation: it is looked for again, after 1, 2, 4 … 30 s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from ..core.errors import AvatarRosError, ConfigError
from .portaudio import rescan

FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 30.0


class AudioDevice(Protocol):
    """What microphones and loudspeakers have in common."""

    def load(self) -> None: ...
    def status(self) -> Mapping[str, str]: ...
    def close(self) -> None: ...


D = TypeVar("D", bound=AudioDevice)
T = TypeVar("T")


class Reconnecting(Generic[D]):
    """card: raises AvatarRosError where it cannot be opened or is lost; silence: never does.

    required: the card must be there when the node loads; it may vanish later all the same.
    """

    required = False
    warning_prefix = ""

    def __init__(self, card: D, silence: D) -> None:
        self._card, self._silence = card, silence
        self._opener: Callable[[D, float], None] | None = None
        self._problem = ""  # why the silence is used
        self._retry_at_s = 0.0
        self._retry_s = FIRST_RETRY_S

    def load(self) -> None:
        """Look for the card. Raises ConfigError where one was asked for and is not there."""
        try:
            self._card.load()
        except ConfigError:
            if self.required:
                raise

    def status(self) -> Mapping[str, str]:
        """The card's; a warning while there is none."""
        if not self._problem:
            return self._card.status()
        return {**self._silence.status(), "warning": self.warning_prefix + self._problem}

    def close(self) -> None:
        """Close whatever is open."""
        self._card.close()
        self._silence.close()
        self._problem = ""

    def _open(self, opener: Callable[[D, float], None], now_s: float) -> None:
        """Open the card, or else the silence; `opener` is called again whenever one of them has to be opened."""
        self._opener = opener
        self._open_card(opener, now_s)

    def _use(self, work: Callable[[D], T], now_s: float) -> T:
        """`work` done by the card, which is looked for again when it is time, or else by the silence."""
        assert self._opener is not None
        if self._problem and now_s >= self._retry_at_s:
            self._card.close()
            rescan()
            self._open_card(self._opener, now_s)
        if not self._problem:
            try:
                return work(self._card)
            except AvatarRosError as error:
                self._fall_silent(self._opener, error, now_s)
        return work(self._silence)

    def _open_card(self, opener: Callable[[D, float], None], now_s: float) -> None:
        try:
            opener(self._card, now_s)
        except AvatarRosError as error:
            self._fall_silent(opener, error, now_s)
            return
        self._problem, self._retry_s = "", FIRST_RETRY_S

    def _fall_silent(self, opener: Callable[[D, float], None], error: AvatarRosError, now_s: float) -> None:
        self._card.close()
        if not self._problem:
            opener(self._silence, now_s)
        self._problem = str(error)
        self._retry_at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
