"""What of a text is spoken, choice of voices, espeak's events, who goes on when a voice fails."""

import numpy as np
import pytest

from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.enums import MarkKind
from avatar_ros.core.errors import TtsError
from avatar_ros.tts.base import BusyError, Part, TtsSettings, VoiceMark
from avatar_ros.tts.espeak_marks import marks, speech_end_sample
from avatar_ros.tts.fallback import VoiceWithFallback
from avatar_ros.tts.text import clean, nearest, split


def test_a_text_without_words_is_not_spoken():
    assert clean(" Hello,\n world! ") == "Hello, world!"
    assert [clean(text) for text in ("...", "", " \n", "👋")] == [""] * 4


def test_split_keeps_every_word_within_the_limit():
    text = "One sentence here. Another one, with a comma, goes on and on. " * 20
    parts = split(text.strip(), 100)
    assert " ".join(parts) == text.strip()
    assert all(len(part) <= 100 for part in parts)
    assert parts[0].endswith(".")


def test_split_cuts_what_has_no_spaces():
    assert split("x" * 250, 100) == ["x" * 100, "x" * 100, "x" * 50]
    assert [len(part) for part in split("你好世界。" * 30, 100)] == [100, 50]


@pytest.mark.parametrize(
    ("locale", "voice", "known"),
    [
        ("en-US", "en-us", True),
        ("en_GB", "en-gb-x-rp", True),
        ("en-AU", "en-us", True),
        ("zh-CN", "cmn", True),
        ("de-AT", "de", True),
        ("fr-CA", "fr", True),
        ("tlh", "en-us", False),
        ("", "en-us", False),
        ("es-MX", "my-voice", True),
    ],
)
def test_nearest_voice(locale, voice, known):
    codes = ("en-us", "en-gb-x-rp", "en", "cmn", "de", "fr", "es", "pt-br")
    assert nearest(locale, {"es": "my-voice"}, codes, "en-us") == (voice, known)


EVENTS = [
    (1, 0, 1, 5, ""), (7, 0, 1, 0, "h"), (7, 100, 1, 0, "ə"), (7, 300, 1, 0, "ˈoʊ"), (7, 500, 7, 0, "_:"),
    (1, 700, 7, 5, ""), (7, 700, 7, 0, "(en)"), (7, 710, 7, 0, "w"), (7, 900, 7, 0, "ˈ"), (7, 900, 7, 0, "ɜː"),
    (7, 1200, 12, 0, ""), (7, 1500, 12, 0, ""),
]  # fmt: skip


def test_espeak_events_become_marks():
    found = marks(EVENTS, "hello world", 1000, 1220)
    phones = [(m.text, m.start_s, m.end_s) for m in found if m.kind is MarkKind.PHONE]
    assert phones == [
        ("h", 0.0, 0.1), ("ə", 0.1, 0.3), ("oʊ", 0.3, 0.5), ("w", 0.71, 0.9), ("ɜː", 0.9, 1.2),
    ]  # fmt: skip
    words = [(m.text, m.start_s, m.end_s) for m in found if m.kind is MarkKind.WORD]
    assert words == [("hello", 0.0, 0.5), ("world", 0.7, 1.2)]
    assert speech_end_sample(EVENTS, 2000) == 1200


def test_a_consonant_without_time_of_its_own_gets_the_end_of_its_vowel():
    """espeak-ng's "Ball.": its l begins where the pause begins. A short vowel keeps more than half of itself."""
    ball = [(7, 0, 1, 0, "b"), (7, 40, 1, 0, "ˈɔː"), (7, 360, 1, 0, "l"), (7, 360, 6, 0, ""), (7, 700, 6, 0, "")]
    found = [(m.text, round(m.start_s, 3), m.end_s) for m in marks(ball, "Ball.", 1000, 360)]
    assert found == [("b", 0.0, 0.04), ("ɔː", 0.04, 0.26), ("l", 0.26, 0.36)]
    ill = [(7, 0, 1, 0, "ɪ"), (7, 100, 1, 0, "l"), (7, 100, 6, 0, "")]
    assert [(m.text, m.start_s, m.end_s) for m in marks(ill, "Ill.", 1000, 100)] == [("ɪ", 0.0, 0.06), ("l", 0.06, 0.1)]
    alone = [(7, 0, 1, 0, "l"), (7, 0, 1, 0, ""), (7, 50, 1, 0, "l"), (7, 50, 1, 0, "")]
    assert not marks(alone, "l", 1000, 50), "no phone before it has time to give"


class Service:
    """Says a second a word with word marks, or fails after some."""

    blocking = True

    def __init__(self, fail_after=99, with_marks=True, silent=False, failure=None):
        self.failure = failure or TtsError("tts_down", "cut", retryable=True)
        self.fail_after, self.with_marks, self.silent = fail_after, with_marks, silent
        self.asked = []

    def load(self): ...

    def close(self): ...

    def status(self):
        return {}

    def speak(self, text, locale, stop=None):
        self.asked.append(text)
        for i, word in enumerate(text.split()):
            if i >= self.fail_after:
                raise self.failure
            mark = VoiceMark(MarkKind.WORD, word.strip(",."), float(i), i + 0.9)
            yield Part(np.full(8000, 0 if self.silent else 500, np.int16), 8000, (mark,) if self.with_marks else ())


def pair(first):
    fallback, clock = Service(), VirtualClock()
    return VoiceWithFallback(first, fallback, TtsSettings(backend="edge", retry_s=30.0), clock), fallback, clock


def test_fallback_goes_on_after_the_last_word_that_was_said():
    voice, fallback, _ = pair(Service(fail_after=2))
    parts = list(voice.speak("one two, three four", "en"))
    assert fallback.asked == ["three four"]
    assert len(parts) == 4
    assert [m.start_s for part in parts for m in part.marks] == [0.0, 1.0, 2.0, 3.0]
    assert "fallback 'espeak' is in use" in voice.status()["warning"]


def test_fallback_says_all_where_nothing_was_heard():
    for first in (Service(fail_after=0), Service(silent=True)):
        voice, fallback, _ = pair(first)
        assert len(list(voice.speak("one two three", "en"))) == 3
        assert fallback.asked == ["one two three"]


def test_without_marks_what_was_said_is_judged_by_time():
    voice, fallback, _ = pair(Service(fail_after=2, with_marks=False))
    list(voice.speak("fifteen letters and then as many again, really so", "en"))  # 2 s are 30 letters
    assert fallback.asked == ["as many again, really so"] or fallback.asked == ["many again, really so"]


def test_failing_service_is_left_alone_for_a_while_and_then_tried_again():
    first = Service(fail_after=0)
    voice, _, clock = pair(first)
    list(voice.speak("one", "en"))
    clock.advance(29)
    list(voice.speak("two", "en"))
    assert first.asked == ["one"]
    clock.advance(2)
    first.fail_after = 99
    list(voice.speak("three", "en"))
    assert first.asked == ["one", "three"]
    assert "warning" not in voice.status()


@pytest.mark.parametrize(("asked_s", "waits_s"), [(0.0, 30.0), (7.0, 30.0), (120.0, 120.0), (1e6, 600.0)])
def test_busy_service_is_left_alone_for_as_long_as_it_asks(asked_s, waits_s):
    first = Service(failure=BusyError("busy", asked_s), fail_after=0)
    voice, _, clock = pair(first)
    list(voice.speak("one", "en"))
    clock.advance(waits_s - 1)
    list(voice.speak("two", "en"))
    assert first.asked == ["one"]
    clock.advance(2)
    list(voice.speak("three", "en"))
    assert first.asked == ["one", "three"]
