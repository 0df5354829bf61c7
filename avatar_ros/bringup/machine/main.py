"""`./avatar VERB …`: set up what is missing, then hand over to the verb."""

from __future__ import annotations

import argparse
import errno
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ... import cli
from ...core.errors import ConfigError, MachineError
from ...core.parameter_file import nearest
from .console import EXIT_BAD_MACHINE, EXIT_FAILED, SetupError, say
from .prepare import Checkout
from .profiles import profile_extras, take_profile
from .run_environment import run_environment
from .venv import EXTRAS

#: Verbs that exist here alone: they are about the checkout, not about avatars.
OWN_VERBS = {
    "test": "run all tests; what follows -- goes to pytest: ./avatar test -- -k dialogue",
    "setup": "set up what is missing and stop there; --profile full: what that profile needs too",
    "exec": "run a command in the environment that was set up: ./avatar exec python …",
}
OWN_USAGE = {
    "test": "[--yes] [--with EXTRA,…] [-- PYTEST ARGUMENTS]",
    "setup": "[--yes] [--with EXTRA,…] [--profile NAME|FILE.yaml,…]",
    "exec": "COMMAND [ARGUMENTS]",
}
EXIT_BAD_INPUT, EXIT_INTERRUPTED = 2, 130
#: What a verb needs besides.
VERB_EXTRAS = {"record": ("recording",), "replay": ("recording",), "web": ("web",)}
#: What an option of the kiosk needs besides.
OPTION_EXTRAS = {"--web": "web", "--people": "people", "--turn": "webrtc", "--turn-url": "webrtc"}
#: What the system may refuse while a checkout is set up -> what to do.
_REMEDIES = dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room and run this again: it goes on where it stopped")
#: Where another user set the checkout up.
_OF_ALL = (
    "clone it where all may read, and set it up with a Python that all may run: rm -r .venv; "
    "PATH=/usr/bin:$PATH ./avatar setup"
)
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class Call:
    """What was typed. yes: do not ask; extras: of --with; rest: all else after the verb."""

    verb: str
    rest: tuple[str, ...]
    yes: bool = False
    extras: tuple[str, ...] = ()

    @property
    def wants_help(self) -> bool:
        words = self.rest[:1] if self.verb == "exec" else self.rest  # what stands behind its command is that one's own
        words = words[: words.index("--")] if "--" in words else words
        return any(word in ("-h", "--help") for word in words)


def parse(arguments: Sequence[str]) -> Call:
    """Split `arguments`; --yes and --with may stand anywhere before a --, except in a command for `exec`."""
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    verb_at = _verb_at(words)
    if words[verb_at : verb_at + 1] == ["exec"]:
        end = min(end, verb_at + 1)
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("-y", "--yes", action="store_true")
    options.add_argument("--with", dest="extras", action="append", nargs="?", const="", default=[])
    ours, others = options.parse_known_args(words[:end])
    verb, *rest = [*others, *words[end:]] or [""]
    extras = [extra for named in ours.extras for extra in named.split(",")]
    return Call(verb, tuple(rest), ours.yes, tuple(dict.fromkeys(extras)))


def _verb_at(words: list[str]) -> int:
    """Where the verb stands: the first word that is neither an option nor what --with names."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] == "--with" else 1
    return at


def main(root: Path, arguments: Sequence[str]) -> int:
    """Does not return where the verb is started: this process becomes it."""
    call = parse(arguments)
    if call.verb == "" and call.extras:
        say(f"which verb? To install them: ./avatar setup --with {','.join(call.extras)}")
        return EXIT_BAD_INPUT
    if call.verb in ("", "-h", "--help", "help"):
        print(help_text())
        return EXIT_BAD_INPUT if call.verb == "" else 0
    if call.verb not in OWN_VERBS and call.verb not in cli.VERBS:
        known = [*cli.VERBS, *OWN_VERBS]
        say(f"unknown verb '{call.verb}'; known: {', '.join(known)}{nearest(call.verb, known)}")
        return EXIT_BAD_INPUT
    if call.verb in OWN_VERBS and call.wants_help:
        print(f"usage: ./avatar {call.verb} {OWN_USAGE[call.verb]}\n\n{OWN_VERBS[call.verb]}")
        return 0
    try:
        return _set_up_and_run(Checkout(root), call)
    except SetupError as error:
        say(str(error))
        return error.exit_code
    except ConfigError as error:
        say(str(error))
        return EXIT_BAD_INPUT
    except MachineError as error:
        say(error.text)
        return EXIT_FAILED
    except OSError as error:
        say(refusal(error))
        return EXIT_BAD_MACHINE if error.errno in _NOT_OURS else EXIT_FAILED
    except KeyboardInterrupt:
        say("interrupted; run it again and it goes on where it stopped")
        return EXIT_INTERRUPTED


def refusal(error: OSError) -> str:
    """What the system refused, and what to do about it."""
    remedy = _REMEDIES.get(error.errno or 0, "look at it and run this again")
    if error.errno in _NOT_OURS:
        remedy = "the checkout must be writable to be set up: chown it, or clone it as this user"
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.EACCES and (shut := _shut_folder(str(error.filename or ""))):
        remedy = f"it lies in {shut}, which this user may not enter; {_OF_ALL}"
    return f"{where}{error.strerror or error}; {remedy}"


def _shut_folder(file: str) -> str:
    """The folder that keeps this user from `file`, through links; "" where none does."""
    real = Path(os.path.realpath(file)) if file else Path("/")
    return next((str(folder) for folder in reversed(real.parents) if not os.access(folder, os.X_OK)), "")


def _help(checkout: Checkout, call: Call) -> int:
    """Tell the verb's options and install nothing."""
    _check_arguments(call)  # ends the process, having told them; not for `bench WHAT --help`, which WHAT knows
    if checkout.is_ready(checkout.groups(tests=False)):
        return _run(checkout, call)
    print(
        f"usage: ./avatar {call.verb} …\n\n{cli.sentence(call.verb)}\n\n"
        "Its options can be told once this checkout is set up (two to four minutes): ./avatar setup"
    )
    return 0


