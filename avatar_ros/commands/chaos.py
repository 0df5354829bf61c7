"""`./avatar chaos`: does a conversation survive the sudden death of each of its nodes? Measured by benchmarks/."""

from __future__ import annotations

import argparse
from contextlib import suppress

from ..core.errors import ConfigError
from .bench import benchmark

_MODULE = "conversation.chaos_cli"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb; none where benchmarks/ is not at hand, which `run` then says."""
    with suppress(ConfigError):
        benchmark(_MODULE).add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """0: all cases were fine; 1: one was not."""
    return int(benchmark(_MODULE).run(options))
