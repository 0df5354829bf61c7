"""The evidence for and against a sentence."""

import numpy as np
import pytest

from avatar_ros.asr.confidence import (
    Rival,
    Segment,
    confidence_features,
    edit_distance,
    is_sure,
    is_word,
    logistic,
    per_frame,
    probability,
)
from avatar_ros.asr.confidence_weights import WEIGHTS
from avatar_ros.speech.pronunciation_score import worst_window

SPOKEN = [["W", "AH", "T"], ["T", "AY", "M"]]
WORDS = [Segment("<sil>", 0, 9, -20.0), Segment("what", 10, 39, -120.0), Segment("time", 40, 79, -180.0)]


def loop(score_per_frame, phones=("W", "AH", "T", "T", "AY", "M")):
    starts = [10, 20, 30, 40, 50, 65]
    stops = [*starts[1:], 80]
    sounds = [Segment(p, a, b - 1, score_per_frame * (b - a)) for p, a, b in zip(phones, starts, stops, strict=True)]
    return [Segment("SIL", 0, 9, -20.0), *sounds]


SAME = Rival((Segment("watt", 10, 39), Segment("time", 40, 79)), (("W", "AA", "T"), ("T", "AY", "M")))
OTHER = Rival((Segment("silly", 5, 50), Segment("boat", 51, 90)), (("S", "IH", "L", "IY"), ("B", "OW", "T")))


#: What the phone network makes of a sentence that was said, and of one that was not.
SAID = {"net_mean": -0.1, "net_worst_word": -0.5, "net_worst_300ms": -0.5, "net_outside": 0.0}
NOT_SAID = {"net_mean": -2.0, "net_worst_word": -4.0, "net_worst_300ms": -4.0, "net_outside": 0.2}


def test_words_that_fit_as_well_as_free_phones_and_words_are_sure_and_others_are_not():
    right = probability(confidence_features(WORDS, loop(-4.0), SPOKEN, SAME) | SAID)
    other_loop = loop(2.0, ("S", "IY", "L", "UW", "B", "OW"))
    wrong = probability(confidence_features(WORDS, other_loop, SPOKEN, OTHER) | NOT_SAID)
    assert right > 0.9 > 0.1 > wrong


def test_a_sentence_that_the_network_hears_too_is_likelier():
    found = confidence_features(WORDS, loop(-4.0), SPOKEN, SAME)
    assert probability(found | SAID) > probability(found | NOT_SAID)


def test_a_rival_that_sounds_unlike_the_sentence_speaks_against_it():
    for_it, against = (confidence_features(WORDS, loop(-4.0), SPOKEN, rival) for rival in (SAME, OTHER))
    assert for_it["rival_errors"] < 0.1
    assert against["rival_errors"] > 0.5
    assert probability(for_it | SAID) > probability(against | SAID)


def test_words_of_the_rival_outside_of_the_sentence_speak_against_it():
    more = Rival((*SAME.segments, Segment("flies", 90, 119)), (*SAME.phones, ("F", "L", "AY", "Z")))
    found = confidence_features(WORDS, loop(-4.0), SPOKEN, more)
    assert found["rival_outside"] == pytest.approx(30 / 100)
    assert found["rival_errors"] == confidence_features(WORDS, loop(-4.0), SPOKEN, SAME)["rival_errors"]


def test_without_any_rival_words_all_of_the_sentence_is_unlike_them():
    found = confidence_features(WORDS, loop(-4.0), SPOKEN, Rival())
    assert found["rival_errors"] == pytest.approx(0.8)
    assert found["rival_outside"] == 0


def test_a_dropped_word_is_told():
    assert confidence_features(WORDS, loop(-4.0), SPOKEN, SAME, dropped=True)["dropped"] == 1
    assert confidence_features(WORDS, loop(-4.0), SPOKEN, SAME)["dropped"] == 0


def test_the_features_are_those_that_have_weights():
    assert set(confidence_features(WORDS, loop(-4.0), SPOKEN, SAME) | SAID) == set(WEIGHTS)


def test_feature_values_of_a_known_case():
    found = confidence_features(WORDS, loop(-4.0), SPOKEN, SAME)
    assert found["mean"] == pytest.approx((-300 + 280) / 70)
    assert found["worst_word"] == pytest.approx(-4.5 + 4.0)
    assert found["phone_errors"] == 0
    assert found["slowest_word"] == pytest.approx(40 / 3)
    assert found["words"] == 2


def test_edit_distance_knows_classes():
    assert edit_distance(["P"], ["P"]) == 0
    assert edit_distance(["P"], ["T"]) < edit_distance(["P"], ["AA"])
    assert edit_distance(["P", "AA"], []) == pytest.approx(1.6)
    assert edit_distance([], ["AA"]) == pytest.approx(0.8)


def test_worst_window_equals_the_slow_way():
    scores = np.random.default_rng(0).normal(size=200)
    slow = min(scores[i : i + 25].mean() for i in range(len(scores) - 24))
    assert worst_window(scores, 25) == pytest.approx(slow)
    assert worst_window(scores[:10], 25) == pytest.approx(scores[:10].mean())


def test_scores_are_spread_over_frames():
    assert per_frame([Segment("a", 0, 1, -4.0), Segment("b", 2, 2, -1.0)]).tolist() == [-2.0, -2.0, -1.0]
    assert len(per_frame([])) == 0


@pytest.mark.parametrize(("text", "real"), [("what", True), ("what(2)", True), ("<sil>", False), ("[NOISE]", False)])
def test_fillers_are_no_words(text, real):
    assert is_word(text) is real


def test_sigmoid_is_safe():
    assert logistic(-1e6) == 0.0
    assert logistic(0) == 0.5
    assert logistic(1e6) == 1.0


@pytest.mark.parametrize(
    ("heard", "network", "same", "sure"),
    [
        (2.6, 2.6, True, True),  # one sentence
        (2.4, 2.4, True, False),
        (2.6, 2.0, True, False),  # two that ask the same
        (2.8, 2.0, True, True),
        (3.6, 3.4, False, False),  # two that ask other things
        (2.4, 3.6, False, True),
        (2.8, 3.6, False, False),
        (None, 3.6, False, True),  # the network alone
        (None, 3.4, False, False),
        (4.0, None, False, False),
        (None, None, True, False),
    ],
)
def test_what_is_sure_without_a_second_pass(heard, network, same, sure):
    assert is_sure(heard, network, same=same) is sure
