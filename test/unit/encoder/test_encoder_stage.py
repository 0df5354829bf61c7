"""The stage sees to order: gaps, repeats, rates, turns, cancelling."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.core.errors import EncoderError, UnknownBackendError
from avatar_ros.core.phones import LOUDNESS, PHONE_DIM, PHONE_INDEX, PHONE_KIND
from avatar_ros.core.types import Interrupt, InterruptAction, Mark, Sentence, SessionEvent, SessionKind, SpeechChunk
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.phone_encoder import PhoneEncoder
from avatar_ros.encoder.stage import EncoderStage, build

RATE_HZ = 24000
CHUNK = 960


def chunk(number, turn=1, session="local", **more):
    pcm = (8000 * np.sin(np.arange(CHUNK) * 0.1)).astype(np.int16)
    return SpeechChunk(session=session, turn=turn, first_sample=number * CHUNK, pcm=pcm, **more)


def marks(chunks):
    middle = chunks * CHUNK // 2
    return (Mark(text="aa", start_sample=0, end_sample=middle), Mark(text="m", start_sample=middle, end_sample=10**6))


@pytest.fixture
def stage():
    return build(EncoderSettings(backend="phones"))


def push(stage, *chunks):
    return [out.message for c in chunks for out in stage.push("speech/audio", c, 0.0)]


def table(messages):
    for m in messages:
        assert (m.kind, m.dim, m.rate_hz) == (PHONE_KIND, PHONE_DIM, 100.0)
        assert m.data.size == m.frames * m.dim
    return np.concatenate([m.data.reshape(m.frames, m.dim) for m in messages])


def test_features_of_a_chunk_come_with_the_chunk(stage):
    first = push(stage, chunk(0, marks=marks(4)))[0]
    assert first.frames == 4  # instants 0, 10, 20, 30 ms
    second = push(stage, chunk(1))[0]
    assert second.first_sample == 4 * 240


def test_the_turns_end_gives_every_frame(stage):
    found = push(stage, chunk(0, marks=marks(4)), chunk(1), chunk(2), chunk(3, turn_end=True))
    assert [m.last for m in found] == [False, False, False, True]
    frames = table(found)
    assert len(frames) == 16
    assert frames[2, PHONE_INDEX["AA"]] == 1.0
    assert frames[12, PHONE_INDEX["M"]] == 1.0
    assert 0.4 < frames[5, LOUDNESS] <= 1.0


def test_lost_sound_becomes_silence_in_its_place(stage):
    frames = table(push(stage, chunk(0, marks=marks(8)), chunk(3, turn_end=True)))
    assert len(frames) == 16
    assert frames[8, LOUDNESS] == 0.0
    assert frames[14, LOUDNESS] > 0.3
    assert stage.status()["lost_samples"] == str(2 * CHUNK)


def test_repeated_and_late_chunks_add_nothing(stage):
    found = push(stage, chunk(0, marks=marks(8)), chunk(1), chunk(0), chunk(1), chunk(2, turn_end=True))
    assert len(table(found)) == 12
    assert stage.status()["late_chunks"] == "2"


def test_an_empty_last_chunk_ends_the_turn(stage):
    found = push(stage, chunk(0, marks=marks(2)), SpeechChunk(turn=1, first_sample=CHUNK, turn_end=True))
    assert found[-1].last
    assert push(stage, SpeechChunk(turn=2, turn_end=True))[0].frames == 0


def test_old_turns_are_dropped_and_new_ones_start_anew(stage):
    push(stage, chunk(0, turn=2, marks=marks(2)))
    assert push(stage, chunk(0, turn=1)) == []
    assert push(stage, chunk(0, turn=3, marks=marks(2)))[0].first_sample == 0


def test_cancel_drops_what_is_late(stage):
    push(stage, chunk(0, marks=marks(2)))
    assert list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.0)) == []
    assert push(stage, chunk(1)) == []
    assert push(stage, chunk(0, turn=2, marks=marks(2)))


def test_pause_changes_nothing(stage):
    push(stage, chunk(0, marks=marks(2)))
    list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.PAUSE), 0.0))
    assert push(stage, chunk(1))


def test_sessions_do_not_meet(stage):
    push(stage, chunk(0, turn=5, marks=marks(2)), chunk(0, session="b", turn=1, marks=marks(2)))
    assert push(stage, chunk(1, session="b", turn=1))[0].session == "b"
    list(stage.session(SessionEvent(session="b", kind=SessionKind.CLOSED), 0.0))
    assert push(stage, chunk(0, session="b", turn=1, marks=marks(2)))[0].first_sample == 0


def test_rates(stage):
    push(stage, chunk(0, marks=marks(2)))
    with pytest.raises(EncoderError, match="24000 to 16000") as raised:
        push(stage, chunk(1, sample_rate_hz=16000))
    assert raised.value.code == "encoder_rate"
    with pytest.raises(EncoderError, match="4000 Hz"):
        push(stage, chunk(0, turn=2, sample_rate_hz=4000))


def test_a_gap_too_long_to_bridge(stage):
    push(stage, chunk(0, marks=marks(2)))
    with pytest.raises(EncoderError, match="expected") as raised:
        push(stage, chunk(100000))
    assert raised.value.code == "encoder_gap"


def test_unknown_phones_are_counted(stage):
    push(stage, chunk(0, marks=(Mark(text="☃", start_sample=0, end_sample=900),)))
    assert stage.status()["unknown_phones"] == "1 (☃)"


def test_marks_that_come_late_take_over():
    stage = build(EncoderSettings())
    late = (Mark(text="m", start_sample=0, end_sample=9000),)
    frames = table(push(stage, chunk(0), chunk(1), chunk(2, marks=late), chunk(3, turn_end=True)))
    assert len(frames) == 16
    assert frames[12, PHONE_INDEX["M"]] == 1.0


def test_backends_by_name():
    with pytest.raises(UnknownBackendError, match="known: phones"):
        build(EncoderSettings(backend="wav3vec"))


class Expecting:
    """An encoder that notes what it is told to expect."""

    def __init__(self):
        self.expected = []

    def expect(self, text, locale):
        self.expected.append((text, locale))


def test_only_a_turns_first_sentence_is_expected():
    encoder = Expecting()
    stage = EncoderStage(EncoderSettings(), encoder)
    for i, text in enumerate(("One.", "Two.")):
        assert not list(stage.push("speech/sentence", Sentence(index=i, text=text, locale="en-GB"), 0.0))
    assert encoder.expected == [("One.", "en-GB")]


def test_a_voice_that_gives_marks_needs_no_text_beforehand():
    encoder, expected = PhoneEncoder(EncoderSettings()), []
    encoder._expect = lambda text, locale: expected.append(text)
    encoder.expect("Before any sound.", "en")
    stream = encoder.open(RATE_HZ)
    stream.push(chunk(0, marks=marks(4)))
    encoder.expect("After marks.", "en")
    stream.push(replace(chunk(1), sentence=1))
    encoder.expect("After a sentence without them.", "en")
    assert expected == ["Before any sound.", "After a sentence without them."]
