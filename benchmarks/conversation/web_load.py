"""`./avatar bench web`: `./avatar web` and scripted visitors on real sockets, who speak known questions, more and more
of them at a time; and how long /generate takes.

First sound: from the end of the question as the visitor spoke it to the first sample of the answer that the visitor's
clock plays. Visitors run in this process, beside the server.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.speech.resample import Resampler
from avatar_ros.testing.kiosk_process import KioskProcess
from avatar_ros.testing.spoken_questions import speak
from avatar_ros.testing.web_visitor import WebVisitor
from benchmarks.lib.report import tell

from .memory import descendants, sample

QUESTIONS = ("what can you do", "what is your name", "how are you")
START_S, ANSWER_S = 120.0, 60.0
_LEVEL = 0.3
_QUIET_AFTER_S = 2.0


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 when every question of every level was answered."""
    parser = argparse.ArgumentParser(prog="avatar bench web", description=__doc__)
    parser.add_argument("--visitors", default="1,3,6,12", help="how many at a time, one level after another")
    parser.add_argument("--questions", type=int, default=3, help="of each visitor at each level")
    parser.add_argument("--every-s", type=float, default=14.0, help="from question to question of a visitor")
    parser.add_argument("--port", type=int, default=8070)
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args(arguments)
    sounds = [_at_mic(pcm) for pcm in speak(QUESTIONS)]
    with tempfile.TemporaryDirectory() as folder:
        found = _measure(options, sounds, open_house(Path(folder)))
    tell(found, options.json)
    return int(any(level["answered"] < level["asked"] for level in found["levels"]))


def open_house(folder: Path) -> str:
    """A profile: all visitors come from one address here."""
    limits = folder / "limits.yaml"
    limits.write_text("/**/web_node:\n  ros__parameters: {conversations: 0, conversations_per_address: 0}\n")
    return f"embedded,{limits}"


def _measure(options: argparse.Namespace, sounds: list[np.ndarray], profile: str) -> dict[str, Any]:
    arguments = ("--http", options.port, "--profile", profile)
    with KioskProcess(*arguments, namespace="bench_web", verb="web") as server:
        began_s = time.monotonic()
        wait_until_well(options.port, server)
        found: dict[str, Any] = {"ready_s": round(time.monotonic() - began_s, 2), "levels": []}
        print(f"ready after {found['ready_s']} s", file=sys.stderr, flush=True)
        for count in map(int, options.visitors.split(",")):
            level = asyncio.run(_level(options, sounds, count))
            level["pss_mib"] = pss_mib(server.pid)
            found["levels"].append(level)
            print(level, file=sys.stderr, flush=True)
        found["generate_s"] = _generate(options.port)
    return found


def _at_mic(pcm: np.ndarray) -> np.ndarray:
    resampler = Resampler(24000)
    heard = np.concatenate([resampler.push(pcm), resampler.finish()]) * _LEVEL
    return heard.astype(np.int16)


def pss_mib(pid: int) -> float:
    """All processes of the server."""
    found = [sample(one, 0.0) for one in descendants(pid)]
    return round(sum(one.pss_kib for one in found if one is not None) / 1024, 1)


def wait_until_well(port: int, server: KioskProcess) -> None:
    """Raises SystemExit with its log where it leaves, or is not well in time."""
    until_s = time.monotonic() + START_S
    while server.alive and time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    why = f"was not well within {START_S} s" if server.alive else "has left"
    raise SystemExit(f"the server {why}:\n{server.log}")


async def _level(options: argparse.Namespace, sounds: list[np.ndarray], count: int) -> dict[str, Any]:
    """All visitors, spread evenly over `every_s`."""
    visits = [_visit(options, sounds, i, options.every_s * i / count) for i in range(count)]
    first_ms = [sound for visit in await asyncio.gather(*visits) for sound in visit]
    heard = [one for one in first_ms if one is not None]
    return {
        "visitors": count,
        "asked": len(first_ms),
        "answered": len(heard),
        "first_sound_ms": {
            "median": round(float(np.median(heard))) if heard else None,
            "p95": round(float(np.percentile(heard, 95))) if heard else None,
        },
    }


async def _visit(
    options: argparse.Namespace, sounds: list[np.ndarray], number: int, after_s: float
) -> list[float | None]:
    await asyncio.sleep(after_s)
    found: list[float | None] = []
    quiet = np.random.default_rng(number).normal(0, 3, round(16000 * _QUIET_AFTER_S)).astype(np.int16)
    async with WebVisitor(f"ws://127.0.0.1:{options.port}/ws") as visitor:
        await visitor.until(lambda: visitor.session)
        for i in range(options.questions):
            next_s = time.monotonic() + options.every_s
            known = set(visitor.turns)
            await visitor.speak(sounds[(number + i) % len(sounds)])
            ended_s = time.monotonic()
            silence = asyncio.create_task(visitor.speak(quiet))
            found.append(await _first_sound(visitor, known, ended_s))
            await silence
            await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        await visitor.send(kind="bye")  # as a page does, or its session would wait for it beside those that come
    return found


async def _first_sound(visitor: WebVisitor, known: set[int], ended_s: float) -> float | None:
    """ms; None: no answer came."""

    def begun() -> list[float]:
        return [turn.start_s for number, turn in visitor.turns.items() if number not in known and turn.start_s]

    try:
        await visitor.until(begun, ANSWER_S)
    except TimeoutError:
        return None
    return (begun()[0] - ended_s) * 1e3


def _generate(port: int) -> dict[str, list[float]]:
    """Three requests each: about 3 s of speech as a JPEG, and as an MP4 of 512x512 at 30 frames a second."""
    text = "Good morning, I am the avatar of this house, and I am glad to meet you here."
    return {kind: [_one(port, text, kind) for _ in range(3)] for kind in ("jpeg", "mp4")}


def _one(port: int, text: str, kind: str) -> float:
    fields = {"text": text, "format": kind}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    body = ("".join(parts) + "--x--\r\n").encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/generate", body, {"content-type": "multipart/form-data; boundary=x"}
    )
    began_s = time.monotonic()
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()
    return round(time.monotonic() - began_s, 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
