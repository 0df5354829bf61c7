"""LAM's own page renderer, beside ours in one run: the reader's copy of the npm package gaussian-splat-renderer-for-lam
(npm install gaussian-splat-renderer-for-lam), a LAM avatar (.zip), headless Chromium with its program for WebGL.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test"))

from browser import SOFTWARE_GL, chromium

MODULE = "build/gaussian-splat-renderer-for-lam.module.js"
SIDE, LOAD_S, MEASURE_S = 512, 240.0, 30.0

#: All weights at 0 to 0.5, anew each picture, as in our own race. A picture is counted when its drawing was asked for.
_PAGE = f"""<!doctype html><title>LAM</title><link rel="icon" href="data:,">
<body style="margin:0"><div id="place" style="width:{SIDE}px;height:{SIDE}px"></div>
<script type="module">
import {{ GaussianSplatRenderer }} from '/lam/{MODULE}';
window.pictures = [];
const weights = () => {{
  const names = Object.keys(made.updateBS(null)), k = window.pictures.length;
  return Object.fromEntries(names.map((name, n) => [name, 0.25 + 0.25 * Math.sin(k * 0.3 + n)]));
}};
const made = await GaussianSplatRenderer.getInstance(document.getElementById('place'), '/avatar.zip', {{
  getChatState: () => 'Idle', getExpressionData: () => weights(), loadProgress: (share) => {{ window.loaded = share; }},
}});
const draw = made.viewer.render.bind(made.viewer);
made.viewer.render = () => {{ draw(); window.pictures.push(performance.now()); }};
</script>"""


class _Files(SimpleHTTPRequestHandler):
    """The page, the package's folder below /lam/, the avatar."""

    def __init__(self, package: Path, avatar: Path, *arguments: Any) -> None:
        self._package, self._avatar = package, avatar
        super().__init__(*arguments, directory=str(package))

    def do_GET(self) -> None:
        """One of them."""
        if self.path == "/":
            self._send(_PAGE.encode(), "text/html")
        elif self.path == "/avatar.zip":
            self._send(self._avatar.read_bytes(), "application/zip")
        else:
            self.path = self.path.removeprefix("/lam")
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def _served(package: Path, avatar: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, package, avatar))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def lam_page(package: Path, avatar: Path) -> dict[str, float]:
    """Pictures a second of LAM's page at 512x512; s until the first one and until it says that all is loaded."""
    if not (package / MODULE).is_file():
        raise SystemExit(f"{package} has no {MODULE}: npm install gaussian-splat-renderer-for-lam, and give its folder")
    with _served(package, avatar) as url, chromium(*SOFTWARE_GL) as browser:
        browser.open(url)
        first_ms = float(browser.until("return window.pictures?.[0]", within_s=LOAD_S))
        loaded_ms = float(browser.until("return window.loaded === 1 && performance.now()", within_s=LOAD_S))
        rate = "const since = performance.now() - args[0]; return window.pictures.filter((at) => at > since).length"
        browser.promise("await new Promise((done) => setTimeout(done, args[0]))", 1e3 * MEASURE_S)
        count = int(browser.promise(rate, 1e3 * MEASURE_S))
        return {
            "fps": round(count / MEASURE_S, 2),
            "first_s": round(first_ms / 1e3, 1),
            "loaded_s": round(loaded_ms / 1e3, 1),
        }
