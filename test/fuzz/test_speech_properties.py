"""Phrases, answers, order, rates and searches: each against a slow and obvious reference (hypothesis)."""

from itertools import pairwise, product

import numpy as np
import pytest
import yaml

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis (requirements/test.txt)")
from hypothesis import strategies as st  # noqa: E402

from avatar_ros.answers.file import load_answers_file  # noqa: E402
from avatar_ros.answers.matcher import Matcher  # noqa: E402
from avatar_ros.core.errors import ConfigError, EncoderError  # noqa: E402
from avatar_ros.core.types import SpeechChunk  # noqa: E402
from avatar_ros.encoder.reorder_buffer import Losses, ReorderBuffer  # noqa: E402
from avatar_ros.speech import minimal_dfa  # noqa: E402
from avatar_ros.speech.forward_backward import ForwardBackward  # noqa: E402
from avatar_ros.speech.number_readings import cardinal  # noqa: E402
from avatar_ros.speech.phone_graph import build  # noqa: E402
from avatar_ros.speech.phones import PHONE_COUNT, SIL  # noqa: E402
from avatar_ros.speech.phrase_grammar import NOTHING, Choice, Node, Series, Word, accepts, expand, pattern_words  # noqa: E402
from avatar_ros.speech.pronunciation_score import align  # noqa: E402
from avatar_ros.speech.resample import Resampler  # noqa: E402
from avatar_ros.speech.viterbi_search import PhoneSearch  # noqa: E402
from fuzz.every import every  # noqa: E402

_NODES = st.recursive(
    st.sampled_from("abc").map(Word),
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([Series(tuple(parts)), Choice(tuple(parts)), Choice((NOTHING, *parts))])
    ),
    max_leaves=6,
)  # fmt: skip


def language(node: Node) -> set[tuple[str, ...]]:
    """All sentences of a pattern, by the definition."""
    if isinstance(node, Word):
        return {(node.text,)}
    if isinstance(node, Choice):
        return set().union(*map(language, node.options))
    return {sum(parts, ()) for parts in product(*map(language, node.parts))}


@every(node=_NODES)
def test_a_pattern_is_expanded_accepted_and_searched_as_defined(node):
    wanted = language(node)
    assert set(expand(node, 10**5)) == wanted
    assert {word for sentence in wanted for word in sentence} == set(pattern_words(node))
    automaton = minimal_dfa.build(node)
    for length in range(4):
        for words in product("abc", repeat=length):
            assert accepts(node, words) == automaton.accepts(words) == (words in wanted)


_NAMES = st.sampled_from(["one", "two", "three"])
_PHRASES = st.lists(st.sampled_from(["a", "b", "a b", "[a] c", "(b | c) a", "what's <place>"]), min_size=1, max_size=3)
_INTENTS = st.dictionaries(
    _NAMES, st.tuples(_PHRASES, st.lists(st.sampled_from(["Yes.", "No."]), min_size=1)), min_size=1
)


@every(
    intents=_INTENTS, before=st.sampled_from([None, "please", "a"]), after=st.sampled_from([None, "now", "[b] c"]),
    text=st.lists(st.sampled_from("a b c please now what's here".split()), max_size=5).map(" ".join),
)  # fmt: skip
def test_an_answers_file_is_matched_as_its_sentences_written_out(tmp_path, intents, before, after, text):
    tree = {"parts": {"place": "here"}, "not_understood": ["Pardon?"]} | {
        name: pattern for name, pattern in (("before", before), ("after", after)) if pattern
    }
    tree["intents"] = [{"name": n, "phrases": phrases, "answers": said} for n, (phrases, said) in intents.items()]
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    answers = load_answers_file(yaml, tmp_path / "a.yaml")
    assert [(i.name, list(i.answers)) for i in answers.intents] == [(n, said) for n, (_, said) in intents.items()]
    asking = (i.name for i in answers.intents if tuple(text.split()) in language(answers.sentences(i)))
    found = Matcher(answers, 1.0).find(text)
    assert (found.name if found else None) == next(asking, None)


