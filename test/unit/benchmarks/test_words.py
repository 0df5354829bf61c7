"""How words are compared, and the sounds in which nobody speaks."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.recognition.no_speech import no_speech
from benchmarks.recognition.words import normalised, word_errors


def test_case_punctuation_and_hesitations_are_no_errors():
    assert normalised("Um, it's the TUE; y'know?", hesitations=False) == "its the two you know".split()
    assert normalised("Um, it's.", hesitations=True) == ["um", "its"]


@pytest.mark.parametrize(
    ("heard", "errors"), [("a b c", 0), ("a c", 1), ("a x c", 1), ("a b c d e", 2), ("", 3), ("b c a", 2)]
)
def test_the_fewest_changes_count(heard, errors):
    assert word_errors("a b c".split(), heard.split()) == errors


def test_sounds_without_speech_fill_the_time_are_the_same_each_time_and_of_many_kinds(tmp_path):
    sounds = list(no_speech(60.0, Path(tmp_path)))
    again = list(no_speech(60.0, Path(tmp_path)))
    assert 60.0 <= sum(len(pcm) for _, pcm in sounds) / 16000 < 70.0
    assert {kind for kind, _ in sounds} == {"music", "coloured noise", "hum", "clicks", "silence"}
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(sounds, again, strict=True))
    assert all(np.abs(pcm.astype(int)).max() > 300 for kind, pcm in sounds if kind == "music")
