"""Is the user done: the table of waits, what patience does to it, and what follows from a pause as it lasts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.types import EVENT_COMPLETE, EVENT_LIKELY, Transcript
from avatar_ros.vad.base import VadSettings
from avatar_ros.vad.endpointing import SHORTEST_WAIT_S, Evidence, Words, wait_s, words_of
from avatar_ros.vad.turn_end import ASK_AT_S, ASK_OF_KNOWN_AT_S, PAUSE_S, TurnEnd

SETTINGS = VadSettings()
#: words, probability, over the avatar's speech -> the wait, by the parameters' names
TABLE = [
    (Words.COMPLETE, None, False, "short_silence_s"),
    (Words.COMPLETE, 0.9, False, "short_silence_s"),
    (Words.COMPLETE, 0.1, False, "stop_silence_s"),
    (Words.PLAIN, None, False, "stop_silence_s"),
    (Words.PLAIN, 0.95, False, "likely_silence_s"),
    (Words.PLAIN, 0.9, False, "likely_silence_s"),
    (Words.PLAIN, 0.1, False, "longest_silence_s"),
    (Words.PLAIN, 0.0, False, "longest_silence_s"),
    (Words.OPEN, None, False, "long_silence_s"),
    (Words.OPEN, 0.99, False, "long_silence_s"),
    (Words.OPEN, 0.0, False, "longest_silence_s"),
    (Words.NONE, None, False, "long_silence_s"),
    (Words.NONE, 0.99, False, "long_silence_s"),
    (Words.NONE, 0.0, False, "longest_silence_s"),
    (Words.NONE, None, True, "stop_silence_s"),
    (Words.NONE, 0.0, True, "stop_silence_s"),
    (Words.COMPLETE, None, True, "short_silence_s"),
]


@pytest.mark.parametrize(("words", "probability", "over_speech", "name"), TABLE)
def test_the_wait_is_the_tables(words: Words, probability: float | None, over_speech: bool, name: str) -> None:
    evidence = Evidence(words, 1.0, probability, over_speech)
    assert wait_s(SETTINGS, evidence) == pytest.approx(getattr(SETTINGS, name))
    assert wait_s(VadSettings(turn_detector="none"), evidence) == SETTINGS.stop_silence_s


SHARE = st.floats(0.0, 1.0)
EVIDENCE = st.builds(Evidence, st.sampled_from(Words), SHARE, st.none() | SHARE, st.booleans(), st.booleans())


def test_who_says_um_and_thinks_for_two_seconds_is_waited_for() -> None:
    for said in ("", "um"):
        for judged in (False, True):
            end = turn_end(said, judged=judged, confidence=0.9 if said else 0.0)
            if judged:
                end.judge(0.05)
            end.step(0.5, 0.4)
            assert end.wait_s > (2.0 if judged or not said else 1.3), (said, judged)
    assert wait_s(SETTINGS, Evidence(Words.NONE, over_speech=True, brief=True)) == SETTINGS.stop_silence_s


@pytest.mark.parametrize(
    ("confidence", "expected"), [(1.0, 0.16), (0.8, 0.16), (0.65, 0.465), (0.5, 1.35), (0.4, 1.35)]
)
def test_a_known_question_counts_as_much_as_the_recogniser_is_sure_of_it(confidence: float, expected: float) -> None:
    assert wait_s(SETTINGS, Evidence(Words.COMPLETE, confidence)) == pytest.approx(expected, abs=0.001)


@given(EVIDENCE, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_patience_never_means_a_shorter_wait(evidence: Evidence, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert wait_s(VadSettings(patience=less), evidence) <= wait_s(VadSettings(patience=more), evidence)


@given(EVIDENCE)
def test_patience_halves_and_doubles(evidence: Evidence) -> None:
    usual = wait_s(SETTINGS, evidence)
    assert wait_s(VadSettings(patience=0.0), evidence) == pytest.approx(max(SHORTEST_WAIT_S, usual / 2))
    assert wait_s(VadSettings(patience=1.0), evidence) == pytest.approx(usual * 2)


@given(st.sampled_from(Words), st.booleans(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_surer_verdict_never_means_a_longer_wait(words: Words, over: bool, one: float, other: float) -> None:
    doubtful, sure = (wait_s(SETTINGS, Evidence(words, 1.0, p, over)) for p in sorted((one, other)))
    assert sure <= doubtful


@given(st.none() | st.floats(0.0, 1.0), st.booleans())
def test_better_words_never_mean_a_longer_wait(probability: float | None, over: bool) -> None:
    waits = [wait_s(SETTINGS, Evidence(w, 1.0, probability, over)) for w in (Words.COMPLETE, Words.PLAIN, Words.OPEN)]
    assert waits[1] <= waits[2]
    assert waits[0] <= waits[2]


@pytest.mark.parametrize(
    ("text", "confidence", "events", "expected"),
    [
        ("what time is it", 0.9, (EVENT_COMPLETE,), Words.COMPLETE),
        ("hello", 0.9, (EVENT_COMPLETE,), Words.PLAIN),
        ("i like trees", 0.9, (), Words.PLAIN),
        ("i like trees", 0.5, (), Words.NONE),
        ("what is the", 0.5, (), Words.OPEN),
        ("so, my fellow Americans,", 0.9, (), Words.OPEN),
        ("um", 0.9, (), Words.OPEN),
        ("", 0.0, (), Words.NONE),
        (" … ", 1.0, (), Words.PLAIN),
    ],
)
def test_what_words_say(text: str, confidence: float, events: tuple[str, ...], expected: Words) -> None:
    assert words_of(Transcript(text=text, confidence=confidence, events=events, final=False)) is expected


def turn_end(text: str = "i like trees", *, judged: bool, confidence: float = 0.9) -> TurnEnd:
    end = TurnEnd(SETTINGS, judged=judged)
    end.began(over_speech=False)
    end.read(Transcript(text=text, confidence=confidence, final=False))
    return end


def test_a_pause_that_may_be_the_end_is_told_once_and_so_is_its_going_on() -> None:
    end = turn_end(judged=False)
    kinds = [end.step(0.032 * i).kind for i in range(1, 10)]
    assert [kind for kind in kinds if kind] == [VoiceKind.PAUSED]
    assert kinds[3] is None and kinds[4] is VoiceKind.PAUSED and PAUSE_S <= 0.032 * 5
    assert end.step(0.0).kind is VoiceKind.RESUMED
    assert end.step(0.0).kind is None


def test_a_pause_in_an_open_sentence_is_told_to_nobody() -> None:
    for text, confidence in (("what is the", 0.9), ("", 0.0), ("i like", 0.5)):
        end = turn_end(text, judged=False, confidence=confidence)
        assert not any(end.step(0.032 * i).kind for i in range(40)), text


def test_where_sound_is_judged_the_verdict_comes_first() -> None:
    end = turn_end(judged=True)
    assert end.step(0.2).kind is None
    end.judge(0.05)
    assert end.step(0.25).kind is None
    end.judge(0.95)
    assert end.step(0.3).kind is VoiceKind.PAUSED
    assert end.probability == 0.95
    end.step(0.0)
    assert end.probability is None, "of another pause"


def test_the_detector_is_asked_a_few_times_in_each_pause() -> None:
    end = turn_end(judged=True)
    for _ in range(2):
        asked = [s for s in itertools.takewhile(lambda s: s < 3.0, itertools.count(0.032, 0.032)) if end.step(s).ask]
        assert asked == pytest.approx(list(ASK_AT_S), abs=0.033)
        end.step(0.0)
    end.step(0.12)
    end.judge(0.95)
    assert not any(end.step(0.2 + 0.032 * i).ask for i in range(100)), "it is sure that the user is done"
    assert not any(turn_end(judged=False).step(0.032 * i).ask for i in range(100))


def test_of_what_is_likely_a_known_question_it_is_asked_later() -> None:
    end = turn_end(judged=True)
    end.read(Transcript(text="what time is it", confidence=0.5, events=(EVENT_LIKELY,), final=False))
    asked = [s for s in itertools.takewhile(lambda s: s < 0.5, itertools.count(0.032, 0.032)) if end.step(s).ask]
    assert len(asked) == 1 and asked[0] >= ASK_OF_KNOWN_AT_S
    end.step(0.0)
    end.read(Transcript(text="what time is it that you", confidence=0.5, final=False))
    assert end.step(0.12).ask, "it was none"


def known(silence_s: float, end: TurnEnd) -> None:
    """A known question is told when it has been silent for so long."""
    end.step(silence_s)
    end.read(Transcript(text="what time is it", confidence=0.95, events=(EVENT_COMPLETE,), final=False), silence_s)


def test_a_recogniser_that_is_behind_makes_no_wait_longer_than_without_it() -> None:
    end = turn_end("what is the", judged=False, confidence=0.5)
    assert end.wait_s == SETTINGS.long_silence_s
    known(0.2, end)
    end.began(over_speech=False)
    assert end.wait_s == SETTINGS.long_silence_s  # it was in time
    known(0.6, end)
    for late_s in (0.5, 0.3):
        end.began(over_speech=False)
        end.step(0.1, 0.3)
        assert end.wait_s == SETTINGS.stop_silence_s
        end.read_final(late_s)
    end.read_final(0.05)
    end.began(over_speech=False)
    assert end.wait_s == SETTINGS.long_silence_s


@given(EVIDENCE)
def test_behind_is_never_slower(evidence: Evidence) -> None:
    slow = wait_s(SETTINGS, replace(evidence, behind=True, probability=None))
    assert slow <= min(SETTINGS.stop_silence_s, wait_s(SETTINGS, replace(evidence, probability=None)))
