"""How words are said that are in no dictionary: espeak-ng's letter-to-sound rules, in the acoustic model's phones."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import sys
import unicodedata
from pathlib import Path

from .phones import IPA
from .words import Pronunciation

#: A word takes 0.1 ms. The first sound of an answer waits for this, so a helper that is slow is not waited for.
REPLY_TIMEOUT_S = 0.04
_START_TIMEOUT_S = 5.0
_MOST_RESTARTS = 3

#: Two letters of IPA that are one phone of the model.
_PAIRS: dict[str, Pronunciation] = {
    "aɪ": ("AY",), "aʊ": ("AW",), "eɪ": ("EY",), "oʊ": ("OW",), "əʊ": ("OW",), "ɔɪ": ("OY",), "tʃ": ("CH",),
    "dʒ": ("JH",), "ɪə": ("IH", "R"), "eə": ("EH", "R"), "ʊə": ("UH", "R"), "n̩": ("AH", "N"), "m̩": ("AH", "M"),
    "l̩": ("AH", "L"),
}  # fmt: skip
#: Letters that the dictionary's American English says differently from their place in the mouth.
_SINGLE: dict[str, str] = {"ə": "AH", "ɐ": "AH", "ɾ": "T", "ʔ": "T", "x": "K", "ç": "HH", "ɬ": "L"}
_NEAREST = {"AX": "AH"}


def arpabet_from_ipa(text: str) -> Pronunciation:
    """ARPABET without stress of a word in IPA, as the acoustic model names its phones; what is no phone is left out."""
    letters = unicodedata.normalize("NFC", text).replace("g", "ɡ")
    letters = "".join(c for c in letters if c in IPA or c == "\u0329")
    out: list[str] = []
    at = 0
    while at < len(letters):
        pair = _PAIRS.get(letters[at : at + 2])
        if pair is None and letters[at] in IPA:
            sound = _SINGLE.get(letters[at], IPA[letters[at]])
            pair = (_NEAREST.get(sound, sound),)
        out.extend(pair or ())
        at += 2 if letters[at : at + 2] in _PAIRS else 1
    return tuple(out)


class EspeakSpeller:
    """See words.Speller: asks the helper process; () where espeak-ng is not installed or does not answer in time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0

    def load(self) -> None:
        """Start the helper, if espeak-ng is installed, and ask it once."""
        if self._process is None and importlib.util.find_spec("espeakng_loader") is not None:
            self._start()
            self._ask("hello", _START_TIMEOUT_S)

    def __call__(self, word: str) -> tuple[Pronunciation, ...]:
        """The way espeak-ng says the word."""
        phones = arpabet_from_ipa(self._ask(word, REPLY_TIMEOUT_S))
        return (phones,) if phones else ()

    @property
    def warning(self) -> str:
        """What is wrong, or ""."""
        if self._restarts > _MOST_RESTARTS:
            return "espeak-ng's spelling helper keeps failing: new words are spelled by simple rules"
        return ""

    def close(self) -> None:
        """End the process: it leaves when its stdin closes, or is made to."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # it died with our last words unread
        process.kill()
        process.wait()

    def _start(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "avatar_ros.encoder.spell_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )

    def _ask(self, word: str, timeout_s: float) -> str:
        """IPA of a word, or "". A helper that is dead or slow is replaced, and not waited for."""
        if self._process is None:
            return ""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([word]).encode() + b"\n")
            self._process.stdin.flush()
            line = self._read_line(timeout_s)
        except BrokenPipeError:
            line = b""
        if line.endswith(b"\n"):
            return str(json.loads(line)[0])
        self.close()
        self._restarts += 1
        if self._restarts <= _MOST_RESTARTS:
            self._start()
        return ""

    def _read_line(self, timeout_s: float) -> bytes:
        assert self._process is not None and self._process.stdout is not None
        descriptor, out = self._process.stdout.fileno(), b""
        while not out.endswith(b"\n"):
            if not select.select([descriptor], [], [], timeout_s)[0]:
                break
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            out += piece
        return out
