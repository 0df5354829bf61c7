"""`./avatar validate x.zip`: every fault by name with its remedy, and what the avatar has."""

from __future__ import annotations

import argparse

from ..avatar.validate import validate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("avatar", metavar="FILE", help="a LAM .zip or a plain 3DGS .ply")


def run(options: argparse.Namespace) -> int:
    """0: the avatar is good; 2: it is not."""
    report = validate(options.avatar)
    print(report.text())
    return 0 if report.good else 2
