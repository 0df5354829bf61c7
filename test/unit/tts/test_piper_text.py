"""Text to the symbols of a Piper voice, with the words that they belong to."""

import pytest

from avatar_ros.tts.piper_text import PART_CHARS, WHOLE_CHARS, phrase, pieces, sentences, words_in
from avatar_ros.tts.spelling import Clause


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met J. Doe. They left.", ["Dr. Smith met J. Doe.", "They left."]),
        ("I watch TV. Then I sleep.", ["I watch TV.", "Then I sleep."]),
        ('He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."]),
        ("It costs 3.50 today. really", ["It costs 3.50 today. really"]),
        ("你好。今天天气很好！", ["你好。", "今天天气很好！"]),
        ("मै हूँ। आप कैसे हैं?", ["मै हूँ।", "आप कैसे हैं?"]),
        ("...", []),
    ],
)
def test_sentences(text, found):
    assert list(sentences(text)) == found


def test_a_long_sentence_begins_with_its_first_clause():
    text = "Well, we have many rooms on the second floor, and the ones that face the garden are best, but dear."
    found = pieces(text)
    assert [piece.text for piece in found] == [text[:89].strip(), text[89:].strip()]
    assert [piece.ends_sentence for piece in found] == [False, True] and found[-1].is_last
    assert len(pieces("We have many rooms, and dear ones.")) == 1


def test_no_word_is_lost_or_cut_in_pieces():
    text = "and so on it goes " * 60 + "to the end, I think. It does."
    found = pieces(text)
    assert " ".join(piece.text for piece in found).split() == text.split()
    assert len(found[0].text) <= WHOLE_CHARS and max(len(piece.text) for piece in found) <= PART_CHARS
    assert sum(piece.is_last for piece in found) == 1


def test_symbols_are_decomposed_and_clauses_end_with_their_sign():
    made = phrase([Clause("hɛlˈoʊ ðˈɛɹ", "Hello there, M"), Clause("(en)bˈɔ̃(fr)", "bon?")], (), ())
    assert "".join(made.symbols) == "hɛlˈoʊ ðˈɛɹ, bˈɔ̃?"
    assert made.symbols[-2] == "\u0303"
    shortened = phrase([Clause("mˈɪstɚ", "Mr. S"), Clause("smˈɪθ", "Smith")], (), ())
    assert "".join(shortened.symbols) == "mˈɪstɚ smˈɪθ"


def spelled(made):
    return ["".join(s for s, w in zip(made.symbols, made.word, strict=True) if w == i) for i in range(len(made.words))]


def test_each_word_has_its_sounds():
    made = phrase([Clause("ðə kˈæt", "The cat.")], ("The", "cat"), ("ðə", "kˈæt"))
    assert spelled(made) == ["ðə", "kˈæt"]


def test_words_that_are_said_as_one_or_as_several_are_told_apart():
    clause = Clause("ðə hˈɛd ʌvðə hˈaʊs wʌz twˈɛnti fˈɔːɹ", "The head of the house was 24.")
    words = ("The", "head", "of", "the", "house", "was", "24")
    alone = ("ðə", "hˈɛd", "ʌv", "ðə", "hˈaʊs", "wʌz", "twˈɛnti fˈɔːɹ")
    assert spelled(phrase([clause], words, alone)) == ["ðə", "hˈɛd", "ʌv", "ðə", "hˈaʊs", "wʌz", "twˈɛntifˈɔːɹ"]


def test_words_in():
    assert words_in('"Well," she said (it\'s 3.5).') == ("Well", "she", "said", "it's", "3.5")
    assert words_in("मै हूँ।") == ("मै", "हूँ")
    assert words_in("你好 世界") == ()
