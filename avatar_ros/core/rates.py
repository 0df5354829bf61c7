"""Sample rates that several rooms agree on."""

from __future__ import annotations

#: All that listens works at this rate, Hz: microphone, ears, encoders.
LISTENING_RATE_HZ = 16000
