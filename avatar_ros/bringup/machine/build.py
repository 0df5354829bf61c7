"""colcon build of this package, in an environment of wheels or on a ROS 2 installation."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from ...core.outputs import write_whole
from .console import run_step
from .host import Host
from .stamps import Stamp, digest
from .venv import Venv, clean_environment, headers

#: What is compiled.
SOURCES = ("CMakeLists.txt", "package.xml", "cmake", "msg", "action", "srv", "src")
#: What is copied besides. A checkout runs its own; `ros2 launch` runs the copies.
COPIED = ("avatar_ros", "config", "docs", "launch", "models")
#: Include folders of the machine that built the wheels, left in their CMake exports.
_FOREIGN_PYTHON = re.compile(r"/opt/python/[^;\"]*/include/python3\.\d+")
_FOREIGN_NUMPY = re.compile(r"/opt/python/[^;\"]*/numpy/[^;\"]*include")
_READS_ASCII = 'file(STRINGS "${idl_output}" idl_tuples)'
_READS_UTF8 = 'file(STRINGS "${idl_output}" idl_tuples ENCODING UTF-8)'


class Build:
    """build/ and install/ of a checkout."""

    def __init__(self, root: Path, venv: Venv) -> None:
        self._root = root
        self._venv = venv
        self.prefix = root / "install/avatar_ros"
        self._stamp = Stamp(self.prefix / ".avatar_ros.json")

    def is_current(self, *, copies: bool = False) -> bool:
        """Whether what is installed was built from these sources, at this place, by this environment.

        copies: and whether Python files, profiles and models were copied as they are now.
        """
        if not self._stamp.matches("sources", self._digest(SOURCES)):
            return False
        return not copies or self._stamp.matches("copies", self._digest(COPIED))

    def run(self, host: Host, log: Path) -> None:
        """Build and install; a tree of another place or Python is cleared first, else only what changed is built."""
        if not self._stamp.matches("place", self._place()):
            shutil.rmtree(self._root / "build/avatar_ros", ignore_errors=True)
            shutil.rmtree(self.prefix, ignore_errors=True)
        if not host.ros_prefixes:
            repair_exports(self._venv)
            repair_reading(self._venv)
        wanted = {"sources": self._digest(SOURCES), "copies": self._digest(COPIED)}
        self.prefix.mkdir(parents=True, exist_ok=True)
        self._stamp.put("place", self._place())
        run_step(
            "building messages and rasteriser",
            self._command(host),
            log,
            env=self._environment(host),
            interesting=build_progress,
            remedy="if the cause is not plain, delete build/ and install/ and run this again",
        )
        for name, value in wanted.items():
            self._stamp.put(name, value)

    def _command(self, host: Host) -> list[str]:
        root = self._root
        command = [str(self._venv.folder / "bin/colcon"), "--log-base", str(root / "log"), "build"]
        command += ["--base-paths", str(root), "--packages-select", "avatar_ros"]
        command += ["--build-base", str(root / "build"), "--install-base", str(root / "install")]
        command += ["--event-handlers", "console_direct+", "--cmake-args", "-DBUILD_TESTING=OFF"]
        python_only = "OFF" if host.ros_prefixes else "ON"  # nobody builds C++ nodes on the wheels
        return [*command, f"-DPython3_EXECUTABLE={self._venv.python}", f"-DAVATAR_PYTHON_ONLY={python_only}"]

    def _environment(self, host: Host) -> dict[str, str]:
        env = clean_environment()
        # Of its own colcon starts no second compiler while the load is as high as that of pip and one compiler.
        env.setdefault("MAKEFLAGS", f"-j{len(os.sched_getaffinity(0))}")
        env["PATH"] = f"{self._venv.folder / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
        if host.ros_prefixes:
            env["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")  # where ROS keeps its own modules
        else:
            env["AMENT_PREFIX_PATH"] = env["CMAKE_PREFIX_PATH"] = str(self._venv.folder)
        return env

    def _place(self) -> str:
        site = self._venv.site_packages()
        ros = " with ROS 2" if self._venv.sees_system() else ""  # its libraries are others than the wheels'
        return f"{self._root} {site.parent.name if site else ''}{ros}"

    def _digest(self, names: tuple[str, ...]) -> str:
        return digest([self._root / name for name in names], self._place())


def build_progress(line: str) -> str:
    """A line of make as something to show: "[ 35%] Building …"."""
    return line.strip() if line.lstrip().startswith(("[", "Finished")) else ""


def repair_reading(venv: Venv) -> None:
    """Let rosidl read its list of messages as UTF-8: CMake reads a path up to its first é otherwise."""
    file = venv.folder / "share/rosidl_adapter/cmake/rosidl_adapt_interfaces.cmake"
    if file.is_file() and _READS_ASCII in (text := file.read_text(encoding="utf-8")):
        write_whole(file, text.replace(_READS_ASCII, _READS_UTF8))


def repair_exports(venv: Venv) -> None:
    """Point the wheels' CMake exports at this environment's headers; done twice it changes nothing."""
    files = sorted(venv.folder.glob("share/*/cmake/export_*__rosidl_generator_pyExport.cmake"))
    foreign = [file for file in files if "/opt/python/" in file.read_text()]
    if not foreign:
        return
    include, numpy_include = headers(venv.python)
    for file in foreign:
        text = _FOREIGN_PYTHON.sub(include, file.read_text())
        write_whole(file, _FOREIGN_NUMPY.sub(numpy_include, text))
