"""Any words: word errors of recorded people, processor time, and words that are invented where nobody speaks.

Each recording is heard by the asr stage as the vad stage hands it on: 0.3 s before and 0.5 s after it. Texts are
compared in lower case, without punctuation, apostrophes and hesitations (um, uh), "yknow" as "you know", and "tue" in
one transcript as the "two" that is said; `strict` counts hesitations too. Processor time is that of the whole process;
the final words' is measured with partial transcripts off, and that of the decode whose words were used apart from
those of pauses that were not the end.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# As in the kiosk's nodes (avatar_ros/nodes): a pool of threads that spin would count as work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.stage import AsrStage
from avatar_ros.core.arrays import Pcm
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.core.types import AudioFrame, Transcript
from avatar_ros.testing.settings import make
from avatar_ros.vad.base import WINDOW_SAMPLES

from .bootstrap import ratio, shown
from .no_speech import no_speech
from .recordings import dressed, read_wav

_FOLDERS = ("speech", "speech_more/speechbrain")
_HESITATIONS = frozenset({"um", "uh", "mm", "hmm"})
_SPOKEN = {"tue": "two", "yknow": "you know"}
#: Sentences of this length tell what three seconds of speech cost, s.
_SHORT_S = (2.5, 3.5)


def measure(data: Path, backend: str, model: str, quiet_s: float) -> dict[str, Any]:
    """Prints the table and returns it."""
    recordings = list(_recordings(data))
    plain = _stage(backend, model, partial_share=0.0)
    errors: list[Any] = []
    strict: list[Any] = []
    words: list[Any] = []
    strict_words: list[Any] = []
    cost: list[Any] = []
    for number, (name, pcm, text) in enumerate(recordings, 1):
        final, cpu_s = _hear(plain, dressed(pcm, None, 0.0, number), number)
        for counts, totals, kept in ((errors, words, False), (strict, strict_words, True)):
            said = normalised(text, hesitations=kept)
            counts.append(word_errors(said, normalised(final.text, hesitations=kept)))
            totals.append(len(said))
        cost.append(cpu_s)
        print(f"{name:32s} {errors[-1]:2d} of {words[-1]:2d}  {final.confidence:.2f}  {cpu_s:.2f} core-s  {final.text}")
    table: dict[str, Any] = {"word errors": ratio(errors, words), "strict": ratio(strict, strict_words)}
    print(f"word errors {shown(table['word errors'])}   hesitations counted {shown(table['strict'])}")
    table |= _costs(recordings, cost, backend, model)
    table["invented"] = _invented(plain, data, quiet_s)
    return table


def _costs(recordings: list[tuple[str, Pcm, str]], cost: list[float], backend: str, model: str) -> dict[str, Any]:
    """Core-seconds of sentences of about 3 s: of final words, of one decode, and with partial words."""
    talking = _stage(backend, model)
    lengths_s = [len(pcm) / LISTENING_RATE_HZ for _, pcm, _ in recordings]
    short = [i for i, length_s in enumerate(lengths_s) if _SHORT_S[0] <= length_s <= _SHORT_S[1]]
    all_s = [_hear(talking, dressed(recordings[i][1], None, 0.0, i), 1)[1] for i in short]
    once = _stage(backend, model, partial_share=0.0)
    once_s = [_at_once(once, dressed(recordings[i][1], None, 0.0, i), n) for n, i in enumerate(short, 1)]
    found = {
        "one decode": round(float(np.mean(once_s)), 3),
        "final words, decodes at pauses too": round(float(np.mean([cost[i] for i in short])), 3),
        "with partial words": round(float(np.mean(all_s)), 3),
    }
    seconds = float(np.mean([lengths_s[i] for i in short]))
    print(f"core-s for {seconds:.1f} s of speech, mean of {len(short)}: {found}")
    return {"core_s": {"speech_s": round(seconds, 2), "sentences": len(short), **found}}


def _invented(stage: AsrStage, data: Path, quiet_s: float) -> dict[str, Any]:
    heard: dict[str, list[str]] = {}
    seconds = 0.0
    for number, (kind, pcm) in enumerate(no_speech(quiet_s, data), 1000):
        seconds += len(pcm) / LISTENING_RATE_HZ
        text = _hear(stage, pcm, number)[0].text
        heard.setdefault(kind, []).extend(normalised(text, hesitations=True))
    count = sum(map(len, heard.values()))
    print(f"words invented in {seconds / 60:.1f} minutes of {', '.join(heard)}: {count}", *filter(None, heard.values()))
    return {"minutes": round(seconds / 60, 1), "words": count}


def _stage(backend: str, model: str, **options: Any) -> AsrStage:
    settings = {"model": model} if model else {}
    recogniser = make(ASR_BACKENDS, AsrSettings, backend=backend, **settings, **options)
    recogniser.load()
    return AsrStage(recogniser, AsrSettings(backend=backend))


def _recordings(data: Path) -> Iterator[tuple[str, Pcm, str]]:
    for folder in _FOLDERS:
        for name, entry in json.loads((data / folder / "transcripts.json").read_text("utf-8")).items():
            text = entry["text"] if isinstance(entry, dict) else entry
            yield f"{folder}/{name}", read_wav(data / folder / f"{name}.wav"), text


def _hear(stage: AsrStage, pcm: Pcm, utterance: int) -> tuple[Transcript, float]:
    """The final transcript, and the process's time for it, s."""
    began_s, out = time.process_time(), []
    for first in range(0, len(pcm), WINDOW_SAMPLES):
        last = first + WINDOW_SAMPLES >= len(pcm)
        frame = AudioFrame(utterance=utterance, first_sample=first, pcm=pcm[first : first + WINDOW_SAMPLES], last=last)
        out += [item.message for item in stage.push("mic/utterance", frame, first / LISTENING_RATE_HZ)]
    final = out[-1]
    assert isinstance(final, Transcript)
    return final, time.process_time() - began_s


def _at_once(stage: AsrStage, pcm: Pcm, utterance: int) -> float:
    """The process's time for the same sound in one frame, so that it is decoded once, s."""
    began_s = time.process_time()
    frame = AudioFrame(utterance=utterance, first_sample=0, pcm=pcm, last=True)
    list(stage.push("mic/utterance", frame, 0.0))
    return time.process_time() - began_s


def normalised(text: str, *, hesitations: bool) -> list[str]:
    """Words to compare. hesitations: whether um and uh are among them."""
    plain = re.sub(r"[^a-z ]+", " ", text.lower().replace("'", "").replace("\u2019", ""))
    words = " ".join(_SPOKEN.get(word, word) for word in plain.split()).split()
    return words if hesitations else [word for word in words if word not in _HESITATIONS]


def word_errors(said: list[str], heard: list[str]) -> int:
    """Words replaced, left out or added, the fewest that explain it (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        above, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(above[j - 1] + (word != other), above[j] + 1, row[-1] + 1))
    return row[-1]
