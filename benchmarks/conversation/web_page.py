"""`./avatar bench web-page`: the page in a real headless Chromium against a real `./avatar web`, a visitor's voice
through its microphone.

How long until the face is seen (a new browser each time); then, for as long as it is told, one open conversation: every
16 s a known question, and while it is being answered another one over the avatar's voice, which is answered to its end.
Lips against what is heard by the sound card's clock, and how their error changes with time; end of speech to first
sound, and beginning of a voice over the avatar's to silence, both by the page's clock and what its microphone heard;
memory of page, browser and server, of each node too, and its growth after a warm-up: `--minutes 30` is for this and
the slope. `own` is what no file backs: PSS of a library's pages changes with what else runs on the machine.
`--interruptions 20`: the conversation alone, every 8.5 s, until there were so many.

The file of `--json` is written anew with each row. A step that fails is told under `failed`, and the others are done.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.errors import StageError
from avatar_ros.testing.kiosk_process import KioskProcess
from avatar_ros.testing.spoken_questions import RATE_HZ, speak, write_wav
from benchmarks.lib.report import tell
from benchmarks.rendering.browser_page import RACE, Browser, chromium
from benchmarks.rendering.lam_page import lam_page

from .drift import growth_mib, slope_mib_per_half_hour, slope_per_hour
from .memory import descendants, sample
from .web_findings import Findings
from .web_load import open_house, pss_mib, wait_until_well
from .web_page_watch import DRAIN, HEARS, WATCH, Watched, quantiles

FIRST, OVER = "what can you do", "what is your name"
#: s of silence: before a question, from its end to the voice over the answer, and after that; for many interruptions.
PAUSES_S, QUICK_S, LEVEL = (2.0, 2.5, 9.0), (0.5, 2.2, 4.0), 0.4
TALKS = "const talk = avatarApp.conversation; return !!(talk?.connection.alive && talk.microphone && talk.player)"
#: Browsers until one hears the voice, and how long each is given, s.
_TRIES, _VOICE_S = 3, 30.0
_MEMORY = ("page_heap_mib", "browser_pss_mib", "server_pss_mib", "server_own_mib")
_ENDED = "return avatarApp.conversation?.ended === false ? '' : document.getElementById('notice').innerText || '?'"
#: Where it stands: for who asks why nothing more was heard.
_STATE = """
const talk = window.avatarApp.conversation, last = talk?.player?.last;
return talk && { state: talk.state, turn: talk.turn, way: talk.uplink?.way, underruns: talk.player?.underruns,
                 played: last && `${last.turn} ${last.state} ${Math.round(last.sample)}` };
"""


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 where each question was answered and nothing failed."""
    parser = argparse.ArgumentParser(prog="avatar bench web-page", description=__doc__)
    parser.add_argument("--avatar", type=Path, help="FILE (default: the built-in one)")
    parser.add_argument("--minutes", type=float, help="that the conversation lasts (2), or that are waited (5)")
    parser.add_argument("--interruptions", type=int, default=0, help="that many, nothing else (20: 3 minutes)")
    parser.add_argument("--row-s", type=float, default=20.0, help="a row of the result each so many seconds")
    parser.add_argument("--side", type=int, default=512, help="of the picture, pixels")
    parser.add_argument("--openings", type=int, default=5, help="new browsers")
    parser.add_argument("--port", type=int, default=8072)
    parser.add_argument(
        "--lam-page", type=Path, help="npm package gaussian-splat-renderer-for-lam: its page beside ours (--avatar ZIP)"
    )
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args(arguments)
    options.minutes = options.minutes or (5.0 if options.interruptions else 2.0)
    if options.lam_page and not options.avatar:
        parser.error("--lam-page draws a LAM avatar: give one with --avatar")
    with tempfile.TemporaryDirectory() as folder:
        found, whole = _measure(options, Path(folder))
    tell(found, options.json)
    return int(not whole or found["answered"] < found["asked"])


def _measure(options: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], bool]:
    given = ("--avatar", options.avatar) if options.avatar else ()
    arguments = ("--http", options.port, "--profile", open_house(folder), *given)
    url = f"http://127.0.0.1:{options.port}/?pixels={options.side**2}"
    with KioskProcess(*arguments, namespace="bench_page", verb="web") as server:
        wait_until_well(options.port, server)
        findings = Findings(options.json, server)
        findings.keep(load=os.getloadavg()[0])
        if not options.interruptions:
            with findings.step("seen"):
                findings.keep(seen_ms=_openings(url, options.openings))
        with findings.step("talk"), hearing(url, _voice(folder, options)) as browser:
            _talk(browser, server, options, findings)
        if not options.interruptions:
            _race(url, options, server, findings)
        findings.keep(load_after=os.getloadavg()[0])
    return findings.found, findings.whole


