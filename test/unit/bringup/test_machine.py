"""What ./avatar decides before anything is installed. It must import with a bare Python."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from avatar_ros.bringup.machine import apt, host, main
from avatar_ros.bringup.machine.build import SOURCES, Build, build_progress, repair_exports, repair_reading
from avatar_ros.bringup.machine.console import SetupError, run_step
from avatar_ros.bringup.machine.main import parse
from avatar_ros.bringup.machine.prepare import Checkout
from avatar_ros.bringup.machine.run_environment import run_environment
from avatar_ros.bringup.machine.stamps import Stamp, digest
from avatar_ros.bringup.machine.venv import EXTRAS, RUN_GROUPS, Venv, pip_progress
from avatar_ros.cli import VERBS, sentence

ROOT = Path(__file__).resolve().parents[3]


def bare(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """./avatar with no site packages and no ROS, as on a machine that has only Python."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [sys.executable, "-I", "-S", str(root / "avatar"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_help_needs_nothing_installed():
    done = bare("--help")
    assert done.returncode == 0 and "kiosk" in done.stdout and "--yes" in done.stdout


def test_unknown_verb_is_one_line_and_exit_code_2():
    done = bare("kios")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "unknown verb 'kios'" in done.stderr


@pytest.mark.parametrize(
    ("typed", "verb", "rest", "yes"),
    [
        (["kiosk"], "kiosk", (), False),
        (["kiosk", "--yes", "--turns", "1"], "kiosk", ("--turns", "1"), True),
        (["--yes", "test"], "test", (), True),
        (["test", "-y", "--", "-k", "a", "-y"], "test", ("--", "-k", "a", "-y"), True),
        (["exec", "apt", "--yes"], "exec", ("apt", "--yes"), False),
        (["--yes", "exec", "apt", "--yes"], "exec", ("apt", "--yes"), True),
        ([], "", (), False),
    ],
)
def test_yes_is_ours_and_the_rest_is_the_verbs(typed, verb, rest, yes):
    call = parse(typed)
    assert (call.verb, call.rest, call.yes) == (verb, rest, yes)


@pytest.mark.parametrize(
    ("typed", "verb", "rest", "extras"),
    [
        (["test", "--with", "neural", "--", "--with", "x"], "test", ("--", "--with", "x"), ("neural",)),
        (["--with=edge,openai", "kiosk", "--turns", "1"], "kiosk", ("--turns", "1"), ("edge", "openai")),
        (["--with", "edge", "exec", "a", "--with", "b"], "exec", ("a", "--with", "b"), ("edge",)),
    ],
)
def test_extras_are_ours(typed, verb, rest, extras):
    call = parse(typed)
    assert (call.verb, call.rest, call.extras) == (verb, rest, extras)


