"""Backend `null`: no sound card. Sound flows in real time, by a count of samples that cannot drift."""

from __future__ import annotations

from collections.abc import Mapping

from .base import Render, SpeakerSettings

#: Sound is rendered this long before it is "heard", as by a card with a small buffer.
LATENCY_S = 0.02
#: After a stall (a suspended computer) sound goes on from now rather than hurry after what was missed.
MAX_BEHIND_S = 1.0


class NullSpeaker:
    """Renders up to now + latency_s at each `pump`."""

    latency_s = LATENCY_S

    def __init__(self, settings: SpeakerSettings) -> None:
        self._rate_hz = settings.speech_rate_hz
        self._render: Render | None = None
        self._origin_s = 0.0
        self._rendered = 0

    def load(self) -> None:
        """Nothing to look for."""

    def open(self, render: Render, now_s: float) -> None:
        """Begin to count."""
        self._render = render
        self._restart(now_s)

    def pump(self, now_s: float) -> None:
        """Render what is due."""
        if self._render is None:
            return
        due = int((now_s + self.latency_s - self._origin_s) * self._rate_hz) - self._rendered
        if due > MAX_BEHIND_S * self._rate_hz:
            self._restart(now_s)
            due = int(self.latency_s * self._rate_hz)
        if due > 0:
            at_s = self._origin_s + self._rendered / self._rate_hz
            self._rendered += due
            self._render(due, at_s)

    def _restart(self, now_s: float) -> None:
        self._origin_s, self._rendered = now_s, 0

    def status(self) -> Mapping[str, str]:
        """That nobody hears it."""
        return {"device": "null (silent, in real time)"}

    def close(self) -> None:
        """Stop."""
        self._render = None
