"""`./avatar validate x.zip`: every fault by name with its remedy, and what the avatar has."""

from __future__ import annotations

import argparse

from ..core.avatar_names import AXES, avatar_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("avatar", metavar="FILE|NAME", help="a LAM .zip, or splats as .ply, .spz or .splat, or a name")
    add_axes(parser)


def add_axes(parser: argparse.ArgumentParser) -> None:
    """The option of all verbs that read avatars."""
    parser.add_argument(
        "--axes", default=AXES[0], choices=AXES, help="what is up in a file of splats alone (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """0: the avatar is good; 2: it is not."""
    from ..avatar.validate import validate  # it needs numpy, which --help must not

    report = validate(avatar_file(options.avatar), options.axes)
    print(report.text())
    return 0 if report.good else 2
