"""The page's scripts and styles as they are sent: without comments, indents and line ends that mean nothing. Readable
under the same address with `?source`.
"""

from rcssmin import cssmin
from rjsmin import jsmin

_MADE_SMALL = {".js": jsmin, ".css": cssmin}


def sent_text(suffix: str, text: str) -> str:
    """What is sent of a file with that suffix; tests compare the syntax trees of scripts."""
    make_small = _MADE_SMALL.get(suffix)
    return str(make_small(text)) if make_small else text
