"""The virtual environment in .venv and the pinned wheels in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .console import run_step, say
from .host import Host
from .stamps import Stamp, digest

#: requirements/<group>.txt; a group named no_deps* is installed without its dependencies (silero-vad names torch).
RUN_GROUPS = ("build", "embedded", "aec", "no_deps")
ROS_GROUP = "ros"
TEST_GROUP = "test"
#: What --with can add, and what for.
EXTRAS = {
    "openai": "llm_node, backend openai: any OpenAI-compatible service",
    "edge": "tts_node, backend edge: neural voices over the network",
    "sherpa": "asr_node, backend sensevoice_sherpa: the light way to run SenseVoice",
    "sensevoice": "asr_node, backend sensevoice: FunASR; brings torch",
    "neural": "tools/ that export and train models: torch, transformers, onnx",
    "gpu": "renderer_node, backend gsplat, and networks on CUDA: torch, gsplat, onnxruntime-gpu",
}
#: A line of a requirement file that names another.
_INCLUDED = re.compile(r"-[rc]\s*(\S+)")


class Venv:
    """.venv of a checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin/python"
        self._stamp = Stamp(self.folder / "avatar_ros.json")

    def site_packages(self) -> Path | None:
        """Where its Python packages lie, None before it exists."""
        return next(iter(sorted(self.folder.glob("lib/python3.*/site-packages"))), None)

    def is_for(self, has_ros: bool) -> bool:
        """Whether it is whole, and sees the system's packages exactly where ROS needs it."""
        return self.is_whole() and self.sees_system() == has_ros

    def is_whole(self) -> bool:
        """Whether its making came to an end, and at this place."""
        site = self.site_packages()
        if not self.python.exists() or site is None or not (site / "pip").is_dir():
            return False
        command = re.search(r"^command = (.*)$", self._config(), re.MULTILINE)
        return bool(self._config()) and (command is None or command[1].endswith(f" {self.folder}"))

    def sees_system(self) -> bool:
        """Whether it was made on a sourced ROS 2, whose Python packages are the system's."""
        return re.search(r"include-system-site-packages\s*=\s*true", self._config()) is not None

    def _config(self) -> str:
        config = self.folder / "pyvenv.cfg"
        return config.read_text() if config.exists() else ""

    def knows(self, group: str) -> bool:
        """Whether there is a requirement file of that name."""
        return self._file(group).is_file()

    def has(self, group: str) -> bool:
        return self._stamp.matches(group, self._digest(group))

    def create(self, host: Host, log: Path) -> None:
        """Make it, in place of one that does not fit."""
        if self.folder.exists():
            say(f"{self.folder} is incomplete, or was made for another place or kind of ROS 2; making it anew")
            shutil.rmtree(self.folder)
        command = [host.python.executable, "-m", "venv", str(self.folder)]
        if host.ros_prefixes:
            command.append("--system-site-packages")
        run_step(
            "making the virtual environment", command, log, env=clean_environment(), remedy="delete .venv and try again"
        )

    def install(self, groups: Sequence[str], log: Path) -> None:
        """Install the groups that it lacks; what pip has fetched is kept when this is interrupted."""
        missing = [group for group in groups if not self.has(group)]
        for without_deps in (False, True):
            part = [group for group in missing if group.startswith("no_deps") == without_deps]
            if part:
                self._pip(part, ["--no-deps"] if without_deps else [], log)
        for group in missing:
            self._stamp.put(group, self._digest(group))

    def compile(self, sources: Path) -> None:
        """Byte-compile, so that eleven processes need not at their first start; a syntax error shows at its import."""
        command = [str(self.python), "-m", "compileall", "-q", str(sources)]
        subprocess.run(command, check=False, capture_output=True, env=clean_environment())

    def _pip(self, groups: Sequence[str], options: list[str], log: Path) -> None:
        files = [argument for group in groups for argument in ("-r", str(self._file(group)))]
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        command += ["--progress-bar", "off", "--retries", "5", *options, *files]
        run_step(
            f"installing Python packages ({', '.join(groups)})",
            command,
            log,
            env=clean_environment(),
            interesting=pip_progress,
            remedy="check the network and run this again: what was fetched is kept",
        )

    def _file(self, group: str) -> Path:
        return self.root / "requirements" / f"{group}.txt"

    def _digest(self, group: str) -> str:
        site = self.site_packages()
        files = dict.fromkeys([*_with_included(self._file(group)), self._file("constraints")])
        return digest(files, str(site.parent.name if site else ""))


def _with_included(file: Path) -> list[Path]:
    """A requirement file and those that it names with -r or -c, theirs too: a pin may stand in any of them."""
    files = [file]
    for line in file.read_text().splitlines() if file.exists() else ():
        if found := _INCLUDED.match(line):
            files += _with_included(file.parent / found[1])
    return files


def pip_progress(line: str) -> str:
    """A line of pip as something to show, "" for what is only of interest to pip."""
    words = line.split()
    if not words or words[0] not in ("Collecting", "Downloading", "Installing", "Building", "Using"):
        return ""
    if words[0] == "Installing":
        return f"installing {len(words) - 3} packages"
    return " ".join(Path(word).name if "/" in word else word for word in words)


def clean_environment() -> dict[str, str]:
    """The environment of this process, less what would lead another Python's packages into the virtual one."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PIP_REQUIRE_VIRTUALENV")
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def headers(python: Path) -> tuple[str, str]:
    """The include folders of the environment's Python and of its numpy."""
    code = "import numpy, sysconfig; print(sysconfig.get_path('include')); print(numpy.get_include())"
    command = [str(python), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    include, numpy_include = done.stdout.split("\n")[:2]
    return include, numpy_include
