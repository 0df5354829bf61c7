"""`./avatar bench WHAT`: the measurements behind the documented figures, which live in benchmarks/ of a checkout."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType

from ..core.errors import ConfigError

#: what -> module of benchmarks/ with `main(arguments) -> exit code`
BENCHES = {
    "render": "rendering.speed",
    "voice": "speaking.voice",
    "render-compare": "rendering.compare",
    "render-soak": "rendering.soak",
    "gpu": "rendering.gpu",
    "express": "lips.lips",
    "labiodental": "lips.labiodental",
    "neural": "lips.streaming_cost",
    "hearing": "recognition.cli",
    "directions": "recognition.directions",
    "faces": "recognition.faces",
    "understanding": "understanding.cli",
    "av-sync": "lips.av_sync_recording",
    "turn": "conversation.turn",
    "processor": "conversation.processor",
    "barge-in": "conversation.barge_in",
    "interruptions": "conversation.interruptions",
    "lips-sync": "lips.av_sync_live",
    "two-hosts": "conversation.two_hosts",
    "cable": "conversation.cable",
    "dead-air": "conversation.dead_air",
    "slow-ears": "conversation.slow_ears",
    "floods": "conversation.floods",
    "web": "conversation.web_load",
    "web-page": "conversation.web_page",
    "web-kiosk": "conversation.web_kiosk",
    "web-stress": "conversation.web_stress",
    "recordings": "lips.collect_recordings",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb; what follows WHAT goes to that measurement (try `--help` there)."""
    parser.add_argument("what", choices=tuple(BENCHES), help="what to measure")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help="its own arguments, e.g. --json out.json")


def run(options: argparse.Namespace) -> int:
    """The measurement's own exit code."""
    return int(benchmark(BENCHES[options.what]).main(options.rest))


def verb_of(name: str) -> tuple[Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]]:
    """add_arguments and run of a verb that the module `name` of benchmarks/ does.

    Without benchmarks/ it has no arguments, and `run` says what is missing.
    """

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        with suppress(ConfigError):
            benchmark(name).add_arguments(parser)

    return add_arguments, lambda options: int(benchmark(name).run(options))


def benchmark(name: str) -> ModuleType:
    """The module `name` of benchmarks/. Raises ConfigError where only the package is installed."""
    try:
        return importlib.import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        text = "benchmarks/ is not installed: run ./avatar bench or ./avatar soak in a checkout of avatar_ros"
        raise ConfigError("no_benchmarks", text) from error