def _race(url: str, options: argparse.Namespace, server: KioskProcess, findings: Findings) -> None:
    with findings.step("race"):
        wait_until_well(options.port, server)
        with chromium() as browser:
            _open(browser, url)
            findings.keep(fps_512_race=round(browser.promise(RACE, 200), 1))
    if options.lam_page:
        with findings.step("lam"):
            lam = lam_page(options.lam_page, options.avatar)
            findings.keep(lam=lam, times_lam=round(findings.found["fps_512_race"] / lam["fps"], 1))


def _voice(folder: Path, options: argparse.Namespace) -> Path:
    before_s, talks_s, after_s = QUICK_S if options.interruptions else PAUSES_S
    first, over = ((pcm * LEVEL).astype(np.int16) for pcm in speak([FIRST, OVER]))
    sound = np.concatenate([first, np.zeros(round(talks_s * RATE_HZ), np.int16), over])
    return write_wav(folder / "voice.wav", sound, RATE_HZ, before_s, after_s)


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


@contextlib.contextmanager
def hearing(url: str, voice: Path, *, repeat: bool = True) -> Iterator[Browser]:
    """A page that talks, is watched (WATCH) and hears the voice: Chromium's fake microphone stays silent now and then
    where it was opened on a machine that is busy, so another one is tried. Raises AssertionError after three of them.
    """
    with contextlib.ExitStack() as stack:
        for attempt in range(_TRIES):
            browser = stack.enter_context(chromium(microphone=voice, repeat=repeat))
            _open(browser, url)
            browser.click("#begin")
            browser.until(TALKS)
            browser.js(WATCH)
            try:
                browser.until(HEARS, within_s=_VOICE_S)
            except AssertionError:
                if attempt == _TRIES - 1:
                    raise
                stack.close()
                continue
            break
        yield browser


def _open(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.until("return document.body.dataset.phase === 'ready'")


def _talk(browser: Browser, server: KioskProcess, options: argparse.Namespace, findings: Findings) -> None:
    watched = Watched()
    rows: list[dict[str, Any]] = []
    for row in _rows(options.minutes * 60.0, options.row_s):
        since = len(watched.lips)
        watched.take(browser.js(DRAIN))
        rows.append({"at_s": row, **_lips(watched.lips[since:]), **_memory(browser, server.pid)})
        rows[-1] |= browser.js(_STATE) or {}
        print(rows[-1], file=sys.stderr, flush=True)
        findings.keep(**_figures(browser, watched, rows))
        if ended := browser.js(_ENDED):
            raise StageError("bench_ended", f"the conversation is over after {row} s: {ended}")
        if options.interruptions and len(watched.silences_ms()) >= options.interruptions:
            return
    if options.interruptions:
        raise StageError("bench_few", f"fewer than {options.interruptions} interruptions in {options.minutes} minutes")


def _figures(browser: Browser, watched: Watched, rows: list[dict[str, Any]]) -> dict[str, Any]:
    own = browser.js("return window.avatarApp.conversation?.figures") or {}
    answered, first_ms = watched.first_sounds_ms()
    return {
        "asked": len(watched.utterances()),
        "answered": answered,
        "first_sound_ms": quantiles(first_ms),
        "silence_ms": quantiles(watched.silences_ms()),
        "lip_error_ms": quantiles([abs(error) for _, error in watched.lips]),
        "lip_slope_ms_per_hour": slope_per_hour(watched.lips),
        "fps_speaking": watched.fps(),
        "underruns": own.get("underruns"),
        "cost_ms": own.get("cost_ms"),
        "memory_mib": {name: _change(rows, name) for name in _MEMORY},
        "nodes_mib": {name: _change([row["nodes_own_mib"] | {"at_s": row["at_s"]} for row in rows], name)
                      for name in rows[-1]["nodes_own_mib"]},
        "rows": rows,
    }  # fmt: skip


def _change(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """How much it grew, and its slope with the interval that holds the true one in 95 % of such runs."""
    series = [(row["at_s"], row[name]) for row in rows if name in row]
    length_s = rows[-1]["at_s"]
    half_hour = slope_mib_per_half_hour(series, length_s)
    return {**(growth_mib(series, length_s) or {}), "half_hour": half_hour}


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
    found = {"page_heap_mib": round(heap / (1 << 20), 2), **_server_memory(server)}
    with contextlib.suppress(AttributeError):
        found["browser_pss_mib"] = pss_mib(browser.driver.service.process.pid)
    return found


def _server_memory(server: int) -> dict[str, Any]:
    """MiB of all its processes, and of each name."""
    found = [one for pid in descendants(server) if (one := sample(pid, 0.0)) is not None]
    nodes: dict[str, float] = defaultdict(float)
    for one in found:
        nodes[one.name] += one.own_kib / 1024
    return {
        "server_pss_mib": round(sum(one.pss_kib for one in found) / 1024, 1),
        "server_own_mib": round(sum(nodes.values()), 2),
        "nodes_own_mib": {name: round(mib, 2) for name, mib in sorted(nodes.items())},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
