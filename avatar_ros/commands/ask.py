"""`./avatar ask "Tea or coffee?" --choices tea coffee`: a running kiosk asks; the answer is printed."""

from __future__ import annotations

import argparse

from .say import READY_S, add_common, told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("question", metavar="QUESTION", help="what to ask")
    parser.add_argument(
        "--choices", nargs="+", default=[], metavar="CHOICE", help='answers that there are: "yes|sure" no'
    )
    parser.add_argument(
        "--timeout", type=float, default=8.0, metavar="S", help="for an answer, each time (%(default)s s)"
    )
    add_common(parser)


def run(options: argparse.Namespace) -> int:
    """Ask; 0 where there is an answer."""
    from ..client import Avatar

    with Avatar(options.namespace) as avatar:
        avatar.wait_until_ready(READY_S)
        answer = avatar.ask(options.question, options.choices, timeout_s=options.timeout, locale=options.locale)
    print(options.choices[answer.choice].partition("|")[0] if answer.choice >= 0 else answer.answer)
    return told(answer.reason)
