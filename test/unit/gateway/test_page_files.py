"""The page's files: what is made of others is up to date, nothing comes from elsewhere, nothing is put in as HTML."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_ros.gateway.page_files import PageFiles
from avatar_ros.gateway.page_text import sent_text

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
OF_WASM = {"renderer_wasm.js", "wasm_raster.js", "raster_worker.js", "raster_thread.js", "raster.wasm"}
OF_OTHER_PAGES = {"embed.html", "embed.js", "avatar_head.js", "admin.css"}


@pytest.mark.parametrize("unused", [OF_GL, OF_WASM, set()], ids=["WebAssembly", "WebGL", "both renderers"])
def test_the_script_and_the_code_are_small_on_the_wire(unused):
    """What a visitor's browser fetches, as it is sent: one of the two renderers is imported when it is chosen."""
    files = PageFiles(PAGE).files
    fetched = {name: file for name, file in files.items() if name not in OF_OTHER_PAGES | unused}
    assert OF_GL & set(fetched) or OF_WASM & set(fetched)
    sizes = {name: len(file.packed) for name, file in fetched.items()}
    assert sum(sizes.values()) < 80_000, sizes


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (apt install nodejs)")
def test_what_is_sent_of_a_script_is_the_same_program(tmp_path):
    scripts = {name: file for name, file in PageFiles(PAGE).files.items() if name.endswith(".js")}
    for name, file in scripts.items():
        (tmp_path / name).write_bytes(file.data)
    command = ["node", "--expose-internals", ROOT / "test/page/same_programs.cjs", PAGE, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and len(scripts) > 30


def test_comments_and_indents_are_left_out_and_nothing_else():
    written = r"""
    // a comment
    const url = 'https://a//b', same = /[/"']\/\/x/g; // and another
    /** Of two lines:
     * @param {number} x */
    const text = `// none
        ${url} /* none */`;
    f(1 / 2, 3 /* three */ / 4);
"""
    sent = r"""const url='https://a//b',same=/[/"']\/\/x/g;const text=`// none
        ${url} /* none */`;f(1/2,3/4);"""
    assert sent_text(".js", written) == sent
    assert sent_text(".css", "a { b: '/* c */'; }\n  /* d */\n  e { f: g; }\n") == "a{b:'/* c */'}e{f:g}"
    assert sent_text(".html", " <!-- stays -->\n") == " <!-- stays -->\n"


def test_the_readable_source_is_served_too():
    pages = PageFiles(PAGE)
    written = (PAGE / "painter.js").read_bytes()
    assert pages.answer("painter.js", {}, source=True).body == written
    assert pages.answer("painter.js", {}).body != written
    assert pages.answer("painter.js", {}).headers["etag"] != pages.answer("painter.js", {}, source=True).headers["etag"]


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
