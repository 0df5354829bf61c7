"""Hearing phones: each fast path against its slow reference, and the whole on recorded people where data is at hand."""

import json
import wave

import numpy as np
import pytest

from avatar_ros.encoder.aligner import AcousticModels
from avatar_ros.encoder.encode import encode, load_encoder
from avatar_ros.encoder.sources import FrameGrid
from avatar_ros.speech.forward_backward import ForwardBackward
from avatar_ros.speech.hmm_graph import loop_graph, sentence_graph
from avatar_ros.speech.lexicon import Lexicon, letters_to_sounds
from avatar_ros.speech.mel_filterbank import SHIFT
from avatar_ros.speech.mfcc import WINDOW, Cepstra, with_deltas
from avatar_ros.speech.phones import PHONE_CLASSES, PHONE_COUNT, PHONE_INDEX
from avatar_ros.speech.pocketsphinx_acoustic import (
    BEGIN,
    END,
    AcousticModel,
    Likelihoods,
    SenoneScorer,
    installed_model,
)
from avatar_ros.speech.resample import Resampler
from recordings import DATA

needs_data = pytest.mark.skipif(not (DATA / "speech").is_dir(), reason="needs ../shared/data")
needs_model = pytest.mark.skipif(installed_model() is None, reason="needs pocketsphinx")