_TREES = st.recursive(
    st.none() | st.integers(-3, 3) | st.text("a<>{}()[]|'", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab_ ", max_size=3), inner, max_size=3),
    max_leaves=6,
)


_ENTRIES = "locale facts parts pronunciations before after intents not_understood suggestions".split()


@every(name=st.sampled_from(_ENTRIES), tree=_TREES)
def test_any_entry_of_an_answers_file_is_read_or_refused_with_its_line(tmp_path, name, tree):
    good = {"intents": [{"name": "x", "phrases": ["a"], "answers": ["b"]}], "not_understood": ["c"]}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(good | {name: tree}))
    try:
        load_answers_file(yaml, tmp_path / "a.yaml")
    except ConfigError as error:
        assert "a.yaml: line " in str(error) and "cannot be read" not in str(error) and "\n" not in str(error)


@every(
    cuts=st.lists(st.integers(1, 400), min_size=1, max_size=8), start=st.integers(0, 3),
    rate_hz=st.sampled_from([16000, 22050]),    order=st.lists(st.integers(0, 7), min_size=1, max_size=14),
)  # fmt: skip
def test_chunks_in_any_order_give_each_sample_once_and_silence_for_lost_ones(cuts, start, rate_hz, order):
    """Reference: an array into which each chunk writes what lies after all that was given before."""
    at = np.cumsum([0, *cuts]).tolist()
    sound = np.arange(1, at[-1] + 1).astype(np.int16)
    chunks = [
        SpeechChunk(turn=1, sentence=i // 2, first_sample=low, sample_rate_hz=rate_hz, pcm=sound[low:high])
        for i, (low, high) in enumerate(pairwise(at))
    ]
    losses = Losses()
    first = chunks[min(start, len(cuts) - 1)]
    buffer = ReorderBuffer(first, 100.0, losses)
    begin = end = buffer.sample_of(0)
    reference, given = np.zeros(at[-1], np.int16), [np.zeros(0, np.int16)]
    for number in order:
        chunk = chunks[number % len(chunks)]
        low, high = chunk.first_sample, chunk.first_sample + len(chunk.pcm)
        reference[max(low, end) : high] = sound[max(low, end) : high]
        given += [part.pcm for part in buffer.place(chunk)]
        end = max(end, high)
    np.testing.assert_array_equal(np.concatenate(given), reference[begin:end])
    assert losses.samples == np.count_nonzero(reference[begin:end] == 0)
    with pytest.raises(EncoderError, match="was expected"):
        buffer.place(SpeechChunk(turn=1, first_sample=end + 31 * rate_hz, sample_rate_hz=rate_hz, pcm=sound[:1]))


@every(rate_hz=st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000]), count=st.integers(0, 1500),
       cuts=st.lists(st.integers(0, 1500), max_size=5), number=st.integers(0, 2**31))  # fmt: skip
