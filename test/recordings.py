"""Where tests look for recordings and avatars that are no part of the project: they skip where there are none."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("AVATAR_ROS_TEST_DATA") or ROOT.parent / "shared" / "data")
