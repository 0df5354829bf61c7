"""History, what was said of a cut text, backchannels."""

from __future__ import annotations

import pytest

from avatar_ros.core.spoken_text import join_sentences, text_said, words_said
from avatar_ros.core.types import Transcript
from avatar_ros.dialogue.backchannels import Phrases, interrupts
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.fixed_texts import ListeningWords
from avatar_ros.dialogue.history import History

KNOWN = ListeningWords(DialogueSettings()).backchannels("")  # in all languages


def test_only_whole_words_count_as_said() -> None:
    text = "one two three four"
    assert words_said(text, 0.0) == ""
    assert words_said(text, 0.3) == "one"
    assert words_said(text, 0.5) == "one two"
    assert words_said(text, 0.99) == text


def test_scripts_without_spaces_are_cut_by_character() -> None:
    assert words_said("今天天气很好。", 0.5) == "今天天"


def test_sentences_before_the_cut_were_said_in_full() -> None:
    sentences = ["Hello there.", "How are you today?", "Good."]
    assert text_said(sentences, 1, 0.45) == "Hello there. How are"
    assert text_said(sentences, 0, 0.0) == ""
    assert text_said(sentences, 7, 0.5) == "Hello there. How are you today? Good."


def test_sentences_join_as_their_script_does() -> None:
    assert join_sentences(["Hi.", "", "Bye."]) == "Hi. Bye."
    assert join_sentences(["你好。", "再见。"]) == "你好。再见。"


def test_history_is_bounded_and_forgets_the_oldest() -> None:
    history = History(max_messages=3, max_characters=20)
    for i in range(5):
        history.add("user", f"number {i}")
    assert [m.text for m in history.messages()] == ["number 3", "number 4"]
    history.add("assistant", "  ")
    history.add("assistant", "x" * 30)
    assert history.messages() == ()


@pytest.mark.parametrize(
    "text", ["Uh-huh.", "mm", "Yeah, yeah!", "ok", "I see.", "嗯", "好的，好的", "ha ha", "hahahaha"]
)
def test_backchannels(text: str) -> None:
    assert not interrupts(Transcript(text=text), KNOWN)


@pytest.mark.parametrize("text", ["wait a moment", "ok but where is it", "yesterday", "ohm", "what", "好吃吗", "no"])
def test_interruptions(text: str) -> None:
    assert interrupts(Transcript(text=text), KNOWN)


def test_what_was_not_understood_does_not_interrupt() -> None:
    known = KNOWN
    assert not interrupts(Transcript(text="something", rejected=True), known)
    assert not interrupts(Transcript(text=" ..."), known)


def test_a_laugh_does_not_interrupt_but_laughing_words_do() -> None:
    known = KNOWN
    assert not interrupts(Transcript(text="oh dear", events=("Laughter",)), known)
    assert interrupts(Transcript(text="oh dear where is the exit", events=("Laughter",)), known)
    assert interrupts(Transcript(text="oh dear", events=("BGM",)), known)


def test_hallucinated_laughter_takes_no_time() -> None:
    assert not KNOWN.match("ha" * 29 + "x")
    assert not Phrases("").match("ok")


def test_the_beginning_of_a_backchannel_may_become_one() -> None:
    known = Phrases("i see, go on")
    assert known.may_become("I")
    assert known.may_become("go on, I see")
    assert not known.may_become("I want")
