"""How the page does in a headless Chromium without a graphics card, beside a server with the product's own stages.

./avatar exec python benchmarks/rendering/browser_page.py AVATAR.zip [--json out.json]: opening until the face is seen
(cold cache, several times), sizes on the wire, pictures a second at 512x512 without a break, and while it speaks, lips
against what is heard.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test"))

from avatar_ros.avatar.load import load_avatar
from avatar_ros.core.outputs import write_whole
from browser import Browser, chromium
from page_server import PageServer

OPENINGS = 5
QUESTION = "what can you do"
#: As fast as it can, one after the other, in the worker: what the screen's refreshes allow does not count.
RACE = """
const { view } = window.avatarApp;
const { renderer, avatar } = view.choice;
view.painter.stop();
await new Promise((done) => setTimeout(done, 500));
renderer.queue.pictures.length = 0;
renderer.resize(512, 512);
const { poseMatrix } = await import('/static/pose.js');
const weights = new Float32Array(52), draws = [];
const one = (k) => new Promise((done) => {
  renderer.onready = () => { renderer.present(); done(); };
  for (let n = 0; n < 52; ++n) weights[n] = 0.25 + 0.25 * Math.sin(k * 0.3 + n);
  const turn = 0.1 * Math.sin(k * 0.1), length = Math.hypot(1, turn);
  const pose = { rotation: [1 / length, 0, turn / length, 0], translation: [0, 0, 0] };
  renderer.submit(weights, poseMatrix(pose, avatar.pivot), { atS: 0 });
});
for (let k = 0; k < 10; ++k) await one(k);
const started = performance.now();
for (let k = 0; k < args[0]; ++k) await one(k);
return args[0] / (performance.now() - started) * 1000;
"""


def openings(server: PageServer) -> list[float]:
    """Milliseconds from navigation until the first picture was handed to the screen, each in a new browser."""
    found = []
    for _ in range(OPENINGS):
        with chromium() as browser:
            browser.open("about:blank")
            browser.open(server.url)
            browser.until("return window.avatarApp?.view?.seen")
            found.append(float(browser.js("return window.avatarApp.view.seenMs")))
    return found


def talk(browser: Browser, server: PageServer) -> dict[str, Any]:
    """A typed question, answered: pictures a second and lips while it speaks."""
    browser.js(
        "window.times = []; window.avatarApp.view.addEventListener('shown', "
        "(e) => e.detail.pose.sample >= 0 && window.times.push(e.detail.seenS))"
    )
    browser.click("#begin-typing")
    browser.until("return window.avatarApp.conversation?.connection.alive")
    for _ in range(3):
        since = len(server.clocks)
        browser.write("#text", QUESTION)
        browser.click("#typing button")
        browser.wait(lambda since=since: any(c["state"] == "ended" for c in server.clocks[since:]))
        time.sleep(1)
    times = browser.js("return window.times")
    steps = [b - a for a, b in pairwise(times) if b - a < 0.5]
    errors = browser.js("return window.avatarApp.conversation.lipError.errorsMs")
    sizes = sorted(abs(error) for error in errors)
    figures = browser.js("return window.avatarApp.conversation.figures")
    return {
        "fps_speaking": len(steps) / sum(steps),
        "lip_error_ms": {"median_signed": statistics.median(errors), "median": sizes[len(sizes) // 2],
                         "p95": sizes[int(0.95 * len(sizes))], "most": sizes[-1], "pictures": len(sizes)},
        "figures": figures,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("avatar", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = PageServer(Path(folder), {"james": load_avatar(options.avatar)})
        out: dict[str, Any] = {"opening_ms": openings(server), "wire_bytes": dict(server.bytes_sent)}
        with chromium() as browser:
            browser.open(f"{server.url}/?pixels={512 * 512}")
            browser.until("return document.body.dataset.phase === 'ready'")
            out |= talk(browser, server)
            browser.open(f"{server.url}/?pixels={512 * 512}")
            browser.until("return document.body.dataset.phase === 'ready'")
            out["fps_512"] = browser.promise(RACE, 200)
        server.close()
    text = json.dumps(out, indent=1)
    print(text)
    if options.json:
        write_whole(options.json, text)


if __name__ == "__main__":
    main()
