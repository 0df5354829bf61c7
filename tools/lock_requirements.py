"""Write requirements/lock/: each package that a group brings, on each Python that is supported, with its hashes.

    pip install uv && ./avatar exec python tools/lock_requirements.py          # after requirements/ was changed

A version that a lock holds already stays until --upgrade. No index is named: pip asks the one it is set to.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from avatar_ros.bringup.machine.host import OLDEST_PYTHON
from avatar_ros.bringup.machine.locked import LOCKED, SOURCE_LINE, lock_file, source_of

FOLDER = Path(__file__).resolve().parents[1] / "requirements"
HEADER = "# Made by tools/lock_requirements.py; do not edit.\n"


def lock(group: str, earlier: tuple[str, ...], *, upgrade: bool) -> None:
    """Resolve one group for all Pythons and write its lock. Raises SystemExit where uv says that it cannot be."""
    target = lock_file(FOLDER, group)
    target.parent.mkdir(exist_ok=True)
    bound = [argument for name in earlier for argument in ("-c", str(lock_file(FOLDER, name)))]
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--python-version", ".".join(map(str, OLDEST_PYTHON))]
    command += ["--no-deps"] if group.startswith("no_deps") else []
    command += [*(["--upgrade"] if upgrade else []), *bound, str(FOLDER / f"{group}.txt"), "-o", str(target)]
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise SystemExit(f"{group}: uv ended with {done.returncode}")
    target.write_text(f"{HEADER}{SOURCE_LINE}{source_of(FOLDER, group)}\n{target.read_text()}")


def main() -> None:
    """Lock the groups named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(LOCKED)} (default: all)")
    parser.add_argument("--upgrade", action="store_true", help="take newer versions of what no requirement pins")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(LOCKED):
        parser.error(f"no group with a lock: {', '.join(sorted(unknown))}")
    for group in LOCKED:
        if not options.groups or group in options.groups:
            bare = group.startswith("no_deps")
            lock(group, () if bare else LOCKED[: LOCKED.index(group)], upgrade=options.upgrade)
            print(f"{group}: {lock_file(FOLDER, group).read_text().count('==')} packages")


if __name__ == "__main__":
    main()
