"""Recorded people for measuring the ears: phrases cut out of what they read, and questions made of those phrases.

Nobody has recorded people who ask the kiosk's questions. So the answers file is given their phrases as questions of its
own, beside all that it has, and it is counted how many are understood. Words are found in the sound by PocketSphinx's
alignment. A phrase cut out of a fluent sentence is harder than a question: it begins and ends in its neighbours.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pocketsphinx
import yaml

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.rates import LISTENING_RATE_HZ

from .recordings import DRESSED_BEFORE, READINGS, dressed, read_wav

_FEWEST_WORDS, _MOST_WORDS, _SHORTEST_S = 3, 7, 0.5
_CUTTINGS = 2
_LINE = re.compile(r"<s> (.*?) *</s> \((.*)\)")
#: Words of the recordings that the dictionary lacks.
_SPOKEN = {"yknow": "Y AH N OW"}
#: Beams as PocketSphinx has them, and wider where it finds no way through.
_BEAMS: tuple[dict[str, float], ...] = ({}, {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60})


@dataclass(frozen=True)
class Phrase:
    """What `who` (a recording's name) says, in lower case; intent: the question that is made of it."""

    who: str
    text: str
    pcm: Pcm

    @property
    def intent(self) -> str:
        return "phrase_" + re.sub(r"[^a-z]", "_", self.text)


def development_phrases() -> list[Phrase]:
    """Of a reader and of somebody who names playing cards, out of a Debian package; empty where it is not installed."""
    found = [phrase for name, text, pcm in _transcribed(READINGS) for phrase in _cut(f"reading {name[-4:]}", text, pcm)]
    return [*found, *(Phrase(f"card {name}", text, pcm) for name, text, pcm in _transcribed(READINGS.parent / "cards"))]


def held_out_phrases(data: Path) -> list[Phrase]:
    """Of the test data's people."""
    given = json.loads((data / "speech" / "transcripts.json").read_text("utf-8"))
    found = []
    for name, transcript in given.items():
        text = transcript["text"] if isinstance(transcript, dict) else transcript
        words = " ".join(re.sub(r"[^a-z']", " ", text.lower()).split())
        found += _cut(name, words, read_wav(data / "speech" / f"{name}.wav"))
    return found


def answers_with(phrases: Sequence[Phrase], shipped: Path, folder: Path) -> Path:
    """A copy of the answers file, in `folder`, in which every phrase is a question too."""
    answers: dict[str, Any] = yaml.safe_load(shipped.read_text("utf-8"))
    texts = {phrase.intent: phrase.text for phrase in phrases}
    answers["pronunciations"] |= _SPOKEN
    answers["intents"] += [{"name": name, "phrases": [text], "answers": ["Yes."]} for name, text in texts.items()]
    path = folder / "answers.yaml"
    path.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    return path


def _transcribed(folder: Path) -> Iterator[tuple[str, str, Pcm]]:
    for path in sorted(folder.glob("*transcription")):
        for text, name in _LINE.findall(path.read_text("utf-8")):
            yield name, text, read_wav(folder / f"{name}.wav")


def _cut(who: str, text: str, pcm: Pcm) -> list[Phrase]:
    """Pieces of a few words (the last of a text takes what is left), cut in two ways; each piece of words once."""
    words, rng = _aligned(text, pcm), random.Random(who)
    found: dict[str, Phrase] = {}
    for _ in range(_CUTTINGS):
        first = 0
        while first < len(words):
            end = first + rng.randint(_FEWEST_WORDS, _MOST_WORDS)
            end = len(words) if len(words) - end < _FEWEST_WORDS else end
            said = " ".join(word for word, _, _ in words[first:end])
            sound = pcm[words[first][1] : words[end - 1][2]]
            if end - first >= _FEWEST_WORDS and len(sound) >= _SHORTEST_S * LISTENING_RATE_HZ:
                found.setdefault(said, Phrase(who, said, sound))
            first = end
    return list(found.values())


def _aligned(text: str, pcm: Pcm) -> list[tuple[str, int, int]]:
    """Words with their first sample and the sample after their last; empty where the aligner gives up."""
    heard = dressed(pcm, None, 0.0, 0)
    for beams in _BEAMS:
        decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", **beams)
        for word, phones in _SPOKEN.items():
            decoder.add_word(word, phones)
        decoder.set_align_text(text)
        decoder.start_utt()
        decoder.process_raw(heard.tobytes(), False, True)
        decoder.end_utt()
        found = [segment for segment in decoder.seg() or () if segment.word[0] not in "<(["]
        if found:
            return [(re.sub(r"\(\d+\)$", "", s.word), _sample(s.start_frame), _sample(s.end_frame + 1)) for s in found]
    return []


def _sample(frame: int) -> int:
    """Where a frame of `dressed` sound begins in the sound itself."""
    return max(frame * (LISTENING_RATE_HZ // 100) - DRESSED_BEFORE, 0)
