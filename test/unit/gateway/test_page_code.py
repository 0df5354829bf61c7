"""The page's own logic, run by node: resampling, playback, clocks, captions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "avatar_ros/gateway/page"
TESTS = sorted((ROOT / "test/page").glob("*.test.mjs"))

#: Checks the types of the page's modules (test/page/tsconfig.json); longest wait for npm to bring it, s.
TYPESCRIPT, FETCH_S = "7.0.2", 60

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (apt install nodejs)")


@needs_node
@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_page_logic(file):
    done = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "# pass 0" not in done.stdout


def test_there_are_such_tests():
    assert len(TESTS) >= 4


def test_types_are_right():
    """By the pinned TypeScript; skipped where npm cannot bring it."""
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed (apt install npm)")
    tsc = ["npx", "--yes", "--prefer-offline", "-p", f"typescript@{TYPESCRIPT}", "tsc"]
    try:
        known = subprocess.run([*tsc, "--version"], capture_output=True, text=True, timeout=FETCH_S, cwd=ROOT)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not bring typescript {TYPESCRIPT} within {FETCH_S} s")
    if known.returncode != 0 or TYPESCRIPT not in known.stdout:
        pytest.skip(f"npm cannot bring typescript {TYPESCRIPT} here")
    done = subprocess.run([*tsc, "-p", "test/page"], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout
