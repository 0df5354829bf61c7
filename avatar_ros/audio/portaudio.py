"""PortAudio through sounddevice: imported when first asked for, rescanned when a device has vanished."""

from __future__ import annotations

import os
import time
from typing import Any

from ..core.errors import ConfigError
from .devices import Device, candidates, sockets_in_use

#: Rates to try where a card does not take ours, in order.
COMMON_RATES_HZ = (48000, 44100, 32000, 16000)
#: A driver's stamp that is older than this is of a clock that we do not know.
_OLDEST_STAMP_S = 0.5

#: Ids of the CardStreams that are open.
open_streams: set[int] = set()


def sounddevice() -> Any:
    """The module. Raises ConfigError naming what to install."""
    # It would cut PulseAudio's buffer behind ALSA's back, which then waits for room that never comes: silence for ever.
    os.environ.pop("PULSE_LATENCY_MSEC", None)
    try:
        import sounddevice as module
    except (ImportError, OSError) as error:  # OSError: the wheel is there, the library is not
        raise ConfigError(
            "backend_not_installed",
            f"PortAudio cannot be used: {error}; install it with: sudo apt install libportaudio2 && ./avatar setup",
        ) from error
    return module


def rescan() -> None:
    """Have PortAudio look for devices again: it knows those of its start. Not while a stream is open: it would die."""
    if open_streams:
        return
    try:
        module = sounddevice()
    except ConfigError:
        return
    module._terminate()
    module._initialize()


def find(wanted: str, *, output: bool) -> list[Device]:
    """Devices to try, best first. Raises ConfigError."""
    module = sounddevice()
    channels = "max_output_channels" if output else "max_input_channels"
    default = module.default.device[1 if output else 0]
    return candidates(list(module.query_devices()), wanted, channels, default, sockets_in_use())


def lead_s(now_s: float, event_s: float, latency_s: float) -> float:
    """Seconds between the callback and the instant at the device; where a driver says nonsense, the latency."""
    lead = abs(event_s - now_s)
    return lead if 0.0 < lead < 1.0 and now_s > 0 and event_s > 0 else latency_s


def stamp_age_s(stamp_s: float, monotonic_now_s: float, wall_now_s: float) -> float:
    """How long ago a driver's time stamp was taken, s; 0 where it is of neither clock.

    ALSA stamps with the wall clock or the monotonic one, and a thread that waits for Python's lock comes late to its
    callback: what is `lead_s` away is so from the stamp, not from now.
    """
    for now_s in (monotonic_now_s, wall_now_s):
        if 0.0 <= now_s - stamp_s < _OLDEST_STAMP_S:
            return now_s - stamp_s
    return 0.0


def wall_s() -> float:
    """The time of day, which drivers stamp with."""
    return time.time()


def monotonic_s() -> float:
    """The device's clock: CLOCK_MONOTONIC."""
    return time.monotonic()
