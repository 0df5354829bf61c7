"""How much of a sentence's text was heard, from where its words lie in the sound, or from how long it is."""

from __future__ import annotations

import bisect

from ..core.enums import MarkKind
from ..core.spoken_text import usual_duration_s
from ..core.types import SpeechChunk

#: A word is not looked for farther ahead than so many words, or letters of a script without spaces: it may be another
#: one that reads the same.
_AHEAD_WORDS, _AHEAD_WIDE = 4, 40
_SPACELESS = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"), ("\u2e80", "\U0010ffff"))


class SentenceProgress:
    """Where a sentence lies in its turn's sound. Grows with each of its chunks.

    start: its first sample. Words' marks may come with the sound (a service that streams) or all at once; between
    what is known, and behind it, letters are taken to be spread evenly.
    """

    def __init__(self, start: int, rate_hz: int) -> None:
        self.start = start
        self._rate_hz = rate_hz
        self._end = start  # of the sound that has come
        self._last_mark = start  # end of the last mark, of any kind
        self._closed = False  # all of its sound is here
        self._text = ""
        self._found = 0  # letters of the text up to here were found among the marks
        self._missed = 0  # words passed over since
        self._samples, self._letters = [start], [0]  # at this sample so many letters were heard

    def add(self, chunk: SpeechChunk) -> None:
        """Take note of a chunk of this sentence."""
        self._end = max(self._end, chunk.first_sample + len(chunk.pcm))
        self._closed = self._closed or chunk.sentence_end or chunk.turn_end
        self._text = chunk.text or self._text
        for mark in chunk.marks:
            self._last_mark = max(self._last_mark, mark.end_sample)
            if mark.kind is MarkKind.WORD:
                self._place(mark.text, mark.end_sample)

    def progress(self, sample: int) -> float:
        """Share of the text, 0-1, that was heard when the turn's sample `sample` was."""
        samples, letters = [*self._samples, self._expected_end], [*self._letters, max(1, len(self._text))]
        after = bisect.bisect_right(samples, sample)
        if after == len(samples):
            return 1.0
        first, count = samples[after - 1], letters[after - 1]
        heard = count + (letters[after] - count) * (sample - first) / (samples[after] - first)
        return max(0.0, heard / letters[-1])

    def _place(self, word: str, end_sample: int) -> None:
        """A word of the text, with the signs that follow it; one that the voice reads otherwise is passed over."""
        if not word or end_sample <= self._samples[-1]:
            return
        at = self._find(word)
        if at < 0:
            self._missed += 1
            return
        self._missed, self._found = 0, at + len(word)
        while self._found < len(self._text) and not self._text[self._found].isalnum():
            self._found += 1
        self._samples.append(end_sample)
        self._letters.append(len(self._text[: self._found].rstrip()))

    def _find(self, word: str) -> int:
        """Where the whole word stands next, not far ahead; -1 where it does not."""
        at = self._text.find(word, self._found)
        while at >= 0 and self._is_near(at):
            end = at + len(word)
            if not _joined(self._text[max(0, at - 1) : at + 1]) and not _joined(self._text[end - 1 : end + 1]):
                return at
            at = self._text.find(word, at + 1)
        return -1

    def _is_near(self, at: int) -> bool:
        """Each word that was passed over may have been one of those that lie between."""
        between = self._text[self._found : at]
        wide = sum(_is_wide(character) for character in between)
        return len(between.split()) <= _AHEAD_WORDS + self._missed and wide <= _AHEAD_WIDE + 4 * self._missed

    @property
    def _expected_end(self) -> int:
        """Sample at which the sentence ends, or will by all that is known."""
        rest_s = 0.0 if self._closed else usual_duration_s(self._text[self._letters[-1] :])
        known = self._samples[-1] + round(rest_s * self._rate_hz)
        return max(self._end, self._last_mark, known, self.start + 1)


def _is_wide(character: str) -> bool:
    """Of a script without spaces: Thai, Lao, Burmese, Khmer, and those of East Asia."""
    return any(first <= character <= last for first, last in _SPACELESS)


def _joined(pair: str) -> bool:
    """Whether two characters belong to one word; one alone is joined to nothing. 25km: two words."""
    if len(pair) < 2 or not pair.isalnum() or any(_is_wide(character) for character in pair):
        return False
    return pair[0].isdigit() == pair[1].isdigit()
