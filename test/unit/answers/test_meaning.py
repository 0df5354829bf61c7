"""What a free sentence means: lines, other questions, near misses; with an encoder that counts words."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from avatar_ros.answers.file import Answers, read_answers
from avatar_ros.answers.meaning import DecisionLines, Meaning, sentences_of, spoken
from avatar_ros.answers.other_questions import read_other_questions
from avatar_ros.answers.sample_sentences import sample
from avatar_ros.answers.vector_cache import cache_folder, encode_cached
from avatar_ros.core.errors import ConfigError
from avatar_ros.speech.phrase_grammar import accepts, parse

LINES = DecisionLines(answer=0.5, ask=0.2, margin=0.1)
FILE = """
intents:
  - name: exit
    phrases: ["(where is | show me) the exit", "how do i get out"]
    examples: [which door leads outside, "Wo ist der Ausgang?"]
    answers: [There.]
  - name: toilets
    phrases: [where are the toilets]
    not_this: [the toilets are dirty]
    answers: [Left.]
    named: where the toilets are
not_understood: ["Pardon?"]
"""


class WordCounts:
    """Vectors of which words occur; counts how many sentences it had to encode."""

    identity = "word counts"
    languages = ()

    def __init__(self) -> None:
        self.encoded = 0

    def load(self) -> None:
        pass

    def encode(self, sentences):
        self.encoded += len(sentences)
        rows = np.zeros((len(sentences), 256), np.float32)
        for row, text in zip(rows, sentences, strict=True):
            for word in text.split() or ["-"]:
                row[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 256] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def close(self) -> None:
        pass


def answers(text: str = FILE) -> Answers:
    return read_answers(yaml.compose(text), "test.yaml")


@pytest.fixture
def meaning(tmp_path: Path) -> Meaning:
    return Meaning(answers(), WordCounts(), ["what is the capital of spain", "who wrote faust"], tmp_path)


def name_of(meaning: Meaning, text: str) -> str:
    guess = meaning.guess(text, LINES)
    return guess.intent.name if guess.intent and guess.sure else "-"


def test_other_words_find_the_question_and_other_questions_none(meaning):
    assert name_of(meaning, "Which door leads outside, please?") == "exit"
    assert name_of(meaning, "where are toilets") == "toilets"
    assert name_of(meaning, "what is the capital of france") == "-"
    assert name_of(meaning, "the toilets are dirty") == "-"


def test_examples_of_any_script_are_learnt(tmp_path):
    text = FILE.replace("which door leads outside", "出口はどこですか")
    learnt = Meaning(answers(text), WordCounts(), [], tmp_path)
    assert name_of(learnt, "出口はどこですか") == "exit"


@pytest.mark.parametrize("text", ["", "   ", "...", "word " * 61, "x" * 401, "😀 !"])
def test_what_is_no_sentence_means_nothing(meaning, text):
    assert meaning.ranked(text) == [] and meaning.guess(text, LINES).intent is None


def test_lines():
    exit_, toilets = answers().intents
    for scores, intent, sure in (
        ((0.7, 0.1), exit_, True),
        ((0.4, 0.1), exit_, False),  # asked
        ((0.5, 0.45), exit_, False),  # two questions are meant
        ((0.1, 0.05), None, False),
    ):
        guess = LINES.decide(list(zip(scores, (exit_, toilets), strict=True)))
        assert (guess.intent, guess.sure) == (intent, sure)
    assert LINES.decide([]).intent is None


def test_one_of_the_other_questions_may_become_an_entry(tmp_path):
    other = "which door leads outside"
    assert name_of(Meaning(answers(), WordCounts(), [other] * 3, tmp_path), other) == "exit"


def test_a_question_of_few_sentences_is_found_beside_many_others(tmp_path):
    many = [f"what is the {word} of spain" for word in "capital king size age name flag river food music price".split()]
    assert name_of(Meaning(answers(), WordCounts(), many, tmp_path), "where are toilets") == "toilets"


def test_sentences_are_as_recognisers_write_them():
    assert spoken("  Where’s the EXIT?! ") == "where's the exit"
    assert {"wo ist der ausgang", "where the toilets are"} <= {text for _, text in sentences_of(answers())}


def test_samples_are_sentences_of_the_pattern_and_the_same_each_time():
    pattern = parse("(what's | what is) the (time | hour) [now] | time [please]")
    found = sample(pattern, 3)
    assert found == sample(pattern, 3) and len(set(found)) == len(found) > 3
    assert all(accepts(pattern, text.split()) for text in found)


def test_only_what_is_new_is_encoded(tmp_path):
    encoder = WordCounts()
    first = encode_cached(encoder, ["a b", "c"], tmp_path)
    again = encode_cached(encoder, ["c", "d", "a b"], tmp_path)
    assert encoder.encoded == 3
    np.testing.assert_array_equal(first, again[[2, 0]])


def test_a_cache_is_private_and_holds_no_words(tmp_path):
    encode_cached(WordCounts(), ["my secret sentence"], tmp_path / "new")
    (file,) = (tmp_path / "new").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and b"secret" not in file.read_bytes()


@pytest.mark.parametrize("spoil", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"\x00" * 200])
def test_a_spoilt_cache_is_made_anew(tmp_path, spoil):
    encoder = WordCounts()
    first = encode_cached(encoder, ["a b", "c"], tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    np.testing.assert_array_equal(encode_cached(encoder, ["a b", "c"], tmp_path), first)
    assert encoder.encoded == 4


def test_a_folder_that_cannot_be_written_costs_time_alone(tmp_path):
    (tmp_path / "file").write_text("")
    assert len(encode_cached(WordCounts(), ["a"], tmp_path / "file" / "below")) == 1


def test_where_the_cache_lies(tmp_path):
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "avatar_ros"


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "topic: one\n", "topic: [yes]\n", "topic: [1]\n", "a: [\n"])
def test_other_questions_that_are_none_are_named(tmp_path, text):
    (tmp_path / "others.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"others\.yaml"):
        read_other_questions(yaml, tmp_path / "others.yaml")
