"""Measures recognition: is the right question understood, and nothing understood where none was asked?

Asked by synthetic voices; and phrases of recorded people are made questions (recorded_phrases.py).
Two sets that share no voice, no sentence, no question out of domain and no recording: weights are fitted on
"development", figures come from "held-out". Every sentence is heard clean or with recorded noise 20 dB below, at one of
three levels. What was said comes from a fixed seed; which sentences of the answers file belong to which set, from a
checksum of the sentence.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.answers.file import Answers
from avatar_ros.asr.base import AsrSettings, RecognitionStream
from avatar_ros.asr.decoders import ScoredSentence
from avatar_ros.asr.sphinx import SphinxRecogniser, SphinxStream, load
from avatar_ros.core.arrays import Pcm
from avatar_ros.core.paths import share_file
from avatar_ros.speech.phrase_grammar import accepts, expand
from avatar_ros.vad.base import WINDOW_SAMPLES

from .bootstrap import share as share_of
from .bootstrap import shown
from .out_of_domain import DEVELOPMENT, HELD_OUT
from .recorded_phrases import answers_with, development_phrases, held_out_phrases
from .recordings import GAINS_DB, development_recordings, dressed, held_out_recordings, read_wav
from .synthetic_voices import VOICES, available, synthesize

SETS = ("development", "held-out")
#: Kinds of what the answers file does not answer: written questions, and recorded people who talk of something else.
OUT = ("question", "recorded")
#: Who says phrases that were made questions; counted apart from the synthetic voices.
PEOPLE = "recorded people"
_ALL = "all voices"
_NOISE = {"development": "noise3", "held-out": "noise2"}
_QUESTIONS = {"development": DEVELOPMENT, "held-out": HELD_OUT}
_PER_INTENT = 4
_MOST_RECORDED = 120


@dataclass(frozen=True)
class Said:
    """kind: the intent that the text asks for, or one of OUT."""

    voice: str
    kind: str
    text: str
    pcm: Pcm


@dataclass(frozen=True)
class RecognitionResult:
    """What became of it. tries: the sentences that were weighed; their questions; understood: "" where rejected."""

    said: Said
    tries: tuple[ScoredSentence, ...]
    asked: tuple[str, ...]
    understood: str
    longest_cpu_s: float


def measure(data: Path, which: str, share: float, *, thorough: bool = False) -> list[RecognitionResult]:
    """Hears `share` of a set. thorough: all features of every sentence are found, also where it is sure without."""
    noise = read_wav(data / "acoustics" / f"{_NOISE[which]}.wav")
    shipped = share_file("config/answers.yaml")
    results = _hear(shipped, _everything(load(shipped), data, which, share), noise, which, thorough)
    phrases = development_phrases() if which == "development" else held_out_phrases(data)
    random.Random(3).shuffle(phrases)
    said = [Said(PEOPLE, one.intent, one.text, one.pcm) for one in phrases[: round(len(phrases) * share)]]
    with tempfile.TemporaryDirectory() as folder:
        return results + _hear(
            answers_with(phrases, shipped, Path(folder)), said, noise, f"{which}, {PEOPLE}", thorough
        )


def _hear(
    answers_file: Path, everything: Iterable[Said], noise: Pcm, what: str, thorough: bool
) -> list[RecognitionResult]:
    answers = load(answers_file)
    recogniser = SphinxRecogniser(AsrSettings(answers_file=str(answers_file)))
    recogniser.thorough = thorough
    recogniser.load()
    results: list[RecognitionResult] = []
    with closing(recogniser):
        for number, said in enumerate(everything):
            if number % 20 == 0:
                print(f"{what}: {number} heard, {time.process_time():.0f} s of CPU time", file=sys.stderr, flush=True)
            pcm = dressed(said.pcm, noise if number % 2 else None, GAINS_DB[number % 3], number)
            results.append(_recognise(recogniser, answers, said, pcm))
    return results


def report(which: str, results: list[RecognitionResult]) -> dict[str, Any]:
    """Prints the table of a set and returns it: percent with 95 % intervals, CPU time in ms."""
    asked = [r for r in results if r.said.kind not in OUT]
    table: dict[str, Any] = {}
    for voice in (*dict.fromkeys(r.said.voice for r in asked), _ALL):
        mine = [r for r in asked if r.said.voice == voice or (voice == _ALL and r.said.voice != PEOPLE)]
        right = share_of([r.understood == r.said.kind for r in mine])
        wrong = share_of([r.understood not in ("", r.said.kind) for r in mine])
        found = share_of([r.said.kind in r.asked for r in mine])
        table[voice] = {"right": right, "wrong answer": wrong, "among the tries": found}
        print(
            f"{which:11s} {voice:22s} {len(mine):4d} asked   right {shown(right)}   wrong answer {shown(wrong)}   "
            f"found before it was judged {found['percent']:.1f} %"
        )
    for kind in OUT:
        taken = share_of([bool(r.understood) for r in results if r.said.kind == kind])
        table[f"out of domain, {kind}"] = {"answered": taken}
        print(f"{which:11s} out of domain, {kind:8s} {taken['cases']:4d} said    answered {shown(taken)}")
    median_ms, p95_ms = (1e3 * float(q) for q in np.percentile([r.longest_cpu_s for r in results], (50, 95)))
    table["longest step"] = {"median_cpu_ms": round(median_ms, 1), "p95_cpu_ms": round(p95_ms, 1)}
    print(f"{which:11s} longest step, CPU ms: median {median_ms:.0f}, p95 {p95_ms:.0f}")
    table["mistakes"] = [
        {"voice": r.said.voice, "said": r.said.text, "asked": r.said.kind, "understood": r.understood}
        for r in results
        if r.understood != (r.said.kind if r.said.kind not in OUT else "")
    ]
    return table


def _everything(answers: Answers, data: Path, which: str, share: float) -> Iterator[Said]:
    """Kinds mixed, so that a share of it is a fair one."""
    recorded = list(development_recordings() if which == "development" else held_out_recordings(data))
    random.Random(2).shuffle(recorded)
    people = [Said("recorded", "recorded", name, pcm) for name, pcm in recorded[: round(_MOST_RECORDED * share)]]
    spoken = list(_spoken(which, _texts(answers, which, share)))
    yield from (said for said in chain.from_iterable(zip_longest(spoken, people)) if said is not None)


def _texts(answers: Answers, which: str, share: float) -> list[tuple[str, str]]:
    rng = random.Random(0)
    texts: list[tuple[str, str]] = []
    for intent in answers.intents:
        mine = [" ".join(words) for words in expand(intent.phrases, 3000)]
        mine = [text for text in mine if SETS[zlib.crc32(text.encode()) % 2] == which]
        texts += [(intent.name, text) for text in rng.sample(mine, min(max(1, round(_PER_INTENT * share)), len(mine)))]
    questions = list(_QUESTIONS[which])
    rng.shuffle(questions)
    texts += [("question", text) for text in questions[: round(len(questions) * share)]]
    rng.shuffle(texts)
    return texts


def _spoken(which: str, texts: list[tuple[str, str]]) -> Iterator[Said]:
    """Each text by one of the set's voices, in the given order."""
    usable = [name for name, voice in VOICES[which].items() if available(voice)]
    by_voice = []
    for number, name in enumerate(usable):
        mine = texts[number :: len(usable)]
        sounds = synthesize(VOICES[which][name], [text for _, text in mine])
        by_voice.append([Said(name, kind, text, pcm) for (kind, text), pcm in zip(mine, sounds, strict=True)])
    yield from (said for said in chain.from_iterable(zip_longest(*by_voice)) if said is not None)


