"""What the options that name a device mean to its node."""

from __future__ import annotations

from pathlib import Path

from ..core.ros_names import check_topic
from .avatar_defaults import Value


def mic_parameters(mic: str) -> dict[str, Value]:
    """What `--mic` means to the mic node.

    >>> mic_parameters("none")
    {'backend': 'none'}
    """
    if mic in ("auto", ""):
        return {}
    if mic == "none":
        return {"backend": "none"}
    if mic.lower().endswith(".wav"):
        return {"backend": "file", "file.files": [str(Path(name.strip()).absolute()) for name in mic.split(",")]}
    return {"backend": "sounddevice", "device": mic}


def people_parameters(people: str) -> dict[str, Value]:
    """What `--people` means to the people node. Raises ConfigError for what is neither a camera nor a topic.

    >>> people_parameters("/camera/image_raw"), people_parameters("/dev/video2"), people_parameters("auto")
    ({'image_topic': '/camera/image_raw'}, {'camera': '/dev/video2'}, {})
    """
    if people == "auto":
        return {}
    if people.isdecimal() or people.startswith("/dev/"):
        return {"camera": people}
    check_topic(people, "people")
    return {"image_topic": people}