def test_an_unknown_extra_is_named_with_the_known_ones():
    done = bare("kiosk", "--with", "magic")
    assert done.returncode == 2 and "'magic'" in done.stderr and "edge" in done.stderr


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (("setup", "--profile", "embeded"), "did you mean 'embedded'?"),
        (("setup", "--profile", "no such.yaml"), "no such.yaml does not exist"),
        (("exec",), "exec needs a command"),
        (("exec", ""), "exec needs a command"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_set_up(typed, text):
    """An unknown profile was set up for minutes; an empty command was a traceback."""
    done = bare(*typed)
    assert done.returncode == 2 and text in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", ["exec", "setup", "test"])
def test_each_verb_of_the_checkout_says_what_it_takes(verb):
    done = bare(verb, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"usage: ./avatar {verb} ")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_of_each_verb_installs_nothing(tmp_path, verb):
    """`./avatar replay --help` installed the extra `recording` first; in a fresh clone others set up for minutes."""
    shutil.copy(ROOT / "avatar", tmp_path)
    for part in ("avatar_ros", "requirements"):
        (tmp_path / part).symlink_to(ROOT / part)
    done = bare(verb, "--help", root=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("usage: ")
    assert sentence(verb).split()[-1] in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avatar", "avatar_ros", "requirements"]


def test_help_behind_two_dashes_is_no_question_of_ours():
    assert not parse(["say", "--", "--help"]).wants_help and parse(["say", "--help", "--"]).wants_help


def test_each_extra_has_its_requirements():
    assert all((ROOT / "requirements" / f"{name}.txt").is_file() for name in (*EXTRAS, *RUN_GROUPS))


# --- stamps ----------------------------------------------------------------------------------------------------------


def test_digest_follows_contents_names_and_facts(tmp_path):
    (tmp_path / "msg").mkdir()
    (tmp_path / "msg/A.msg").write_text("int32 a")
    before = digest([tmp_path], "3.11")
    assert digest([tmp_path], "3.11") == before != digest([tmp_path], "3.12")
    (tmp_path / "msg/A.msg").write_text("int32 b")
    changed = digest([tmp_path], "3.11")
    (tmp_path / "msg/A.msg").rename(tmp_path / "msg/B.msg")
    assert len({before, changed, digest([tmp_path], "3.11")}) == 3


def test_stamp_survives_damage_and_keeps_other_names(tmp_path):
    stamp = Stamp(tmp_path / "stamp.json")
    stamp.path.write_text('{"half')
    assert not stamp.matches("a", "1")
    stamp.put("a", "1")
    stamp.put("b", "2")
    assert stamp.matches("a", "1") and stamp.matches("b", "2") and not stamp.matches("a", "2")


# --- the machine -----------------------------------------------------------------------------------------------------


def python(version=(3, 11), **facts) -> host.Python:
    return host.Python("/usr/bin/python3", version, facts.get("has_venv", True), facts.get("has_headers", True))


def test_aarch64_without_ros_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(SetupError, match="install ROS 2 Jazzy") as caught:
        host.check_platform(has_ros=False)
    assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
    host.check_platform(has_ros=True)


def test_pythons_too_old_and_too_new_are_passed_over(monkeypatch):
    found = {sys.executable: python((3, 10)), "python3.12": python((3, 12)), "python3.13": python((3, 13))}
    monkeypatch.setattr(host, "probe", found.get)
    assert host.find_python().version == (3, 12)
    monkeypatch.setattr(host, "probe", {sys.executable: python((3, 10))}.get)
    with pytest.raises(SetupError, match=r"needs Python 3.11 to 3.14 on PATH; /usr/bin/python3 is 3.10"):
        host.find_python()


def test_python_that_needs_no_package_is_preferred(monkeypatch):
    found = {sys.executable: python((3, 11), has_headers=False), "python3.12": python((3, 12))}
    monkeypatch.setattr(host, "probe", found.get)
    assert host.find_python().version == (3, 12)


def test_this_python_is_probed_truly():
    found = host.probe(sys.executable)
    assert found is not None and found.version == sys.version_info[:2]
    assert host.probe("python3.999") is None


def test_jazzy_counts_only_where_it_is_sourced(tmp_path):
    (tmp_path / "share/rclpy").mkdir(parents=True)
    assert host.sourced_ros({"ROS_DISTRO": "jazzy", "AMENT_PREFIX_PATH": str(tmp_path)}) == (str(tmp_path),)
    assert host.sourced_ros({"ROS_DISTRO": "humble", "AMENT_PREFIX_PATH": str(tmp_path)}) == ()
    assert host.sourced_ros({"ROS_DISTRO": "jazzy", "AMENT_PREFIX_PATH": "/nowhere"}) == ()
    assert host.sourced_ros({}) == ()


def package(name, present, optional=""):
    return apt.SystemPackage(name, lambda: present, optional)


def test_apt_is_not_called_when_nothing_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(apt, "run_step", lambda *a, **k: pytest.fail("apt was called"))
    apt.install_missing((package("g++", True),), tmp_path / "log", yes=False)


def test_root_installs_only_what_is_missing(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(apt, "run_step", lambda title, command, log, **k: commands.append(command))
    monkeypatch.setattr(apt.os, "geteuid", lambda: 0)
    monkeypatch.setattr(apt.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(apt, "_has_lists", lambda: True)
    apt.install_missing((package("g++", True), package("make", False)), tmp_path / "log", yes=False)
    assert len(commands) == 1 and commands[0][-2:] == ["--no-install-recommends", "make"]
    assert "sudo" not in commands[0]


def test_nobody_to_ask_and_no_yes_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(apt.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(apt.sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(SetupError, match="missing: make; nobody is here to ask, so add --yes") as caught:
        apt.install_missing((package("make", False),), tmp_path / "log", yes=False)
    assert caught.value.exit_code == 2


def test_without_apt_what_is_optional_is_gone_without(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(apt.shutil, "which", lambda name: None)
    apt.install_missing((package("libportaudio2", False, "microphone"),), tmp_path / "log", yes=True)
    assert "no microphone until it is installed" in capsys.readouterr().err
    with pytest.raises(SetupError, match=r"missing: g\+\+"):
        apt.install_missing((package("g++", False),), tmp_path / "log", yes=True)


# --- steps -----------------------------------------------------------------------------------------------------------


def test_failed_step_shows_its_last_lines_and_what_to_do(tmp_path):
    command = ["sh", "-c", "for i in $(seq 30); do echo line $i; done; exit 3"]
    with pytest.raises(SetupError) as caught:
        run_step("installing", command, tmp_path / "log/setup.log", remedy="check the network")
    text = str(caught.value)
    assert "line 30" in text and "line 15" not in text and "check the network" in text
    assert "line 1\n" in (tmp_path / "log/setup.log").read_text()


def test_progress_shows_what_moves():
    assert pip_progress("Collecting numpy==2.4.6 (from -r x)") .startswith("Collecting numpy")
    assert pip_progress("  Downloading https://host/a/b/av-18.1.0.whl (40 MB)") == "Downloading av-18.1.0.whl (40 MB)"
    assert pip_progress("Requirement already satisfied: x") == ""
    assert build_progress("[ 35%] Building C object x\n") == "[ 35%] Building C object x"
    assert build_progress("-- Found numpy") == ""

ENVIRONMENT = Path(__file__).resolve().parents[3] / ".venv/share"


def make_venv(root: Path, *, system: bool = False, place: Path | None = None) -> Venv:
    venv = Venv(root)
    (venv.folder / "bin").mkdir(parents=True)
    venv.python.touch()
    for name in ("ros_rcl.libs", "pip"):
        (venv.folder / "lib/python3.11/site-packages" / name).mkdir(parents=True)
    (venv.folder / "pyvenv.cfg").write_text(
        f"include-system-site-packages = {str(system).lower()}\n"
        f"command = /usr/bin/python3 -m venv {place or venv.folder}\n"
    )
    return venv


def test_venv_of_another_place_or_kind_is_not_used(tmp_path):
    assert not Venv(tmp_path / "none").is_for(has_ros=False)
    venv = make_venv(tmp_path / "a b")
    assert venv.is_for(has_ros=False) and not venv.is_for(has_ros=True)
    assert not make_venv(tmp_path / "c", place=Path("/elsewhere/.venv")).is_for(has_ros=False)
    assert make_venv(tmp_path / "d", system=True).is_for(has_ros=True)


def test_venv_whose_making_was_interrupted_is_made_anew(tmp_path):
    venv = make_venv(tmp_path)
    (venv.folder / "lib/python3.11/site-packages/pip").rmdir()
    assert not venv.is_for(has_ros=False)


def test_exports_name_this_machines_headers_and_repairing_twice_changes_nothing(tmp_path, monkeypatch):
    venv = make_venv(tmp_path)
    file = venv.folder / "share/std_msgs/cmake/export_std_msgs__rosidl_generator_pyExport.cmake"
    file.parent.mkdir(parents=True)
    foreign = "/opt/python/cp311-cp311"
    numpy_include = f"{foreign}/lib/python3.11/site-packages/numpy/_core/include"
    file.write_text(f'  INTERFACE_INCLUDE_DIRECTORIES "{foreign}/include/python3.11;{numpy_include}"\n')
    calls = []
    monkeypatch.setattr(
        "avatar_ros.bringup.machine.build.headers", lambda python: calls.append(python) or ("/here/py", "/here/np")
    )
    repair_exports(venv)
    repair_exports(venv)
    assert file.read_text() == '  INTERFACE_INCLUDE_DIRECTORIES "/here/py;/here/np"\n'
    assert len(calls) == 1


def test_rosidl_is_made_to_read_paths_with_letters_of_any_alphabet(tmp_path):
    venv = make_venv(tmp_path)
    file = venv.folder / "share/rosidl_adapter/cmake/rosidl_adapt_interfaces.cmake"
    repair_reading(venv)
    file.parent.mkdir(parents=True)
    file.write_text('  file(STRINGS "${idl_output}" idl_tuples)\n')
    for _ in range(2):
        repair_reading(venv)
        assert file.read_text() == '  file(STRINGS "${idl_output}" idl_tuples ENCODING UTF-8)\n'


@pytest.mark.skipif(not ENVIRONMENT.is_dir(), reason="no .venv of wheels: nothing to mend")
def test_the_wheels_have_what_is_mended():
    text = (ENVIRONMENT / "rosidl_adapter/cmake/rosidl_adapt_interfaces.cmake").read_text()
    assert 'file(STRINGS "${idl_output}" idl_tuples ENCODING UTF-8)' in text


def test_environment_puts_the_checkout_first_and_spares_the_second_start(tmp_path):
    venv = make_venv(tmp_path)
    build = Build(tmp_path, venv)
    (build.prefix / "lib/python3.11/site-packages").mkdir(parents=True)
    env = run_environment(tmp_path, venv, build, False, {"PATH": "/bin", "PYTHONPATH": "/mine"})
    site = build.prefix / "lib/python3.11/site-packages"
    assert env["PYTHONPATH"].split(":") == [str(tmp_path), str(site), "/mine"]
    assert env["LD_LIBRARY_PATH"].split(":")[:2] == [str(build.prefix / "lib"), str(venv.folder / "lib")]
    assert env["LD_LIBRARY_PATH"].endswith("ros_rcl.libs")
    assert env["PATH"].split(":")[0] == str(venv.folder / "bin")
    assert env["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] == "1"
    assert Path(env["FASTRTPS_DEFAULT_PROFILES_FILE"]).is_file()
    again = run_environment(tmp_path, venv, build, False, env)
    assert again == env


def test_other_ros_does_not_leak_into_the_wheels(tmp_path):
    venv = make_venv(tmp_path)
    humble = {"ROS_DISTRO": "humble", "AMENT_PREFIX_PATH": "/opt/ros/humble", "PYTHONPATH": "/opt/ros/humble/x"}
    env = run_environment(tmp_path, venv, Build(tmp_path, venv), False, humble)
    assert "humble" not in "".join(f"{name}{value}" for name, value in env.items())


def test_build_is_current_until_a_source_changes(tmp_path):
    venv = make_venv(tmp_path)
    build = Build(tmp_path, venv)
    (tmp_path / "CMakeLists.txt").write_text("project(a)")
    build.prefix.mkdir(parents=True)
    assert not build.is_current()
    build._stamp.put("sources", build._digest(SOURCES))
    assert build.is_current()
    (tmp_path / "CMakeLists.txt").write_text("project(b)")
    assert not build.is_current()


def test_tests_need_more_and_a_sourced_ros_needs_less(tmp_path):
    checkout = Checkout(tmp_path)
    checkout.has_ros = False
    assert checkout.groups(tests=False) == ("ros", "bootstrap", "build", "embedded", "aec", "no_deps")
    assert checkout.groups(tests=True)[-1] == "test"
    checkout.has_ros = True
    assert "ros" not in checkout.groups(tests=True)


def test_an_extra_brings_what_is_installed_without_dependencies():
    checkout = Checkout(ROOT)
    assert checkout.groups(tests=False, extras=("sensevoice", "edge"))[-3:] == (
        "sensevoice",
        "edge",
        "no_deps_sensevoice",
    )


def requirements(group):
    """Its requirements, those of the files that it includes too."""
    for line in (ROOT / "requirements" / f"{group}.txt").read_text().splitlines():
        requirement = line.partition("#")[0].strip()
        if requirement.startswith("-r "):
            yield from requirements(requirement[3:].removesuffix(".txt"))
        elif requirement and not requirement.startswith("-c "):
            yield requirement


def test_every_requirement_is_pinned():
    for file in (ROOT / "requirements").glob("*.txt"):
        assert all("==" in requirement for requirement in requirements(file.stem)), file.name


def test_torch_comes_only_where_it_is_asked_for():
    with_torch = {group for group in (*EXTRAS, *RUN_GROUPS, "test") if any("torch==" in r for r in requirements(group))}
    assert with_torch == {"sensevoice", "neural", "gpu"}


def test_ctrl_c_while_modules_are_read_is_no_traceback(tmp_path):
    """A pathlib that interrupts stands for the moment."""
    (tmp_path / "pathlib.py").write_text("raise KeyboardInterrupt")
    start = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['avatar', 'kiosk']\n"
    script = start + f"runpy.run_path({str(ROOT / 'avatar')!r}, run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130 and "Traceback" not in done.stderr


def test_ctrl_c_while_the_verbs_python_starts_ends_it_quietly(monkeypatch):
    """It came before a line of ours ran, and ended with the traceback of a module of Python's own."""
    masks = []
    monkeypatch.setattr("os.execvpe", lambda *_: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
    try:
        main._run(Checkout(ROOT), main.Call("validate", ("ada",)))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    main._run(Checkout(ROOT), main.Call("exec", ("python",)))
    assert [signal.SIGINT in mask for mask in masks] == [True, False]

    def interrupted() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        os.kill(os.getpid(), signal.SIGINT)

    command = [sys.executable, "-m", "avatar_ros", "validate", "ada"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=interrupted)
    assert (done.returncode, done.stderr, done.stdout) == (130, "", "")
