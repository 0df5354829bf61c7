"""All sinks of a renderer as one: what size they want, who wants the next frame, what they say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.egl import GlHome
from ..core.frame_sink import FrameSink
from ..core.topics import Message

DEFAULT_SIDE_PX = 512


class SinkGroup:
    """The first sink that wants a size decides it."""

    def __init__(self, sinks: Sequence[FrameSink] = ()) -> None:
        self._sinks = sinks

    @property
    def closed_by_user(self) -> bool:
        return any(sink.closed_by_user for sink in self._sinks)

    @property
    def wants_sound(self) -> bool:
        return any(sink.wants_sound for sink in self._sinks)

    def frame_size(self) -> tuple[int, int]:
        """Width and height at which to draw, px."""
        sizes = (size for sink in self._sinks if (size := sink.frame_size()) is not None)
        return next(sizes, (DEFAULT_SIDE_PX, DEFAULT_SIDE_PX))

    def home(self) -> GlHome | None:
        """See FrameSink.home; of the first sink that has one."""
        return next((home for sink in self._sinks if (home := sink.home()) is not None), None)

    def wanting(self) -> list[FrameSink]:
        """Those that would use a frame now."""
        return [sink for sink in self._sinks if sink.wants_frames()]

    def hear(self, topic: str, message: Message) -> None:
        """See FrameSink.hear."""
        for sink in self._sinks:
            sink.hear(topic, message)

    def presses(self) -> list[bool]:
        """See FrameSink.presses."""
        return [pressed for sink in self._sinks for pressed in sink.presses()]

    def status(self) -> tuple[dict[str, str], list[str]]:
        """Values for /diagnostics, and apart from them the warnings."""
        values: dict[str, str] = {}
        warnings: list[str] = []
        for sink in self._sinks:
            told = dict(sink.status())
            warnings.append(told.pop("warning", ""))
            values |= told
        return values, warnings

    def close(self) -> list[str]:
        """Close all; what could not be finished."""
        failures = [sink.close() for sink in self._sinks]
        self._sinks = ()
        return failures
