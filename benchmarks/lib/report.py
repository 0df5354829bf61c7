"""What a measurement found, on the screen and in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from avatar_ros.core.outputs import write_whole


def tell(result: Any, path: str | Path | None) -> None:
    """Print `result` as JSON, and write it to `path` too where there is one."""
    text = json.dumps(result, indent=1)
    print(text)
    if path:
        write_whole(path, text + "\n")
