"""Where measurements find recordings of people, rooms and avatars, none of which is part of the project."""

from __future__ import annotations

import os
from pathlib import Path

from avatar_ros.core.avatar_names import avatar_file

ROOT = Path(__file__).resolve().parents[2]
#: Where `./avatar bench recordings` puts them.
COLLECTED = ROOT / "recordings"
HOW_TO_GET = "./avatar bench recordings puts one together (models/README.md)"


def lips_file(avatar: str, data: Path) -> Path:
    """The avatar whose lips are measured: a path, a name in DATA/avatars, or one of `./avatar avatars`."""
    recorded = data / "avatars" / avatar
    return recorded if recorded.is_file() and not Path(avatar).is_file() else avatar_file(avatar)


def default_data() -> Path:
    """$AVATAR_ROS_TEST_DATA, else recordings/ of the checkout, else shared/data beside it."""
    beside = ROOT.parent / "shared" / "data"
    if named := os.environ.get("AVATAR_ROS_TEST_DATA"):
        return Path(named)
    return beside if beside.is_dir() and not COLLECTED.is_dir() else COLLECTED
