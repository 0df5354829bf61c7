"""When setting up works anew, refuses, or says what the system refused."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from avatar_ros.bringup.machine import apt
from avatar_ros.bringup.machine.build import COPIED, SOURCES, Build
from avatar_ros.bringup.machine.console import SetupError
from avatar_ros.bringup.machine.host import check_folder
from avatar_ros.bringup.machine.main import main, refusal
from avatar_ros.bringup.machine.prepare import Checkout
from avatar_ros.bringup.machine.stamps import digest
from avatar_ros.bringup.machine.venv import Venv

ROOT = Path(__file__).resolve().parents[3]


def make_venv(root: Path, *, system: bool = False) -> Venv:
    venv = Venv(root)
    (venv.folder / "bin").mkdir(parents=True)
    venv.python.touch()
    (venv.folder / "lib/python3.11/site-packages/pip").mkdir(parents=True)
    (venv.folder / "pyvenv.cfg").write_text(
        f"include-system-site-packages = {str(system).lower()}\ncommand = python3 -m venv {venv.folder}\n"
    )
    return venv


# --- what is built ---------------------------------------------------------------------------------------------------


def built(root: Path) -> Build:
    build = Build(root, make_venv(root))
    build.prefix.mkdir(parents=True)
    build._stamp.put("sources", build._digest(SOURCES))
    build._stamp.put("copies", build._digest(COPIED))
    return build


@pytest.mark.parametrize("name", ["avatar_ros/tts/new.py", "config/full.yaml", "launch/kiosk.launch.py", "models/x"])
def test_what_ros2_launch_runs_is_copied_again_and_the_checkouts_own_start_needs_nothing(tmp_path, name):
    build = built(tmp_path)
    assert build.is_current() and build.is_current(copies=True)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("changed")
    assert build.is_current() and not build.is_current(copies=True)


def test_everything_that_cmake_copies_is_looked_at():
    text = (ROOT / "CMakeLists.txt").read_text()
    folders = [word.strip("/") for line in text.splitlines() if line.strip().startswith("DIRECTORY ")
               for word in line.split()[1:]]  # fmt: skip
    assert set(folders) == set(COPIED)


def test_what_building_makes_in_a_folder_is_no_source(tmp_path):
    (tmp_path / "a/__pycache__").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "a/base.py").write_text("1")
    before = digest([tmp_path])
    (tmp_path / "a/__pycache__/base.pyc").write_text("x")
    (tmp_path / "a/_raster.so").write_text("x")
    assert digest([tmp_path]) == before
    (tmp_path / "a/base.py").rename(tmp_path / "b/base.py")
    assert digest([tmp_path]) != before


def test_ros_and_wheels_are_built_for_apart(tmp_path):
    wheels = Build(tmp_path / "x", make_venv(tmp_path / "wheels"))
    assert Build(tmp_path / "x", make_venv(tmp_path / "ros", system=True))._place() != wheels._place()


# --- the environment -------------------------------------------------------------------------------------------------


def test_a_pin_changed_in_an_included_file_is_installed(tmp_path):
    folder = tmp_path / "requirements"
    folder.mkdir()
    files = {"test": "-r edge.txt\npytest==9", "edge": "-c embedded.txt\nedge-tts==7", "embedded": "numpy==2"}
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    venv = make_venv(tmp_path)
    before = venv._digest("test")
    assert venv._digest("test") == before
    (folder / "embedded.txt").write_text("numpy==3")
    assert venv._digest("test") != before


@pytest.mark.parametrize(
    ("was_with_ros", "words"), [(True, "source /opt/ros/jazzy/setup.bash"), (False, "a shell that has not sourced it")]
)
def test_an_environment_of_the_other_kind_is_not_thrown_away_unasked(tmp_path, monkeypatch, was_with_ros, words):
    checkout = Checkout(tmp_path)
    make_venv(tmp_path, system=was_with_ros)
    checkout.has_ros = not was_with_ros
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    monkeypatch.setattr("avatar_ros.bringup.machine.prepare.find_host", lambda: None)
    monkeypatch.setattr(checkout.venv, "create", lambda *_: pytest.fail("was thrown away"))
    with pytest.raises(SetupError, match=words) as caught:
        checkout.prepare(("embedded",), yes=False)
    assert caught.value.exit_code == 2 and "setup --yes" in str(caught.value)
    assert checkout.venv.is_whole()


def test_an_environment_that_fits_or_is_of_no_use_is_not_asked_about(tmp_path):
    checkout = Checkout(tmp_path)
    checkout.has_ros = False
    checkout._check_kind(yes=False)  # there is none
    make_venv(tmp_path)
    checkout._check_kind(yes=False)
    checkout.has_ros = True
    checkout._check_kind(yes=True)
    (tmp_path / ".venv/pyvenv.cfg").unlink()
    checkout._check_kind(yes=False)


# --- installing and building at once ---------------------------------------------------------------------------------


class Steps:
    """What a fresh checkout would do, written down; `after` is done within the last installation."""

    def __init__(self, checkout, monkeypatch, after=lambda: None):
        self.done, self.built = [], threading.Event()
        self._after = after
        monkeypatch.setattr(checkout.venv, "install", self._install)
        monkeypatch.setattr(checkout.build, "run", self._build)

    def _install(self, groups, _log):
        self.done.append(tuple(groups))
        if "test" in groups:
            self._after()

    def _build(self, _host, log):
        self.done.append(log.name)
        self.built.set()


GROUPS = ("ros", "bootstrap", "build", "embedded", "test")


def test_while_the_rest_is_fetched_it_is_built_with_what_that_needs(tmp_path, monkeypatch):
    checkout = Checkout(tmp_path)
    steps = Steps(checkout, monkeypatch, lambda: steps.built.wait(60.0) or pytest.fail("was not built meanwhile"))
    checkout._install_and_build(GROUPS, None, tmp_path / "log/setup.log", copies=False)
    assert steps.done[0] == ("ros", "bootstrap", "build")
    assert sorted(steps.done[1:], key=str) == [GROUPS, "build.log"]


def test_what_is_built_is_not_built_again(tmp_path, monkeypatch):
    checkout = Checkout(tmp_path)
    built(tmp_path)
    steps = Steps(checkout, monkeypatch)
    checkout._install_and_build(GROUPS, None, tmp_path / "log/setup.log", copies=False)
    assert steps.done == [("ros", "bootstrap", "build"), GROUPS]


@pytest.mark.parametrize("culprit", ["install", "build"])
def test_of_both_whatever_fails_is_said_after_the_other_has_ended(tmp_path, monkeypatch, culprit):
    checkout = Checkout(tmp_path)
    steps = Steps(checkout, monkeypatch)

    def fails(groups, log):
        if culprit == "build" or "test" in groups:
            raise SetupError(f"{culprit} failed")

    monkeypatch.setattr(*((checkout.venv, "install") if culprit == "install" else (checkout.build, "run")), fails)
    with pytest.raises(SetupError, match=f"{culprit} failed"):
        checkout._install_and_build(GROUPS, None, tmp_path / "log/setup.log", copies=False)
    assert steps.built.is_set() if culprit == "install" else steps.done[-1] == GROUPS


# --- refusals --------------------------------------------------------------------------------------------------------


def test_what_the_system_refuses_is_one_line(tmp_path, capsys):
    (tmp_path / "log").write_text("a file where a folder must be")
    assert main(tmp_path, ["setup"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(tmp_path / "log") in said and "File exists" in said


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(errno.EACCES, 2, "chown it, or clone it"), (errno.EROFS, 2, "chown it"), (errno.ENOSPC, 1, "make room")],
)
def test_a_checkout_of_somebody_else_and_a_full_disk(tmp_path, monkeypatch, capsys, number, code, words):
    def refused(*_, **__):
        raise OSError(number, "refused", str(tmp_path / "log"))

    monkeypatch.setattr(Checkout, "is_ready", lambda *_, **__: False)
    monkeypatch.setattr(Checkout, "prepare", refused)
    assert main(tmp_path, ["setup"]) == code
    said = capsys.readouterr().err
    assert said.startswith(f"avatar: {tmp_path / 'log'}: refused; ") and words in said


def test_a_command_that_is_not_executable_is_not_a_checkout_of_somebody_else(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Checkout, "is_ready", lambda *_, **__: True)
    (tmp_path / "notes").touch(mode=0o644)
    assert main(tmp_path, ["exec", str(tmp_path / "notes")]) == 2
    said = capsys.readouterr().err
    assert f"not executable: {tmp_path / 'notes'}" in said and "chown" not in said


def test_a_python_in_somebodys_closed_home_is_named(tmp_path, monkeypatch):
    """Root sets up with a Python of its own home: its owner's rights at the checkout are not what is missing."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    (tmp_path / "python").symlink_to(home / "bin/python3")
    monkeypatch.setattr("os.access", lambda path, _: str(path) != str(home))
    said = refusal(OSError(errno.EACCES, "Permission denied", str(tmp_path / "python")))
    assert f"it lies in {home}, which this user may not enter" in said and "chown" not in said


