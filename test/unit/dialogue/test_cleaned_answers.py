"""What a model writes beside its answer reaches neither voice nor history; where nothing is left, we apologise."""

from __future__ import annotations

import pytest
from dialogue_talk import Talk

ANSWERS = [
    ("Use this:\n\n```python\nprint(1)\n```\n\nThen it works.", ["Use this:", "Then it works."]),
    ("<think>short</think>\n\nWe open at **nine**.<|im_end|>\n<|im_start|>user\nAnd?", ["We open at nine."]),
    ("Okay, the user asks. I should answer.\n</think>\n\nWe open at nine.", ["We open at nine."]),
    ("*smiles* It opened in 1987 [1]. | | ", ["It opened in 1987."]),
    ("Prices:\n| Adult | 9 |\n|---|---|\n| Child | 4 |", ["Prices:", "Adult, 9", "Child, 4"]),
    ("Options: 1. Tea 2. Coffee", ["Options: 1. Tea 2. Coffee"]),
]
WORDLESS = [
    '<tool_call>\n{"name": "get_hours", "arguments": {}}\n</tool_call>',
    "<think>I am thinking, and thinking",
    '```json\n{"name": "get_hours"}\n```',
    "<|channel|>analysis<|message|>Hm.<|end|>",
    "👋 … <|im_end|>",
]


def spoken(talk: Talk) -> list[str]:
    """Without the empty sentence that may close a turn."""
    return [sentence.text for sentence in talk.sent("speech/sentence") if sentence.text]


@pytest.mark.parametrize(("text", "sentences"), ANSWERS)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_voice_caption_and_history_have_the_same_words(text: str, sentences: list[str], size: int) -> None:
    talk = Talk()
    talk.ask("tell me something")
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    for seq, piece in enumerate(pieces):
        talk.reply(piece, seq, final=seq == len(pieces) - 1)
    assert spoken(talk) == sentences
    talk.play(len(sentences) - 1, 1.0)
    talk.end()
    talk.ask("and more")
    assert talk.history[-1] == "a: " + " ".join(sentences)


@pytest.mark.parametrize("text", WORDLESS)
def test_an_answer_of_which_nothing_is_left_is_apologised_for(text: str) -> None:
    talk = Talk(apology="Sorry.")
    talk.ask("when do you open")
    talk.reply(text)
    assert spoken(talk) == ["Sorry."]


def test_a_model_that_thinks_for_ever_is_given_up() -> None:
    talk = Talk(apology="Sorry.", think_patience_s=5.0)
    talk.ask("when do you open")
    for seq in range(80):
        talk.reply("<think>" if seq == 0 else "and then again ", seq, final=False)
        talk.run(0.1)
    assert spoken(talk) == ["Sorry."]


def test_a_slow_answer_is_waited_for() -> None:
    talk = Talk(apology="Sorry.", think_patience_s=5.0)
    talk.ask("when do you open")
    for seq, word in enumerate(["We ", "open ", "at ", "nine."]):
        talk.reply(word, seq, final=False)
        talk.run(3.0)
    talk.reply("", 4)
    assert spoken(talk)[0] == "We open at nine."


def test_a_say_is_cleaned_the_same_way() -> None:
    talk = Talk()
    talk.say("[happy] **Welcome** to [our page](https://x.org/a?b=1) 👋! See `README`.")
    (first, second) = talk.sent("speech/sentence")
    assert (first.text, first.expression, second.text) == ("Welcome to our page!", "happy", "See README.")
    talk.play(1, 1.0)
    talk.end()
    assert talk.sent("say_result")[-1].spoken == "Welcome to our page! See README."
