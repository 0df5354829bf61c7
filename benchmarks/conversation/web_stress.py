"""`./avatar bench web-stress`: what strangers, many visitors and time do to `./avatar web`.

Hostile sockets (garbage, nothing, too much, too slowly, half a handshake, no reading) come from other addresses of the
loopback network while one visitor asks typed questions: first sound without them, and with them. Then sessions are
opened and left, and the memory of all the server's processes (PSS) is told before, with some open, and after.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.testing.kiosk_process import KioskProcess
from avatar_ros.testing.web_visitor import WebVisitor
from benchmarks.lib.report import tell

from .web_load import open_house, pss_mib, wait_until_well

QUESTIONS = ("what can you do", "what is your name", "how are you")
#: Sessions that are open for a moment to see what one takes, and how long memory is given to settle, s.
OPEN_AT_ONCE, SETTLE_S = 10, 5.0
#: Until all hostile sockets are up, s.
BEGIN_S = 5.0
_HOSTILE = "benchmarks.conversation.hostile_sockets"


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 when every question was answered."""
    parser = argparse.ArgumentParser(prog="avatar bench web-stress", description=__doc__)
    parser.add_argument("--sockets", type=int, default=200, help="hostile ones, kept up until the end")
    parser.add_argument("--questions", type=int, default=20, help="of the visitor, without and with them")
    parser.add_argument("--opened", type=int, default=500, help="sessions that are opened and left again")
    parser.add_argument("--port", type=int, default=8071)
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = _measure(options, open_house(Path(folder)))
    tell(found, options.json)
    return int(any(level["answered"] < level["asked"] for level in found["strangers"].values()))


def _measure(options: argparse.Namespace, profile: str) -> dict[str, Any]:
    with KioskProcess("--http", options.port, "--profile", profile, namespace="bench_stress", verb="web") as server:
        wait_until_well(options.port, server)
        found: dict[str, Any] = {"load": os.getloadavg()[0]}
        found["strangers"] = asyncio.run(_strangers(options))
        print(found["strangers"], file=sys.stderr, flush=True)
        found["memory"] = asyncio.run(_memory(options, server.pid))
    return found


# --- strangers -----------------------------------------------------------------------------------------------------


async def _strangers(options: argparse.Namespace) -> dict[str, Any]:
    url = f"ws://127.0.0.1:{options.port}/ws"
    async with WebVisitor(url) as visitor:
        await visitor.until(lambda: visitor.session)
        await _ask(visitor, 2)  # warm
        alone = _figures(await _ask(visitor, options.questions))
        hostile = subprocess.Popen([sys.executable, "-m", _HOSTILE, str(options.port), str(options.sockets)])
        try:
            await asyncio.sleep(BEGIN_S)
            beside = _figures(await _ask(visitor, options.questions))
        finally:
            hostile.kill()
            hostile.wait()
    return {"alone": alone, "beside": beside}


async def _ask(visitor: WebVisitor, questions: int) -> list[float | None]:
    """First sound of each typed question after it was sent, ms; None: no answer."""
    found: list[float | None] = []
    for i in range(questions):
        known, sent_s = set(visitor.turns), time.monotonic()

        def begun(known: set[int] = known) -> list[float]:
            return [turn.start_s for number, turn in visitor.turns.items() if number not in known and turn.start_s]

        await visitor.type(QUESTIONS[i % len(QUESTIONS)])
        try:
            await visitor.until(begun, 60.0)
        except TimeoutError:
            found.append(None)
            continue
        found.append((begun()[0] - sent_s) * 1e3)
        await visitor.send(kind="interrupt")
        await asyncio.sleep(0.5)
    return found


def _figures(found: list[float | None]) -> dict[str, Any]:
    heard = [one for one in found if one is not None]
    told: dict[str, Any] = {"asked": len(found), "answered": len(heard)}
    if heard:
        told |= {"median_ms": round(float(np.median(heard))), "p95_ms": round(float(np.percentile(heard, 95)))}
    return told


# --- memory ----------------------------------------------------------------------------------------------------------


async def _memory(options: argparse.Namespace, pid: int) -> dict[str, float]:
    """MiB of all processes: before; with OPEN_AT_ONCE more sessions that have had an answer; after all were left."""
    url = f"ws://127.0.0.1:{options.port}/ws"
    await _visits(url, OPEN_AT_ONCE)  # whatever is made once is made
    await asyncio.sleep(SETTLE_S)
    before = pss_mib(pid)
    async with contextlib.AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(WebVisitor(url)) for _ in range(OPEN_AT_ONCE)]
        for visitor in visitors:
            await visitor.until(partial(getattr, visitor, "session"))
            await _ask(visitor, 1)
        opened = pss_mib(pid)
        for visitor in visitors:
            await visitor.send(kind="bye")
    for _ in range(options.opened // OPEN_AT_ONCE):
        await _visits(url, OPEN_AT_ONCE)
    await asyncio.sleep(SETTLE_S)
    after = pss_mib(pid)
    growth = {"before_mib": before, "after_mib": after, "growth_mib": round(after - before, 1)}
    return {**growth, "a_session_mib": round((opened - before) / OPEN_AT_ONCE, 2), "opened": options.opened}


async def _visits(url: str, count: int) -> None:
    async def one() -> None:
        async with WebVisitor(url) as visitor:
            await visitor.until(lambda: visitor.session)
            await visitor.send(kind="bye")

    await asyncio.gather(*(one() for _ in range(count)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
