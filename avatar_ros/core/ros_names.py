"""Names of ROS as users give them: what rcl would refuse with a traceback is refused in words."""

from __future__ import annotations

import re

from .errors import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
#: rmw takes 247 characters of a whole topic: what else of ours stands behind a namespace has room.
MOST_NAMESPACE, MOST_TOPIC = 150, 200


def namespace_of(name: str) -> str:
    """The absolute namespace ("/robot/head") that `name` means, "/" for none. Raises ConfigError naming it.

    >>> namespace_of("robot/head/"), namespace_of("")
    ('/robot/head', '/')
    """
    inner = name.strip("/")
    if inner and not _fits(inner, MOST_NAMESPACE):
        text = f"namespace is '{name[:60]}'; {_RULE} {MOST_NAMESPACE} at most: robot/head"
        raise ConfigError("bad_option", text)
    return f"/{inner}"


def check_topic(name: str, option: str) -> None:
    """Raises ConfigError where `name` cannot be a topic, absolute or relative. option: what set it."""
    if not _fits(name.removeprefix("~/").removeprefix("/"), MOST_TOPIC):
        raise ConfigError("bad_option", f"{option} is '{name[:60]}'; {_RULE} {MOST_TOPIC} at most: /camera/image_raw")


_RULE = "names of ROS are letters, digits and _, no digit first, with single / between,"


def _fits(name: str, most: int) -> bool:
    return len(name) <= most and _NAME.fullmatch(name) is not None
