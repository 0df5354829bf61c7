"""How long to wait in silence before the user's turn is over, from words, prosody and the silence itself.

| words so far | nobody judges the sound | a detector judges it |
|---|---|---|
| COMPLETE: a known question | short_silence_s; long_silence_s unsure | the same or as PLAIN; not done: stop_silence_s |
| PLAIN: words that may be all | stop_silence_s | from likely_silence_s (sure to be done) to longest_silence_s |
| OPEN: they break off ("where is the") | long_silence_s | the same, or longer as for PLAIN |
| NONE: nothing understood | long_silence_s; longest_silence_s where it was short | the same, or longer as for PLAIN |

Over the avatar's own voice what is not understood is mostly a cough or an echo, and the avatar waits for it: there NONE
waits stop_silence_s. Where the recogniser is behind, and knows a question only when stop_silence_s have passed, nothing
waits longer than that: its words come too late to shorten a longer wait. All waits are multiplied by
4 ** (patience - 0.5): by a half at 0, by two at 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..core.types import EVENT_COMPLETE, GUESS_CONFIDENCE, Transcript
from .base import VadSettings
from .incomplete_sentences import QUESTION_WORDS, is_whole_question, last_letters, last_words

_QUESTION_MARKS = ("?", "？")
_PAUSE_MARKS = (",", "-", "，", "、")
_STOPS = ".…。．"
_CONTRACTED = tuple(word + "'s" for word in QUESTION_WORDS)
#: The detector's probability from which on it is sure that the user is not done, or is.
NOT_DONE, DONE = 0.1, 0.9
#: The recogniser's confidence up to which a whole question is none, and from which on it is sure.
_UNSURE, _SURE = 0.5, 0.8
#: A hesitation is no longer than this, s.
BRIEF_S = 0.6
#: No wait is shorter, s: as long may a consonant be silent.
SHORTEST_WAIT_S = 0.08


class Words(Enum):
    """What the words so far say about whether more will come."""

    NONE = 0
    PLAIN = 1
    OPEN = 2
    COMPLETE = 3


@dataclass(frozen=True)
class Evidence:
    """confidence: of the words, 0–1; probability: that the user is done, by the sound, 0–1; None: nobody judged it.
    over_speech: the voice began while the avatar spoke; brief: it was no longer than BRIEF_S;
    behind: the recogniser is.
    """

    words: Words = Words.NONE
    confidence: float = 1.0
    probability: float | None = None
    over_speech: bool = False
    brief: bool = False
    behind: bool = False


def words_of(partial: Transcript, locale: str = "en-US") -> Words:
    """What the newest partial transcript says. locale: of one that names none.

    A single word ("hello") is PLAIN though it be complete: many sentences begin with one.
    """
    if EVENT_COMPLETE in partial.events and len(partial.text.split()) > 1:
        return Words.COMPLETE
    if breaks_off(partial.text, partial.locale or locale):
        return Words.OPEN
    guessed = partial.confidence <= GUESS_CONFIDENCE and EVENT_COMPLETE not in partial.events
    return Words.NONE if guessed or not partial.text.strip() else Words.PLAIN


def wait_s(settings: VadSettings, evidence: Evidence) -> float:
    """Silence that ends the utterance, s."""
    if settings.turn_detector == "none":
        return settings.stop_silence_s
    return max(SHORTEST_WAIT_S, _wait_s(settings, evidence) * 4.0 ** (settings.patience - 0.5))


def _wait_s(settings: VadSettings, evidence: Evidence) -> float:
    words, probability = evidence.words, evidence.probability
    short_s, stop_s = min(settings.short_silence_s, settings.stop_silence_s), settings.stop_silence_s
    long_s = stop_s if evidence.behind else max(settings.long_silence_s, stop_s)
    if words is Words.COMPLETE:
        known_s = _between(short_s, long_s, (_SURE - evidence.confidence) / (_SURE - _UNSURE))
        if probability is None:
            return known_s
        return min(known_s, _judged_s(settings, probability)) if probability >= 0.5 else max(known_s, stop_s)
    if evidence.behind or (words is Words.NONE and evidence.over_speech):
        return stop_s
    if words is Words.NONE and evidence.brief:  # "um …", a cough: whoever wants something will go on
        return max(long_s, settings.longest_silence_s)
    judged_s = stop_s if probability is None else _judged_s(settings, probability)
    return judged_s if words is Words.PLAIN else max(long_s, judged_s)


def _judged_s(settings: VadSettings, probability: float) -> float:
    """From likely_silence_s where the detector is sure that the user is done to longest_silence_s."""
    least_s = min(settings.likely_silence_s, settings.longest_silence_s)
    return _between(least_s, settings.longest_silence_s, (DONE - probability) / (DONE - NOT_DONE))


def _between(least_s: float, most_s: float, doubt: float) -> float:
    """least_s for no doubt (0 and less), most_s for 1 and more, in equal ratios between."""
    return float(least_s * (most_s / least_s) ** min(max(doubt, 0.0), 1.0))


def breaks_off(text: str, locale: str) -> bool:
    """Whether a sentence cannot well end where `text` ends, in the language of `locale` (BCP 47)."""
    language = locale.replace("_", "-").split("-")[0].lower()
    spoken = text.lower().replace("’", "'").strip()
    bare = spoken.rstrip(_STOPS)
    if not any(letter.isalnum() for letter in bare) or bare.endswith(_QUESTION_MARKS):
        return False
    if bare.endswith(_PAUSE_MARKS) or bare.endswith(last_letters(language)):
        return True
    words = bare.split()
    if words[-1] not in last_words(language) and not words[-1].endswith("'"):
        return False
    return language != "en" or not is_whole_question(_apart(words))


def _apart(words: list[str]) -> list[str]:
    """English with "what's" as "what is"."""
    return " ".join(word[:-2] + " is" if word in _CONTRACTED else word for word in words).split()
