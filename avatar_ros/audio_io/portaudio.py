"""PortAudio through sounddevice: imported when first asked for, rescanned when a device has vanished."""

from __future__ import annotations

import time
from typing import Any

from ..core.errors import ConfigError
from .devices import Device, candidates, sockets_in_use

#: Rates to try where a card does not take ours, in order.
COMMON_RATES_HZ = (48000, 44100, 32000, 16000)
#: A stream that is silent this long is dead: its device was pulled out.
STREAM_TIMEOUT_S = 1.5


def sounddevice() -> Any:
    """The module. Raises ConfigError naming what to install."""
    try:
        import sounddevice as module
    except (ImportError, OSError) as error:  # OSError: the wheel is there, the library is not
        raise ConfigError(
            "backend_not_installed",
            f"PortAudio cannot be used: {error}; install it with: apt install libportaudio2 && pip install sounddevice",
        ) from error
    return module


def rescan() -> None:
    """Have PortAudio look for devices again: it knows those of its start. No stream may be open."""
    module = sounddevice()
    module._terminate()
    module._initialize()


def rescan_quietly() -> None:
    """As `rescan`, if there is a PortAudio at all."""
    try:
        rescan()
    except ConfigError:
        return


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


def monotonic_s() -> float:
    """The device's clock: CLOCK_MONOTONIC."""
    return time.monotonic()
