"""What is installed is what was locked: every package by its hashes, on every Python, or nothing at all."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from avatar_ros.bringup.machine import venv as venv_module
from avatar_ros.bringup.machine.console import SetupError
from avatar_ros.bringup.machine.locked import LOCKED, SOURCE_LINE, UNLOCKED, is_current, lock_file, source_of
from avatar_ros.bringup.machine.venv import EXTRAS, ROS_GROUP, RUN_GROUPS, TEST_GROUP, Venv

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "requirements"
PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)==(\S+?)( ;.*?)?( \\)?")


def locked(group: str) -> dict[str, list[tuple[str, str, int]]]:
    """Package -> (version, marker, number of hashes), read strictly: a lock holds nothing else."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    name = ""
    for line in lock_file(FOLDER, group).read_text().splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("    --hash=sha256:"):
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
            version, marker, count = found[name][-1]
            found[name][-1] = (version, marker, count + 1)
            continue
        entry = PINNED.fullmatch(line)
        assert entry, f"{group}: {line}"
        name = entry[1].lower().replace("_", "-")
        found.setdefault(name, []).append((entry[2], entry[3] or "", 0))
    return found


def test_each_group_is_locked_or_named_as_not():
    files = {path.stem for path in FOLDER.glob("*.txt")} - {"constraints"}
    assert {*LOCKED} | {*UNLOCKED} == files and not {*LOCKED} & {*UNLOCKED}
    assert {ROS_GROUP, TEST_GROUP, *RUN_GROUPS} <= {*LOCKED} and {*UNLOCKED} < {*EXTRAS}
    assert {path.stem for path in (FOLDER / "lock").iterdir()} == {*LOCKED}


@pytest.mark.parametrize("group", LOCKED)
def test_every_package_of_a_lock_has_hashes_and_the_lock_is_of_today(group):
    assert is_current(FOLDER, group), "run tools/lock_requirements.py"
    packages = locked(group)
    assert packages and all(count for entries in packages.values() for *_, count in entries)
    for line in (FOLDER / f"{group}.txt").read_text().splitlines():
        if pin := re.match(r"([A-Za-z0-9][\w.-]*)(?:\[\w+\])?==([^\s;]+)", line):
            name = pin[1].lower().replace("_", "-")
            assert pin[2] in {version for version, *_ in packages[name]}, name


def test_torch_is_in_no_lock():
    assert not any({"torch", "gsplat", "transformers"} & locked(group).keys() for group in LOCKED)


def test_groups_that_are_installed_together_agree():
    versions: dict[str, set[tuple[str, ...]]] = {}
    for group in LOCKED:
        for name, entries in locked(group).items():
            versions.setdefault(name, set()).add(tuple(sorted(version for version, *_ in entries)))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


# --- a small group of its own, installed by pip for real -------------------------------------------------------------


def wheel(folder: Path, text: str) -> Path:
    """A package `tiny_thing` whose module says `text`."""
    path = folder / "tiny_thing-1.0-py3-none-any.whl"
    info, out = "tiny_thing-1.0.dist-info", io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("tiny_thing.py", f"WORDS = {text!r}\n")
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    path.write_bytes(out.getvalue())
    return path


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """A checkout with one group, `embedded`, locked to a wheel in a folder that stands for the index."""
    root = tmp_path / "root"
    (root / "requirements/lock").mkdir(parents=True)
    (tmp_path / "index").mkdir()
    (root / "requirements/embedded.txt").write_text("tiny-thing==1.0  # a comment\n")
    write_lock(root, wheel(tmp_path / "index", "as locked"))
    for name, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(tmp_path / "index")), ("NO_CACHE_DIR", "1")):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return Venv(root)


def write_lock(root: Path, file: Path) -> None:
    hashed = subprocess.run([sys.executable, "-m", "pip", "hash", file], capture_output=True, text=True, check=True)
    found = re.search(r"--hash=sha256:[0-9a-f]{64}", hashed.stdout)
    assert found
    text = f"{SOURCE_LINE}{source_of(root / 'requirements', 'embedded')}\ntiny-thing==1.0 \\\n    {found[0]}\n"
    lock_file(root / "requirements", "embedded").write_text(text)


def installed(venv: Venv) -> str:
    code = "import tiny_thing; print(tiny_thing.WORDS)"
    return subprocess.run([venv.python, "-c", code], capture_output=True, text=True).stdout.strip()


def test_what_was_locked_is_installed_and_what_was_changed_is_not(venv, tmp_path):
    index = tmp_path / "index"
    subprocess.run([sys.executable, "-m", "venv", venv.folder], check=True)
    wheel(index, "something else")
    with pytest.raises(SetupError, match="not the one that was locked"):
        venv.install(["embedded"], tmp_path / "log")
    assert installed(venv) == "" and not venv.has("embedded")
    wheel(index, "as locked")
    write_lock(venv.root, next(index.iterdir()))
    venv.install(["embedded"], tmp_path / "log")
    assert installed(venv) == "as locked" and venv.has("embedded")


def test_a_requirement_that_was_changed_after_its_lock_is_refused_before_pip_is_asked(venv, tmp_path, monkeypatch):
    monkeypatch.setattr(venv_module, "run_step", lambda *_, **__: pytest.fail("pip was asked"))
    file = venv.root / "requirements/embedded.txt"
    file.write_text(file.read_text() + "other==2\n")
    with pytest.raises(SetupError, match="lock_requirements") as caught:
        venv.install(["embedded"], tmp_path / "log")
    assert caught.value.exit_code == 2
    shutil.rmtree(venv.root / "requirements/lock")
    with pytest.raises(SetupError, match="restore both from the repository"):
        venv.install(["embedded"], tmp_path / "log")


def test_a_comment_is_no_change(venv):
    file = venv.root / "requirements/embedded.txt"
    file.write_text("# why\n\n" + file.read_text().replace("a comment", "another"))
    assert is_current(venv.root / "requirements", "embedded")
