"""Pronunciations by espeak-ng's rules: of words that no dictionary has, in the acoustic model's phones, and of whole
texts in their own language, in IPA.
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from collections import OrderedDict
from contextlib import suppress

from ..core.helper_process import Helper, HelperDeadError, HelperSilentError
from .lexicon import Pronunciation
from .phone_mapping import IPA

#: A word takes 0.1 ms. The first sound of an answer waits for this, so a helper that is slow is not waited for.
REPLY_TIMEOUT_S = 0.04
#: Without its phones a whole sentence is heard by its sound alone, so it is worth more; mostly it is asked for in time.
TEXT_TIMEOUT_S = 0.3
_START_TIMEOUT_S = 5.0
_MOST_RESTARTS = 3
#: Words that may come while a helper starts, before one that uses no processor time is taken to hang.
_MOST_UNANSWERED = 20
_MODULE = "avatar_ros.speech.g2p_espeak_process"

#: Two letters of IPA that are one phone of the model.
_PAIRS: dict[str, Pronunciation] = {
    "aɪ": ("AY",), "aʊ": ("AW",), "eɪ": ("EY",), "oʊ": ("OW",), "əʊ": ("OW",), "ɔɪ": ("OY",), "tʃ": ("CH",),
    "dʒ": ("JH",), "ɪə": ("IH", "R"), "eə": ("EH", "R"), "ʊə": ("UH", "R"), "n̩": ("AH", "N"), "m̩": ("AH", "M"),
    "l̩": ("AH", "L"),
}  # fmt: skip
#: Letters whose phone in the dictionary's American English is not that of their place of articulation.
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


class EspeakG2p:
    """See lexicon.G2p: asks the helper process; () where espeak-ng is not installed or does not answer in time."""

    #: Texts whose phones are kept.
    _KEPT_TEXTS = 32

    def __init__(self) -> None:
        self._helper: Helper | None = None
        self._restarts = 0  # since it last answered
        self._unanswered: int | None = None  # words that came while it starts; None: it has started
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    def load(self) -> None:
        """Start the helper, if espeak-ng is installed, and wait until it answers."""
        if self._helper is None and importlib.util.find_spec("espeakng_loader") is not None:
            self._start()
            self._ask(b"W", ["hello"], _START_TIMEOUT_S)

    def __call__(self, word: str) -> tuple[Pronunciation, ...]:
        """espeak-ng's pronunciation of the word."""
        phones = arpabet_from_ipa(self._ask(b"W", [word], REPLY_TIMEOUT_S))
        return (phones,) if phones else ()

    def text(self, text: str, locale: str) -> str:
        """IPA of a text in its language (BCP 47), as g2p_espeak_process writes it; "" where there is none in time."""
        found = self._texts.get((text, locale)) or self._ask(b"T", [text, locale], TEXT_TIMEOUT_S)
        if found:
            self._texts[text, locale] = found
        if len(self._texts) > self._KEPT_TEXTS:
            self._texts.popitem(last=False)
        return found

    @property
    def warning(self) -> str:
        """What is wrong, or ""."""
        if self._restarts > _MOST_RESTARTS:
            return "espeak-ng's letter-to-sound helper keeps failing: unknown words are pronounced by simple rules"
        return ""

    def close(self) -> None:
        """End the helper."""
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.close(patience_s=0.0)

    def _start(self) -> None:
        """A new helper, and a question whose answer shows that it has started."""
        self._helper, self._unanswered = Helper(_MODULE), 0
        with suppress(HelperDeadError):  # one that is dead already is found out by the next word
            self._helper.send(b"W", b'["hello"]')

    def _ask(self, kind: bytes, asked: list[str], timeout_s: float) -> str:
        """The one IPA that is asked for, or "". A helper that is slow is not waited for; one that is dead or hangs is
        replaced.
        """
        try:
            if self._helper is None or not self._has_started(timeout_s):
                return ""
            self._helper.send(kind, json.dumps(asked).encode())
            reply = self._helper.receive(timeout_s, patiently=timeout_s >= _START_TIMEOUT_S)[1]
        except HelperSilentError:
            if self._helper is not None and self._helper.at_work:
                self._unanswered = 0  # its answer comes, later: as while it starts
            else:
                self._replace()
            return ""
        except HelperDeadError:
            self._replace()
            return ""
        self._restarts = 0
        return str(json.loads(reply)[0])

    def _has_started(self, timeout_s: float) -> bool:
        """Raises HelperDeadError where it should have long ago."""
        assert self._helper is not None
        if self._unanswered is None:
            return True
        if timeout_s < TEXT_TIMEOUT_S and not self._helper.answered:
            self._unanswered += 1
            if self._unanswered > _MOST_UNANSWERED and not self._helper.at_work:
                raise HelperDeadError("it does not start")
            return False
        self._helper.receive(timeout_s, patiently=timeout_s >= _START_TIMEOUT_S)
        self._unanswered = None
        return True

    def _replace(self) -> None:
        self.close()
        self._restarts += 1
        if self._restarts <= _MOST_RESTARTS:
            self._start()
