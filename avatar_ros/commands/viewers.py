"""`./avatar viewers`: the layouts for rviz and Foxglove, for the avatar of any namespace."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..core.errors import ConfigError
from ..core.outputs import write_whole
from ..core.paths import share_file
from ..core.ros_names import namespace_of

#: The shipped layouts; their topics are those of this namespace.
LAYOUTS, SHIPPED_NAMESPACE = ("kiosk.rviz", "kiosk.foxglove.json"), "avatar"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--namespace", default=SHIPPED_NAMESPACE, help="of the avatar (%(default)s)")
    parser.add_argument("--out", default=".", metavar="FOLDER", help="where the files are written (the current folder)")


def run(options: argparse.Namespace) -> int:
    """Write both files and name them; what stands there is kept. Raises ConfigError."""
    namespace = namespace_of(options.namespace)[1:]
    if not namespace:
        raise ConfigError("bad_option", "namespace is empty; give that of an avatar: robot/head")
    stem = namespace.replace("/", "_")
    for name in LAYOUTS:
        path = Path(options.out) / name.replace("kiosk", stem, 1)
        if os.path.lexists(path):
            raise ConfigError("file_exists", f"{path} is there already: name another folder with --out")
        try:
            write_whole(path, in_namespace(share_file(f"config/{name}").read_text("utf-8"), namespace))
        except OSError as error:
            raise ConfigError("file_unwritable", f"{path}: {error.strerror}") from error
        print(path)
    return 0


def in_namespace(layout: str, namespace: str) -> str:
    """A shipped layout whose topics and frames are those of `namespace`."""
    return layout.replace(f"/{SHIPPED_NAMESPACE}/", f"/{namespace}/")
