"""How much of a sentence was heard: by words' marks, however they come, else by its length."""

import numpy as np
import pytest

from avatar_ros.audio.sentence_progress import SentenceProgress
from avatar_ros.core.enums import MarkKind
from avatar_ros.core.spoken_text import words_said
from avatar_ros.core.types import Mark, SpeechChunk

RATE = 24000
WORDS = "One two three, four five six seven eight nine ten.".split()
TEXT = " ".join(WORDS)
WORD_S = 0.4


def word(number):
    start = number * WORD_S
    text = WORDS[number].strip(",.")
    return Mark(MarkKind.WORD, text, round(start * RATE), round((start + 0.9 * WORD_S) * RATE))


def chunk(first_s, seconds, text="", marks=(), end=False):
    pcm = np.ones(round(seconds * RATE), np.int16)
    return SpeechChunk(first_sample=round(first_s * RATE), pcm=pcm, text=text, marks=tuple(marks), sentence_end=end)


def said(span, at_s):
    return words_said(TEXT, np.float32(span.progress(round(at_s * RATE))))


def test_marks_that_come_with_the_sound_never_claim_more_than_was_said():
    """As a service streams: each word's mark with its sound, half a second before it is heard."""
    span = SentenceProgress(0, RATE)
    for number in range(10):
        last = number == 9
        span.add(chunk(number * WORD_S, WORD_S, TEXT if not number else "", [word(number)], end=last))
        for at_s in np.arange(max(0, number - 1) * WORD_S, (number + 1) * WORD_S, 0.05):
            over = sum((i + 0.9) * WORD_S <= at_s for i in range(10))
            # To the word, where its mark is known; the last word counts from 98 % on.
            assert abs(len(said(span, at_s).split()) - over) <= (number in (0, 9))
    assert said(span, 4.0) == TEXT


def test_marks_that_come_at_once_count_words_to_the_sample():
    span = SentenceProgress(0, RATE)
    span.add(chunk(0, 0.16, TEXT, [word(i) for i in range(10)]))
    for i in range(9):
        end = word(i).end_sample
        before, after = (words_said(TEXT, np.float32(span.progress(at))) for at in (end - 240, end))
        assert len(before.split()) == i and len(after.split()) == i + 1


def test_words_that_the_voice_reads_otherwise_are_passed_over():
    span = SentenceProgress(0, RATE)
    text = "It costs 25 euros."
    read = ("It", "costs", "twenty", "euros")
    marks = [Mark(MarkKind.WORD, w, i * 12000, (i + 1) * 12000) for i, w in enumerate(read)]
    span.add(SpeechChunk(pcm=np.ones(60000, np.int16), text=text, marks=tuple(marks), sentence_end=True))
    heard = [words_said(text, span.progress(at)) for at in (12000, 24000, 30000, 47000, 60000)]
    assert heard == ["It", "It costs", "It costs", "It costs 25", text]


FAR = "Dr. Lee said: we waited for a long time in the rain, and the doctor agreed with Lee in the end."


@pytest.mark.parametrize(
    ("text", "read", "heard"),
    [
        (FAR, "Doctor Lee said", ["", "Dr. Lee", "Dr. Lee said:"]),
        (FAR, "doctor Lee said", ["", "Dr. Lee", "Dr. Lee said:"]),
        ("This isle is far.", "Zis is far", ["", "This isle is", "This isle is far."]),
        ("It is 25km away.", "It is 25 km", ["It", "It is", "It is", "It is 25km"]),
        ("1 2 3 4 5 6 go.", "one two three four five six go", ["", "", "", "", "", "", "1 2 3 4 5 6 go."]),
        ("我们今天去北京。", "我们 今天 去", ["我们", "我们今天", "我们今天去"]),
    ],
)
def test_a_word_is_found_whole_and_not_far_ahead(text, read, heard):
    """One that the voice reads otherwise may stand elsewhere too, or be a part of another."""
    span = SentenceProgress(0, RATE)
    found = []
    for i, name in enumerate(read.split()):
        mark = Mark(MarkKind.WORD, name, i * 12000, (i + 1) * 12000)
        span.add(SpeechChunk(text="" if i else text, marks=(mark,)))
        found.append(words_said(text, span._letters[-1] / len(text)))
    assert found == heard


def test_without_marks_the_letters_are_spread_over_the_sound():
    span = SentenceProgress(1000, RATE)
    span.add(SpeechChunk(first_sample=1000, pcm=np.ones(4800, np.int16), text="x" * 15))
    assert span.progress(1000 + RATE // 4) == pytest.approx(0.25)  # 15 letters: about a second
    assert span.progress(0) == 0.0
    span.add(SpeechChunk(first_sample=5800, pcm=np.ones(4800, np.int16), sentence_end=True))
    assert span.progress(5800) == pytest.approx(0.5)
    assert span.progress(99999) == 1.0


def test_phones_marks_tell_the_length():
    span = SentenceProgress(0, RATE)
    span.add(SpeechChunk(pcm=np.ones(4800, np.int16), text="y", marks=(Mark(start_sample=0, end_sample=36000),)))
    assert span.progress(9000) == pytest.approx(0.25)


def test_a_sentence_without_text_or_sound():
    span = SentenceProgress(500, RATE)
    span.add(SpeechChunk(first_sample=500, sentence_end=True))
    assert (span.progress(499), span.progress(600)) == (0.0, 1.0)
