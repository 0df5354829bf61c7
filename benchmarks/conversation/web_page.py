"""`./avatar bench web-page`: the page in a real headless Chromium against a real `./avatar web`, a visitor's voice
through its microphone.

How long until the face is seen (a new browser each time); then, for as long as it is told, one open conversation: every
16 s a known question, and while it is being answered another one over the avatar's voice, which is answered to its end.
Lips against what is heard by the sound card's clock, and how their error changes with time; end of speech to first
sound, and beginning of a voice over the avatar's to silence, both by the page's clock and what its microphone heard;
memory of page, browser and server (PSS) and its growth after a warm-up: `--minutes 30` is for this and the slope.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.testing.kiosk_process import KioskProcess
from avatar_ros.testing.spoken_questions import RATE_HZ, speak, write_wav
from benchmarks.lib.report import tell
from benchmarks.rendering.browser_page import RACE, Browser, chromium
from benchmarks.rendering.lam_page import lam_page

from .drift import growth_mib, slope_per_hour
from .web_load import open_house, pss_mib, wait_until_well
from .web_page_watch import WATCH, Watched, quantiles

FIRST, OVER = "what can you do", "what is your name"
#: s of silence: before a question, from its end to the voice over the answer, and after that.
BEFORE_S, TALKS_S, AFTER_S, LEVEL = 2.0, 2.5, 9.0, 0.4
_TALKS = "const talk = avatarApp.conversation; return !!(talk?.connection.alive && talk.microphone && talk.player)"
_MEMORY = ("page_heap_mib", "browser_pss_mib", "server_pss_mib")
_ENDED = "return avatarApp.conversation?.ended === false ? '' : document.getElementById('notice').innerText || '?'"
#: Where it stands: for who asks why nothing more was heard.
_STATE = """
const talk = window.avatarApp.conversation, last = talk?.player?.last;
return talk && { state: talk.state, turn: talk.turn, way: talk.uplink?.way, underruns: talk.player?.underruns,
                 played: last && `${last.turn} ${last.state} ${Math.round(last.sample)}` };
"""
_DRAIN = "return window.avatarBench.drain()"


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 where each question was answered."""
    parser = argparse.ArgumentParser(prog="avatar bench web-page", description=__doc__)
    parser.add_argument("--avatar", type=Path, help="FILE (default: the built-in one)")
    parser.add_argument("--minutes", type=float, default=2.0, help="that the conversation lasts")
    parser.add_argument("--row-s", type=float, default=20.0, help="a row of the result each so many seconds")
    parser.add_argument("--side", type=int, default=512, help="of the picture, pixels")
    parser.add_argument("--openings", type=int, default=5, help="new browsers")
    parser.add_argument("--port", type=int, default=8072)
    parser.add_argument(
        "--lam-page", type=Path, help="npm package gaussian-splat-renderer-for-lam: its page beside ours (--avatar ZIP)"
    )
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args(arguments)
    if options.lam_page and not options.avatar:
        parser.error("--lam-page draws a LAM avatar: give one with --avatar")
    with tempfile.TemporaryDirectory() as folder:
        found = _measure(options, Path(folder))
    tell(found, options.json)
    return int(found["answered"] < found["asked"])


def _measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    given = ("--avatar", options.avatar) if options.avatar else ()
    arguments = ("--http", options.port, "--profile", open_house(folder), *given)
    url = f"http://127.0.0.1:{options.port}/?pixels={options.side**2}"
    with KioskProcess(*arguments, namespace="bench_page", verb="web") as server:
        wait_until_well(options.port, server)
        found: dict[str, Any] = {"load": os.getloadavg()[0], "seen_ms": _openings(url, options.openings)}
        with chromium(microphone=_voice(folder), repeat=True) as browser:
            _open(browser, url)
            found |= _talk(browser, server.pid, options)
            _open(browser, url)
            found["fps_512_race"] = round(browser.promise(RACE, 200), 1)
        if options.lam_page:
            found["lam"] = lam_page(options.lam_page, options.avatar)
            found["times_lam"] = round(found["fps_512_race"] / found["lam"]["fps"], 1)
    found["load_after"] = os.getloadavg()[0]
    return found


def _voice(folder: Path) -> Path:
    first, over = ((pcm * LEVEL).astype(np.int16) for pcm in speak([FIRST, OVER]))
    pause = np.zeros(round(TALKS_S * RATE_HZ), np.int16)
    sound = np.concatenate([first, pause, over])
    return write_wav(folder / "voice.wav", sound, RATE_HZ, BEFORE_S, AFTER_S)


def _openings(url: str, count: int) -> list[int]:
    """Ms from navigation until the first picture was handed to the screen."""
    found = []
    for _ in range(count):
        with chromium() as browser:
            browser.open("about:blank")
            browser.open(url)
            browser.until("return window.avatarApp?.view?.seen")
            found.append(round(float(browser.js("return window.avatarApp.view.seenMs"))))
    return found


def _open(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.until("return document.body.dataset.phase === 'ready'")


def _talk(browser: Browser, server: int, options: argparse.Namespace) -> dict[str, Any]:
    browser.click("#begin")
    browser.until(_TALKS)
    browser.js(WATCH)
    watched, rows = Watched(), []
    for row in _rows(options.minutes * 60.0, options.row_s):
        since = len(watched.lips)
        watched.take(browser.js(_DRAIN))
        rows.append({"at_s": row, **_lips(watched.lips[since:]), **_memory(browser, server)})
        rows[-1] |= browser.js(_STATE) or {}
        print(rows[-1], file=sys.stderr, flush=True)
        if ended := browser.js(_ENDED):
            raise SystemExit(f"the conversation is over after {row} s: {ended}")
    figures = browser.js("return window.avatarApp.conversation.figures")
    answered, first_ms = watched.first_sounds_ms()
    return {
        "asked": len(watched.utterances()),
        "answered": answered,
        "first_sound_ms": quantiles(first_ms),
        "silence_ms": quantiles(watched.silences_ms()),
        "lip_error_ms": quantiles([abs(error) for _, error in watched.lips]),
        "lip_slope_ms_per_hour": slope_per_hour(watched.lips),
        "fps_speaking": watched.fps(),
        "underruns": figures["underruns"],
        "cost_ms": round(figures["cost_ms"], 1),
        "memory_mib": {name: _growth(rows, name) for name in _MEMORY},
        "rows": rows,
    }


def _growth(rows: list[dict[str, Any]], name: str) -> dict[str, float | int] | None:
    return growth_mib([(row["at_s"], row[name]) for row in rows if name in row], rows[-1]["at_s"])


def _rows(length_s: float, step_s: float) -> Iterator[float]:
    """After each step, until the time is over."""
    began_s = time.monotonic()
    while (past_s := time.monotonic() - began_s) < length_s:
        time.sleep(min(step_s, length_s - past_s))
        yield round(time.monotonic() - began_s)


def _lips(errors: list[tuple[float, float]]) -> dict[str, Any]:
    signed = [error for _, error in errors]
    told = {"lips": quantiles([abs(error) for error in signed])}
    return {**told, "signed_median_ms": round(float(np.median(signed)), 3) if signed else None}


def _memory(browser: Browser, server: int) -> dict[str, Any]:
    browser.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    heap = browser.driver.execute_cdp_cmd("Runtime.getHeapUsage", {})["usedSize"]
    found = {"page_heap_mib": round(heap / (1 << 20), 2), "server_pss_mib": pss_mib(server)}
    with contextlib.suppress(AttributeError):
        found["browser_pss_mib"] = pss_mib(browser.driver.service.process.pid)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
