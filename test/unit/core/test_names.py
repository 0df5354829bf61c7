"""A name stands for one thing: classes and files that stand in two rooms, and words that the field has others for."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "avatar_ros"

#: Files that mean the same in each room, by design.
SAME_IN_EVERY_ROOM = {
    "__init__": "a room's docstring",
    "base": "a room's Protocol, settings and table of backends",
    "stage": "a room's stage; core/stage.py is what they inherit",
    "fake": "a room's scripted backend",
    "fallback": "a second backend where the first fails",
    "sounddevice": "the backend of that library",
    "reconnecting": "a room's card on top of audio/reconnecting.py",
    "main": "the entry point of a process",
    "kiosk": "the verb in commands/, and the run that it starts",
    "settings": "core/settings.py, and what makes a room's and its backend's from one list of values",
    "FakeSettings": "the options of a room's scripted backend",
    "Avatar": "the head that is drawn, and what a robot's program imports to talk with one",
    "validate": "the verb in commands/, and the checks that it prints",
    "web": "the verb in commands/, and the run that it starts",
}
#: Still to be renamed: a line goes with its name, and none is added.
STILL_TWICE = {"peers", "turn"}

#: Classes of the rename list whose word means nothing else today.
FORMER = set(
    "VoidGate Floor Treatment WholeHearing VoiceWithSpare ChatWithSpare Teller Performer LongTalk Smoother Mood Ear "
    "LearnedEncoder LearnedSource NetworkEars NetworkWords PhonesBeside FreeWords Inbox ThinkingFilter ToMicRate "
    "CardBuffer LoopThread FrameCutter ChunkOrder Answering SentenceSpan Levelling Alignment card_buffer mic_rate "
    "free_words network_words phones_beside long_talk FakeHearing SphinxHearing Judged EspeakSpeller ListenSource "
    "LoudSource VoiceMean wants_of try_lips".split()
)


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def places(package: Path) -> dict[str, set[str]]:
    """Names of classes and of files, and where below `package` they stand."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sources(package):
        place = path.relative_to(package).as_posix()
        found[path.stem].add(place)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name].add(place)
    return found


def identifiers(path: Path) -> set[str]:
    """All names of a file's code; words in comments and strings are none."""
    found = {path.stem}
    for node in ast.walk(ast.parse(path.read_text())):
        for field in ("id", "attr", "name", "arg", "asname"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.update(value.split("."))
    return found


def test_a_name_stands_in_one_place():
    twice = {name for name, where in places(PACKAGE).items() if len(where) > 1}
    assert twice - set(SAME_IN_EVERY_ROOM) - STILL_TWICE == set()


def test_nothing_is_allowed_that_stands_once():
    where = places(PACKAGE)
    assert {name for name in {*SAME_IN_EVERY_ROOM, *STILL_TWICE} if len(where[name]) < 2} == set()


def test_former_names_are_gone():
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(PACKAGE, ROOT / "benchmarks", ROOT / "tools")
        for name in identifiers(path) & FORMER
    }
    assert found == set()


def test_these_checks_can_fail(tmp_path):
    for room in ("ears", "lips"):
        (tmp_path / room).mkdir()
        (tmp_path / room / f"{room}.py").write_text("class Pace:\n    pass\n")
    assert places(tmp_path)["Pace"] == {"ears/ears.py", "lips/lips.py"}
    (tmp_path / "old.py").write_text('"""Floor"""\nfrom x import VoidGate as gate\nself.free_words = 1  # Mood\n')
    assert identifiers(tmp_path / "old.py") & FORMER == {"VoidGate", "free_words"}