def _recognise(recogniser: SphinxRecogniser, answers: Answers, said: Said, pcm: Pcm) -> RecognitionResult:
    stream = recogniser.start()
    assert isinstance(stream, SphinxStream)
    longest_s = _feed(stream, pcm)
    heard = stream.finish()
    tries = stream.candidates()
    asked = tuple(_intent(answers, candidate.text) for candidate in tries)
    return RecognitionResult(said, tries, asked, "" if heard.rejected else _intent(answers, heard.text), longest_s)


def _feed(stream: RecognitionStream, pcm: Pcm) -> float:
    """CPU time of the longest of the steps in which the sound came, s."""
    longest_s = 0.0
    for first in range(0, len(pcm), WINDOW_SAMPLES):
        began_s = time.process_time()
        stream.accept(pcm[first : first + WINDOW_SAMPLES])
        longest_s = max(longest_s, time.process_time() - began_s)
    return longest_s


def _intent(answers: Answers, text: str) -> str:
    words = text.split()
    return next((intent.name for intent in answers.intents if accepts(answers.sentences(intent), words)), "")


def evidence(results: Iterable[RecognitionResult]) -> Iterator[tuple[Mapping[str, float], bool]]:
    """(features, whether the sentence asks what was asked) of every sentence that was weighed."""
    for result in results:
        for candidate, asked in zip(result.tries, result.asked, strict=True):
            if candidate.text:
                yield candidate.features, asked == result.said.kind
