"""Whether a service is worth asking: a failing one is left alone for a while, then tried by a single prompt."""

from __future__ import annotations

from enum import Enum

from ..core.fallback import wait_s
from .service_errors import ServiceError


class Circuit(Enum):
    """CLOSED: the service is asked; HALF_OPEN: one prompt tries it, briefly; OPEN: it is left alone."""

    CLOSED = 1
    HALF_OPEN = 2
    OPEN = 3


class CircuitBreaker:
    """probe_after_s: how long a failing service is left alone."""

    def __init__(self, probe_after_s: float) -> None:
        self._probe_after_s = probe_after_s
        self._next_s: float | None = None  # when to try again; None: it is not failing
        self.fault: ServiceError | None = None

    def state(self, now_s: float) -> Circuit:
        """For a prompt that comes now; only one at a time is sent to find out whether the service is back."""
        if self._next_s is None:
            return Circuit.CLOSED
        if now_s < self._next_s:
            return Circuit.OPEN
        self._next_s = now_s + self._probe_after_s
        return Circuit.HALF_OPEN

    def works(self) -> None:
        """A word of an answer came, or its end."""
        self._next_s, self.fault = None, None

    def failed(self, fault: ServiceError, now_s: float) -> None:
        """An answer failed. A fault of this request alone does not mark the service as failing."""
        self.fault = fault
        if fault.lasting:
            self._next_s = now_s + wait_s(self._probe_after_s, fault.retry_after_s)

    def broke_off(self, fault: ServiceError) -> None:
        """An answer broke off after its first words."""
        self.fault = fault
