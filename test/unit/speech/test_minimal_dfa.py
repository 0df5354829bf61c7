"""The minimal automaton against the patterns' own slow matcher, and the words it must contain."""

import random

import pytest

from avatar_ros.speech import minimal_dfa as automaton
from avatar_ros.speech.phrase_grammar import Choice, accepts, expand, parse

PATTERNS = [
    "what time is it [now]",
    "[please] (what | which) (day | time) is it [today | now]",
    "hello [there | again]",
    "(a | a b) [c] (d | [e] f)",
    "yes",
]
TREE = Choice(tuple(parse(text) for text in PATTERNS))


def test_it_accepts_every_sentence_of_the_patterns():
    grammar = automaton.build(TREE)
    for words in expand(TREE):
        assert grammar.accepts(words)


def test_it_agrees_with_the_reference_on_random_word_strings():
    grammar, rng = automaton.build(TREE), random.Random(0)
    vocabulary = sorted(grammar.words)
    agreed = {True: 0, False: 0}
    for _ in range(3000):
        words = list(rng.choice(expand(TREE)))
        if rng.random() < 0.7:
            words[rng.randrange(len(words))] = rng.choice(vocabulary)
        assert grammar.accepts(words) == accepts(TREE, words)
        agreed[grammar.accepts(words)] += 1
    assert min(agreed.values()) > 100


def test_equal_beginnings_and_endings_are_shared():
    separate = Choice(tuple(parse(f"(where is | show me) the {noun} please") for noun in ("exit", "lift", "desk")))
    grammar = automaton.build(separate)
    assert len(grammar.arcs) == 7  # start, where|show, is|me joined, the, noun, please
    assert len(grammar.arcs[0]) == 2


def test_a_beginning_is_not_a_sentence():
    grammar = automaton.build(TREE)
    assert not grammar.accepts(["what", "time"])
    assert grammar.walk(["what", "time"]) is not None
    assert grammar.walk(["time"]) is None


@pytest.mark.parametrize("words", [[], ["hello", "hello"], ["unheard"]])
def test_nothing_else_is_accepted(words):
    assert not automaton.build(TREE).accepts(words)