def test_an_error_without_a_file_has_its_words():
    assert refusal(OSError("gone")).startswith("gone; ")


def test_a_refused_sudo_says_what_to_do(monkeypatch):
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(apt.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(apt.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(apt, "ask", lambda question: True)
    monkeypatch.setattr(apt.subprocess, "run", lambda *_, **__: type("Done", (), {"returncode": 1}))
    with pytest.raises(SetupError, match="sudo was refused; install make as a user who may"):
        apt._prefix(["make"], yes=False)


# --- containers and kiosks -------------------------------------------------------------------------------------------


def test_no_image_takes_keys_or_what_the_host_built():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "build", "install", "log", ".env*", "**/.env*"} <= set(ignored)
    assert not list(ROOT.glob("docker/*.dockerignore")), "it would be used in place of the root's"


def test_the_gpu_image_draws_on_the_gpu_and_needs_no_network_to_start():
    text = (ROOT / "docker/Dockerfile.gpu").read_text()
    assert 'CMD ["./avatar", "kiosk", "--profile", "full"]' in text
    assert "setup --yes --with gpu --profile full" in text


@pytest.mark.parametrize("path", sorted((ROOT / "docker").glob("Dockerfile*")), ids=lambda path: path.name)
def test_what_an_image_runs_of_avatar_knows_ros(path):
    runs = [step for step in path.read_text().split("\n") if step.startswith("RUN ") and "./avatar " in step]
    assert runs and all(step.startswith("RUN . /opt/ros/jazzy/setup.sh && ./avatar ") for step in runs)


def test_the_service_comes_up_without_a_desktop_and_gives_up_where_it_cannot_run():
    text = (ROOT / "docker/avatar-kiosk.service").read_text()
    assert "RestartPreventExitStatus=2" in text and "set-default graphical.target" in text
    installed = next(line for line in text.splitlines() if "apt install" in line)
    named = {package.name for package in apt.required_packages(apt.Python("python3", (3, 12), True, True))}
    plain = {name.replace("3.12", "3") for name in named}
    assert plain <= set(installed.split()), "sudo is not the kiosk user's to ask"


# --- where a checkout may lie ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "with space", "é", "猫", "a+b,c=d@e~(f)&g"])
def test_folders_with_spaces_and_letters_of_any_alphabet_will_do(name):
    check_folder(Path("/home") / name, has_ros=False)


@pytest.mark.parametrize("name", ["a:b", "a;b", 'a"b', "a$b", "a\\b", "a\nb", "a[b]", "it's", "a#b", "\udcff"])
def test_folders_that_break_the_build_are_refused_before_anything_is_installed(tmp_path, monkeypatch, name):
    installed = []
    monkeypatch.setattr(apt, "install_missing", lambda *args, **more: installed.append(args))
    root = tmp_path / name
    root.mkdir()
    with pytest.raises(SetupError, match="move it") as caught:
        Checkout(root).prepare((), yes=True)
    assert caught.value.exit_code == 2 and "\n" not in str(caught.value) and str(caught.value).isprintable()
    assert not installed and list(root.iterdir()) == []


def test_a_ros_installation_takes_ascii_alone():
    with pytest.raises(SetupError, match="é"):
        check_folder(Path("/home/é"), has_ros=True)
