"""An answer that breaks off after its first word: everybody downstream can tell it from one that has ended."""

from __future__ import annotations

import pytest

from avatar_ros.core.errors import LlmError
from avatar_ros.core.types import Prompt, Transcript
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from avatar_ros.llm.base import PORT, LlmSettings
from avatar_ros.llm.fake import FakeChat, FakeSettings
from avatar_ros.llm.fallback import ChatWithFallback
from avatar_ros.llm.stage import LlmStage
from harness import Harness


class ScriptedChat:
    """Gives one piece a call; an exception is raised where it stands."""

    remote = True

    def __init__(self, *script):
        self.script = script

    def load(self):
        pass

    def ask(self, prompt, now_s, wake):
        return ScriptedAnswer(self.script)

    def status(self):
        return {}

    def forget(self, session):
        pass

    def expect(self, now_s):
        pass

    def close(self):
        pass


class ScriptedAnswer:
    def __init__(self, script):
        self._script = list(script)
        self.done = False

    def take(self, now_s):
        if not self._script:
            self.done = True
            return ()
        step = self._script.pop(0)
        if isinstance(step, LlmError):
            self.done = True
            raise step
        return (step,)

    def close(self):
        pass


BREAKS = LlmError("llm_cut", "cut")
FALLBACKS = pytest.mark.parametrize("has_fallback", [True, False], ids=["with fallback", "without"])


def stage_of(script, has_fallback):
    chat = ScriptedChat(*script)
    if has_fallback:
        chat = ChatWithFallback(chat, FakeChat(LlmSettings(), FakeSettings(delay_s=0.0, gap_s=0.0)), LlmSettings())
    return LlmStage(LlmSettings(), chat)


def replies(stage):
    """All Replies to one prompt, and the error that the stage raised, if it did."""
    out = []
    calls = [lambda: stage.push("dialogue/prompt", Prompt(text="hi", turn=1), 0.0)]
    calls += [lambda at_s=0.1 * step: stage.tick(at_s) for step in range(100)]
    try:
        for call in calls:
            for _, reply in call():
                out.append(reply)
    except LlmError as error:
        return out, error
    return out, None


@FALLBACKS
def test_the_last_piece_of_a_broken_answer_leaves_a_gap(has_fallback):
    found, error = replies(stage_of(["Take the ", "door", BREAKS], has_fallback))
    assert "".join(reply.text for reply in found) == "Take the door"
    assert [reply.final for reply in found] == [False] * (len(found) - 1) + [True]
    assert [reply.seq for reply in found] == [*range(len(found) - 1), len(found)]
    # Where there is a fallback, the service's status tells of the failure, and the kiosk goes on.
    assert error is (None if has_fallback else BREAKS)


@FALLBACKS
def test_a_whole_answer_leaves_none(has_fallback):
    found, error = replies(stage_of(["Take the ", "door."], has_fallback))
    assert [reply.seq for reply in found] == list(range(len(found)))
    assert error is None


def test_an_answer_that_failed_before_its_first_word_is_the_fallbacks_and_whole():
    found, error = replies(stage_of([BREAKS], has_fallback=True))
    assert "".join(reply.text for reply in found) == "You said: hi"
    assert [reply.seq for reply in found] == list(range(len(found)))
    assert error is None


def test_half_a_sentence_becomes_an_apology():
    run = Harness()
    run.add("llm", stage_of(["It is near. ", "Take the second door on the", BREAKS], has_fallback=True), PORT)
    run.add("dialogue", DialogueStage(DialogueSettings(apology="Sorry."), lambda: (1, "")), DIALOGUE_PORT)
    run.send("speech/transcript", Transcript(utterance=0, text="where is the exit"))
    run.run(1.0)
    assert [(s.text, s.last) for s in run.sent("speech/sentence")] == [("It is near.", False), ("Sorry.", True)]
