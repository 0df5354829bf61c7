"""Which sound device to use. Pure but for `sockets_in_use`, which reads what Linux says of HDMI sockets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError

#: A row of sounddevice.query_devices(): name, index, max_input_channels, max_output_channels, …
Device = Mapping[str, Any]

_SCREEN = re.compile(r"hdmi|display ?port|nvidia|\bdp\b", re.IGNORECASE)
#: Inputs that hear what the computer plays, and devices that are only names for others.
_NO_MICROPHONE = re.compile(r"monitor of|loopback", re.IGNORECASE)
_FIRST_CARD = re.compile(r"\(hw:0,")


def candidates(devices: Sequence[Device], wanted: str, channels: str, default: int, screen_sound: bool) -> list[Device]:
    """Devices to try, best first. Raises ConfigError naming what there is.

    wanted: "auto", a number, or part of a name; channels: "max_input_channels" or "max_output_channels";
    default: index of PortAudio's default device, -1 for none; screen_sound: a plugged-in screen takes sound.
    """
    usable = [device for device in devices if device[channels] > 0]
    if wanted not in ("auto", ""):
        return [_named(usable, wanted, channels)]
    if not usable:
        raise _missing(channels, usable, "no sound device was found")
    fit = [device for device in usable if _fits(device, channels, screen_sound)]
    if not fit:
        raise _missing(channels, usable, "only sockets of screens that are not plugged in were found")
    first = None if _default_is_unplugged(usable, screen_sound) else default
    return sorted(fit, key=lambda device: device["index"] != first)


def _fits(device: Device, channels: str, screen_sound: bool) -> bool:
    if channels == "max_input_channels":
        return not _NO_MICROPHONE.search(device["name"])
    return screen_sound or not _SCREEN.search(device["name"])


def _default_is_unplugged(usable: Sequence[Device], screen_sound: bool) -> bool:
    """ALSA's default is card 0, which on many computers is the socket of a screen that is not there."""
    first_card = [device["name"] for device in usable if _FIRST_CARD.search(device["name"])]
    return bool(first_card) and not screen_sound and all(_SCREEN.search(name) for name in first_card)


def _named(usable: Sequence[Device], wanted: str, channels: str) -> Device:
    for device in usable:
        if wanted == str(device["index"]) or wanted == device["name"]:
            return device
    for device in usable:
        if wanted.lower() in device["name"].lower():
            return device
    raise _missing(channels, usable, f"there is no '{wanted}'")


def _missing(channels: str, usable: Sequence[Device], what: str) -> ConfigError:
    microphone = channels == "max_input_channels"
    names = ", ".join(f"{device['index']} '{device['name']}'" for device in usable) or "none"
    remedy = (
        "use --mic FILE.wav or --mic none" if microphone else "without one, speech is paced silently (backend null)"
    )
    return ConfigError(
        "no_microphone" if microphone else "no_loudspeaker",
        f"no {'microphone' if microphone else 'loudspeaker'}: {what}; found: {names}; plug one in, or {remedy}",
    )


def sockets_in_use(root: Path = Path("/proc/asound")) -> bool:
    """Whether a screen that takes sound is plugged into any HDMI or DisplayPort socket (ALSA's ELD files)."""
    for path in root.glob("card*/eld#*"):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        if re.search(r"monitor_present\s+1", text):
            return True
    return False