def test_resampling_does_not_depend_on_chunks_and_is_the_sinc_sum(rate_hz, count, cuts, number):
    pcm = np.random.default_rng(number).integers(-9000, 9000, count).astype(np.int16)
    whole, pieces = Resampler(rate_hz), Resampler(rate_hz)
    out = np.concatenate([whole.push(pcm), whole.finish()])
    parts = [pieces.push(part) for part in np.split(pcm, sorted(min(cut, count) for cut in cuts))]
    np.testing.assert_allclose(np.concatenate([*parts, pieces.finish()]), out, atol=1e-9)
    assert len(out) == ((count - 1) * 16000 // rate_hz + 1 if count else 0), "up to the last sample"
    if rate_hz == 16000 or not count:
        return
    cutoff = min(1.0, 16000 / rate_hz)
    half = np.ceil(12 / cutoff)
    for n in {0, len(out) // 2, len(out) - 1}:
        offset = np.arange(-200, count + 200) - n * rate_hz / 16000
        weights = np.sinc(cutoff * offset) * np.cos(np.pi * offset / (2 * half)) ** 2 * (np.abs(offset) < half)
        assert out[n] == pytest.approx(np.pad(pcm, 200) @ weights / weights.sum(), abs=1e-6)


@every(states=st.integers(1, 3), frames=st.integers(1, 5), number=st.integers(0, 2**31))
def test_forward_backward_is_the_sum_over_all_paths(states, frames, number):
    rng = np.random.default_rng(number)
    transitions = np.triu(rng.random((states, states)) + 0.1).astype(np.float32)
    transitions /= transitions.sum(axis=1, keepdims=True)
    start, ends = np.eye(states, dtype=np.float32)[0], np.eye(states, dtype=np.float32)[-1]
    scores = rng.normal(0, 2, (frames, states)).astype(np.float32)
    wanted = np.zeros((frames, states))
    for path in product(range(states), repeat=frames):
        chance = start[path[0]] * np.exp(0.5 * scores[range(frames), path].sum())
        chance *= np.prod([transitions[a, b] for a, b in pairwise(path)])
        wanted[range(frames), path] += chance * (ends[path[-1]] if frames > 1 or states == 1 else 1)
    smoother = ForwardBackward(transitions, start, ends, 0.5, delay=frames)
    found = np.concatenate([smoother.push(scores), smoother.finish()])
    np.testing.assert_allclose(found, wanted / wanted.sum(axis=1, keepdims=True), atol=1e-4)


_CHAINS = {"a": [(1,), (1, 2)], "b": [(2, 3)], "c": [(3,)]}


def best_alignment(logs, words):
    """Every way to give each frame to a phone of each word in order, silence before, between and after them."""
    best = -np.inf
    for spoken in product(*(_CHAINS[word] for word in words)):
        phones = [(SIL, True)]
        for chain in spoken:
            phones += [*((phone, False) for phone in chain), (SIL, True)]
        scores = {0: 0.0}  # frames used -> best so far; a phone takes at least one, a silence also none
        for phone, optional in phones:
            table = dict(scores) if optional else {}
            for used, score in scores.items():
                for end in range(used + 1, len(logs) + 1):
                    table[end] = max(table.get(end, -np.inf), score + logs[used:end, phone].sum())
            scores = table
        best = max(best, scores.get(len(logs), -np.inf))
    return best


@every(node=_NODES, frames=st.integers(2, 6), number=st.integers(0, 2**31))
def test_viterbi_finds_the_best_of_all_sentences_and_alignments(node, frames, number):
    rng = np.random.default_rng(number)
    logs = np.log(rng.dirichlet(np.full(5, 0.4), frames) + 1e-3)
    logs = np.pad(logs, ((0, 0), (0, PHONE_COUNT - 5)), constant_values=-30.0)
    grammar = minimal_dfa.build(node)
    chances = {}
    for words in language(node):
        state, chance = 0, 0.0
        for word in words:
            chance -= np.log(len(grammar.arcs[state]) + (state in grammar.finals))
            state = grammar.arcs[state][word]
        chances[words] = best_alignment(logs, words) + chance
        found = align(logs, [_CHAINS[word] for word in words])
        alone = best_alignment(logs, words)
        assert (found is None and alone == -np.inf) or found.score == pytest.approx(alone, abs=1e-6)
    search = PhoneSearch(build(grammar, _CHAINS))
    search.accept(logs)
    best = max(chances.values())
    if best == -np.inf:
        assert search.sentence() == ()
    else:
        assert search.score == pytest.approx(best, abs=1e-3)
        assert chances[search.sentence()] == pytest.approx(best, abs=1e-3)


@every(number=st.integers(0, 10**9 - 1), joint=st.sampled_from(["", "and"]))
def test_the_words_of_a_number_add_up_to_it(number, joint):
    ones = (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
    )
    ones += "seventeen eighteen nineteen".split()
    values = {word: i for i, word in enumerate(ones)}
    values |= {
        word: 10 * i for i, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
    }
    total = part = 0
    for word in cardinal(number, joint):
        if word in ("million", "thousand"):
            total, part = total + part * (10**6 if word == "million" else 1000), 0
        elif word != "and":
            part = part * 100 if word == "hundred" else part + values[word]
    assert total + part == number
