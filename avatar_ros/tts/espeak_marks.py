"""espeak-ng's events as marks: what is a sound, where it ends, and where the speech ends in all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..core.enums import MarkKind
from .base import VoiceMark

WORD, PHONEME = 1, 7
#: (kind, sample, text position from 1, characters, IPA name)
Event = tuple[int, int, int, int, str]

#: Pauses; notes of a change of language such as "(en)"; a stress mark or a tone that stands alone.
_PAUSE = re.compile(r"_[:|!]*|\|+")
_NO_SOUND = re.compile(r"\([a-z-]*\)?|[ˈˌ'ː0-9˥˦˧˨˩.%=-]+")
#: espeak says some vowels and their last consonant as one sound ("all" is ɔː with an l of no time of its own): the
#: consonant gets this share of it, at its end, and no more than _TAIL_S.
_TAIL_SHARE, _TAIL_S = 0.4, 0.1
#: What decorates a phone's name without being sound: stress, and digits or dots of tones.
_DECORATION = re.compile(r"[ˈˌ0-9˥˦˧˨˩.]")


def marks(events: Iterable[Event], text: str, rate_hz: int, end_sample: int) -> tuple[VoiceMark, ...]:
    """Phone and word marks in order of time. A phone ends where the next event begins, a word with its last phone."""
    rows = list(events)
    out = [*_phones(rows, rate_hz, end_sample), *_words(rows, text, rate_hz, end_sample)]
    return tuple(sorted(out, key=lambda mark: (mark.start_s, mark.kind is MarkKind.PHONE)))


def speech_end_sample(events: Iterable[Event], total_samples: int) -> int:
    """Where the last phone ends: espeak appends a pause of a third of a second, which is the stage's business."""
    end = 0
    rows = [event for event in events if event[0] == PHONEME]
    for event, following in zip(rows, [*rows[1:], None], strict=True):
        if _name(event[4]):
            end = following[1] if following else total_samples
    return end


def _phones(events: Sequence[Event], rate_hz: int, end_sample: int) -> list[VoiceMark]:
    rows = [(sample, name) for kind, sample, _, _, name in events if kind == PHONEME and not _is_note(name)]
    ends = [*(sample for sample, _ in rows[1:]), end_sample]
    out: list[VoiceMark] = []
    for (sample, name), end in zip(rows, ends, strict=True):
        if _name(name) and end > sample:
            out.append(VoiceMark(MarkKind.PHONE, _name(name), sample / rate_hz, end / rate_hz))
        elif _name(name) and out and out[-1].end_s == sample / rate_hz:
            out[-1:] = _shared(out[-1], _name(name))
    return out


def _shared(mark: VoiceMark, tail: str) -> tuple[VoiceMark, VoiceMark]:
    """A phone's mark as its own and, at its end, that of a phone for which espeak gave no time."""
    cut_s = mark.end_s - min(_TAIL_S, _TAIL_SHARE * (mark.end_s - mark.start_s))
    return replace(mark, end_s=cut_s), VoiceMark(mark.kind, tail, cut_s, mark.end_s)


def _words(events: Sequence[Event], text: str, rate_hz: int, end_sample: int) -> list[VoiceMark]:
    out = []
    for i, (kind, sample, position, length, _) in enumerate(events):
        if kind == WORD and length > 0:
            until = _word_end(events, i, end_sample)
            word = text[position - 1 : position - 1 + length].strip()
            if until > sample and word:
                out.append(VoiceMark(MarkKind.WORD, word, sample / rate_hz, until / rate_hz))
    return out


def _word_end(events: Sequence[Event], at: int, end_sample: int) -> int:
    """The first pause or next word after event `at`."""
    for kind, sample, _, _, name in events[at + 1 :]:
        if kind == WORD or (kind == PHONEME and not _name(name) and not _is_note(name)):
            return min(sample, end_sample)
    return end_sample


def _is_note(name: str) -> bool:
    """Takes no time of its own: its time belongs to the phone before it."""
    return bool(name) and bool(_NO_SOUND.fullmatch(name))


def _name(name: str) -> str:
    """The phone's plain IPA name; "" for a pause or a note."""
    return "" if _PAUSE.fullmatch(name) or _is_note(name) else _DECORATION.sub("", name)