def recording(name):
    with wave.open(str(DATA / "speech" / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


@pytest.fixture(scope="module")
def model():
    return AcousticModel(installed_model() / "en-us")


# --- words


def test_lexicon_gives_every_way_to_say_a_word(tmp_path):
    path = tmp_path / "dict"
    path.write_text("a AH\na(2) EY\nread R EH D\nread(2) R IY D\nrobot R OW B AA T\n")
    lexicon = Lexicon(path)
    assert lexicon.pronunciations("read") == (("R", "EH", "D"), ("R", "IY", "D"))
    assert lexicon.pronunciations("robots") == (("R", "OW", "B", "AA", "T", "Z"),)
    assert lexicon.pronunciations("ship") == (("SH", "IH", "P"),)


def test_lexicon_asks_the_speller_first(tmp_path):
    lexicon = Lexicon(None, lambda word: (("M", "AA"),) if word == "xqz" else ())
    assert lexicon.pronunciations("xqz") == (("M", "AA"),)
    assert lexicon.pronunciations("map") == (("M", "AE", "P"),)


@pytest.mark.parametrize("word", ["", "'", "rhythm", "queue", "zzz", "ümlaut"])
def test_letters_always_give_sounds(word):
    assert letters_to_sounds(word)


# --- sound to cepstra


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 44100, 48000])
def test_resampling_keeps_time_and_shape(rate_hz):
    t = np.arange(rate_hz) / rate_hz
    tone = (10000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    resampler = Resampler(rate_hz)
    parts = [resampler.push(tone[i : i + 777]) for i in range(0, len(tone), 777)]
    out = np.concatenate([*parts, resampler.finish()])
    assert abs(len(out) - 16000) <= 1
    expected = 10000 * np.sin(2 * np.pi * 440 * np.arange(len(out)) / 16000)
    assert np.abs(out - expected)[200:-200].max() < 40


def test_resampling_keeps_out_what_16_khz_cannot_hold():
    tone = (10000 * np.sin(2 * np.pi * 11000 * np.arange(48000) / 48000)).astype(np.int16)
    assert np.abs(Resampler(48000).push(tone)[200:]).max() < 300


def test_cepstra_do_not_depend_on_chunks():
    pcm = np.random.default_rng(0).integers(-9000, 9000, 8000).astype(np.int16)
    whole = Cepstra().push(pcm)
    parts = Cepstra()
    pieces = np.concatenate([parts.push(pcm[i : i + 333]) for i in range(0, 8000, 333)])
    assert len(whole) == (8000 - WINDOW) // SHIFT + 1
    np.testing.assert_allclose(pieces, whole, atol=1e-4)


@needs_data
@needs_model
def test_cepstra_are_pocketsphinx_own(tmp_path):
    from pocketsphinx import Config, Decoder

    pcm = recording("spk1_snt4")
    decoder = Decoder(Config(mfclogdir=str(tmp_path), lm=None, loglevel="FATAL"))
    decoder.set_align_text("hello")
    decoder.start_utt()
    decoder.process_raw(pcm.tobytes(), full_utt=True)
    decoder.end_utt()
    raw = next(tmp_path.iterdir()).read_bytes()
    theirs = np.frombuffer(raw[4:], ">f4").reshape(-1, 13)
    ours = Cepstra().push(pcm)
    np.testing.assert_allclose(ours, theirs[: len(ours)], atol=1e-3)


def test_deltas_are_slope_and_curvature():
    t = np.arange(20, dtype=np.float32)[:, None]
    frames = with_deltas(np.repeat(0.5 * t**2, 13, axis=1))
    assert frames.shape == (14, 39)
    np.testing.assert_allclose(frames[:, 13], 4 * np.arange(3, 17))
    np.testing.assert_allclose(frames[:, 26], 8)


# --- scores


def test_scores_equal_their_reference():
    rng = np.random.default_rng(4)
    shares = [rng.random((5, 4, 16)).astype(np.float32) for _ in range(3)]
    found = Likelihoods(shares, rng.normal(size=(5, 4)).astype(np.float32))
    weights = rng.dirichlet(np.ones(16), (3, 9)).astype(np.float32)
    scorer = SenoneScorer(rng.integers(4, size=9).astype(np.int32), weights)
    np.testing.assert_allclose(scorer.scores(found), scorer.scores_reference(found), atol=1e-4)
    part = scorer.scores(found, 3, 6)
    np.testing.assert_allclose(part[:, 3:6], scorer.scores(found)[:, 3:6], atol=1e-5)
    assert part[:, 0].max() < -1e8


@needs_model
def test_gaussians_are_densities(model):
    frames = np.random.default_rng(0).normal(0, 3, (4, 39)).astype(np.float32)
    found = model.likelihoods(frames)
    assert all(s.min() >= 0 and s.max() <= 1 + 1e-5 for s in found.shares)
    definition = model.definition
    assert len(definition.phones) == 42
    assert definition.senone_count == 5126
    number = {p: i for i, p in enumerate(definition.phones)}
    inside = definition.unit(number["AA"], number["M"], number["P"], BEGIN)
    assert inside >= 42
    assert definition.unit(number["SIL"], number["M"], number["P"], END) == number["SIL"]


# --- which state


def forward_backward(graph_transitions, start, ends, scores, scale):
    """The textbook's way, in logarithms, over all frames at once."""
    with np.errstate(divide="ignore"):
        a, b = np.log(graph_transitions.astype(float)), scale * scores.astype(float)
        alpha = [np.log(start.astype(float)) + b[0]]
        for row in b[1:]:
            alpha.append(np.logaddexp.reduce(alpha[-1][:, None] + a, axis=0) + row)
        beta = [np.log(ends.astype(float))]
        for row in b[:0:-1]:
            beta.insert(0, np.logaddexp.reduce(a + (row + beta[0])[None, :], axis=1))
    both = np.array(alpha) + np.array(beta)
    return np.exp(both - np.logaddexp.reduce(both, axis=1)[:, None])


def some_graph(states=12, seed=0):
    rng = np.random.default_rng(seed)
    transitions = np.zeros((states, states), np.float32)
    for i in range(states):
        transitions[i, i : i + 3] = rng.dirichlet(np.ones(3))[: min(3, states - i)]
    start, ends = np.zeros(states, np.float32), np.zeros(states, np.float32)
    start[:2], ends[-1] = 1, 1
    return transitions, start, ends, rng.normal(0, 3, (30, states)).astype(np.float32)


def test_whole_smoothing_equals_forward_backward():
    transitions, start, ends, scores = some_graph()
    smoother = ForwardBackward(transitions, start, ends, 0.5, delay=1000)
    assert len(smoother.push(scores)) == 0
    np.testing.assert_allclose(smoother.finish(), forward_backward(transitions, start, ends, scores, 0.5), atol=2e-4)


def test_delayed_smoothing_sees_exactly_the_delay():
    transitions, start, ends, scores = some_graph(seed=1)
    smoother = ForwardBackward(transitions, start, ends, 0.5, delay=4)
    out = np.concatenate([smoother.push(scores[i : i + 1]) for i in range(20)])
    assert len(out) == 16
    for t in (0, 7, 15):
        anywhere = np.ones_like(ends)
        expected = forward_backward(transitions, start, anywhere, scores[: t + 5], 0.5)[t]
        np.testing.assert_allclose(out[t], expected, atol=2e-4)


def test_a_delay_grows_and_later_frames_see_more():
    transitions, start, ends, scores = some_graph(seed=3)
    scores = np.concatenate([scores, scores])
    smoother = ForwardBackward(transitions, start, ends, 0.5, delay=2, grown_delay=8)
    decided = np.cumsum([len(smoother.push(scores[i : i + 1])) for i in range(60)])
    lags = np.arange(1, 61) - decided
    assert lags[2:16].max() == 2
    assert lags[-1] == 8
    assert (np.diff(lags[2:]) >= 0).all()
    whole = ForwardBackward(transitions, start, ends, 0.5, delay=2, grown_delay=8)
    pieces = [whole.push(scores[:30]), whole.push(scores[30:58])]
    expected = forward_backward(transitions, start, np.ones_like(ends), scores[:58], 0.5)
    np.testing.assert_allclose(np.concatenate(pieces)[45], expected[45], atol=2e-4)
    assert sum(map(len, pieces)) == 50


def test_impossible_sound_does_not_stop_the_smoother():
    transitions, start, ends, scores = some_graph(seed=2)
    scores[10] = -1e9
    smoother = ForwardBackward(transitions, start, ends, 0.5, delay=3)
    assert np.isfinite(np.concatenate([smoother.push(scores), smoother.finish()])).all()


# --- graphs and the whole


@needs_model
def test_a_sentence_graph_goes_from_start_to_end(model):
    lexicon = Lexicon(installed_model() / "cmudict-en-us.dict")
    graph = sentence_graph(model.definition, [lexicon.pronunciations(w) for w in ("read", "my", "lips")])
    assert (np.nonzero(graph.transitions)[0] <= np.nonzero(graph.transitions)[1]).all()
    sums = graph.transitions.sum(axis=1)
    leaves = (graph.ends == 1) & (sums < 0.999)
    np.testing.assert_allclose(sums[~leaves], 1.0, atol=1e-5)
    reached = graph.start.copy()
    for _ in range(len(reached)):
        reached = np.minimum(1, reached + reached @ (graph.transitions > 0))
    assert reached.all()
    np.testing.assert_allclose(graph.classes.sum(axis=1), 1.0)


@needs_model
def test_an_expected_sentence_is_prepared_once_and_heard_the_same(model, monkeypatch):
    folder = installed_model()
    names = tuple(name for name in model.definition.phones if not name.startswith("+"))
    models = AcousticModels(folder, np.full((len(names), len(names)), 1 / len(names), np.float32), names)
    pcm = np.random.default_rng(5).normal(0, 3000, 16000).astype(np.int16)

    def hear():
        models.forget_voice()
        source = models.listen(FrameGrid(0, 16000), "ask not what", "en", 0.05)
        return np.concatenate([source.push(pcm), source.finish()])

    unprepared = hear()
    models._prepared.clear()
    models.expect("Ask not what!", "en-US")
    assert len(models._prepared) == 1
    monkeypatch.setattr(models, "_prepare", lambda spoken: pytest.fail("it was prepared already"))
    np.testing.assert_array_equal(hear(), unprepared)
    monkeypatch.undo()
    assert not models._prepared, "it is kept no longer than until it is heard"
    models.expect("fragt nicht, was", "de")
    assert not models._prepared
    for i in range(20):
        models.expect(f"number {i}", "en")
    assert len(models._prepared) == 2


@needs_model
@pytest.mark.parametrize(
    ("heard", "against", "fit", "shown"),
    [
        ("M", "N", None, 0.63),
        ("P", "T", None, 0.63),
        ("B", "D", None, 0.63),
        ("T", "K", None, 0.3),
        ("M", "N", -9.0, 0.63),
        ("M", "N", 0.0, 0.3),
    ],
    ids=["m", "p", "b", "no closure", "text that does not fit", "text that fits"],
)
def test_a_closure_heard_without_a_text_is_rather_shown_than_missed(model, heard, against, fit, shown):
    row = np.zeros(PHONE_COUNT, np.float32)
    row[PHONE_INDEX[heard]], row[PHONE_INDEX[against]] = 0.3, 0.7

    class Track:
        """A graph that is followed to the same two phones at every frame."""

        def __init__(self, fit):
            self.log_likelihood = fit

        def push(self, found):
            return np.repeat(row[None], len(found.peaks), axis=0)

        def finish(self):
            return row[None][:0]

    names = ("SIL", "M", "AA")
    models = AcousticModels(installed_model(), np.full((3, 3), 1 / 3, np.float32), names)
    source = models.listen(FrameGrid(0, 16000), "", "en", 0.05)
    source._loop = Track(0.0)
    source._aligner = Track(fit) if fit is not None else None
    frames = np.concatenate([source.push(np.zeros(8000, np.int16)), source.finish()])
    assert frames[:, PHONE_INDEX[heard]] == pytest.approx(shown, abs=0.01)


@needs_model
def test_the_loop_leads_from_any_phone_to_any(model):
    names = ("SIL", "M", "AA")
    graph = loop_graph(model.definition, names, np.full((3, 3), 1 / 3, np.float32))
    np.testing.assert_allclose(graph.transitions.sum(axis=1), 1.0, atol=1e-6)
    assert (graph.transitions[2, ::3] > 0).all()


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


def agreement(features, entry):
    """Share of frames whose likeliest class is the label's, silence aside."""
    ends = np.array(entry["phone_end_samples_16k"]) / 160
    right = total = 0
    for i in range(len(features)):
        at = int(np.searchsorted(ends, i, "right"))
        name = entry["phones"][at].upper().rstrip("012") if at < len(ends) else "SIL"
        if name in PHONE_CLASSES and name != "SIL":
            total += 1
            right += PHONE_CLASSES[int(features[i, :PHONE_COUNT].argmax())] == name
    return right / total


@needs_data
@needs_model
@pytest.mark.data
def test_text_helps_and_a_wrong_text_does_no_harm(encoder):
    entry = json.loads((DATA / "speech" / "transcripts.json").read_text())["acoustic_corpus"]
    pcm = recording("acoustic_corpus")[: 8 * 16000]
    encoder.load()
    free = agreement(encode(pcm, 16000, encoder=encoder), entry)
    encoder.load()
    aligned = agreement(encode(pcm, 16000, entry["text"], encoder=encoder), entry)
    encoder.load()
    wrong = "Purple elephants have never really enjoyed swimming in Greenland, nor will they ever, I suppose."
    misled = agreement(encode(pcm, 16000, wrong, encoder=encoder), entry)
    assert aligned > 0.6
    assert aligned > free > 0.3
    assert misled > free - 0.1


@needs_data
@needs_model
@pytest.mark.data
@pytest.mark.parametrize("text", ["AND SO MY FELLOW AMERICANS ASK NOT WHAT YOUR COUNTRY CAN DO FOR YOU", ""])
def test_silence_is_heard_as_silence(encoder, text):
    encoder.load()
    pcm = np.concatenate([recording("jfk")[: 6 * 16000], np.zeros(16000, np.int16)])
    features = encode(pcm, 16000, text, encoder=encoder)
    assert features[-60:, PHONE_INDEX["SIL"]].mean() > 0.8