def _set_up_and_run(checkout: Checkout, call: Call) -> int:
    groups = checkout.groups(tests=call.verb == "test", extras=_extras(call, checkout.root))
    # A checkout runs its own Python files; only `ros2 launch` (and its test) runs the installed ones.
    copies = call.verb == "setup" or (call.verb == "test" and checkout.has_ros)
    if call.wants_help and call.verb not in OWN_VERBS:
        return _help(checkout, call)
    if not checkout.is_ready(groups, copies=copies):
        _check_arguments(call)
        checkout.prepare(groups, copies=copies, yes=call.yes)
        say("everything is set up")
    return 0 if call.verb == "setup" else _run(checkout, call)


def _run(checkout: Checkout, call: Call) -> int:
    env = run_environment(checkout.root, checkout.venv, checkout.build, checkout.has_ros, os.environ)
    command = _command(checkout, call)
    if call.verb == "test":
        os.chdir(checkout.root)
    if call.verb in cli.VERBS:  # while its Python starts, Ctrl-C would be a traceback: avatar_ros/__main__.py takes it
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        os.execvpe(command[0], command, env)
    except FileNotFoundError:
        raise SetupError(f"command not found: {command[0]}", EXIT_BAD_INPUT) from None
    except PermissionError:
        raise SetupError(f"not executable: {command[0]}; chmod +x it, or name what runs it", EXIT_BAD_INPUT) from None


def _extras(call: Call, root: Path) -> tuple[str, ...]:
    """Extras that were asked for, and those of the profile. Raises SetupError naming an unknown one."""
    for name in call.extras:
        if name not in EXTRAS:
            known = f"{', '.join(EXTRAS)}{nearest(name, list(EXTRAS))}"
            raise SetupError(f"--with names '{name}'; known: {known}", EXIT_BAD_INPUT)
    if call.verb in ("exec", "test"):
        return call.extras  # what stands behind them is another program's
    profile, rest = take_profile(call.rest)
    if call.verb == "setup":
        if rest:
            raise SetupError(f"setup does not know '{rest[0]}'; known: --yes, --with, --profile", EXIT_BAD_INPUT)
        _check_profile(profile)
    options = {part.partition("=")[0] for part in call.rest} if call.verb in ("kiosk", "web") else set()
    asked = (extra for option, extra in OPTION_EXTRAS.items() if option in options)
    return tuple(dict.fromkeys((*call.extras, *VERB_EXTRAS.get(call.verb, ()), *asked, *profile_extras(root, profile))))


def _check_profile(profile: str) -> None:
    """Refuse an unknown one before minutes go into setting up. Raises ConfigError."""
    try:
        from ..graph import profile_files

        if profile:
            profile_files(profile)
    except ImportError:  # what reads files of parameters is not installed yet: the kiosk will say what is wrong
        return


def _check_arguments(call: Call) -> None:
    """Refuse what the verb would refuse before minutes go into setting up, where its parser needs nothing installed.

    Where help is asked for, the parser tells it and ends the process.
    """
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
        return [python, "-m", "pytest", *_side_by_side(rest), *rest]
    if call.verb == "exec":
        if not rest or not rest[0]:
            raise SetupError("exec needs a command: ./avatar exec python", EXIT_BAD_INPUT)
        return rest
    return [python, "-m", "avatar_ros", call.verb, *rest]


def _side_by_side(rest: Sequence[str]) -> tuple[str, ...]:
    """Most tests of a kiosk wait for speech in real time, so files run beside each other; one alone for a debugger."""
    alone = ("-s", "--capture=no", "--pdb", "--trace", "no:xdist")
    if any(word in alone or word.startswith(("-n", "--numprocesses")) for word in rest):
        return ()
    return ("-n", "3", "--dist", "loadscope")


def help_text() -> str:
    """What `./avatar --help` prints, before anything is installed."""
    verbs = {verb: text for verb, (_, text) in cli.VERBS.items()} | OWN_VERBS
    lines = "\n".join(f"  {verb:<10}{text}" for verb, text in verbs.items())
    extras = "\n".join(f"  {name:<14}{text}" for name, text in EXTRAS.items())
    return (
        "usage: ./avatar VERB [--yes] …\n\n"
        "A talking face for robots and kiosks. Every verb first sets up what is missing (system packages, a virtual\n"
        "environment in .venv, a build in build/ and install/); --yes lets it use sudo without asking, --with EXTRA,…\n"
        "installs optional libraries too (./avatar setup --with edge), and --profile brings those of its backends.\n\n"
        f"verbs:\n{lines}\n\nextras for --with:\n{extras}\n\n{cli.EPILOG}"
    )
