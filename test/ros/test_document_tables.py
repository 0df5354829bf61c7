"""The tables of docs/ are what the code says."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from kiosk_process import ROOT

pytestmark = pytest.mark.ros


def test_tables_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/write_tables.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"run: python tools/write_tables.py\n{done.stderr}"
