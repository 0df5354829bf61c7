#!/usr/bin/env python3
"""Make the built-in avatar: `python tools/make_avatar.py` writes models/avatar.zip, `--sheet FILE` its contact sheet.

Deterministic: the same numbers give the same bytes. Needs numpy and scipy; the sheet needs the C++ rasteriser and
OpenCV too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from avatar_maker.build import build_character  # noqa: E402
from avatar_maker.clips import make_clips  # noqa: E402
from avatar_maker.sample import sample_expression  # noqa: E402
from avatar_maker.writer import write_zip  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Make the built-in avatar, or a contact sheet of it.")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "avatar.zip", help="the zip (models/avatar.zip)")
    parser.add_argument("--sheet", type=Path, help="draw a contact sheet of the existing zip into this PNG instead")
    options = parser.parse_args(arguments)
    if options.sheet:
        from avatar_maker.sheet import draw_sheet

        draw_sheet(options.out, options.sheet)
        print(f"{options.sheet}: {options.sheet.stat().st_size / 1e6:.2f} MB")
        return 0
    character = build_character()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_zip(options.out, character.cloud, character.morphs, character.head_share, make_clips(), sample_expression())
    print(f"{options.out}: {len(character.cloud)} splats, {len(character.morphs)} morphs, "
          f"{options.out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
