"""Which optional libraries a profile brings, and that requirement files say what setting up and users are told."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from avatar_ros.bringup.machine.console import SetupError
from avatar_ros.bringup.machine.main import _extras, main, parse
from avatar_ros.bringup.machine.profiles import BACKEND_EXTRAS, profile_extras, take_profile
from avatar_ros.bringup.machine.venv import EXTRAS, RUN_GROUPS
from avatar_ros.core.registry import Registry

ROOT = Path(__file__).resolve().parents[3]
ROOMS = (
    *("answers.embeddings", "asr", "mic", "people", "speaker", "display", "encoder", "llm", "motion", "render"),
    *("tts", "vad"),
)


def registries() -> list[Registry]:
    modules = [import_module(f"avatar_ros.{room}.base") for room in ROOMS]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Registry)]


@pytest.mark.parametrize(
    ("typed", "extras"),
    [
        (["kiosk", "--profile", "full"], ("turn_detector", "sherpa", "edge")),
        (["kiosk", "--profile=full"], ("turn_detector", "sherpa", "edge")),
        (["kiosk", "--profile", "embedded"], ()),
        (["kiosk", "--profile", "natural"], ("turn_detector", "whisper", "meaning", "piper")),
        (["kiosk"], ()),
        (["kiosk", "--web", "--people", "auto"], ("web", "people")),
        (["kiosk", "--people=/camera/image_raw"], ("people",)),
        (["exec", "kiosk", "--people", "auto"], ()),
        (["kiosk", "--profile"], ()),
        (["kiosk", "--profile", "full,llm_openai"], ("turn_detector", "sherpa", "edge", "openai")),
        (["setup", "--profile", "full", "--with", "gpu"], ("gpu", "turn_detector", "sherpa", "edge")),
        (["exec", "a", "--profile", "full"], ()),
        (["test", "--", "--profile", "full"], ()),
    ],
)
def test_a_profile_brings_what_its_backends_need(typed, extras):
    assert _extras(parse(typed), ROOT) == extras


def test_a_profile_file_of_ones_own_is_read_without_a_yaml_parser(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "# backend: gsplat\n/**/llm_node: {ros__parameters: {backend: 'openai', fallback: answers}}\n"
        "/**/tts_node:\n  ros__parameters:\n    backend: espeak  # not backend: edge\n    display.backend: off\n"
        '/**/asr_node:\n  ros__parameters: {"backend": "pocketsphinx", "fallback": "sensevoice_sherpa"}\n'
    )
    assert profile_extras(ROOT, f"embedded, {file}") == ("openai", "sherpa")
    file.write_bytes(b"\xff\xfe")
    assert profile_extras(ROOT, str(file)) == profile_extras(ROOT, "nowhere.yaml") == ()


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "config").glob("llm_*.yaml")))
def test_every_llm_profile_brings_its_library(name):
    assert profile_extras(ROOT, name) == profile_extras(ROOT, str(ROOT / f"config/{name}.yaml")) == ("openai",)


def test_the_last_profile_counts_and_the_rest_is_left():
    assert take_profile(["--profile", "a", "-x", "--profile=b", "c"]) == ("b", ("-x", "c"))


def test_extras_without_a_verb_are_told_the_verb(capsys):
    assert main(ROOT, ["--with", "edge,openai"]) == 2
    assert "./avatar setup --with edge,openai" in capsys.readouterr().err


def test_setup_refuses_what_it_does_not_know():
    with pytest.raises(SetupError, match="setup does not know '--wiht'") as caught:
        _extras(parse(["setup", "--wiht", "edge"]), ROOT)
    assert caught.value.exit_code == 2


def test_the_tables_of_backends_say_the_same():
    found = {name: backend.install for registry in registries() for name, backend in registry.items()}
    assert {name: install for name, install in found.items() if install in EXTRAS} == BACKEND_EXTRAS


def test_what_a_missing_library_is_told_by_exists():
    for registry in registries():
        for name, backend in registry.items():
            groups = {"", *RUN_GROUPS, *EXTRAS}
            assert backend.install in groups or " " in backend.install, f"{registry.stage} {name}: {backend.install}"


# --- requirement files -----------------------------------------------------------------------------------------------


def pins(group: str) -> dict[str, str]:
    """Package -> version, of the file itself."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / f"requirements/{group}.txt").read_text().splitlines()]
    pinned = [line.partition(";")[0].strip().split("==") for line in lines if "==" in line and line[:1] != "-"]
    return {name.lower(): version for name, version in pinned}


def test_onnxruntime_for_a_gpu_is_the_same_version_as_the_other_whose_files_it_replaces():
    assert pins("no_deps_gpu")["onnxruntime-gpu"] == pins("embedded")["onnxruntime"]


def test_extras_are_held_by_the_pins_of_all():
    for group in (*EXTRAS, "aec"):
        lines = (ROOT / f"requirements/{group}.txt").read_text().splitlines()
        assert {"-c constraints.txt", "-c embedded.txt"} <= set(lines), group


def test_a_package_has_one_version():
    groups = [path.stem for path in (ROOT / "requirements").glob("*.txt")]
    versions: dict[str, set[str]] = {}
    for group in groups:
        for name, version in pins(group).items():
            versions.setdefault(name, set()).add(version)
    assert {name for name, found in versions.items() if len(found) > 1} <= {"pocketsphinx"}, "it depends on the Python"


def test_pip_sees_all_extras():
    """`pip install '.[edge]'`: setup.py reads its requirements from the same files."""
    pytest.importorskip("setuptools")
    code = (
        "import json, setuptools; kept = {}; setuptools.setup = lambda **given: kept.update(given)\n"
        "exec(compile(open('setup.py').read(), 'setup.py', 'exec'), {'__file__': 'setup.py', '__name__': '__main__'})\n"
        "print(json.dumps([kept['install_requires'], kept['extras_require']]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    base, extras = json.loads(done.stdout)
    assert set(extras) == {*EXTRAS, "test"}
    assert any(line.startswith("onnxruntime==") for line in base) and any(line.startswith("livekit==") for line in base)
    assert any(line.startswith("edge-tts==") for line in extras["test"]), "-r is followed"
    assert all("==" in line for line in [*base, *(line for lines in extras.values() for line in lines)])
