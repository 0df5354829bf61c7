"""Every process of ours passes avatar_ros/core/__init__.py before a library that phones home is loaded."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from avatar_ros.core import NO_TELEMETRY
from avatar_ros.core.environment import needed

ROOT = Path(__file__).resolve().parents[3]
#: Libraries that look something up by themselves unless told not to.
PHONING = {"onnxruntime", "transformers", "huggingface_hub", "funasr"}
#: Forks once an entry, imports it as `python FILE` or `python -m MODULE` would, and tells what was wrong where.
PROBE = """
import importlib.util, json, os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in PHONING:
            if any(os.environ.get(n) != v for n, v in WANTED.items()):
                faults.append(name)
            raise ImportError(name)  # what comes first decides; loading it would take seconds

def enter(entry):
    sys.meta_path.insert(0, Watch())
    try:
        if entry.endswith(".py"):
            sys.path.insert(0, os.path.dirname(entry))
            spec = importlib.util.spec_from_file_location("entry", entry)
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
        else:
            importlib.import_module(entry)
    except ImportError:
        pass

PHONING, WANTED, entries = json.load(sys.stdin)
for name in WANTED:
    os.environ.pop(name, None)
for entry in entries:
    if (pid := os.fork()) == 0:
        faults = []
        enter(entry)
        missing = [n for n in WANTED if os.environ.get(n) != WANTED[n]]
        if faults or missing:
            print(entry, faults, missing, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
print("probed", len(entries))
"""


def has_main(path: Path) -> bool:
    return '__name__ == "__main__"' in path.read_text()


def entries() -> list[str]:
    """Whatever can be started: modules with a main, every script, the launch file, the tests' own entry."""
    package = (path for path in sorted((ROOT / "avatar_ros").rglob("*.py")) if has_main(path))
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in package]
    scripts = [*sorted((ROOT / "tools").glob("*.py")), ROOT / "test/conftest.py"]
    if importlib.util.find_spec("launch_ros") is not None:
        scripts += sorted((ROOT / "launch").glob("*.py"))
    return [*modules, *map(str, scripts), "avatar_ros.bringup.machine.main"]


def libraries(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) if not node.level]
    return {name.split(".")[0] for name in names}


def modules_that_phone() -> list[str]:
    """Each module of the package that imports such a library, taken alone, as another program would."""
    paths = [path for path in sorted((ROOT / "avatar_ros").rglob("*.py")) if libraries(path) & PHONING]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]


def probe(what: list[str]) -> list[str]:
    env = {name: value for name, value in os.environ.items() if name not in NO_TELEMETRY}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), env.get("PYTHONPATH", "")])
    order = json.dumps([sorted(PHONING), NO_TELEMETRY, what])
    done = subprocess.run(
        [sys.executable, "-c", PROBE], input=order, capture_output=True, text=True, env=env, timeout=300, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines.pop() == f"probed {len(what)}"
    return lines


def test_every_entry_switches_telemetry_off_before_it_loads_what_phones():
    found = entries()
    assert {"avatar_ros.nodes.vad_node", "avatar_ros.asr.phone_loop_process", "avatar_ros.cli"} <= {*found}
    assert probe(found) == []


def test_every_module_that_loads_such_a_library_does_so_taken_alone():
    found = modules_that_phone()
    assert "avatar_ros.vad.silero" in found
    assert probe(found) == []


def test_the_probe_sees_an_entry_that_does_not(tmp_path):
    (tmp_path / "bad.py").write_text("import onnxruntime\nimport avatar_ros\n")
    (tmp_path / "worse.py").write_text("pass\n")
    assert len(probe([str(tmp_path / "bad.py"), str(tmp_path / "worse.py")])) == 2


def test_files_of_tools_that_load_such_a_library_are_reached_through_an_entry():
    for path in sorted((ROOT / "tools").rglob("*.py")):
        above = path.parent / "__init__.py"
        packages = {package.parent.name for package in (ROOT / "tools").glob("*/__init__.py")}
        if libraries(path) & PHONING:
            passed = libraries(above) if above.exists() else libraries(path)
            assert passed & {"avatar_ros", *packages}, path


def test_what_is_started_gets_it_too():
    assert NO_TELEMETRY.items() <= needed(os.environ).items()
