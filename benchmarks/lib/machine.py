"""What the machine is, and sizes on the command line."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from avatar_ros.core.errors import ConfigError


def processor_name() -> str:
    """As /proc/cpuinfo calls it."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()


def parse_size(text: str) -> tuple[int, int]:
    """'512x288' as (512, 288). Raises ConfigError."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not found or not (1 <= int(found[1]) <= 16384 and 1 <= int(found[2]) <= 16384):
        raise ConfigError("bad_size", f"size is '{text}'; give WIDTHxHEIGHT in pixels, such as 512x512")
    return int(found[1]), int(found[2])
