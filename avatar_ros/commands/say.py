"""`./avatar say "Hello"`: a running kiosk says it; what of it was heard is printed."""

from __future__ import annotations

import argparse
import sys

READY_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("text", metavar="TEXT", help="what to say")
    parser.add_argument(
        "--when", default="queue", choices=("queue", "now", "interrupt"), help="after what is said, or before"
    )
    parser.add_argument("--expression", default="", help="face to make meanwhile: happy, sad, …")
    add_common(parser)


def add_common(parser: argparse.ArgumentParser) -> None:
    """What all verbs that talk to a running kiosk take."""
    parser.add_argument("--locale", default="", help="language of the words (default: the kiosk's)")
    parser.add_argument("--namespace", default="avatar", help="of the kiosk (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Say it; 0 where it was heard to its end."""
    from ..client import Avatar  # ROS 2 takes half a second to load

    with Avatar(options.namespace) as avatar:
        avatar.wait_until_ready(READY_S)
        said = avatar.say(options.text, when=options.when, locale=options.locale, expression=options.expression)
    print(said.spoken)
    return told(said.reason)


def told(reason: str) -> int:
    """Say why it was not done; the exit code."""
    if reason:
        print(f"not done: {reason}", file=sys.stderr)
    return int(bool(reason))
