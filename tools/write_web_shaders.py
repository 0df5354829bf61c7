"""Writes the shaders of render/gl_shaders.py as a JavaScript module for the page, so that the formulas stand once.

./avatar exec python tools/write_web_shaders.py; test/unit/gateway/test_page_files.py says when that was forgotten.
"""

from __future__ import annotations

import json
from pathlib import Path

from avatar_ros.render import gl_shaders

TARGET = Path(__file__).resolve().parents[1] / "avatar_ros/gateway/page/shaders.js"
NAMES = ("SIDE", "KEY_STEPS", "EMBEDDED", "SIDES", "EVERY_PIXEL", "PROJECT", "SPLAT_VERTEX", "SPLAT", "FINISH")


def module_text() -> str:
    """The module's text."""
    lines = ["// Made by tools/write_web_shaders.py of render/gl_shaders.py: change that.", ""]
    for name in NAMES:
        value = getattr(gl_shaders, name)
        text = f"`{value}`" if isinstance(value, str) else json.dumps(value)
        if isinstance(value, str) and ("`" in value or "${" in value or "\\" in value):
            raise ValueError(f"{name} holds what a JavaScript template would read otherwise")
        lines.append(f"export const {name} = {text};")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(module_text())
    print(TARGET)
