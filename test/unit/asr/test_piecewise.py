"""Long utterances in pieces."""

import numpy as np
import pytest

from avatar_ros.asr.decode_budget import DecodeBudget
from avatar_ros.asr.piecewise import PiecewiseStream
from avatar_ros.asr.utterance_decoder import UtteranceDecoder
from avatar_ros.core.clock import VirtualClock

RATE = 16000
BLOCK = 512


def tone(seconds):
    return (8000 * np.sin(np.arange(round(seconds * RATE)) * 0.3)).astype(np.int16)


def quiet(seconds):
    return np.zeros(round(seconds * RATE), np.int16)


class Scene:
    """A model that says one word for each second that it hears."""

    def __init__(self, confidence=0.9):
        self.decoded_s = []
        self.confidence = confidence
        self.stream = PiecewiseStream(self._piece)

    def _piece(self):
        return UtteranceDecoder(self._decode, DecodeBudget(0.0), VirtualClock(), "en-US", 0.5)

    def _decode(self, pcm):
        self.decoded_s.append(len(pcm) / RATE)
        return " ".join(["word"] * round(len(pcm) / RATE)) + ".", self.confidence

    def hear(self, *parts):
        pcm = np.concatenate(parts)
        for first in range(0, len(pcm), BLOCK):
            self.stream.accept(pcm[first : first + BLOCK])
        return self.stream.finish()


def test_a_short_one_is_one_piece():
    scene = Scene()
    assert scene.hear(tone(4.0), quiet(0.1), tone(4.0)).text.count("word") == 8
    assert len(scene.decoded_s) == 1


def test_a_long_one_is_cut_at_pauses_and_nothing_is_lost_or_decoded_twice_at_the_end():
    scene = Scene()
    final = scene.hear(*[part for _ in range(20) for part in (tone(6.0), quiet(0.5))], tone(2.0), quiet(0.3))
    assert final.text.count("word") == pytest.approx(122, abs=12)
    assert max(scene.decoded_s) < 14.0
    assert scene.decoded_s[-1] < 9.0
    assert (final.rejected, final.complete, final.locale) == (False, True, "en-US")


def test_without_a_pause_no_piece_is_longer_than_the_model_takes():
    scene = Scene()
    assert scene.hear(tone(100.0)).text.count("word") == pytest.approx(100, abs=4)
    assert max(scene.decoded_s) < 29.0


def test_all_unsure_is_rejected_and_silence_after_words_takes_nothing_from_them():
    assert Scene(confidence=0.1).hear(*[tone(11.0), quiet(0.5)] * 2).rejected
    final = Scene().hear(tone(11.0), quiet(0.5), quiet(3.0))
    assert not final.rejected
    assert final.text.count("word") == 11


def test_words_so_far_stand_before_the_words_of_the_piece():
    scene = Scene()
    scene.hear(tone(11.0), quiet(0.4))
    scene.stream.accept(tone(1.0))
    assert scene.stream.partial().text.count("word") == 11
