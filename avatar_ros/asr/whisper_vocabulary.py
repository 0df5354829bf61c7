"""Whisper's vocabulary: pieces of text as GPT-2 writes their bytes, and marks such as <|startoftranscript|>."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import ConfigError
from ..core.loading import boundary, read_text

_MAX_BYTES = 8 << 20
_NAMES = ("vocabulary.json", "vocabulary.txt")
_NEEDED = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>")


class Vocabulary:
    """pieces: the text of each token, special marks as "<|name|>"."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Raises ValueError naming the marks that it lacks."""
        self._pieces = pieces
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        if absent := [mark for mark in _NEEDED if mark not in self._ids]:
            raise ValueError(f"this is no vocabulary of a Whisper: it lacks {', '.join(absent)}")
        self._end = self._ids["<|endoftext|>"]

    def __len__(self) -> int:
        return len(self._pieces)

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that it has marks for ("de"); Cantonese is "yue"."""
        start, end = self._ids["<|startoftranscript|>"], self._ids.get("<|translate|>", len(self._pieces))
        return frozenset(piece[2:-2] for piece in self._pieces[start + 1 : end])

    def prompt(self, language: str) -> list[int]:
        """What a transcript without times begins with. language: its code, "" for a model of English alone."""
        marks = [f"<|{language}|>", "<|transcribe|>"] if language else []
        return [self._ids[mark] for mark in ("<|startoftranscript|>", *marks, "<|notimestamps|>")]

    def text(self, tokens: Sequence[int]) -> str:
        """Their text, marks left out; what is no UTF-8, since a token is missing, as U+FFFD."""
        letters = "".join(self._pieces[token] for token in tokens if token < self._end)
        return bytes(_BYTES[letter] for letter in letters if letter in _BYTES).decode("utf-8", "replace").strip()


def read_vocabulary(folder: Path) -> Vocabulary:
    """Of a CTranslate2 folder. Raises ConfigError naming the file."""
    path = next((folder / name for name in _NAMES if (folder / name).is_file()), folder / _NAMES[0])
    with boundary(path, ConfigError, "asr_model_damaged", "fetch the model again"):
        text = read_text(path, _MAX_BYTES, "asr_model_damaged")
        pieces = json.loads(text) if path.suffix == ".json" else text.removesuffix("\n").split("\n")
        if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
            raise ValueError("this is no list of pieces")
        return Vocabulary(pieces)


def _letters() -> dict[str, int]:
    """GPT-2's letter for each byte (Radford et al., 2019): printable ones for themselves, the rest from U+0100."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + number): byte for number, byte in enumerate(rest)}


_BYTES = _letters()
