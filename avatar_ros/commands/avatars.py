"""`./avatar avatars`: which avatars are there: a table, a contact sheet (PNG), pictures in the terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from ..avatar.load import load_avatar
from ..avatar.model import Avatar
from ..core.arrays import U8
from ..core.avatar_card import AvatarCard, read_card
from ..core.avatar_names import FIRST, known_avatars
from ..core.errors import AvatarError
from ..core.outputs import check_output, write_whole
from ..core.terminal import printable
from .portraits import contact_sheet, in_characters, portrait

COLUMNS = ("NAME", "SPLATS", "SIZE", "LICENCE", "VOICE", "WHO")
_EPILOG = """\
Each name can be given where a file can: ./avatar kiosk --avatar ben
Avatars of your own are listed too once they lie in ~/.local/share/avatar_ros/avatars; docs/avatars.md says how to make
one and what its avatar.yaml may say.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.epilog = _EPILOG
    parser.add_argument("--sheet", metavar="FILE.png", help="draw them all in some poses into this picture")
    parser.add_argument("--pictures", action="store_true", help="show them here; needs a terminal of 24-bit colours")


def run(options: argparse.Namespace) -> int:
    """0: all could be read; 1: some could not."""
    if options.sheet:
        check_output("--sheet", options.sheet, map(str, known_avatars().values()), (".png",))
    found = {name: _read(path) for name, path in known_avatars().items()}
    lines = [COLUMNS, *(_row(name, path, found[name]) for name, path in known_avatars().items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        print(printable("  ".join([*cells, line[-1]])))
    whole = {name: what[0] for name, what in found.items() if not isinstance(what, AvatarError)}
    for name, avatar in whole.items() if options.pictures else ():
        print(f"\n{printable(name)}\n{in_characters(portrait(avatar))}")
    if options.sheet:
        _write(Path(options.sheet), contact_sheet(whole))
        print(f"{printable(options.sheet)}: {len(whole)} avatars")
    return 0 if len(whole) == len(found) else 1


def _read(path: Path) -> tuple[Avatar, AvatarCard] | AvatarError:
    """One that cannot be read is listed with the reason; it must not hide the others."""
    try:
        return load_avatar(path), read_card(yaml, path)
    except AvatarError as error:
        return error


def _row(name: str, path: Path, what: tuple[Avatar, AvatarCard] | AvatarError) -> tuple[str, ...]:
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    if isinstance(what, AvatarError):
        return (name, "-", size, "-", "-", f"cannot be used: {what.text}")
    avatar, card = what
    title = card.title or str(path)
    shown = f"{title} (shown where no profile names another)" if name == FIRST else title
    return (name, f"{avatar.splats}", size, card.licence or "not told", card.voice or "any", shown)


def _write(path: Path, picture: U8) -> None:
    """Picture [H, W, 3] uint8 RGB as PNG. Raises OSError where it cannot be written."""
    import cv2

    good, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    write_whole(path, _bytes(good, data))


def _bytes(good: bool, data: Any) -> bytes:
    assert good, "OpenCV encodes any uint8 picture as PNG"
    return bytes(data.tobytes())
