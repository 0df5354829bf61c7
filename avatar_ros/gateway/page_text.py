"""The page's scripts and styles as they are sent: without comments, indents and empty lines, each token
and each line end that means something as it was. Readable under the same address with `?source`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: Of a script and of a style: what is kept as it is, a comment, white space. A slash begins a regular expression
#: where no value can stand before it.
_SCRIPT = re.compile(
    r"""
    (?P<kept> '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*" | `(?:[^`\\]|\\.)*`
      | (?<=[(,=:\[!&|?{};\n]) [ ]* /(?![*/]) (?:[^/\\\[\n] | \\. | \[(?:[^\]\\\n] | \\.)*\])+ /[a-z]*)
    | (?P<comment> //[^\n]* | /\*.*?\*/)
    | [ \t]* \n \s*
    """,
    re.VERBOSE | re.DOTALL,
)
_STYLE = re.compile(
    r"""
    (?P<kept> '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*")
    | (?P<comment> /\*.*?\*/)
    | [ \t]* \n \s*
    """,
    re.VERBOSE | re.DOTALL,
)


def sent_text(suffix: str, text: str) -> str:
    """What is sent of a file with that suffix.

    A template of backticks must hold none of its own inside `${}`; tests compare the syntax trees of both.
    """
    pattern = {".js": _SCRIPT, ".css": _STYLE}.get(suffix)
    if pattern is None:
        return text
    without = _replaced(pattern, text, _gap)
    return _replaced(pattern, without, lambda _: "\n").strip() + "\n"  # where a comment stood alone in its line


def _gap(found: re.Match[str]) -> str:
    """A comment with a line's end in it ends a line."""
    return " " if found["comment"] and "\n" not in found[0] else "\n"


def _replaced(pattern: re.Pattern[str], text: str, put: Callable[[re.Match[str]], str]) -> str:
    return pattern.sub(lambda found: found[0] if found["kept"] else put(found), text)
