"""The page's files: what is made of others is up to date, nothing comes from elsewhere, nothing is put in as HTML."""

from __future__ import annotations

import gzip
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "avatar_ros/gateway/page"
TEXTS = sorted(path for path in PAGE.iterdir() if path.suffix in (".js", ".html", ".css"))


def tool(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_shaders_are_those_of_the_kiosk():
    expected = tool("write_web_shaders").module_text()
    assert (PAGE / "shaders.js").read_text() == expected, "run: ./avatar exec python tools/write_web_shaders.py"


@pytest.mark.skipif(shutil.which("em++") is None, reason="emscripten is not installed (apt install emscripten)")
def test_the_built_rasteriser_is_that_of_the_sources(tmp_path):
    version = subprocess.run(["em++", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    command = [ROOT / "tools/build_web.sh", tmp_path / "raster.wasm"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr
    built, kept = (path.read_bytes() for path in (tmp_path / "raster.wasm", PAGE / "raster.wasm"))
    if "3.1.6" in version:
        assert built == kept, "sources and artefact differ; run: ./tools/build_web.sh"
    assert abs(len(built) - len(kept)) < 0.3 * len(kept)


OF_GL = {"renderer_gl.js", "gl_scene.js", "gl_target.js", "gl_program.js", "shaders.js"}
OF_WASM = {"renderer_wasm.js", "wasm_raster.js", "raster_worker.js", "raster.wasm"}
OF_OTHER_PAGES = {"embed.html", "embed.js", "avatar_head.js"}


@pytest.mark.parametrize("unused", [OF_GL, OF_WASM], ids=["WebAssembly", "WebGL"])
def test_the_script_and_the_code_are_small_on_the_wire(unused):
    """What a visitor's browser fetches: one of the two renderers is imported when it is chosen."""
    fetched = {
        path.name: path for path in PAGE.iterdir() if path.is_file() and path.name not in OF_OTHER_PAGES | unused
    }
    assert OF_GL & set(fetched) or OF_WASM & set(fetched)
    sizes = {name: len(gzip.compress(path.read_bytes(), 9)) for name, path in fetched.items()}
    assert sum(sizes.values()) < 80_000, sizes


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_put_in_as_html(path):
    text = path.read_text()
    assert not re.search(r"https?://(?!www\.w3\.org/)[a-z0-9]", text), "an address of another server"
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=", text), "the policy forbids it"
    assert len(text.splitlines()) <= 300


def test_every_module_that_is_imported_is_there():
    for path in TEXTS:
        if path.suffix == ".js":
            for name in re.findall(r"(?:from|import\() ?'\./([^']+)'", path.read_text()):
                assert (PAGE / name).is_file(), f"{path.name} imports {name}"
