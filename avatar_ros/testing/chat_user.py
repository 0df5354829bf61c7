"""Somebody who asks an LlmStage and waits for what it says, on a clock of his own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.enums import InterruptAction, VoiceKind
from ..core.errors import LlmError
from ..core.events import Interrupt
from ..core.types import ChatMessage, Prompt, Reply, VoiceActivity
from ..llm.base import LLM_BACKENDS, LlmSettings
from ..llm.stage import LlmStage, build
from .settings import split

#: Longest wait, of real time, for something that takes milliseconds.
PATIENCE_S = 30.0


class ChatUser:
    """now_s moves by `advance` alone; real time passes only while waiting for a thread of the stage."""

    def __init__(self, stage: LlmStage | None = None, **settings: Any) -> None:
        built = stage or build(*split(LLM_BACKENDS, LlmSettings, **settings))
        assert isinstance(built, LlmStage)
        self.stage = built
        self.now_s = 1000.0
        self.replies: list[Reply] = []
        self.errors: list[LlmError] = []
        self._woken = threading.Event()
        self.stage.wake = self._woken.set
        self.stage.load()
        self._turn = 0

    def ask(self, text: str, session: str = "local", history: tuple[ChatMessage, ...] = (), **fields: Any) -> Prompt:
        """Send a prompt of the next turn."""
        self._turn += 1
        prompt = Prompt(session=session, epoch=1, turn=self._turn, text=text, history=history, **fields)
        self._give(lambda: self.stage.push("dialogue/prompt", prompt, self.now_s))
        return prompt

    def begin_to_speak(self) -> None:
        """A voice is heard."""
        voice = VoiceActivity(kind=VoiceKind.STARTED, utterance=1)
        self._give(lambda: self.stage.push("mic/voice_activity", voice, self.now_s))

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, and the stage look."""
        self.now_s += seconds
        self.tick()

    def tick(self) -> None:
        """Let the stage look."""
        self._give(lambda: self.stage.tick(self.now_s))

    def cancel(self, prompt: Prompt) -> None:
        """As the node does: abort from outside, then the order in its turn."""
        order = Interrupt(prompt.session, prompt.epoch, prompt.turn, InterruptAction.CANCEL)
        self.stage.abort(order)
        self._give(lambda: self.stage.interrupt(order, self.now_s))

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait for the stage's threads until `condition`, virtual time standing still."""
        for _ in range(1000):
            self.tick()
            if condition():
                return
            assert self._woken.wait(PATIENCE_S), f"nothing more came; {what} {self.replies}"
            self._woken.clear()
        raise AssertionError(f"woken in vain; {what}")

    def hear(self, prompt: Prompt) -> str:
        """Wait for the whole answer; returns its text."""
        self.until(lambda: self.finished(prompt), "waiting for the end")
        return self.text(prompt)

    def of(self, prompt: Prompt) -> list[Reply]:
        """Its replies so far."""
        key = (prompt.session, prompt.epoch, prompt.turn)
        return [reply for reply in self.replies if (reply.session, reply.epoch, reply.turn) == key]

    def text(self, prompt: Prompt) -> str:
        """What was said so far."""
        return "".join(reply.text for reply in self.of(prompt))

    def finished(self, prompt: Prompt) -> bool:
        """Whether its final piece came."""
        return any(reply.final for reply in self.of(prompt))

    def answer(self, text: str, **fields: Any) -> str:
        """Ask and wait."""
        return self.hear(self.ask(text, **fields))

    @property
    def warning(self) -> str:
        """What diagnostics warn of."""
        return self.stage.status().get("warning", "")

    def close(self) -> None:
        """Close the stage."""
        self.stage.close()

    def _give(self, work: Callable[[], Any]) -> None:
        try:
            for out in work():
                assert out.topic == "dialogue/reply"
                self.replies.append(out.message)
        except LlmError as error:  # what the node's runner would report
            self.errors.append(error)
