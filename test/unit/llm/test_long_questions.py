"""What is longer than any question of the file is not compared with all of them; answers go out in pieces."""

from types import SimpleNamespace

import pytest

from avatar_ros.answers import matcher as matching
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import Prompt
from avatar_ros.llm.answers import load_answers
from avatar_ros.llm.base import LlmSettings, WholeAnswer
from avatar_ros.llm.stage import _PIECE_CHARACTERS, LlmStage


@pytest.mark.parametrize("text", ["where is the exit " * 1000, "a" * 100_000])
def test_a_long_text_is_not_compared(text, monkeypatch):
    matcher = matching.Matcher(load_answers(share_file(LlmSettings().answers_file)), 0.6)
    assert matcher.find("where is the exit") is not None
    monkeypatch.setattr(matching, "ends", None)
    monkeypatch.setattr(matching, "distance", None)
    assert matcher.find(text) is None


def test_a_long_answer_goes_out_in_pieces_that_are_the_whole():
    text = "This is one of many sentences. " * 1000
    chat = SimpleNamespace(ask=lambda prompt, now_s, wake: WholeAnswer(text))
    replies = [out.message for out in LlmStage(LlmSettings(), chat).push("dialogue/prompt", Prompt(turn=1), 0.0)]
    assert "".join(reply.text for reply in replies) == text
    assert max(len(reply.text) for reply in replies) <= _PIECE_CHARACTERS
    assert [reply.seq for reply in replies] == list(range(len(replies)))
    assert [reply.final for reply in replies] == [False] * (len(replies) - 1) + [True]
