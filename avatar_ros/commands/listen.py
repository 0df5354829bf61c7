"""`./avatar listen`: what somebody says next to a running kiosk is printed, and not answered."""

from __future__ import annotations

import argparse

from .say import READY_S, add_common, told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="for a voice (%(default)s s; 0: none)")
    parser.add_argument("--phrases", nargs="+", default=[], metavar="PHRASE", help="what is waited for")
    add_common(parser)


def run(options: argparse.Namespace) -> int:
    """Listen; 0 where words were understood."""
    from ..client import Avatar

    with Avatar(options.namespace) as avatar:
        avatar.wait_until_ready(READY_S)
        heard = avatar.listen(timeout_s=options.timeout, phrases=options.phrases, locale=options.locale)
    print(heard.transcript)
    return told(heard.reason)
