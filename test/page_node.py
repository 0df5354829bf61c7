"""Runs the page's modules in node, beside what they must do the same as."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "avatar_ros/gateway/page"


def run_node(folder: Path, script: str, given: object) -> Any:
    """What `script`, with `given` and the page's modules at hand, returns."""
    (folder / "given.json").write_text(json.dumps(given))
    text = f"import {{ readFileSync }} from 'node:fs';\nconst page = '{PAGE.as_uri()}/';\n"
    text += f"const given = JSON.parse(readFileSync('{folder}/given.json', 'utf8'));\n{script}"
    (folder / "run.mjs").write_text(text)
    done = subprocess.run(["node", str(folder / "run.mjs")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
