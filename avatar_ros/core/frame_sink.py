"""Where the renderer's frames go: a screen, a recording, image topics. The seam between render, display and ros."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from .arrays import U8
from .egl import CardPicture, GlHome
from .topics import Message


class FrameSink(ABC):
    """Takes frames. Called on the renderer's thread; each call returns at once (a window may wait for vsync elsewhere).

    closed_by_user: a person asked to end the show (Esc, window closed). wants_sound: it is to `hear` what is played.
    """

    closed_by_user: bool = False
    wants_sound: bool = False

    @abstractmethod
    def wants_frames(self) -> bool:
        """Whether a frame would be used now; nothing is drawn while no sink wants one."""

    @abstractmethod
    def show(self, rgba: U8, shown_at_s: float) -> None:
        """A frame [H, W, 4], valid until the next call; it shows the face of `shown_at_s`."""

    def home(self) -> GlHome | None:
        """A context beside which a card may draw what `show_on_card` takes; None: there is none, or no longer."""
        return None

    def show_on_card(self, picture: CardPicture, shown_at_s: float) -> bool:
        """A frame that lies where it was drawn; False: `show` its bytes."""
        return False

    def drawn(self, cost_s: float, period_s: float, missed: int) -> None:  # noqa: B027 — most sinks take any size
        """What the frame just shown cost to draw, how often one is due, and how many were left out before it.

        May change what `frame_size` says.
        """

    def frame_size(self) -> tuple[int, int] | None:
        """Width and height at which it would like frames, px; None: any, and for a recording that of the first."""
        return None

    def hear(self, topic: str, message: Message) -> None:  # noqa: B027 — most sinks need none of it
        """A message of the conversation: captions, state, what was played."""

    def presses(self) -> list[bool]:
        """What was done to the talk button since the last call, in order: pressed, or let go."""
        return []

    def status(self) -> Mapping[str, str]:
        """For /diagnostics."""
        return {}

    def close(self) -> str:
        """Finish what was begun (a recording); what could not be finished, or ""."""
        return ""
