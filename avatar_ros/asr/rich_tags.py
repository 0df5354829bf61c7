"""SenseVoice's rich transcript, "<|en|><|HAPPY|><|Laughter|><|withitn|>Oh, that is good.", taken apart.

The names of the tags are those of the model's vocabulary (https://github.com/FunAudioLLM/SenseVoice); what they are
called in a Transcript stands in docs/conventions.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LOCALES = {"en": "en-US", "zh": "zh-CN", "yue": "zh-HK", "ja": "ja-JP", "ko": "ko-KR"}
_EMOTIONS = {
    "HAPPY": "happy",
    "SAD": "sad",
    "ANGRY": "angry",
    "NEUTRAL": "neutral",
    "FEARFUL": "scared",
    "DISGUSTED": "disgusted",
    "SURPRISED": "surprised",
}
_EVENTS = {
    "Laughter": "laughter",
    "Cry": "cry",
    "Cough": "cough",
    "Sneeze": "sneeze",
    "Breath": "breath",
    "Applause": "applause",
    "Sing": "singing",
    "BGM": "music",
    "Speech_Noise": "noise",
}
#: Further languages have two or three lower-case letters; of the model's other tags only this one looks like that.
_NO_LANGUAGES = frozenset({"itn"})
#: A tag, and what is left of one whose end or beginning was lost.
_TAG = re.compile(r"<\|\s*([A-Za-z_/]*)\s*(?:\|>|\|(?!>)|>|(?=<\|)|$)|<\||\|>")


@dataclass(frozen=True)
class Rich:
    """The words, and what else was recognised. locale "": no language was recognised; emotion "": not known."""

    text: str = ""
    locale: str = ""
    emotion: str = ""
    events: tuple[str, ...] = ()


def parse(rich: str) -> Rich:
    """Any text, with tags at its beginning, repeated in the middle (long audio), unknown, broken, or without tags.

    The first language counts, the first emotion that is not neutral, and each sound once, in order.
    """
    names = [match.group(1) or "" for match in _TAG.finditer(rich)]
    locales = [locale for name in names if (locale := _locale(name))]
    emotions = [_EMOTIONS[name] for name in names if name in _EMOTIONS]
    felt = [emotion for emotion in emotions if emotion != "neutral"]
    return Rich(
        text=_words(_TAG.sub(" ", rich)),
        locale=next(iter(locales), ""),
        emotion=next(iter(felt or emotions), ""),
        events=tuple(dict.fromkeys(_EVENTS[name] for name in names if name in _EVENTS)),
    )


def locale_of(language: str, otherwise: str = "en-US") -> str:
    """The locale of a language that SenseVoice was told to expect; `otherwise` for "auto"."""
    return _LOCALES.get(language, otherwise)


def _locale(name: str) -> str:
    if name in _LOCALES:
        return _LOCALES[name]
    code = name.isascii() and name.islower() and name.isalpha() and len(name) in (2, 3)
    return name if code and name not in _NO_LANGUAGES else ""


def _words(text: str) -> str:
    """One space between words; "" where there is punctuation only."""
    joined = " ".join(text.replace("\u2581", " ").split())
    return joined if any(character.isalnum() for character in joined) else ""
