"""The page's own logic, run by node: resampling, playback, clocks, captions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "avatar_ros/gateway/page"
TESTS = sorted((ROOT / "test/page").glob("*.test.mjs"))

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (apt install nodejs)")


@needs_node
@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_page_logic(file):
    done = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "# pass 0" not in done.stdout


def test_there_are_such_tests():
    assert len(TESTS) >= 4
