"""`./avatar soak`: does a kiosk that talks for hours grow, get slower, or lose a question? Measured by benchmarks/."""

from __future__ import annotations

import argparse
from contextlib import suppress

from ..core.errors import ConfigError
from .bench import benchmark

_MODULE = "conversation.soak_cli"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb; none where benchmarks/ is not at hand, which `run` then says."""
    with suppress(ConfigError):
        benchmark(_MODULE).add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """0: all limits kept; 1: one was broken."""
    return int(benchmark(_MODULE).run(options))
