"""What two halves of a robot must have in common: the version, and the messages to the last field."""

from __future__ import annotations

import hashlib
from functools import cache

from ..core.topics import KINDS
from ..core.version import VERSION
from .message_text import definition_of, fields_of


@cache
def interface_version() -> str:
    """"0.1.0+3f2a91": the second part is of the definitions of all messages, without comments and defaults."""
    names = sorted(f"avatar_ros/msg/{name}" for name in KINDS if name != "GazeTarget")
    fields = "\n".join(fields_of(definition_of(name)) for name in names)
    return f"{VERSION}+{hashlib.sha256(fields.encode()).hexdigest()[:6]}"
