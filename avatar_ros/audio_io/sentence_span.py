"""How much of a sentence's text was heard, from where its words lie in the sound, or from how long it is."""

from __future__ import annotations

import bisect

from ..core.types import MarkKind, SpeechChunk

#: How fast people speak, for the length of a sentence that has not come whole.
_CHARS_PER_S, _WIDE_CHARS_PER_S = 15.0, 4.5


class SentenceSpan:
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
        at = self._text.find(word, self._found) if word else -1
        if at < 0 or end_sample <= self._samples[-1]:
            return
        self._found = at + len(word)
        while self._found < len(self._text) and not self._text[self._found].isalnum():
            self._found += 1
        self._samples.append(end_sample)
        self._letters.append(len(self._text[: self._found].rstrip()))

    @property
    def _expected_end(self) -> int:
        """Sample at which the sentence ends, or will by all that is known."""
        known = self._samples[-1] + (0 if self._closed else self._duration(self._text[self._letters[-1] :]))
        return max(self._end, self._last_mark, known, self.start + 1)

    def _duration(self, text: str) -> int:
        wide = sum(ord(character) >= 0x2E80 for character in text)
        return round((wide / _WIDE_CHARS_PER_S + (len(text) - wide) / _CHARS_PER_S) * self._rate_hz)
