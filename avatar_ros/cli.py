"""The command line. Bad input ends with one line and exit code 2, never with a traceback."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .core.errors import AvatarRosError
from .core.machine import machine_fault
from .core.private import keep_private
from .core.terminal import printable

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

#: verb -> (module with `add_arguments(parser)` and `run(options) -> int`, one line for --help)
VERBS = {
    "kiosk": ("kiosk", "talk with the avatar: microphone, speaker, screen"),
    "web": ("web", "talk with the avatar in a browser; pictures and videos over HTTP"),
    "say": ("say", "have a running kiosk say something"),
    "ask": ("ask", "have a running kiosk ask something, and print the answer"),
    "listen": ("listen", "print what somebody says next to a running kiosk"),
    "record": ("record", "a running kiosk's conversation into a file (MCAP)"),
    "replay": ("replay", "a recorded conversation drives face and loudspeaker again"),
    "viewers": ("viewers", "layouts for rviz and Foxglove, for the avatar of any namespace"),
    "express": ("express", "sound in, ARKit expression weights out (JSON)"),
    "render": ("render", "avatar and expression file in, video or pictures out"),
    "avatars": ("avatars", "list the avatars that are there, with pictures"),
    "validate": ("validate", "check an avatar file and name what is wrong with it"),
    "doctor": ("doctor", "what works on this machine, what does not, and what to do about it"),
    "fetch": ("fetch", "download optional models, with a progress bar and a checksum"),
    "soak": ("soak", "talk without a pause for so many minutes: does it grow, get slower, lose a question?"),
    "chaos": ("chaos", "kill and hold nodes at random moments of a conversation: does it go on?"),
    "bench": ("bench", "measure: render, express, neural, hearing, turn, barge-in, interruptions, dead-air, av-sync"),
}

#: Verbs that work on files alone, whose names may be any bytes. What goes to nodes must be text: ROS takes UTF-8.
FILE_VERBS = ("express", "render", "avatars", "validate", "doctor", "fetch", "viewers", "record")

EPILOG = """\
examples:
  ./avatar kiosk                                     talk
  ./avatar kiosk --mic question.wav --display off --record out.mp4 --turns 1 --report turns.json
  ./avatar web                                       talk in a browser
  ./avatar express speech.wav weights.json --text "Hello there."
  ./avatar render --avatar head.zip --expression weights.json --audio speech.wav --out out.mp4
  ./avatar validate head.zip

--yes before or after the verb sets up without asking.
`./avatar VERB --help` says more. Exit codes: 0 done, 1 failed, 2 bad input or configuration.
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {printable(message)} (see {self.prog} --help)\n")


def parser_for(verb: str | None) -> argparse.ArgumentParser:
    """The parser; only the chosen verb's module is imported, so that --help is quick."""
    parser = _Parser(
        prog="avatar",
        description="A talking face for robots and kiosks.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, (module, text) in VERBS.items():
        sub = verbs.add_parser(name, help=text, description=sentence(name))
        sub.formatter_class = argparse.RawDescriptionHelpFormatter
        if name == verb:
            command = importlib.import_module(f".commands.{module}", __package__)
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the process's exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    verb = next((a for a in arguments if not a.startswith("-")), None)
    parser = parser_for(verb)
    if verb not in FILE_VERBS and (broken := [word for word in arguments if _no_text(word)]):
        parser.error(f"'{broken[0]}' is no text in UTF-8; give another name, or use a terminal with UTF-8")
    options = parser.parse_args(arguments)
    keep_private()
    try:
        return int(options.run(options))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; do not complain at exit
        return EXIT_FAILED
    except (AvatarRosError, MemoryError, OSError, RuntimeError) as error:
        return _refused(options.verb, error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def sentence(verb: str) -> str:
    """What `verb` does, as a sentence."""
    text = VERBS[verb][1]
    return text[0].upper() + text[1:] + ("" if text.endswith("?") else ".")


def _no_text(word: str) -> bool:
    """Whether it came as bytes that are no UTF-8, which Python keeps as lone surrogates."""
    return any("\ud800" <= letter <= "\udfff" for letter in word)


def _refused(verb: str, error: Exception) -> int:
    """One line and the exit code; what nobody foresaw is raised again."""
    text = str(error)
    if fault := machine_fault(error):
        text = str(fault)
    elif isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror or error}" if error.filename else error.strerror or text
    elif not isinstance(error, AvatarRosError):
        raise error
    with contextlib.suppress(OSError):
        print(printable(f"avatar {verb}: {text}"), file=sys.stderr)
    return EXIT_FAILED if fault else EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
