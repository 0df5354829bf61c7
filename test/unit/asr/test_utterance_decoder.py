"""When an utterance is decoded by a model that takes whole utterances, and what is made of the result."""

import numpy as np
import pytest

from avatar_ros.asr.decode_budget import DecodeBudget
from avatar_ros.asr.utterance_decoder import UtteranceDecoder
from avatar_ros.core.clock import VirtualClock

RATE = 16000
BLOCK = 512
SPEECH = "<|en|><|HAPPY|><|Speech|><|withitn|>"


def tone(seconds):
    return (8000 * np.sin(np.arange(round(seconds * RATE)) * 0.3)).astype(np.int16)


def quiet(seconds):
    return np.zeros(round(seconds * RATE), np.int16)


class Scene:
    """A stream whose model says `rich` and takes `cost_s` for each second of sound."""

    def __init__(self, rich=SPEECH + "Hello there.", cost_s=0.01, share=0.3, confidence=0.9, known=True):
        self.clock = VirtualClock()
        self.budget = DecodeBudget(share)
        self.rich, self.cost_s, self.confidence = rich, cost_s, confidence
        self.decoded_s = []
        if known:
            self.budget.record(1.0, cost_s)
        self.stream = UtteranceDecoder(self._decode, self.budget, self.clock, "de-DE", 0.5)

    def _decode(self, pcm):
        seconds = len(pcm) / RATE
        self.decoded_s.append(round(seconds, 2))
        self.clock.advance(self.cost_s * seconds)
        return self.rich, self.confidence

    def hear(self, pcm):
        """The sound in the microphone's pieces; what the stage asks for every 0.1 s."""
        partials = []
        for first in range(0, len(pcm), BLOCK):
            self.stream.accept(pcm[first : first + BLOCK])
            if first // BLOCK % 3 == 2:
                partials.append(self.stream.partial())
        return partials


def test_the_result_is_ready_before_the_end_is_known():
    scene = Scene(share=0.0)
    scene.hear(np.concatenate([quiet(0.3), tone(1.0), quiet(0.25)]))
    assert scene.decoded_s == [pytest.approx(1.4, abs=0.05)]
    final = scene.stream.finish()
    assert len(scene.decoded_s) == 1
    assert (final.text, final.locale, final.emotion, final.confidence) == ("Hello there.", "en-US", "happy", 0.9)
    assert final.complete
    assert not final.rejected


def test_who_goes_on_is_decoded_again():
    scene = Scene(share=0.0)
    scene.hear(np.concatenate([tone(0.5), quiet(0.25), tone(0.5), quiet(0.05)]))
    scene.stream.finish()
    assert len(scene.decoded_s) == 2
    assert scene.decoded_s[1] > scene.decoded_s[0] + 0.5


def test_a_pause_soon_after_the_last_is_decoded_only_where_it_lasts():
    scene = Scene(share=0.0)
    scene.hear(np.concatenate([tone(1.5), quiet(0.15), tone(0.5), quiet(0.15)]))
    assert len(scene.decoded_s) == 1
    scene.hear(quiet(0.15))
    assert len(scene.decoded_s) == 2
    scene.hear(np.concatenate([tone(1.5), quiet(0.15)]))
    assert len(scene.decoded_s) == 3


def test_words_so_far_take_no_more_than_their_share():
    scene = Scene(cost_s=0.02, share=0.1)
    partials = scene.hear(tone(6.0))
    assert sum(scene.decoded_s) * 0.02 <= 0.1 * 6.0
    assert len(scene.decoded_s) > 3
    assert partials[-1].text == "Hello there"
    assert not partials[-1].complete


@pytest.mark.parametrize(("cost_s", "last_s"), [(0.05, 4.0), (0.1, 2.0), (0.3, 0.7)])
def test_no_decode_is_begun_that_could_keep_the_end_waiting(cost_s, last_s):
    scene = Scene(cost_s=cost_s, share=0.9)
    scene.hear(tone(8.0))
    assert scene.decoded_s
    assert max(scene.decoded_s) * cost_s <= 0.2
    assert max(scene.decoded_s) == pytest.approx(last_s, abs=0.5)


def test_a_model_whose_cost_is_not_known_waits_for_silence():
    scene = Scene(known=False)
    scene.hear(tone(2.0))
    assert scene.decoded_s == []
    scene.hear(quiet(0.3))
    assert len(scene.decoded_s) == 1
    assert scene.budget.allows(1.0, 0.0)


def test_a_busy_moment_is_forgotten():
    scene = Scene(cost_s=5.0)
    scene.hear(np.concatenate([tone(1.0), quiet(0.3)]))
    assert not scene.budget.allows(1.0, 0.0)
    scene.cost_s = 0.01
    scene.hear(np.concatenate([tone(1.0), quiet(0.3)]))
    assert scene.budget.allows(1.0, 0.0)


@pytest.mark.parametrize(
    ("words", "partial", "complete"),
    [
        ("Where is it?", "Where is it?", True),
        ("我在哪里？", "我在哪里？", True),
        ("It is.", "It is", False),
        ("好。", "好", False),
    ],
)
def test_a_question_mark_is_believed_and_a_full_stop_is_not(words, partial, complete):
    scene = Scene(rich=SPEECH + words)
    final = scene.hear(np.concatenate([tone(1.0), quiet(0.35)]))[-1]
    assert (final.text, final.complete) == (partial, complete)
    assert scene.stream.finish().text == words


def test_words_stay_when_the_person_goes_on():
    scene = Scene(rich=SPEECH + "Where is it?", share=0.0)
    scene.hear(np.concatenate([tone(1.0), quiet(0.3)]))
    final = scene.hear(tone(0.2))[-1]
    assert final.text == "Where is it?"
    assert not final.complete


def test_a_laugh_is_no_rejected_speech():
    scene = Scene(rich="<|nospeech|><|EMO_UNKNOWN|><|Laughter|><|woitn|>", confidence=0.0)
    final = scene.hear(np.concatenate([tone(1.0), quiet(0.35)]))[-1]
    assert (final.text, final.events) == ("", ("laughter",))
    final = scene.stream.finish()
    assert not final.rejected
    assert final.events == ("laughter",)


@pytest.mark.parametrize(
    "fields", [{"rich": ""}, {"rich": "<|nospeech|>"}, {"rich": SPEECH + "."}, {"confidence": 0.4}], ids=str
)
def test_no_words_or_doubtful_ones_are_rejected(fields):
    scene = Scene(**fields)
    scene.hear(tone(1.0))
    final = scene.stream.finish()
    assert final.rejected
    assert final.text == ""


@pytest.mark.parametrize("sound", [quiet(0.0), quiet(2.0), tone(0.01)], ids=["none", "silence", "a click"])
def test_what_holds_no_speech_costs_nothing(sound):
    scene = Scene()
    scene.hear(sound)
    final = scene.stream.finish()
    assert final.rejected
    assert final.locale == "de-DE"
    assert scene.decoded_s == [] or max(scene.decoded_s) < 0.3


def test_who_is_not_waited_for_is_not_decoded():
    scene = Scene(share=0.0)
    scene.hear(tone(1.0))
    scene.stream.abandon()
    assert scene.decoded_s == []
