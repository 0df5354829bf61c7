"""The stage sees to order: gaps, repeats, rates, turns, cancelling."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction, SessionKind
from avatar_ros.core.errors import EncoderError, UnknownBackendError
from avatar_ros.core.events import Interrupt, SessionEvent
from avatar_ros.core.types import Mark, Sentence, SpeechChunk
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.listener_factory import ListenerFactory
from avatar_ros.encoder.phone_encoder import PhoneEncoder
from avatar_ros.encoder.phone_settings import PhoneSettings
from avatar_ros.encoder.sources import LoudnessSource
from avatar_ros.encoder.stage import EncoderStage, build
from avatar_ros.speech.phones import LOUDNESS, PHONE_DIM, PHONE_INDEX, PHONE_KIND

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
    found = push(stage, chunk(100001), chunk(100002, turn_end=True))
    assert found[-1].last, "it is said once, and the lips go on"
    assert found[0].first_sample == 100000 * CHUNK


def test_a_place_before_the_turn_is_an_error(stage):
    for first in (0, 1):
        with pytest.raises(EncoderError) as raised:
            push(stage, chunk(0), chunk(-first - 1))
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


@pytest.fixture
def opened():
    """A stage of the backend `phones`, and what its sources for sentences without marks were told."""
    encoder, told = PhoneEncoder(EncoderSettings(), PhoneSettings()), []
    encoder._listeners = ListenerFactory(lambda grid, text, locale: told.append((text, locale)) or LoudnessSource(grid))
    return EncoderStage(EncoderSettings(), encoder), told


def two_sentences():
    first = [chunk(0, text="One.", locale="en"), chunk(1), chunk(2, sentence_end=True)]
    second = [chunk(3, text="Two two.", locale="en"), chunk(4), chunk(5, sentence_end=True, turn_end=True)]
    return [*first, *(replace(c, sentence=1) for c in second)]


@pytest.mark.parametrize(
    ("order", "lost", "late"),
    [
        ((0, 1, 2, 3, 4, 5), 0, 0),
        ((0, 1, 3, 4, 5), 1, 0),
        ((0, 3, 4, 5), 2, 0),
        ((0, 1, 2, 3, 2, 4, 5), 0, 1),
        ((0, 1, 3, 2, 4, 5), 1, 1),
        ((0, 2, 1, 3, 5), 2, 1),
        ((0, 1, 2, 3, 4, 3, 5), 0, 1),
        ((0, 1, 2, 2, 3, 3, 4, 4, 5, 5), 0, 4),
    ],
    ids=["in order", "last lost", "all but the first lost", "repeated", "swapped", "swapped and lost",
         "repeated within", "all twice"],
)  # fmt: skip
def test_each_sentence_is_heard_once_with_its_text(opened, order, lost, late):
    stage, told = opened
    chunks = two_sentences()
    found = push(stage, *(chunks[i] for i in order))
    assert told == [("One.", "en"), ("Two two.", "en")]
    assert len(table(found)) == 24
    assert [m.last for m in found].count(True) == 1
    assert stage.status().get("lost_samples", "0") == str(lost * CHUNK)
    assert stage.status().get("late_chunks", "0") == str(late)


def test_an_end_that_comes_late_ends_no_other_sentence(opened):
    stage, told = opened
    chunks = two_sentences()
    end = SpeechChunk(turn=1, sentence=0, first_sample=3 * CHUNK, sentence_end=True)
    push(stage, chunks[0], chunks[1], replace(chunks[2], sentence_end=False), chunks[3], end, chunks[4])
    assert told == [("One.", "en"), ("Two two.", "en")]


def test_silence_after_a_sentence_is_not_taken_for_its_text(opened):
    stage, told = opened
    chunks = two_sentences()
    push(stage, chunks[0], replace(chunks[1], sentence_end=True), chunks[3])
    assert told == [("One.", "en"), ("", "en"), ("Two two.", "en")]


def test_a_locale_is_the_sentences_own(opened):
    stage, told = opened
    push(stage, chunk(0, text="你好。", locale="zh", sentence_end=True), chunk(1, sentence=1, text="Hello."))
    assert told == [("你好。", "zh"), ("Hello.", "")]


def test_late_marks_of_the_sentence_that_is_heard_are_of_use(stage):
    frames = table(push(stage, chunk(0), chunk(2), chunk(1, marks=marks(4)), chunk(3, turn_end=True)))
    assert len(frames) == 16
    assert frames[13, PHONE_INDEX["M"]] == 1.0


@pytest.mark.parametrize("start_s", [0.96, 28.8, 40.0, 3600.0])
def test_a_turn_met_in_the_middle_starts_with_the_sound_that_is_met(stage, start_s):
    first = round(start_s / 0.04)
    aa = Mark(text="aa", start_sample=first * CHUNK, end_sample=(first + 2) * CHUNK)
    m = Mark(text="m", start_sample=(first + 2) * CHUNK, end_sample=10**9)
    found = push(stage, chunk(first, sentence=7, marks=(aa, m)), *(chunk(first + i, sentence=7) for i in (1, 2)),
                 chunk(first + 3, sentence=7, turn_end=True))  # fmt: skip
    assert found[0].first_sample == first * CHUNK
    assert found[1].first_sample == first * CHUNK + found[0].frames * 240
    frames = table(found)
    assert len(frames) == 16, "silence that was not heard costs no time"
    assert frames[2, PHONE_INDEX["AA"]] == frames[12, PHONE_INDEX["M"]] == 1.0
    assert "lost_samples" not in stage.status()


def test_a_turn_met_between_two_frames_keeps_the_turns_grid(stage):
    late = [replace(chunk(i), first_sample=i * CHUNK + 1_000_100) for i in range(4)]
    mark = Mark(text="m", start_sample=1_000_100 + 2 * CHUNK, end_sample=10**9)
    found = push(stage, replace(late[0], marks=(mark,)), *late[1:3], replace(late[3], turn_end=True))
    assert found[0].first_sample == 1_000_080, "of the frame that holds the first sample"
    shares = table(found)[:, PHONE_INDEX["M"]]
    start = (mark.start_sample - found[0].first_sample) / 240  # 8.08: frame 8 stands from 7.5 to 8.5
    assert shares[7:10] == pytest.approx([0.0, 8.5 - start, 1.0], abs=1e-3)


def test_the_end_alone_of_a_turn_met_in_the_middle(stage):
    (last,) = push(stage, SpeechChunk(turn=1, sentence=3, first_sample=50 * RATE_HZ, turn_end=True))
    assert (last.frames, last.last, last.first_sample) == (0, True, 50 * RATE_HZ)


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
    encoder, expected = PhoneEncoder(EncoderSettings(), PhoneSettings()), []
    encoder._listeners = ListenerFactory(expect=lambda text, locale: expected.append(text))
    encoder.expect("Before any sound.", "en")
    stream = encoder.open(RATE_HZ)
    stream.push(chunk(0, marks=marks(4)))
    encoder.expect("After marks.", "en")
    stream.push(replace(chunk(1), sentence=1))
    encoder.expect("After a sentence without them.", "en")
    assert expected == ["Before any sound.", "After a sentence without them."]
