"""A kiosk's own tests: that every question of its answers file is understood and answered, when spoken too.

Copy it beside your answers file and change the first lines. Run with `pytest`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from avatar_ros.testing.kiosk_process import KioskProcess
from avatar_ros.testing.spoken_questions import speak, write_wav
from avatar_ros.testing.virtual_kiosk import VirtualKiosk

ANSWERS = Path(os.environ.get("ANSWERS", Path(__file__).parents[1] / "02_own_answers" / "answers.yaml"))
#: What visitors ask -> words of the answer.
QUESTIONS = {
    "when does the next boat leave": "quarter past",
    "can you tell me where the ferry leaves from": "pier two",
    "excuse me how much is a ticket": "four euros",
}
#: What the kiosk cannot know -> it says so.
STRANGE = ("will it rain tomorrow",)
SORRY = "I only know about the ferries"


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualKiosk]:
    """The real ears, answers and voice; on a virtual clock a minute of talk takes seconds."""
    kiosk = VirtualKiosk(tmp_path_factory.mktemp("kiosk"), ANSWERS)
    yield kiosk
    kiosk.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_answers(kiosk: VirtualKiosk, question: str) -> None:
    assert QUESTIONS[question] in kiosk.understood(question).answer


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_understands_when_somebody_asks_aloud(kiosk: VirtualKiosk, question: str) -> None:
    turn = kiosk.asked(question)
    assert QUESTIONS[question] in turn.answer, f"it heard '{turn.heard}'"


@pytest.mark.parametrize("question", STRANGE)
def test_it_says_so_when_it_does_not_know(kiosk: VirtualKiosk, question: str) -> None:
    assert SORRY in kiosk.asked(question).answer


def test_a_real_kiosk_answers(tmp_path: Path) -> None:
    """All processes, as visitors will have them; --mic stands in for the microphone."""
    question, (sound,) = next(iter(QUESTIONS)), speak([next(iter(QUESTIONS))])
    profile, report = tmp_path / "profile.yaml", tmp_path / "turns.json"
    file = f"{{ros__parameters: {{answers_file: {ANSWERS}}}}}"
    profile.write_text(f"/**/asr_node: {file}\n/**/llm_node: {file}\n")
    arguments = ("--profile", f"embedded,{profile}", "--mic", write_wav(tmp_path / "question.wav", sound))
    with KioskProcess(*arguments, "--display", "off", "--turns", 1, "--report", report, namespace="my_test") as kiosk:
        assert kiosk.wait() == 0, kiosk.log
    (turn,) = json.loads(report.read_text())["turns"]
    assert turn["transcript"] == question
    assert QUESTIONS[question] in turn["spoken"]
