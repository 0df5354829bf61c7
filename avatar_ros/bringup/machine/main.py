"""`./avatar VERB …`: set up what is missing, then hand over to the verb."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ... import cli
from .console import SetupError, say
from .environment import run_environment
from .prepare import Checkout

#: Verbs that exist here alone: they are about the checkout, not about avatars.
OWN_VERBS = {
    "test": "run all tests; what follows -- goes to pytest: ./avatar test -- -k dialogue",
    "setup": "set up what is missing and stop there",
    "exec": "run a command in the environment that was set up: ./avatar exec python …",
}
EXIT_BAD_INPUT, EXIT_INTERRUPTED = 2, 130


@dataclass(frozen=True)
class Call:
    """What was typed. yes: nobody is there to ask; rest: everything after the verb but --yes."""

    verb: str
    rest: tuple[str, ...]
    yes: bool = False

    @property
    def wants_help(self) -> bool:
        return self.verb != "exec" and any(word in ("-h", "--help") for word in self.rest)


def parse(arguments: Sequence[str]) -> Call:
    """Split `arguments`; --yes may stand anywhere before a --, except in a command for `exec`."""
    words = list(arguments)
    yes = False
    end = words.index("--") if "--" in words else len(words)
    if (verb_at := next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))) < len(words):
        end = min(end, verb_at + 1) if words[verb_at] == "exec" else end
    for flag in ("--yes", "-y"):
        while flag in words[:end]:
            words.remove(flag)
            yes, end = True, end - 1
    return Call(words[0] if words else "", tuple(words[1:]), yes)


def main(root: Path, arguments: Sequence[str]) -> int:
    """Does not return where the verb is started: this process becomes it."""
    call = parse(arguments)
    if call.verb in ("", "-h", "--help", "help"):
        print(help_text())
        return EXIT_BAD_INPUT if call.verb == "" else 0
    if call.verb not in OWN_VERBS and call.verb not in cli.VERBS:
        known = ", ".join((*cli.VERBS, *OWN_VERBS))
        print(f"avatar: unknown verb '{call.verb}'; known: {known}", file=sys.stderr)
        return EXIT_BAD_INPUT
    if call.verb in OWN_VERBS and call.wants_help and "--" not in call.rest:
        print(f"usage: ./avatar {call.verb} [--yes] …\n\n{OWN_VERBS[call.verb]}")
        return 0
    try:
        return _set_up_and_run(Checkout(root), call)
    except SetupError as error:
        print(f"avatar: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted; run it again and it goes on where it stopped")
        return EXIT_INTERRUPTED


def _set_up_and_run(checkout: Checkout, call: Call) -> int:
    groups = checkout.groups(tests=call.verb == "test")
    if not checkout.is_ready(groups):
        _check_arguments(call)
        checkout.prepare(groups, yes=call.yes)
        say("everything is set up")
    if call.verb == "setup":
        return 0
    env = run_environment(checkout.root, checkout.venv, checkout.build, checkout.has_ros, os.environ)
    command = _command(checkout, call)
    if call.verb == "test":
        os.chdir(checkout.root)
    try:
        os.execvpe(command[0], command, env)
    except FileNotFoundError:
        raise SetupError(f"command not found: {command[0]}", EXIT_BAD_INPUT) from None


def _check_arguments(call: Call) -> None:
    """Refuse what the verb would refuse before minutes go into setting up, where its parser needs nothing installed."""
    if call.verb in OWN_VERBS:
        return
    try:
        cli.parser_for(call.verb).parse_args([call.verb, *call.rest])
    except ImportError:
        return  # it will be checked once it can be


def _command(checkout: Checkout, call: Call) -> list[str]:
    python = str(checkout.venv.python)
    rest = list(call.rest)
    if call.verb == "test":
        if "--" in rest:
            rest.remove("--")
        return [python, "-m", "pytest", *rest]
    if call.verb == "exec":
        if not rest:
            raise SetupError("exec needs a command: ./avatar exec python", EXIT_BAD_INPUT)
        return rest
    return [python, "-m", "avatar_ros", call.verb, *rest]


def help_text() -> str:
    """What `./avatar --help` prints, before anything is installed."""
    verbs = {verb: text for verb, (_, text) in cli.VERBS.items()} | OWN_VERBS
    lines = "\n".join(f"  {verb:<10}{text}" for verb, text in verbs.items())
    return (
        "usage: ./avatar VERB [--yes] …\n\n"
        "A talking face for robots and kiosks. Every verb first sets up what is missing (system packages, a virtual\n"
        "environment in .venv, a build in build/ and install/); --yes lets it use sudo without asking.\n\n"
        f"verbs:\n{lines}\n\n{cli.EPILOG}"
    )
