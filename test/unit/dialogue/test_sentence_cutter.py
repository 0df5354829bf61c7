"""Sentences: where they end in many scripts, and that the pieces of the stream do not matter."""

from __future__ import annotations

import random

import pytest

from avatar_ros.dialogue.sentences import CutSentence, SentenceCutter

CASES = {
    "plain": ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
    "titles": ("Mr. Smith met Dr. Jones. They left.", ["Mr. Smith met Dr. Jones.", "They left."]),
    "decimals": ("It is 3.14. That is 1,000.5 more.", ["It is 3.14.", "That is 1,000.5 more."]),
    "explanations": ("Fruit, e.g. apples, i.e. food. Good.", ["Fruit, e.g. apples, i.e. food.", "Good."]),
    "acronyms": ("The U.S. Army is big. Yes.", ["The U.S. Army is big.", "Yes."]),
    "time of day": ("It is 5 p.m. and late. Come at 9 a.m. Bye.", ["It is 5 p.m. and late.", "Come at 9 a.m.", "Bye."]),
    "initials": ("J. R. Smith and I. Then we went.", ["J. R. Smith and I.", "Then we went."]),
    "no": ("The answer is no. No. 5 is alive.", ["The answer is no.", "No. 5 is alive."]),
    "etc": ("Cups, plates etc. are there. Cups etc. Go on.", ["Cups, plates etc. are there.", "Cups etc.", "Go on."]),
    "ellipsis": ("Well... maybe... And so on… or not.", ["Well... maybe...", "And so on… or not."]),
    "several stops": ("Really?! Yes!!! Oh.", ["Really?!", "Yes!", "Oh."]),
    "quotes": ('He said "Hello." Then "Go!" she said.', ['He said "Hello."', 'Then "Go!" she said.']),
    "curly quotes": ("“Stop.” He stopped. (Twice.) Good.", ["“Stop.”", "He stopped.", "(Twice.)", "Good."]),
    "addresses": (
        "See https://a.org/x?y=z.html now. Or www.foo.org. Bye.",
        ["See a.org now.", "Or foo.org.", "Bye."],
    ),
    "list within a line": (
        "Options: 1. Tea 2. Coffee 3. Cake. It is open until 5. Come in.",
        ["Options: 1. Tea 2. Coffee 3. Cake.", "It is open until 5.", "Come in."],
    ),
    "list of sentences": ("We have: 1. Tea. 2. Coffee.", ["We have: 1. Tea.", "2. Coffee."]),
    "no list": ("He came in 1990. 2. place. Room 3. Now.", ["He came in 1990.", "2. place.", "Room 3.", "Now."]),
    "list": ("1. Apples\n2. Pears\n- and more", ["1. Apples", "2. Pears", "and more"]),
    "emoji": ("Great!😊 How nice 🎉! 👍🏽", ["Great!", "How nice!"]),
    "nothing to say": ("... !? — 😊", []),
    "blanks": ("  A  b.\t\tC \n\n D. ", ["A b.", "C", "D."]),
    "chinese": ("你好。我叫小明！你呢？好的……再见", ["你好。", "我叫小明！", "你呢？", "好的……再见"]),
    "japanese": ("「はい。」元気？ ええ。", ["「はい。」", "元気？", "ええ。"]),
    "mixed": ("价格是3.5元。OK.我们走吧。", ["价格是3.5元。", "OK.", "我们走吧。"]),
    "hindi": ("नमस्ते। आप कैसे हैं।", ["नमस्ते।", "आप कैसे हैं।"]),
    "arabic": ("كيف حالك؟ بخير.", ["كيف حالك؟", "بخير."]),
    "no end": ("and then", ["and then"]),
}


def cut(pieces: list[str], **limits: int) -> list[CutSentence]:
    cutter = SentenceCutter(**limits)
    lines = [line for piece in pieces for line in cutter.feed(piece)]
    return [*lines, *cutter.finish()]


def texts(text: str, **limits: int) -> list[str]:
    return [line.text for line in cut([text], **limits)]


@pytest.mark.parametrize("name", CASES)
def test_where_sentences_end(name: str) -> None:
    text, expected = CASES[name]
    assert texts(text) == expected


def test_pieces_of_the_stream_do_not_matter() -> None:
    rng = random.Random(7)
    whole = " ".join(text for text, _ in CASES.values()) + "[happy] Oh, [1] [sad]no."
    alphabet = "aB1 .,!?…。！\"')[]😊\nhappyé字" + "[sad]"
    for _ in range(400):
        text = whole if rng.random() < 0.1 else "".join(rng.choice(alphabet) for _ in range(rng.randrange(120)))
        cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randrange(40)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        limits = {"first_clause_length": rng.choice([10, 80]), "clause_length": 40, "max_length": 60}
        assert cut(pieces, **limits) == cut([text], **limits)


def test_no_words_are_lost_or_made() -> None:
    rng = random.Random(11)
    for _ in range(300):
        text = "".join(rng.choice("ab1 .,!?。，字\n") for _ in range(rng.randrange(150)))
        spoken = "".join(line.text for line in cut([text], max_length=40, clause_length=20))
        assert [c for c in spoken if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_sentence_goes_out_with_the_first_character_after_it() -> None:
    cutter = SentenceCutter()
    assert list(cutter.feed("Hello there.")) == []  # "there.com"?
    assert [line.text for line in cutter.feed(" ")] == ["Hello there."]
    assert [line.text for line in cutter.feed("你好。我")] == ["你好。"]


def test_a_long_first_sentence_goes_out_from_its_comma_on() -> None:
    text = "The museum is open every day from nine, except on Mondays, when it is closed, and on holidays."
    assert texts(text, first_clause_length=30) == [
        "The museum is open every day from nine,",
        "except on Mondays, when it is closed, and on holidays.",
    ]
    assert texts("It costs 1,000,000 and more " * 2, first_clause_length=10)[0].startswith("It costs 1,000,000 and")


def test_a_sentence_without_end_is_cut_at_a_space_or_anywhere() -> None:
    lines = texts("word " * 100, max_length=60)
    assert all(len(line) <= 60 and line.split() == ["word"] * len(line.split()) for line in lines)
    assert [len(line) for line in texts("字" * 150, max_length=60)] == [60, 60, 30]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[happy] Hello! And you?", [CutSentence("Hello!", "happy"), CutSentence("And you?")]),
        ("Hello! [sad] I am sorry.", [CutSentence("Hello!"), CutSentence("I am sorry.", "sad")]),
        ("Hello![sad]I am sorry.", [CutSentence("Hello!I am sorry.", "sad")]),
        ("That is [Surprised] new.", [CutSentence("That is new.", "surprised")]),
        ("[coughs] Ha. [not_a_name]Oh.", [CutSentence("Ha."), CutSentence("Oh.")]),
        ("See [page 3] and [].", [CutSentence("See [page 3] and [].")]),
        ("An open [happy", [CutSentence("An open [happy")]),
        ("[[happy]] Hi.", [CutSentence("[] Hi.", "happy")]),
        ("Bye. [happy]", [CutSentence("Bye.")]),
        ("Bye [happy]", [CutSentence("Bye", "happy")]),
    ],
)
def test_tags_become_expressions(text: str, expected: list[CutSentence]) -> None:
    assert cut([text]) == expected
    assert cut(list(text)) == expected
