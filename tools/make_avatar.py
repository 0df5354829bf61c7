#!/usr/bin/env python3
"""Make the avatars that come with the package: `python tools/make_avatar.py [NAME…]`, or a contact sheet of one.

`ada` is written to models/avatar.zip, the others to models/avatars/NAME.zip. Deterministic: the same numbers give the
same bytes. Needs numpy, scipy and PyYAML; the sheet needs the C++ rasteriser and OpenCV too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from avatar_maker import robot  # noqa: E402
from avatar_maker.build import Character, build_character  # noqa: E402
from avatar_maker.clips import make_clips  # noqa: E402
from avatar_maker.people import PEOPLE  # noqa: E402
from avatar_maker.sample import sample_expression  # noqa: E402
from avatar_maker.writer import write_zip  # noqa: E402

from avatar_ros.core.avatar_names import FIRST  # noqa: E402

#: Name -> how to build it.
BUILDERS: dict[str, Callable[[], Character]] = {
    **{name: partial(build_character, person) for name, person in PEOPLE.items()}, robot.NAME: robot.build_robot
}
ABOUT = {**{name: person.about for name, person in PEOPLE.items()}, robot.NAME: robot.ABOUT}


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Make the built-in avatars, or a contact sheet of one.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BUILDERS)} (default: all)")
    parser.add_argument("--out", type=Path, help="the zip, where one name is given (default: in models/)")
    parser.add_argument("--sheet", type=Path, help="draw a contact sheet of the existing zip into this PNG instead")
    options = parser.parse_args(arguments)
    names = options.names or list(BUILDERS)
    if unknown := [name for name in names if name not in BUILDERS]:
        parser.error(f"unknown name {unknown[0]}; known: {', '.join(BUILDERS)}")
    if (options.out or options.sheet) and len(names) != 1:
        parser.error("--out and --sheet are for one name")
    for name in names:
        out = options.out or file_of(name)
        if options.sheet:
            _draw(out, options.sheet)
        else:
            make(name, out)
    return 0


def file_of(name: str) -> Path:
    """Where the package keeps it."""
    return ROOT / "models" / ("avatar.zip" if name == FIRST else f"avatars/{name}.zip")


def make(name: str, out: Path) -> None:
    """Build one and write it."""
    character = BUILDERS[name]()
    out.parent.mkdir(parents=True, exist_ok=True)
    write_zip(out, character.cloud, character.morphs, character.head_share, make_clips(), sample_expression(),
              ABOUT[name])
    print(f"{out}: {len(character.cloud)} splats, {len(character.morphs)} morphs, {out.stat().st_size / 1e6:.2f} MB")


def _draw(avatar_zip: Path, sheet: Path) -> None:
    from avatar_maker.sheet import draw_sheet

    draw_sheet(avatar_zip, sheet)
    print(f"{sheet}: {sheet.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    sys.exit(main())
