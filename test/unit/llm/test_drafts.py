"""The llm stage gives the first sentence of an answer to the voice, where the prompt allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Prompt, Reply, Sentence
from avatar_ros.dialogue.draft import FirstSentence
from avatar_ros.llm.base import LlmSettings
from avatar_ros.llm.stage import LlmStage

PROMPT = Prompt(epoch=1, turn=4, text="hi", speculative=True, first_characters=80, most_characters=300)


class Streamed:
    """An answer that comes in pieces, one a call; and the Chat that gives it."""

    locale = ""

    def __init__(self, *pieces: str) -> None:
        self.pieces = list(pieces)

    @property
    def done(self) -> bool:
        return not self.pieces

    def take(self, now_s: float) -> Sequence[str]:
        return (self.pieces.pop(0),) if self.pieces and now_s > 0.0 else ()

    def close(self) -> None:
        self.pieces.clear()

    def ask(self, prompt: Prompt, now_s: float, wake: object) -> Streamed:
        return self


def outs(prompt: Prompt, *pieces: str, drafter: type[FirstSentence] | None = FirstSentence) -> list[Reply | Sentence]:
    stage = LlmStage(LlmSettings(), Streamed(*pieces), drafter)  # type: ignore[arg-type]
    given = [*stage.push("dialogue/prompt", prompt, 0.0)]
    for now_s in range(1, 10):
        given += stage.tick(float(now_s))
    assert {out.topic for out in given} <= {"dialogue/reply", "speech/draft"}
    assert all(isinstance(out.message, Sentence) == (out.topic == "speech/draft") for out in given)
    return [out.message for out in given]  # type: ignore[misc]


def drafts(*args: object, **more: object) -> list[Sentence]:
    return [message for message in outs(*args, **more) if isinstance(message, Sentence)]  # type: ignore[arg-type]


def test_the_first_sentence_is_given_once_it_is_whole_and_no_other() -> None:
    found = drafts(PROMPT, "[happy] It is three. It will", " be four. And five.")
    assert found == [Sentence("local", 1, 4, 0, "It is three.", "en-US", "happy")]
    assert drafts(PROMPT, "It is three.") == [Sentence("local", 1, 4, 0, "It is three.", "en-US", last=True)]


def test_a_prompt_that_does_not_allow_it_and_a_stage_that_has_nobody_to_cut_give_none() -> None:
    assert drafts(replace(PROMPT, first_characters=0), "It is three.") == []
    assert drafts(PROMPT, "It is three.", drafter=None) == []


def test_nothing_is_given_of_what_was_cancelled() -> None:
    stage = LlmStage(LlmSettings(), Streamed("It is three."), FirstSentence)  # type: ignore[arg-type]
    list(stage.push("dialogue/prompt", PROMPT, 0.0))
    list(stage.interrupt(Interrupt("local", 1, 4, InterruptAction.CANCEL), 0.5))
    assert list(stage.tick(1.0)) == []
