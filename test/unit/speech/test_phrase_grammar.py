"""Phrase patterns: what they stand for, what they accept, and how mistakes are named."""

import pytest

from avatar_ros.speech.phrase_grammar import (
    PhraseError,
    accepts,
    expand,
    normalised_words,
    parse,
    pattern_words,
    to_jsgf,
)


def sentences(text, parts=None):
    return {" ".join(words) for words in expand(parse(text, parts))}


def test_groups_options_and_alternatives():
    assert sentences("(what's | what is) the time [now]") == {
        "what's the time", "what's the time now", "what is the time", "what is the time now",
    }  # fmt: skip
    assert sentences("a | b c") == {"a", "b c"}
    assert sentences("[a | b] c") == {"c", "a c", "b c"}


def test_parts_are_put_in():
    parts = {"here": parse("here | [right] there")}
    assert sentences("come <here>", parts) == {"come here", "come there", "come right there"}


@pytest.mark.parametrize("text", ["what [a | b] (c | [d] e)", "a", "[a] [b] c [d (e | f)]"])
def test_accepting_agrees_with_expanding(text):
    node = parse(text)
    found = expand(node)
    assert all(accepts(node, words) for words in found)
    others = {(*words, "x") for words in found} | {words[:-1] for words in found} - set(found)
    assert not any(accepts(node, words) for words in others)


def test_expanding_stops_at_its_limit():
    assert len(expand(parse("[a] " * 12 + "b"), limit=100)) == 100


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(a", "missing"),
        ("a)", "closes nothing"),
        ("a [b", "missing"),
        ("a b5", "not allowed"),
        ("<who> is", "not defined"),
        ("", "no words"),
        ("[ ]", "no words"),
        ("(" * 30 + "a" + ")" * 30, "nested"),
    ],
)
def test_mistakes_are_named(text, fault):
    with pytest.raises(PhraseError, match=fault):
        parse(text)


def test_words_and_jsgf():
    node = parse("Hello [big | small] (world | moon)")
    assert sorted(pattern_words(node)) == ["big", "hello", "moon", "small", "world"]
    assert to_jsgf(node) == "hello [ big | small ] ( world | moon )"


def test_free_text_is_spelled_like_patterns():
    assert normalised_words("What\u2019s the TIME, now?!") == ("what's", "the", "time", "now")


def bomb(levels):
    """Parts of parts: each twice the one before."""
    parts = {"a0": parse("x | y")}
    for i in range(1, levels):
        parts[f"a{i}"] = parse(f"(<a{i - 1}> <a{i - 1}> | <a{i - 1}> z)", parts)
    return parts


def test_parts_that_grow_like_powers_are_refused_at_once():
    with pytest.raises(PhraseError, match="comes to more than"):
        bomb(60)
    assert "a5" in bomb(6)


def test_chains_of_parts_and_long_phrases_are_bounded():
    parts = {"a0": parse("x")}
    with pytest.raises(PhraseError, match="levels"):
        for i in range(1, 500):
            parts[f"a{i}"] = parse(f"<a{i - 1}> y", parts)
    with pytest.raises(PhraseError, match="words in a row"):
        parse("a " * 100_000)
    with pytest.raises(PhraseError, match="nested"):
        parse("(" * 100_000)
    assert len(expand(parse(" ".join(["[a]"] * 200)), 100)) == 100
