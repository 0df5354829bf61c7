"""The network's opinion searched for a sentence: the fast way against the slow and obvious one, and what it tells."""

import math

import numpy as np
import pytest

from avatar_ros.speech import minimal_dfa as automaton
from avatar_ros.speech.phone_graph import build, chain, chains
from avatar_ros.speech.phones import PHONE_COUNT, PHONE_INDEX, SIL
from avatar_ros.speech.phrase_grammar import expand, parse
from avatar_ros.speech.pronunciation_score import FLOOR, align, pronunciation_features
from avatar_ros.speech.viterbi_search import PhoneSearch

SPELLINGS = {
    "what": "W AH T", "time": "T AY M", "is": "IH Z", "it": "IH T", "read": "R IY D", "read(2)": "R EH D",
    "a": "AH", "map": "M AE P", "now": "N AW",
}  # fmt: skip
GRAMMARS = (
    "what time is it [now]", "(read | what) [a] map", "[is] it (a map | time) | read it [now]", "a", "what [is]",
)  # fmt: skip


def graph_of(pattern):
    grammar = automaton.build(parse(pattern))
    return grammar, build(grammar, chains(SPELLINGS))


def heard_as(names, frames_each=4, sure=0.9):
    """Probabilities by which the named classes are heard one after the other."""
    rows = np.full((len(names) * frames_each, PHONE_COUNT), (1 - sure) / (PHONE_COUNT - 1))
    rows[np.arange(len(rows)), np.repeat([PHONE_INDEX[name] for name in names], frames_each)] = sure
    return rows


def logs_of(names, frames_each=4):
    return np.log(heard_as(names, frames_each) + FLOOR)


def names_of(*words):
    return [next(n for n, i in PHONE_INDEX.items() if i == c) for word in words for c in chain(SPELLINGS[word])]


def slowly(logs, pattern, grammar):
    """Each sentence of the grammar aligned by itself; (score, sentence) of the best."""
    found = []
    for sentence in expand(parse(pattern)):
        aligned = align(logs, [chains(SPELLINGS)[word] for word in sentence])
        state, chance = 0, 0.0
        for word in sentence:
            chance -= math.log(len(grammar.arcs[state]) + (state in grammar.finals))
            state = grammar.arcs[state][word]
        if aligned is not None:
            found.append((aligned.score + chance, sentence))
    return max(found, default=(None, ()))


@pytest.mark.parametrize("pattern", GRAMMARS)
@pytest.mark.parametrize("seed", range(4))
def test_the_search_finds_what_aligning_every_sentence_finds(pattern, seed):
    grammar, graph = graph_of(pattern)
    rng = np.random.default_rng(seed)
    logs = np.log(rng.dirichlet(np.full(PHONE_COUNT, 0.2), 40) + FLOOR)
    search = PhoneSearch(graph)
    search.accept(logs)
    score, sentence = slowly(logs, pattern, grammar)
    assert search.sentence() == sentence
    assert search.score == pytest.approx(score)


def test_frames_in_pieces_give_what_all_at_once_gives_and_a_new_start_forgets():
    _, graph = graph_of(GRAMMARS[2])
    logs = np.log(np.random.default_rng(7).dirichlet(np.full(PHONE_COUNT, 0.2), 60) + FLOOR)
    whole, pieces = PhoneSearch(graph), PhoneSearch(graph)
    whole.accept(logs)
    pieces.accept(logs[::-1])
    pieces.start()
    for first in range(0, 60, 7):
        pieces.accept(logs[first : first + 7])
    assert pieces.sentence() == whole.sentence()
    assert pieces.score == pytest.approx(whole.score)


@pytest.mark.parametrize("silence", [(), ("SIL", "SIL")])
def test_words_are_found_with_and_without_silence_around_them(silence):
    _, graph = graph_of(GRAMMARS[0])
    search = PhoneSearch(graph)
    heard = [*silence, *names_of("what"), *silence, *names_of("time", "is", "it"), *silence]
    search.accept(logs_of(heard))
    assert search.sentence() == ("what", "time", "is", "it")


def test_any_pronunciation_is_the_word():
    _, graph = graph_of(GRAMMARS[1])
    for variant in ("read", "read(2)"):
        search = PhoneSearch(graph)
        search.accept(logs_of(names_of(variant, "map")))
        assert search.sentence() == ("read", "map")


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_too_few_frames_are_no_sentence(frames):
    _, graph = graph_of(GRAMMARS[0])
    heard = heard_as(names_of("what"))[:frames]
    search = PhoneSearch(graph)
    search.accept(np.log(heard + FLOOR))
    assert search.sentence() == ()
    assert pronunciation_features(heard, [chains(SPELLINGS)[word] for word in ("what", "time")])["net_outside"] == 1.0


def test_a_plosive_is_its_closure_and_release_and_what_nobody_knows_the_neutral_vowel():
    assert chain("P AY XX") == tuple(PHONE_INDEX[name] for name in ("P", "HH", "AA", "IH", "AX"))
    assert len(chains(SPELLINGS)["read"]) == 2


def test_frames_are_aligned_to_the_phones_that_they_are():
    names = ["SIL", *names_of("it", "is"), "SIL"]
    found = align(logs_of(names, 3), [chains(SPELLINGS)[word] for word in ("it", "is")])
    assert found.phones.tolist() == [PHONE_INDEX[name] for name in names for _ in range(3)]
    assert found.words[found.phones == SIL].max() == -1
    assert found.words.tolist() == [-1] * 3 + [0] * 3 * len(chain("IH T")) + [1] * 6 + [-1] * 3


def test_what_was_said_fits_and_what_was_not_does_not():
    heard = heard_as(["SIL", *names_of("what", "time", "is", "it"), "SIL"])
    right, wrong = (
        pronunciation_features(heard, [chains(SPELLINGS)[word] for word in words])
        for words in (("what", "time", "is", "it"), ("read", "a", "map", "now"))
    )
    for name in ("net_mean", "net_worst_word", "net_worst_300ms"):
        assert right[name] > -0.1
        assert wrong[name] < right[name] - 1.0


def test_a_network_that_is_unsure_speaks_less_against_a_sentence():
    words = [chains(SPELLINGS)[word] for word in ("read", "it")]
    sure, unsure = (pronunciation_features(heard_as(names_of("what", "time"), sure=s), words) for s in (0.9, 0.3))
    assert sure["net_mean"] < unsure["net_mean"] - 0.5


def test_sound_before_and_after_a_sentence_speaks_against_it():
    said = names_of("it", "is")
    alone, among = (
        pronunciation_features(heard_as(names), [chains(SPELLINGS)[word] for word in ("it", "is")])
        for names in (["SIL", *said, "SIL"], ["SIL", *said, "SIL", *names_of("a", "map", "now"), "SIL"])
    )
    assert alone["net_outside"] == 0.0
    # Aligning may stretch a word over what follows: then that fits badly.
    assert among["net_outside"] > 0.3 or among["net_worst_300ms"] < alone["net_worst_300ms"] - 1.0
