"""The distance on the pattern's tree, against writing all its sentences out; and what it is worth on real questions."""

from __future__ import annotations

import random

import pytest

from avatar_ros.answers.similarity import MISSING, Weights, distance, similarity, spelling
from avatar_ros.speech.phrase_grammar import NOTHING, Choice, Node, Series, Word, expand, parse

ENGLISH = spelling("en")
as_compared, tokens = ENGLISH.as_compared, ENGLISH.tokens
WORDS = "where is the a toilet exit now please".split()


def random_pattern(rng: random.Random, depth: int = 0) -> Node:
    kind = rng.random()
    if depth > 2 or kind < 0.4:
        return Word(rng.choice(WORDS))
    parts = tuple(random_pattern(rng, depth + 1) for _ in range(rng.randint(1, 3)))
    return Series(parts) if kind < 0.7 else Choice(parts if kind < 0.85 else (NOTHING, *parts))


def written_out(pattern: Node, words: tuple[str, ...], weights: Weights) -> float:
    """Slow and obvious: the cheapest of all sentences, each by the textbook's table."""
    return min(edit_distance(sentence, words, weights) for sentence in expand(pattern, 100000))


def edit_distance(sentence: tuple[str, ...], words: tuple[str, ...], weights: Weights) -> float:
    table = [[0.0] * (len(words) + 1) for _ in range(len(sentence) + 1)]
    for i in range(len(sentence) + 1):
        for j in range(len(words) + 1):
            ways = []
            if i:
                ways.append(table[i - 1][j] + MISSING * weights(sentence[i - 1]))
            if j:
                ways.append(table[i][j - 1] + weights(words[j - 1]))
            if i and j and sentence[i - 1] == words[j - 1]:
                ways.append(table[i - 1][j - 1])
            table[i][j] = min(ways, default=0.0)
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(60))
def test_distance_equals_that_of_the_sentences_written_out(seed):
    rng = random.Random(seed)
    weights = Weights({word: rng.uniform(0.05, 1.0) for word in WORDS[:-1]})
    pattern = random_pattern(rng)
    for _ in range(5):
        words = tuple(rng.choice([*WORDS, "elephant"]) for _ in range(rng.randint(0, 6)))
        assert distance(pattern, words, weights) == pytest.approx(written_out(pattern, words, weights))


def test_sentence_of_the_pattern_is_alike_and_nonsense_is_not():
    pattern = as_compared(parse("where (is | are) the (toilet | toilets) [please]"))
    weights = Weights.of([pattern, as_compared(parse("where is the exit"))])

    def like(text: str) -> float:
        words = tokens(text)
        return similarity(distance(pattern, words, weights), words, weights)

    assert like("Where's the toilet?") == 1.0
    assert 1.0 > like("the toilet") > like("where is the toilet of my elephant") > like("my elephant sings") == 0.0


def test_tokens_make_equal_what_means_the_same():
    assert tokens("What's the time, I can't see!") == tokens("what is the time i can not see")
    assert tokens("Favourite TOILETS") == tokens("favorite toilet")
    assert tokens("don’t") == ("do", "not")
    assert tokens("2 tickets 厕所") == ("2", "ticket", "厕", "所")


def test_rare_words_say_more():
    patterns = [as_compared(parse(text)) for text in ("where is the exit", "where is the lift", "what is that")]
    weights = Weights.of(patterns, ENGLISH.function_words)
    assert weights("exit") > weights("where") > weights("is")
    assert weights("elephant") == 1.0 > weights("would") > 0.0
