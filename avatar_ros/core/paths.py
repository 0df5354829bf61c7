"""Where files that ship with the package lie: in a source checkout, or in an installed ROS share directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .errors import ConfigError

PACKAGE = "avatar_ros"


def user_data_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where `./avatar fetch` puts models: $XDG_DATA_HOME/avatar_ros, else ~/.local/share/avatar_ros."""
    return Path(env.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / PACKAGE


def runtime_folder(env: Mapping[str, str] = os.environ) -> Path:
    """For small files that running processes need: the first of these that can be written, else the last."""
    # Not tempfile.gettempdir: it writes a file to try, which a full disk does not take; a lock is an empty one.
    names = [name for name in (env.get("XDG_RUNTIME_DIR"), env.get("TMPDIR"), "/tmp") if name]
    return Path(next((name for name in names if os.path.isdir(name) and os.access(name, os.W_OK | os.X_OK)), "/tmp"))


def share_file(relative: str) -> Path:
    """The shipped file or folder `relative` ("config/answers.yaml"); an absolute path is taken as it is.

    Looked for in the checkout that this module lies in, then in share/avatar_ros of the prefix that it is installed in
    and of each prefix in AMENT_PREFIX_PATH, then among the user's own data, then in the working directory.
    Raises ConfigError naming the places.
    """
    places = [root / relative for root in _roots()]
    for place in places:
        if place.exists():
            return place
    tried = ", ".join(dict.fromkeys(str(place) for place in places))
    raise ConfigError("file_missing", f"{relative} does not exist; looked for {tried}")


def _roots() -> list[Path]:
    here = Path(__file__).resolve()
    checkout = here.parents[2]
    listed = [Path(entry) for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if entry]
    prefixes = [*(parent for parent in here.parents if (parent / "share" / PACKAGE).is_dir()), *listed]
    shares = [prefix / "share" / PACKAGE for prefix in prefixes]
    # A working directory comes last: what was left there must not shadow what was installed.
    return [*([checkout] if (checkout / "package.xml").exists() else []), *shares, user_data_folder(), Path.cwd()]
